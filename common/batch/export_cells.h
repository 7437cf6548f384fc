/* common/batch/export_cells.h - inside the room: cells in their one form as people read them. */
#ifndef ZEREN_BATCH_EXPORT_CELLS_H
#define ZEREN_BATCH_EXPORT_CELLS_H

#include "batch/work.h"

/* The words of w->outgoing->of, for export_cells(). */
bool export_words(struct job_run *r, struct batch_work *w, struct err *err);

/* Changes the cells of a row, in the arena of the chunk. */
bool export_cells(struct job_run *r, const struct batch_work *w, const char **values,
                  struct err *err);

#endif

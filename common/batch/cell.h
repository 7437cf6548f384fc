/* common/batch/cell.h - a cell of an import, checked and brought to one form; pure. */
#ifndef ZEREN_BATCH_CELL_H
#define ZEREN_BATCH_CELL_H

#include "batch/kind.h"

/* What people may write for a code. Sorted by nothing; ends with a NULL dictionary. */
struct batch_word {
    const char *dictionary, *code, *label, *short_label; /* the last may be NULL */
};

/* What kept a cell from being read: a code of the dictionary row_fault. */
struct batch_fault {
    const char *column, *code;
};

/* The canonical text of a cell (in the arena; NULL for an empty one), or a fault: its code, and
 * `ret` NULL. NULL: no fault. */
const char *batch_cell_read(struct arena *a, const struct batch_column *c, const char *text,
                            const struct batch_word *words, const char **ret);

/* Do two texts of a column say the same? */
bool batch_cell_same(const struct batch_column *c, const char *a, const char *b);

/* The words of a column's dictionary and what follows them, out of a list in order of
 * dictionaries. */
const struct batch_word *batch_words_from(const struct batch_word *words, const char *dictionary);

#endif

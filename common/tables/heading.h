/* common/tables/heading.h - inside the room: where the heading of a table is, and which of its
 * columns are wanted. */
#ifndef ZEREN_TABLES_HEADING_H
#define ZEREN_TABLES_HEADING_H

#include "tables/source.h"

struct heading {
    unsigned first_row, last_row; /* as numbered; 0 for NDJSON */
    size_t width, n_wanted;
    const char **names; /* [width], joined, "" when it has none */
    int *wanted;        /* [width]: index of the wanted column, or -1 */
    int *place;         /* [n_wanted]: column of the file, or -1 */
    int reason;         /* the column of TABLE_REASON, or -1 */
    struct table_fault *faults;
    size_t n_faults;
    bool ok;
};

/* Reads the first rows of a source that stands at its start, and leaves it anywhere. */
bool heading_find(struct heading *h, struct source *s, struct err *err);

#endif

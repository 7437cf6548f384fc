/* common/batch/row_sort.h - rows in order of a key, however many: sorted in pieces that go to
 * unlinked files, then merged; memory does not grow with them but for 64 KiB a piece. Knows nothing
 * of what rows are. Not thread-safe. */
#ifndef ZEREN_BATCH_ROW_SORT_H
#define ZEREN_BATCH_ROW_SORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

struct row_sort;

struct sorted_row {
    const char *key; /* NUL-terminated */
    unsigned part, number;
    const char *bytes; /* as they were given; until the next call */
    size_t len;
};

/* `dir` for its files. NULL with err set. */
struct row_sort *row_sort_open(const char *dir, struct err *err);

/* Rows of one key come back by part, then number. False with ERR_STORAGE, ERR_NO_MEMORY or, of a
 * row of more than a piece's size, ERR_TOO_LARGE. */
bool row_sort_add(struct row_sort *s, const struct sorted_row *row, struct err *err);

/* No more is added; from now on row_sort_next() gives them. */
bool row_sort_turn(struct row_sort *s, struct err *err);

/* False at the end (err clear), or when reading failed. */
bool row_sort_next(struct row_sort *s, struct sorted_row *ret, struct err *err);

/* Accepts NULL, nulls the pointer. */
void row_sort_close(struct row_sort **s);

#endif

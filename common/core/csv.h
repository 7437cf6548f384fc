/* common/core/csv.h - tables that people send: CSV (RFC 4180) in UTF-8 or GB18030, over libcsv.
 * Knows nothing of what the columns mean. */
#ifndef ZEREN_CORE_CSV_H
#define ZEREN_CORE_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/err.h"

struct csv_table {
    size_t columns, rows; /* rows without the heading */
    const char **heading; /* [columns], trimmed */
    const char ***cells;  /* [rows][columns], trimmed; "" when empty; short rows are a fault */
    unsigned *row_number; /* [rows]: the record's number in the file, the heading being 1 */
    unsigned
        fault_row; /* where csv_read() failed with ERR_INVALID, and as what: not_in_charset (then it
                      counts lines), bad_quotes, ragged_row, too_many_rows, no_heading */
    const char *fault;
};

enum csv_charset { CSV_UTF8, CSV_GB18030 };

/* Parses a whole table. A byte-order mark is dropped. Fails with ERR_INVALID and a detail naming
 * the row: bytes that are not in the charset (field "charset"), an open quote, a row with other
 * than the heading's number of cells (field: "row N"), no heading, more than `max_rows` rows. Blank
 * lines and records of empty cells are skipped, but count in row numbers as in a spreadsheet.
 * ERR_TOO_LARGE past the arena's ceiling. (Not csv_parse: that name is libcsv's.) */
bool csv_read(struct arena *a, const char *bytes, size_t len, enum csv_charset charset,
              size_t max_rows, struct csv_table *ret, struct err *err);

/* The index of a column by heading, or -1. */
int csv_column(const struct csv_table *t, const char *name);

#endif

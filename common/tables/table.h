/* common/tables/table.h - tables that people send, row by row in constant memory: CSV, NDJSON,
 * xlsx. Gives every cell as text and says what is wrong with it; knows nothing of what columns
 * mean, of databases or of HTTP. Not thread-safe: a table belongs to one thread at a time. */
#ifndef ZEREN_TABLES_TABLE_H
#define ZEREN_TABLES_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

#define TABLE_REASON "错误原因" /* the error file's own column: ignored when it comes back */

enum table_format { TABLE_ANY, TABLE_CSV, TABLE_NDJSON, TABLE_XLSX };
enum table_charset { TABLE_ANY_CHARSET, TABLE_UTF8, TABLE_GB18030 };

/* A wanted column; the list ends with a NULL name. A heading is this column when it is its label or
 * its name (blanks and an asterisk apart, ASCII without case). Headings of several rows with merged
 * cells are joined: "家庭/人口"; the last part alone matches too when only one column ends so. */
struct table_column {
    const char *name;
    const char *label; /* or NULL */
    bool required;     /* the column, not its cells */
};

/* Zero: the value in brackets. */
struct table_limits {
    uint64_t file_bytes;     /* [512 MiB] */
    uint64_t unpacked_bytes; /* [1 GiB] of all parts of an xlsx, as announced and as found */
    uint32_t ratio;          /* [250] times its size a part of over 1 MiB may unpack to */
    uint32_t entries;        /* [1000] parts of an xlsx */
    uint32_t rows;           /* [1,048,575] with data */
    uint32_t columns;        /* [512], at most 16,384 */
    uint32_t cell_bytes;     /* [32 KiB] */
    uint32_t row_bytes;      /* [1 MiB] */
};

struct table_options {
    const struct table_column *columns; /* lives as long as the table */
    enum table_format format;           /* TABLE_ANY: by content */
    enum table_charset charset;         /* text only; TABLE_ANY_CHARSET: by content */
    char separator;                     /* CSV; 0: the one of , ; tab that the first lines have */
    const char *sheet;                  /* xlsx; NULL: the first that is not hidden */
    const char *spill_dir;              /* for unlinked temporary files; NULL: /tmp */
    struct table_limits limits;
};

struct table_fault {
    unsigned row;       /* as the user sees it in the sheet or editor, from 1 */
    const char *column; /* label (or name) of a wanted column, else the heading; "" for a row */
    const char *code;   /* a code of faults.def */
    const char *detail;
};

struct table_row {
    unsigned number;           /* as in a fault. A CSV record with line breaks counts once */
    const char *const *values; /* [wanted columns], trimmed; NULL: empty, absent or faulty */
    /* [n_cells]: all of the file's columns, as text, "" when empty; "#N/A" under a merged cell */
    const char *const *cells;
    size_t n_cells;                   /* table_width() */
    const char *line;                 /* NDJSON: the line as it came, else NULL */
    const struct table_fault *faults; /* one of column "" or of a member: no value is given */
    size_t n_faults;
};

enum table_step { TABLE_ROW, TABLE_END, TABLE_FAILED };

struct table;

/* Opens a table over a regular file; reads by pread(2), so the offset of `fd` is not used, and `fd`
 * stays the caller's and open. Looks at the whole structure first: what is refused is refused
 * before a row is given. Returns NULL with err.field a code of refusals.def (and its error class).
 * A heading that lacks columns is no failure: ask table_heading_faults(). */
struct table *table_open(int fd, const struct table_options *options, struct err *err);

/* The same over a path (symbolic links refused), which it closes again. */
struct table *table_open_path(const char *path, const struct table_options *options,
                              struct err *err);

/* Accepts NULL, nulls the pointer. */
void table_close(struct table **t);

/* Faults of the heading: no_heading, missing_column (required ones), repeated_column,
 * unknown_column (its cells are not among the values). */
const struct table_fault *table_heading_faults(const struct table *t, size_t *ret_n);

/* Whether rows are worth reading: every fault of the heading is an unknown_column. */
bool table_heading_ok(const struct table *t);

/* The next row that has a cell which is not empty; it lives until the next call. TABLE_FAILED fills
 * err as table_open() does, with the row in the detail; the table is then at its end. */
enum table_step table_next(struct table *t, struct table_row *ret, struct err *err);

/* What the file is. */
enum table_format table_format(const struct table *t);
enum table_charset table_charset(const struct table *t);
char table_separator(const struct table *t);
const char *table_sheet(const struct table *t); /* name of the sheet, "" for text */
size_t table_width(const struct table *t);      /* columns of the file */
const char *table_heading(const struct table *t, size_t column); /* joined, "" when it has none */
/* The wanted column that a column of the file is, or -1. */
int table_wanted(const struct table *t, size_t column);
unsigned table_heading_row(const struct table *t); /* last row of the heading; 0 for NDJSON */

/* Chinese for a code of faults.def, for the reason column; the code itself when unknown. */
const char *table_fault_label(const char *code);

/* For rules. Copies with full-width ASCII (U+FF01 to U+FF5E) and U+3000 made plain; false when
 * `cap` is too small. */
bool table_halfwidth(const char *text, char *out, size_t cap);

/* Dates as people write them ("2026年1月5日", 2026/1/5, 2026.01.05, 2026-1-5, 20260105, with or
 * without a time of day) to YYYY-MM-DD; false when it is no day. */
bool table_date(const char *text, char out[static 11]);

/* "12.5%" to "0.125", exactly; anything else is copied. False when `cap` is too small. */
bool table_fraction(const char *text, char *out, size_t cap);

#endif

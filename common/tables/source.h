/* common/tables/source.h - inside the room: what every format gives to table.c, raw rows of text.
 * Knows no wanted columns. */
#ifndef ZEREN_TABLES_SOURCE_H
#define ZEREN_TABLES_SOURCE_H

#include "core/arena.h"
#include "tables/table.h"

enum { SHEET_ROWS = 1048576, SHEET_COLUMNS = 16384, HEADING_ROWS = 20, HEADING_HEIGHT = 3 };

struct raw_cell {
    const char *text;  /* NUL-terminated, in the row's pool; "" when empty */
    size_t len;        /* it may hold NULs: then strlen() is less */
    const char *fault; /* a code, or NULL */
};

/* A row under construction: cells in order of columns, their text in one pool. */
struct raw_row {
    unsigned number;
    struct raw_cell *cells; /* [max_cells] */
    size_t n, max_cells, max_cell;
    char *pool;
    size_t used, room;
    const char *fault, *fault_column; /* of the whole row, or NULL */
    const char *line;
    const char *refusal; /* too_many_columns, row_too_long, or NULL */
};

bool raw_row_init(struct raw_row *r, struct arena *a, const struct table_limits *limits);
void raw_row_start(struct raw_row *r, unsigned number);
/* Opens the cell of a column (from 0, growing); between them are empty ones. */
bool raw_row_cell(struct raw_row *r, size_t column);
void raw_row_add(struct raw_row *r, const char *bytes, size_t len);
void raw_row_end_cell(struct raw_row *r, const char *fault);

struct merge {
    unsigned top, bottom; /* rows from 1 */
    unsigned left, right; /* columns from 0 */
};

struct source {
    int fd;
    uint64_t size;
    struct arena *arena;
    const struct table_options *options;
    struct table_limits limits;
    enum table_format format;
    enum table_charset charset;
    char separator;
    const char *sheet;
    struct raw_row row;
    const struct merge *merges; /* by top */
    size_t n_merges;
    enum table_step (*next)(struct source *s, struct err *err);
    bool (*rewind)(struct source *s, struct err *err);
    void *self;
};

/* What the bytes are: format, charset, separator. */
bool table_sniff(struct source *s, struct err *err);

bool csv_source_open(struct source *s, struct err *err);
bool ndjson_source_open(struct source *s, struct err *err);
bool xlsx_source_open(struct source *s, struct err *err);

/* Fills err with a code of refusals.def; always false. `row` 0: none is named. */
bool refuse(struct err *err, const char *code, unsigned row);

/* Detail of a code of faults.def. */
const char *fault_detail(const char *code);

/* Bytes of blank at the start of `s`: ASCII blanks, U+00A0, U+3000, U+200B, U+FEFF. */
size_t blank_at(const char *s, size_t len);
/* Narrows [*text, *len) by the blanks at both ends. */
void trim(const char **text, size_t *len);

/* Whether a spreadsheet takes this text for a formula: it begins with = + - @ (also in full width),
 * a tab or a carriage return. The writer puts a ' before it, and reading takes one away. */
bool csv_is_formula(const char *text, size_t len);

/* UTF-8 of a code point that is no surrogate: how many bytes (1 to 4). */
size_t put_utf8(unsigned point, char out[static 4]);

/* Whether `n` bytes are a number by JSON's grammar. */
bool json_number(const char *s, size_t n);

/* Reads at `at` until `n` bytes or the end; -1 when it fails. */
long read_at(int fd, void *bytes, size_t n, uint64_t at);

#endif

/* common/core/csv.c - a whole CSV table into an arena. libcsv splits, iconv converts.
 * Does not guess the charset or the separator, and does not know what columns mean. */
#include "core/csv.h"

#include <iconv.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <csv.h>

#include "core/str.h"

#include "core/banned.h"

enum {
    CHUNK = 64 * 1024, /* a fault early in the file ends the work after at most this much */
    FIRST_COLUMNS = 32,
};

struct reader {
    struct arena *arena;
    struct csv_table *table;
    struct err *err;
    char *pool; /* every cell and its NUL: never more than the text itself and one byte */
    size_t max_rows;
    const char **cells; /* of the record being read */
    size_t cells_cap, n;
    unsigned records;
    bool any, after_cr;
};

static bool too_large(struct err *err)
{
    return err_set(err, ERR_TOO_LARGE, NULL, "The table is too large to be read");
}

/* Where the table itself is faulty, for whoever reports by row and code. */
static void note(struct csv_table *t, unsigned row, const char *code)
{
    t->fault_row = row;
    t->fault = code;
}

static bool fault(struct reader *r, const char *what)
{
    note(r->table, r->records + 1, "bad_quotes");
    return err_set(r->err, ERR_INVALID, NULL, "row %u: %s", r->records + 1, what);
}

static bool fault_lengths(struct reader *r)
{
    char row[24];
    note(r->table, r->records, "ragged_row");
    snprintf(row, sizeof row, "row %u", r->records);
    return err_set(r->err, ERR_INVALID, row, "row %u has %zu cells, the heading has %zu",
                   r->records, r->n, r->table->columns);
}

/* Bytes of blank at `s`: ASCII blanks, U+00A0 and the full-width U+3000 that Chinese sheets hold.
 */
static size_t blank_at(const char *s, size_t len)
{
    if (len >= 1 && (*s == ' ' || *s == '\t' || *s == '\r' || *s == '\n'))
        return 1;
    if (len >= 2 && memcmp(s, "\xC2\xA0", 2) == 0)
        return 2;
    return len >= 3 && memcmp(s, "\xE3\x80\x80", 3) == 0 ? 3 : 0;
}

static size_t blank_before(const char *s, size_t len)
{
    for (size_t n = 1; n <= 3 && n <= len; n++) {
        if (blank_at(s + len - n, n) == n)
            return n;
    }
    return 0;
}

static const char *keep_trimmed(struct reader *r, const char *s, size_t len)
{
    for (size_t n = blank_at(s, len); n > 0; n = blank_at(s, len)) {
        s += n;
        len -= n;
    }
    for (size_t n = blank_before(s, len); n > 0; n = blank_before(s, len))
        len -= n;
    char *kept = r->pool;
    if (len > 0)
        memcpy(kept, s, len);
    kept[len] = '\0';
    r->pool += len + 1;
    return kept;
}

/* Room for one more cell; past the heading, a longer row is counted but not kept. */
static bool cell_room(struct reader *r)
{
    bool heading = r->table->heading == NULL;
    if (r->n < r->cells_cap && r->cells != NULL)
        return true;
    if (!heading && r->cells != NULL)
        return false;
    size_t cap = heading ? (r->n == 0 ? FIRST_COLUMNS : 2 * r->n) : r->table->columns;
    const char **cells = arena_array(r->arena, const char *, cap);
    if (cells == NULL)
        return too_large(r->err);
    if (r->cells != NULL)
        memcpy(cells, r->cells, r->n * sizeof *cells);
    r->cells = cells;
    r->cells_cap = cap;
    return true;
}

static void on_cell(void *bytes, size_t len, void *into)
{
    struct reader *r = into;
    if (r->err->code != ERR_NONE)
        return;
    const char *cell = keep_trimmed(r, len == 0 ? "" : bytes, len);
    if (cell_room(r))
        r->cells[r->n] = cell;
    r->n++;
    r->any = r->any || *cell != '\0';
    r->after_cr = false;
}

static void finish_record(struct reader *r)
{
    struct csv_table *t = r->table;
    if (t->heading == NULL) {
        t->heading = r->cells;
        t->columns = r->n;
    } else if (r->n != t->columns) {
        fault_lengths(r);
    } else if (t->rows == r->max_rows) {
        note(t, r->records, "too_many_rows");
        err_set(r->err, ERR_INVALID, NULL, "The table has more than %zu rows (row %u)", r->max_rows,
                r->records);
    } else {
        t->cells[t->rows] = r->cells;
        t->row_number[t->rows++] = r->records;
    }
    r->cells = NULL;
}

/* libcsv reports every unquoted CR and LF, so that blank lines count in row numbers as they do in a
 * spreadsheet. A record of empty cells only is blank too. */
static void on_end(int c, void *into)
{
    struct reader *r = into;
    if (r->err->code != ERR_NONE)
        return;
    bool second_half = c == '\n' && r->after_cr;
    r->after_cr = c == '\r';
    if (second_half)
        return;
    r->records++;
    if (r->any)
        finish_record(r);
    r->n = 0;
    r->any = false;
}

static bool split(struct reader *r, struct csv_parser *parser, const char *text, size_t len)
{
    for (size_t at = 0; at < len; at += CHUNK) {
        size_t n = len - at < CHUNK ? len - at : CHUNK;
        if (csv_parse(parser, text + at, n, on_cell, on_end, r) != n)
            return csv_error(parser) == CSV_EPARSE ? fault(r, "a quotation mark is out of place")
                                                   : too_large(r->err);
        if (r->err->code != ERR_NONE)
            return false;
    }
    if (csv_fini(parser, on_cell, on_end, r) != 0)
        return fault(r, "a quotation mark is not closed");
    if (r->err->code == ERR_NONE && r->table->heading == NULL) {
        note(r->table, 1, "no_heading");
        return err_set(r->err, ERR_INVALID, NULL, "The table has no heading (row 1)");
    }
    return r->err->code == ERR_NONE;
}

/* The text after its byte-order mark must be UTF-8 without NUL, line by line to name the line. */
static bool check_lines(struct csv_table *t, const char *text, size_t len, const char *charset,
                        struct err *err)
{
    unsigned line = 1;
    while (len > 0) {
        const char *end = memchr(text, '\n', len);
        size_t n = end == NULL ? len : (size_t)(end - text) + 1;
        if (!str_utf8(text, n)) {
            note(t, line, "not_in_charset");
            return err_set(err, ERR_INVALID, "charset", "line %u is not valid %s", line, charset);
        }
        text += n;
        len -= n;
        line++;
    }
    return true;
}

static unsigned line_of(const char *text, const char *at)
{
    unsigned line = 1;
    for (; text < at; text++)
        line += *text == '\n' ? 1 : 0;
    return line;
}

static bool to_utf8(struct csv_table *t, struct arena *a, const char **text, size_t *len,
                    struct err *err)
{
    size_t cap = *len + *len / 2 + 4; /* two bytes become three at most, four stay four */
    char *utf8 = arena_alloc(a, cap);
    if (utf8 == NULL)
        return too_large(err);
    iconv_t converter = iconv_open("UTF-8", "GB18030");
    if (converter == (iconv_t)-1)
        return err_set(err, ERR_INTERNAL, NULL, "GB18030 cannot be read here");
    char *in = (char *)(uintptr_t)*text, *out = utf8; /* iconv takes char **, and only reads */
    size_t left = *len, room = cap;
    size_t failed = iconv(converter, &in, &left, &out, &room);
    iconv_close(converter);
    if (failed == (size_t)-1) {
        note(t, line_of(*text, in), "not_in_charset");
        return err_set(err, ERR_INVALID, "charset", "line %u is not valid GB18030", t->fault_row);
    }
    *text = utf8;
    *len = cap - room;
    return true;
}

bool csv_read(struct arena *a, const char *bytes, size_t len, enum csv_charset charset,
              size_t max_rows, struct csv_table *ret, struct err *err)
{
    *ret = (struct csv_table){0};
    if (charset == CSV_GB18030 && !to_utf8(ret, a, &bytes, &len, err))
        return false;
    if (len >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0) {
        bytes += 3;
        len -= 3;
    }
    if (!check_lines(ret, bytes, len, charset == CSV_UTF8 ? "UTF-8" : "GB18030", err))
        return false;
    size_t ends = 1;
    for (size_t i = 0; i < len; i++)
        ends += bytes[i] == '\n' || bytes[i] == '\r' ? 1 : 0;
    size_t rows = ends < max_rows ? ends : max_rows;
    ret->cells = arena_array(a, const char **, rows);
    ret->row_number = arena_array(a, unsigned, rows);
    struct reader r = {.arena = a, .table = ret, .err = err, .max_rows = max_rows};
    r.pool = arena_alloc(a, len + 1);
    if (ret->cells == NULL || ret->row_number == NULL || r.pool == NULL)
        return too_large(err);
    struct csv_parser parser;
    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL) != 0)
        return too_large(err);
    csv_set_blk_size(&parser, CHUNK); /* by itself it grows a cell in steps of 128 bytes */
    bool ok = split(&r, &parser, bytes, len);
    csv_free(&parser);
    return ok;
}

int csv_column(const struct csv_table *t, const char *name)
{
    for (size_t i = 0; i < t->columns && i <= INT32_MAX; i++) {
        if (strcmp(t->heading[i], name) == 0)
            return (int)i;
    }
    return -1;
}

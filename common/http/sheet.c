/* common/http/sheet.c - CSV bodies by field table. Does not know what a row means. */
#include "http/sheet.h"

#include <assert.h>
#include <string.h>

#include "core/limits.h"
#include "http/decode.h"

static int column_index(const struct sheet *s, const char *name)
{
    for (int i = 0; s->columns[i].name; i++) {
        if (!strcmp(s->columns[i].name, name)) {
            return i;
        }
    }
    return -1;
}

bool sheet_fault(struct request *rq, const struct sheet *s, size_t row, const char *column,
                 const char *code, const char *detail)
{
    return problem_add(rq, (struct problem){.place = AT_CELL,
                                            .name = column,
                                            .row = s->table.row_number[row],
                                            .code = code,
                                            .detail = detail});
}

/* The heading must name every required column, and none that is not ours. */
static bool check_heading(struct request *rq, const struct sheet *s)
{
    for (const struct field *f = s->columns; f->name; f++) {
        if ((f->flags & REQUIRED) && csv_column(&s->table, f->name) < 0) {
            problem_add(rq, (struct problem){AT_CELL, f->name, 1, "missing_column",
                                             "the heading lacks this column"});
        }
    }
    for (size_t c = 0; c < s->table.columns && rq->n_problems < LIMIT_PROBLEMS; c++) {
        if (column_index(s, s->table.heading[c]) < 0) {
            problem_add(rq, (struct problem){AT_CELL, s->table.heading[c], 1, "unknown_column",
                                             "there is no such column"});
        } else if (csv_column(&s->table, s->table.heading[c]) < (int)c) {
            problem_add(rq, (struct problem){AT_CELL, s->table.heading[c], 1, "repeated_column",
                                             "this column stands in the heading twice"});
        }
    }
    return rq->n_problems == 0;
}

static const char *read_cell(struct request *rq, const struct sheet *s, size_t row,
                             const struct field *f)
{
    int column = csv_column(&s->table, f->name);
    const char *text = column < 0 ? "" : s->table.cells[row][column];
    if (!*text) {
        if (f->flags & REQUIRED) {
            sheet_fault(rq, s, row, f->name, "required", "this cell must not be empty");
        }
        return NULL;
    }
    const char *code = NULL, *detail = NULL;
    const char *value = decode_value(rq->arena, f, text, &code, &detail);
    if (!value) {
        sheet_fault(rq, s, row, f->name, code, detail);
    }
    return value;
}

static bool read_row(struct request *rq, struct sheet *s, size_t row, size_t n_fields)
{
    s->values[row] = arena_array(rq->arena, const char *, n_fields);
    if (!s->values[row]) {
        return fail(rq, ERR_NO_MEMORY, NULL, "the table does not fit into memory");
    }
    for (size_t i = 0; i < n_fields; i++) {
        s->values[row][i] = read_cell(rq, s, row, &s->columns[i]);
    }
    return true;
}

/* What makes the table unreadable is a fault with a row like any other. */
static bool refuse_table(struct request *rq, const struct sheet *s)
{
    struct err why = rq->err;
    if (!s->table.fault) {
        return false; /* no memory */
    }
    err_clear(&rq->err);
    return problem_add(rq, (struct problem){.place = AT_CELL,
                                            .row = s->table.fault_row,
                                            .code = s->table.fault,
                                            .detail = arena_strdup(rq->arena, why.detail)});
}

bool sheet_read(struct request *rq, const struct field *columns, size_t max_rows, struct sheet *ret)
{
    *ret = (struct sheet){.columns = columns};
    if (!csv_read(rq->arena, rq->body ? rq->body : "", rq->body_len, decode_charset(rq), max_rows,
                  &ret->table, &rq->err)) {
        return refuse_table(rq, ret);
    }
    if (!check_heading(rq, ret)) {
        return false;
    }
    if (!ret->table.rows) {
        return fail(rq, ERR_INVALID, NULL, "the table has a heading and no rows");
    }
    size_t n_fields = 0;
    while (columns[n_fields].name) {
        n_fields++;
    }
    ret->values = arena_array(rq->arena, const char **, ret->table.rows);
    if (!ret->values) {
        return fail(rq, ERR_NO_MEMORY, NULL, "the table does not fit into memory");
    }
    for (size_t row = 0; row < ret->table.rows; row++) {
        if (!read_row(rq, ret, row, n_fields)) {
            return false;
        }
    }
    return true;
}

const char *sheet_value(const struct sheet *s, size_t row, const char *column)
{
    int i = column_index(s, column);
    assert(i >= 0);
    return s->values[row][i];
}

/* common/http/sheet.h - a CSV body read by a field table: one column a field, every fault by row,
 * column and code. What rows mean together is the handler's business. */
#ifndef ZEREN_HTTP_SHEET_H
#define ZEREN_HTTP_SHEET_H

#include "core/csv.h"
#include "http/request.h"

struct sheet {
    struct csv_table table;
    const struct field *columns;
    const char ***values; /* [row][field]: canonical text, NULL when empty or faulty */
};

/* Reads rq->body in the charset of its Content-Type (absent: UTF-8). False when there is no table
 * to look at: not in that charset, an open quote, a ragged row, no row, too many rows, a column
 * missing or unknown. Bad cells are collected in rq->problems and leave NULL; a REQUIRED column's
 * empty cell is one. Ask rq->n_problems when the rules have added theirs. */
bool sheet_read(struct request *rq, const struct field *columns, size_t max_rows,
                struct sheet *ret);

/* The value of a column by name (asserted to exist), or NULL. */
const char *sheet_value(const struct sheet *s, size_t row, const char *column);

/* Adds one fault; always false. `detail` lives as long as the request. */
bool sheet_fault(struct request *rq, const struct sheet *s, size_t row, const char *column,
                 const char *code, const char *detail);

#endif

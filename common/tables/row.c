/* common/tables/row.c - a raw row under construction: cells by column, text in one pool of fixed
 * size. Does not look at the text. */
#include <string.h>

#include "tables/source.h"

#include "core/banned.h"

bool raw_row_init(struct raw_row *r, struct arena *a, const struct table_limits *limits)
{
    *r = (struct raw_row){.max_cells = limits->columns, .max_cell = limits->cell_bytes};
    r->room = (size_t)limits->row_bytes + limits->columns + 1;
    r->cells = arena_array(a, struct raw_cell, r->max_cells);
    r->pool = arena_alloc(a, r->room);
    return r->cells != NULL && r->pool != NULL;
}

void raw_row_start(struct raw_row *r, unsigned number)
{
    r->number = number;
    r->n = 0;
    r->used = 0;
    r->fault = r->fault_column = r->refusal = r->line = NULL;
}

bool raw_row_cell(struct raw_row *r, size_t column)
{
    if (column < r->n || column >= r->max_cells) {
        r->refusal = column < r->n ? "bad_sheet" : "too_many_columns";
        return false;
    }
    while (r->n <= column)
        r->cells[r->n++] = (struct raw_cell){.text = ""};
    if (r->used == r->room) {
        r->refusal = "row_too_long";
        return false;
    }
    r->cells[column].text = r->pool + r->used;
    r->pool[r->used] = '\0';
    return true;
}

/* Room for the closing NUL is kept. What passes the length of a cell is dropped, which is a fault.
 */
void raw_row_add(struct raw_row *r, const char *bytes, size_t len)
{
    struct raw_cell *c = &r->cells[r->n - 1];
    if (len > r->max_cell - c->len) {
        c->fault = "cell_too_long";
        return;
    }
    if (len >= r->room - r->used) {
        r->refusal = "row_too_long";
        return;
    }
    memcpy(r->pool + r->used, bytes, len);
    r->used += len;
    c->len += len;
    r->pool[r->used] = '\0';
}

void raw_row_end_cell(struct raw_row *r, const char *fault)
{
    struct raw_cell *c = &r->cells[r->n - 1];
    if (c->fault == NULL)
        c->fault = fault;
    if (r->used < r->room)
        r->pool[r->used++] = '\0';
}

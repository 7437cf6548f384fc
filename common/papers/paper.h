/* common/papers/paper.h - a paper of A4 as PDF: a form (template.h), values and rows in, bytes out
 * to a descriptor, page by page, so that a table of any length takes the memory of one page.
 * Margins and sizes follow GB/T 9704-2012; wording is the form's. Knows no database and no request.
 */
#ifndef ZEREN_PAPERS_PAPER_H
#define ZEREN_PAPERS_PAPER_H

#include <stdint.h>

#include "papers/template.h"

/* Gives the next row's cells, as many as the table has columns; false: there is no more. What it
 * gives lives until its next call. */
typedef bool paper_rows(void *ctx, const char *cells[PAPER_COLUMNS_MAX]);

struct paper {
    const struct paper_template *form;
    const struct paper_value *values;
    paper_rows *rows; /* or NULL */
    void *rows_ctx;
    const char *made_at; /* RFC 3339, for the file's own date: the same paper is the same bytes */
};

struct paper_made {
    unsigned pages;
    int64_t bytes;
};

/* Thread-safe; one is made at a time. ERR_STORAGE when the descriptor takes no more, ERR_INTERNAL
 * when the libraries refuse. */
bool paper_write(const struct paper *p, int fd, struct paper_made *ret, struct err *err);

#endif

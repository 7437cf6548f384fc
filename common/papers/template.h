/* common/papers/template.h - a paper's form as a text, a line a part, so that it can be a row:
 *
 *     title 关于{subject}的督办函
 *     number {number}
 *     addressee {addressee}：
 *     paragraph 请于{answer_by}前答复。
 *     table 8 序号 | 52 任务 | 20 牵头单位 | 20 完成时限
 *     signature {organisation} | {date}
 *     note 本文样式为示例。
 *
 * Words in braces are values of the data; a table's columns are widths in hundredths with their
 * headings, and its rows come from the data. Lines that begin with # and empty ones say nothing. */
#ifndef ZEREN_PAPERS_TEMPLATE_H
#define ZEREN_PAPERS_TEMPLATE_H

#include <stddef.h>

#include "core/arena.h"
#include "core/err.h"

enum paper_part_kind {
    PAPER_TITLE,
    PAPER_NUMBER,
    PAPER_ADDRESSEE,
    PAPER_PARAGRAPH,
    PAPER_TABLE,
    PAPER_SIGNATURE,
    PAPER_NOTE
};

enum { PAPER_COLUMNS_MAX = 12, PAPER_PARTS_MAX = 100 };

struct paper_column {
    unsigned width; /* hundredths of the page's */
    const char *heading;
};

struct paper_part {
    enum paper_part_kind kind;
    const char *text;   /* PAPER_SIGNATURE: the organisation */
    const char *second; /* PAPER_SIGNATURE: the date */
    struct paper_column columns[PAPER_COLUMNS_MAX];
    size_t n_columns;
};

struct paper_template {
    struct paper_part *parts;
    size_t n_parts;
};

/* ERR_INVALID names the line that is none. */
bool paper_template_parse(struct arena *a, const char *text, struct paper_template *ret,
                          struct err *err);

struct paper_value { /* lists end with {NULL} */
    const char *name, *text;
};

/* The text with its values; one that is not there leaves nothing. NULL when out of memory. */
const char *paper_fill(struct arena *a, const char *text, const struct paper_value *values);

#endif

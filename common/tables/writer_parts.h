/* common/tables/writer_parts.h - inside the room: a writer and its forms. */
#ifndef ZEREN_TABLES_WRITER_PARTS_H
#define ZEREN_TABLES_WRITER_PARTS_H

#include <stdio.h>

#include <iconv.h>

#include "core/arena.h"
#include "tables/source.h"
#include "tables/writer.h"

struct lxw_workbook;
struct lxw_worksheet;
struct lxw_format;

struct table_writer {
    struct arena *arena;
    struct table_writer_options options;
    size_t n_columns;
    uint64_t rows;
    bool (*put)(struct table_writer *w, const char *const *values, struct err *err);
    bool (*finish)(struct table_writer *w); /* also frees what it holds */
    void (*abandon)(struct table_writer *w);
    /* text */
    FILE *file;
    bool converts, broken;
    iconv_t converter;
    /* xlsx */
    struct lxw_workbook *book;
    struct lxw_worksheet *sheet;
    struct lxw_format *heading, *text, *day;
    unsigned sheets, row, tables; /* tables: behind the first */
};

bool text_writer_open(struct table_writer *w, const char *path, struct err *err);
bool xlsx_writer_open(struct table_writer *w, const char *path, struct err *err);
/* Lists and the sheet of explanations. */
bool xlsx_writer_explain(struct table_writer *w, struct err *err);
/* The sheet of a further table. */
bool xlsx_writer_next(struct table_writer *w, const struct table_writer_options *o,
                      struct err *err);

size_t out_width(const struct table_out_column *columns);
const char *out_label(const struct table_out_column *c);

/* One line of NDJSON of an error file, as it is. */
void text_writer_line(struct table_writer *w, const char *line);
/* A JSON string with its marks, into what text_writer_line() takes. */
void text_writer_json(struct table_writer *w, const char *text);

#endif

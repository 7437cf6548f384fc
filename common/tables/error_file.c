/* common/tables/error_file.c - a table written again with the reason beside each bad row, so that
 * it can be corrected where it is wrong and sent again. */
#include <string.h>

#include "tables/writer_parts.h"

#include "core/banned.h"

struct copying {
    struct table *table;
    struct table_writer *writer;
    const struct table_reasons *reasons;
    const char **values; /* [columns of the copy] */
    size_t *from;        /* [columns of the copy but the last]: columns of the file */
    size_t n;
};

bool table_reason_text(const struct table_fault *faults, size_t n, char *out, size_t cap)
{
    size_t used = strnlen(out, cap);
    for (size_t i = 0; i < n; i++) {
        const char *label = table_fault_label(faults[i].code);
        const char *column = faults[i].column;
        size_t wanted = strlen(column) + strlen(label) + 2 * strlen("：");
        if (used + wanted >= cap)
            return false;
        used += (size_t)snprintf(out + used, cap - used, "%s%s%s；", column,
                                 *column == '\0' ? "" : "：", label);
    }
    return true;
}

/* Columns of the file without an old reason, then the reason. */
static struct table_out_column *make_columns(struct copying *c, struct arena *a)
{
    size_t width = table_width(c->table);
    struct table_out_column *columns = arena_array(a, struct table_out_column, width + 2);
    c->from = arena_array(a, size_t, width + 1);
    c->values = arena_array(a, const char *, width + 2);
    if (columns == NULL || c->from == NULL || c->values == NULL)
        return NULL;
    for (size_t i = 0; i < width; i++) {
        const char *heading = table_heading(c->table, i);
        if (strcmp(heading, TABLE_REASON) == 0)
            continue;
        c->from[c->n] = i;
        columns[c->n].name = heading;
        columns[c->n++].kind = TABLE_TEXT;
    }
    columns[c->n] = (struct table_out_column){.name = TABLE_REASON, .width = 60};
    return columns;
}

/* The line as it came with one more member; a line that is no object stands in a member. */
static void put_line(struct copying *c, const char *line, const char *reason)
{
    size_t n = strlen(line);
    bool object = n >= 2 && line[0] == '{' && line[n - 1] == '}';
    const char *inside = n == 0 ? line : line + 1 + strspn(line + 1, " \t");
    text_writer_line(c->writer, "{");
    text_writer_json(c->writer, TABLE_REASON);
    text_writer_line(c->writer, ":");
    text_writer_json(c->writer, reason);
    if (!object) {
        text_writer_line(c->writer, ",\"_line\":");
        text_writer_json(c->writer, line);
        text_writer_line(c->writer, "}\n");
        return;
    }
    text_writer_line(c->writer, *inside == '}' ? "" : ",");
    text_writer_line(c->writer, line + 1);
    text_writer_line(c->writer, "\n");
}

static bool put_row(struct copying *c, const struct table_row *row, struct err *err)
{
    const char *reason = c->reasons->reason(c->reasons->into, row->number);
    if (reason == NULL && c->reasons->only_faulty)
        return true;
    if (row->line != NULL && (reason != NULL || strstr(row->line, TABLE_REASON) == NULL)) {
        if (reason != NULL)
            put_line(c, row->line, reason);
        else {
            text_writer_line(c->writer, row->line);
            text_writer_line(c->writer, "\n");
        }
        return !c->writer->broken || refuse(err, "no_room", 0);
    }
    for (size_t i = 0; i < c->n; i++)
        c->values[i] =
            row->cells[c->from[i]][0] == '\0' && row->line != NULL ? NULL : row->cells[c->from[i]];
    c->values[c->n] = reason;
    return table_put(c->writer, c->values, err);
}

static bool copy_rows(struct copying *c, struct err *err)
{
    struct table_row row = {0};
    enum table_step step = TABLE_ROW;
    while ((step = table_next(c->table, &row, err)) == TABLE_ROW) {
        if (!put_row(c, &row, err))
            return false;
    }
    return step == TABLE_END;
}

static bool copy(struct copying *c, const char *path, struct arena *a, struct err *err)
{
    struct table_out_column *columns = make_columns(c, a);
    if (columns == NULL)
        return refuse(err, "no_memory", 0);
    struct table_writer_options options = {.format = table_format(c->table),
                                           .columns = columns,
                                           .charset = table_charset(c->table),
                                           .mark = true,
                                           .separator = table_separator(c->table)};
    c->writer = table_create(path, &options, err);
    if (c->writer == NULL)
        return false;
    if (copy_rows(c, err))
        return table_finish(&c->writer, err);
    table_abandon(&c->writer);
    return false;
}

bool table_error_file(int fd, const struct table_options *options, const char *path,
                      const struct table_reasons *reasons, struct err *err)
{
    struct copying c = {.reasons = reasons, .table = table_open(fd, options, err)};
    if (c.table == NULL)
        return false;
    struct arena *a = arena_create((size_t)4 << 20);
    bool ok = a != NULL ? copy(&c, path, a, err) : refuse(err, "no_memory", 0);
    arena_destroy(&a);
    table_close(&c.table);
    return ok;
}

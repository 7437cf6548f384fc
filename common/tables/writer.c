/* common/tables/writer.c - the writer that its forms (text, xlsx) fill in. */
#include "tables/writer_parts.h"

#include "core/banned.h"

enum { WRITER_BYTES = 8 * 1024 * 1024 };

const char *out_label(const struct table_out_column *c)
{
    return c->label == NULL ? c->name : c->label;
}

size_t out_width(const struct table_out_column *columns)
{
    size_t n = 0;
    while (columns[n].name != NULL)
        n++;
    return n;
}

struct table_writer *table_create(const char *path, const struct table_writer_options *options,
                                  struct err *err)
{
    struct arena *a = arena_create(WRITER_BYTES);
    struct table_writer *w = a == NULL ? NULL : arena_new(a, struct table_writer);
    if (w == NULL) {
        arena_destroy(&a);
        refuse(err, "no_memory", 0);
        return NULL;
    }
    w->arena = a;
    w->options = *options;
    w->n_columns = out_width(options->columns);
    bool ok = options->format == TABLE_XLSX ? xlsx_writer_open(w, path, err)
                                            : text_writer_open(w, path, err);
    if (!ok)
        table_abandon(&w);
    return w;
}

bool table_put(struct table_writer *w, const char *const *values, struct err *err)
{
    if (!w->put(w, values, err))
        return false;
    w->rows++;
    return true;
}

uint64_t table_written(const struct table_writer *w)
{
    return w->rows;
}

bool table_finish(struct table_writer **w, struct err *err)
{
    bool ok = (*w)->finish(*w);
    struct arena *a = (*w)->arena;
    *w = NULL;
    arena_destroy(&a);
    return ok || refuse(err, "no_room", 0);
}

void table_abandon(struct table_writer **w)
{
    if (*w == NULL)
        return;
    struct arena *a = (*w)->arena;
    if ((*w)->abandon != NULL)
        (*w)->abandon(*w);
    *w = NULL;
    arena_destroy(&a);
}

/* The lists and explanations of every table, each behind its sheet. */
static bool explain_all(struct table_writer *w, const struct table_writer_options *o,
                        struct err *err)
{
    bool ok = xlsx_writer_explain(w, err);
    for (o = o->next; ok && o != NULL; o = o->next)
        ok = xlsx_writer_next(w, o, err) && xlsx_writer_explain(w, err);
    return ok;
}

bool table_template(const char *path, const struct table_writer_options *options, struct err *err)
{
    struct table_writer *w = table_create(path, options, err);
    if (w == NULL)
        return false;
    if (options->format == TABLE_XLSX && !explain_all(w, options, err)) {
        table_abandon(&w);
        return false;
    }
    return table_finish(&w, err);
}

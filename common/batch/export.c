/* common/batch/export.c - a table out of the service, page by page in the scope of who asked for
 * it, in constant memory. Begins anew in another process, as error_file.c does. */
#include <string.h>

#include "batch/export_cells.h"
#include "core/str.h"
#include "sql_batch.h"

#include "core/banned.h"

enum { PLACE_MEMORY = 64 * 1024 };

static bool no_memory(struct err *err)
{
    return err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
}

static bool begin(struct job_run *r, struct err *err)
{
    static const char *const none[] = {NULL};
    struct rows *rows = NULL;
    struct batch_work *w = batch_work_begin(r, err);
    r->done = 0;
    if (w == NULL || !job_query(r, &SQL_export_look, none, &rows, err))
        return false;
    w->outgoing = rows_count(rows) == 1 ? export_kind_of(r->arg, rows_text(rows, 0, 0)) : NULL;
    if (w->outgoing == NULL)
        return err_set(err, ERR_INTERNAL, NULL, "%s", "");
    w->filters = arena_strdup(w->arena, rows_text(rows, 0, 2));
    w->file_name = arena_strdup(w->arena, rows_text(rows, 0, 3));
    const struct table_out_column *columns = w->outgoing->columns;
    if (w->outgoing->of != NULL) {
        columns = batch_out_columns(w->arena, w->outgoing->of, NULL);
        if (!export_words(r, w, err))
            return false;
    }
    struct table_writer_options o = {.format = batch_format_of(rows_text(rows, 0, 1)),
                                     .columns = columns,
                                     .mark = true,
                                     .spill_dir = r->dir};
    if (w->filters == NULL || w->file_name == NULL || columns == NULL)
        return no_memory(err);
    return out_open(r, w, &o, err);
}

bool export_table_prepare(struct job_run *r, struct err *err)
{
    struct batch_work *w = r->state;
    return w == NULL || !w->at_end || w->out.whole || out_finish(&w->out, err);
}

static size_t width_of(const struct export_kind *k)
{
    size_t n = 0;
    if (k->of != NULL)
        return batch_width(k->of);
    while (k->columns[n].name != NULL)
        n++;
    return n;
}

/* Where the next page goes on: kept in place of the one before. */
static bool keep_place(struct batch_work *w, const char *place, struct err *err)
{
    char *kept = w->place;
    size_t n = strlen(place);
    if (n >= PLACE_MEMORY)
        return err_set(err, ERR_INTERNAL, NULL, "%s", "");
    if (kept == NULL)
        kept = arena_alloc(w->arena, PLACE_MEMORY);
    if (kept == NULL)
        return no_memory(err);
    memcpy(kept, place, n + 1);
    w->place = kept;
    return true;
}

static bool put_page(struct job_run *r, struct batch_work *w, struct err *err)
{
    struct rows *rows = NULL;
    size_t width = width_of(w->outgoing);
    const char **values = arena_array(r->arena, const char *, width + 1);
    const char *const pairs[] = {"after",    w->place, "filters",
                                 w->filters, "chunk",  batch_digits(r->arena, CHUNK_ROWS),
                                 NULL};
    if (values == NULL)
        return no_memory(err);
    if (!job_query(r, w->outgoing->rows, pairs, &rows, err))
        return false;
    size_t n = rows_count(rows);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < width; k++)
            values[k] = rows_text(rows, i, k + 1);
        if (w->outgoing->of != NULL && !export_cells(r, w, values, err))
            return false;
        if (!table_put(w->out.writer, values, err))
            return false;
    }
    r->done += (int64_t)n;
    w->at_end = n < CHUNK_ROWS;
    return n == 0 || keep_place(w, rows_text(rows, n - 1, 0), err);
}

bool export_table_chunk(struct job_run *r, enum job_step *ret, struct err *err)
{
    struct batch_work *w = r->state;
    if (w == NULL)
        return begin(r, err);
    if (!w->at_end)
        return put_page(r, w, err);
    if (!w->out.whole)
        return true;
    *ret = JOB_DONE;
    r->total = r->done;
    return out_keep(r, w, w->file_name, "create_export", err);
}

/* common/batch/stage.c - reads a table into rows of a batch, chunk by chunk: each cell checked,
 * each row held against what is there. Applies nothing. */
#include <stdio.h>
#include <string.h>

#include "batch/bundles.h"
#include "core/buf.h"
#include "core/personal_text.h"
#include "core/str.h"
#include "core/uuid.h"
#include "sql_batch.h"

#include "core/banned.h"

enum { CHUNK_BYTES = 4 * 1024 * 1024, JSON_MAX = 24 * 1024 * 1024 };

static bool no_memory(struct err *err)
{
    return err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
}

/* ---- a row as JSON ---- */

struct faults {
    struct buf text;
    size_t n;
};

static void add_fault(struct faults *f, const char *column, const char *code)
{
    buf_str(&f->text, f->n++ == 0 ? "[{\"column\":" : ",{\"column\":");
    buf_json(&f->text, column);
    buf_printf(&f->text, ",\"code\":\"%s\"}", code);
}

/* A fault of the whole row, or of that column, that the table's reader found. */
static bool has_fault(const struct table_row *row, const char *label)
{
    for (size_t i = 0; i < row->n_faults; i++) {
        if (strcmp(row->faults[i].column, label) == 0 || row->faults[i].column[0] == '\0')
            return true;
    }
    return false;
}

static void put_member(struct buf *b, bool first, const char *name, const char *value)
{
    buf_printf(b, "%s\"%s\":", first ? "" : ",", name);
    buf_json(b, value);
}

/* What cells say, what they say where that cannot be read (B-022: without numbers of people), and
 * what is wrong. */
static void put_cells(struct batch_work *w, struct arena *a, const struct table_row *row,
                      struct buf *data, struct buf *raw, struct faults *f)
{
    const struct batch_column *c = w->kind->columns;
    for (size_t i = 0; i < row->n_faults; i++)
        add_fault(f, row->faults[i].column, row->faults[i].code);
    for (size_t i = 0; c[i].name != NULL; i++) {
        const char *value = NULL;
        bool known = has_fault(row, c[i].label);
        const char *code =
            known ? NULL : batch_cell_read(a, &c[i], row->values[i], w->words, &value);
        if (code != NULL) {
            add_fault(f, c[i].label, code);
            if (row->values[i] != NULL)
                put_member(raw, raw->len == 1, c[i].name, personal_starred(a, row->values[i]));
        }
        if (value != NULL)
            put_member(data, data->len == 1, c[i].name, value);
    }
}

static bool put_row(struct batch_work *w, struct arena *a, const struct table_row *row,
                    struct buf *json)
{
    char id[UUID_TEXT];
    struct faults f = {.n = 0};
    struct buf data, raw;
    buf_init(&data, a, JSON_MAX);
    buf_init(&raw, a, JSON_MAX);
    buf_init(&f.text, a, JSON_MAX);
    buf_char(&data, '{');
    buf_char(&raw, '{');
    put_cells(w, a, row, &data, &raw, &f);
    const char *faults = f.n == 0 ? "null" : buf_text(&f.text);
    const char *data_text = buf_text(&data), *raw_text = buf_text(&raw);
    if (!uuid_new(clock_now(), id) || faults == NULL || data_text == NULL || raw_text == NULL)
        return false;
    buf_printf(json, "%s{\"row\":%u,\"id\":\"%s\",\"data\":", json->len > 1 ? "," : "", row->number,
               id);
    buf_str(json, data_text);
    buf_str(json, "},\"raw\":");
    buf_str(json, raw_text);
    buf_str(json, "},\"faults\":");
    buf_str(json, faults);
    buf_str(json, f.n == 0 ? "}" : "]}");
    return true;
}

/* ---- reading, before a chunk ---- */

static bool read_rows(struct batch_work *w, struct arena *a, unsigned after, struct err *err)
{
    struct buf json;
    struct table_row row;
    enum table_step step = TABLE_ROW;
    buf_init(&json, a, JSON_MAX);
    buf_char(&json, '[');
    while (w->n < CHUNK_ROWS && json.len < CHUNK_BYTES &&
           (step = table_next(w->table, &row, err)) == TABLE_ROW) {
        if (row.number <= after)
            continue; /* of a chunk before, in another process */
        if (!put_row(w, a, &row, &json))
            return no_memory(err);
        w->n++;
        w->last = row.number;
    }
    w->at_end = step == TABLE_END;
    if (step == TABLE_FAILED) {
        if (err->code != ERR_INVALID && err->code != ERR_TOO_LARGE)
            return false;
        w->refusal = arena_strdup(w->arena, err->field);
        err_clear(err);
    }
    buf_char(&json, ']');
    w->json = buf_text(&json);
    return w->json != NULL || no_memory(err);
}

bool stage_batch_prepare(struct job_run *r, struct err *err)
{
    struct batch_work *w = r->state;
    if (w == NULL)
        return true; /* the first chunk looks what is to be read */
    if (w->kind->parts != NULL)
        return stage_bundles_prepare(r, w, err);
    if (w->table == NULL && w->refusal == NULL && !batch_work_open(w, err))
        return false;
    w->n = 0;
    w->json = NULL;
    w->at_end = false;
    if (w->refusal != NULL || !table_heading_ok(w->table))
        return true;
    return read_rows(w, r->arena, batch_place(r), err);
}

/* ---- a chunk ---- */

static const char *labels_of(struct arena *a, const struct batch_kind *k)
{
    struct buf b;
    buf_init(&b, a, CHUNK_BYTES);
    buf_char(&b, '{');
    for (const struct batch_column *c = k->columns; c->name != NULL; c++)
        put_member(&b, c == k->columns, c->name, c->label);
    buf_char(&b, '}');
    return buf_text(&b);
}

static const char *count_of(const struct rows *rows, const char *action)
{
    for (size_t i = 0; i < rows_count(rows); i++) {
        if (str_equal(rows_text(rows, i, 0), action))
            return rows_text(rows, i, 1);
    }
    return "0";
}

static bool stage_rows(struct job_run *r, struct batch_work *w, struct err *err)
{
    struct rows *found = NULL, *ignored = NULL;
    int64_t failed = 0;
    const char *const pairs[] = {
        "batch_id", w->id, "rows", w->json, "labels", labels_of(r->arena, w->kind), NULL};
    if (!job_query(r, w->kind->stage, pairs, &found, err))
        return false;
    const char *const counts[] = {"batch_id",  w->id,
                                  "rows",      batch_digits(r->arena, (int64_t)w->n),
                                  "inserts",   count_of(found, "insert"),
                                  "updates",   count_of(found, "update"),
                                  "unchanged", count_of(found, "unchanged"),
                                  "failed",    count_of(found, "failed"),
                                  "warnings",  "0",
                                  NULL};
    (void)str_int(count_of(found, "failed"), 0, INT64_MAX, &failed);
    r->done += (int64_t)w->n;
    r->failed += failed;
    r->next_position = arena_printf(r->arena, "%u", w->last);
    return r->next_position != NULL ? job_query(r, &SQL_batch_count, counts, &ignored, err)
                                    : no_memory(err);
}

bool stage_batch_chunk(struct job_run *r, enum job_step *ret, struct err *err)
{
    bool staging = false;
    struct batch_work *w = r->state;
    r->next_position = r->position;
    if (w == NULL) {
        w = batch_work_begin(r, err);
        return w != NULL && batch_work_look(r, w, err);
    }
    if (!batch_work_hold(r, w, "staging", &staging, err))
        return false;
    if (!staging) { /* it was discarded meanwhile */
        *ret = JOB_DONE;
        return true;
    }
    if (w->kind->parts != NULL)
        return stage_bundles_chunk(r, w, ret, err);
    if (w->n > 0 && !stage_rows(r, w, err))
        return false;
    if (w->refusal == NULL && table_heading_ok(w->table) && !w->at_end)
        return true;
    *ret = JOB_DONE;
    return stage_end(r, w, w->table == NULL ? NULL : &w->table, 1, err);
}

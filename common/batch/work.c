/* common/batch/work.c - what jobs of batches keep between chunks: the batch, its file and the words
 * of its columns. Does no chunk itself. */
#include "batch/ahead.h"
#include "batch/bundles.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/str.h"
#include "sql_batch.h"

#include "core/banned.h"

enum { WORK_MEMORY = 16 * 1024 * 1024, MEMBER_READ = 12, OWN = 16 };

static bool no_memory(struct err *err)
{
    return err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
}

void batch_job_close(void *state)
{
    struct batch_work *w = state;
    ahead_close(&w->ahead);
    if (w->bundles != NULL)
        bundles_close(w->bundles);
    out_close(&w->out);
    table_close(&w->table);
    if (w->fd >= 0)
        close(w->fd);
    file_store_close(&w->store);
    arena_destroy(&w->arena);
    free(w);
}

struct batch_work *batch_work_begin(struct job_run *r, struct err *err)
{
    struct batch_work *w = calloc(1, sizeof *w);
    if (w == NULL) {
        no_memory(err);
        return NULL;
    }
    w->fd = w->out.bucket = -1;
    w->arena = arena_create(WORK_MEMORY);
    r->state = w;
    if (w->arena == NULL) {
        no_memory(err);
        return NULL;
    }
    if (r->dir == NULL || *r->dir == '\0') {
        err_set(err, ERR_INTERNAL, NULL, "%s", "");
        err_cause(err, "%s", "ZEREN_FILES_DIR: this worker has no place for files");
        return NULL;
    }
    w->store = file_store_open(r->dir, err);
    return w->store == NULL ? NULL : w;
}

const struct batch_word *batch_words_of(struct arena *a, const struct rows *rows)
{
    size_t n = rows_count(rows);
    struct batch_word *made = arena_array(a, struct batch_word, n + 1);
    for (size_t i = 0; made != NULL && i < n; i++) {
        made[i] = (struct batch_word){
            arena_strdup(a, rows_text(rows, i, 0)), arena_strdup(a, rows_text(rows, i, 1)),
            arena_strdup(a, rows_text(rows, i, 2)), arena_strdup(a, rows_text(rows, i, 3))};
        if (made[i].dictionary == NULL || made[i].code == NULL || made[i].label == NULL)
            return NULL;
    }
    return made;
}

static bool look_words(struct job_run *r, struct batch_work *w, struct err *err)
{
    struct rows *rows = NULL;
    const char *const pairs[] = {"dictionaries", batch_dictionaries(r->arena, w->kind), NULL};
    if (!job_query(r, &SQL_batch_words_said, pairs, &rows, err))
        return false;
    w->words = batch_words_of(w->arena, rows);
    return w->words != NULL || no_memory(err);
}

static enum table_charset charset_of(const char *name)
{
    return str_equal(name, "utf-8")     ? TABLE_UTF8
           : str_equal(name, "gb18030") ? TABLE_GB18030
                                        : TABLE_ANY_CHARSET;
}

/* How a table was read, in columns from `at` on: sheet, format, charset, separator. */
static struct table_options read_as(struct job_run *r, struct batch_work *w,
                                    const struct rows *rows, size_t at)
{
    const char *separator = rows_text(rows, 0, at + 3);
    return (struct table_options){
        .columns = batch_read_columns(w->arena, batch_part_columns(w->kind, w->part)),
        .format = batch_format_of(rows_text(rows, 0, at + 1)),
        .charset = charset_of(rows_text(rows, 0, at + 2)),
        .separator = separator == NULL ? '\0' : separator[0],
        .sheet = arena_strdup(w->arena, rows_text(rows, 0, at)),
        .spill_dir = arena_strdup(w->arena, r->dir)};
}

bool batch_work_look(struct job_run *r, struct batch_work *w, struct err *err)
{
    static const char *const none[] = {NULL};
    struct rows *rows = NULL;
    if (!job_query(r, &SQL_batch_look, none, &rows, err))
        return false;
    if (rows_count(rows) == 0)
        return err_set(err, ERR_NOT_FOUND, NULL, "%s", "The batch or its file is not there.");
    w->kind = batch_kind_of(r->arg, rows_text(rows, 0, 1));
    if (w->kind == NULL)
        return err_set(err, ERR_INTERNAL, NULL, "%s", "");
    w->id = arena_strdup(w->arena, rows_text(rows, 0, 0));
    w->sha256 = arena_strdup(w->arena, rows_text(rows, 0, 2));
    w->file_name = arena_strdup(w->arena, rows_text(rows, 0, 7));
    w->only_faulty = str_equal(rows_text(rows, 0, 8), "true");
    w->member_sha256 = arena_strdup(w->arena, rows_text(rows, 0, 9));
    w->is_own = !batch_kind_is_personal(w->kind) || str_equal(rows_text(rows, 0, OWN), "true");
    size_t first = batch_first_part(w->kind);
    bool second = str_equal(rows_text(rows, 0, 10), "2") && batch_part_count(w->kind) > first + 1;
    w->part = first + second;
    if (second && w->member_sha256 != NULL)
        w->file_name = arena_strdup(w->arena, rows_text(rows, 0, 11));
    w->member_read = read_as(r, w, rows, MEMBER_READ);
    w->read = read_as(r, w, rows, 3);
    return w->id == NULL || w->sha256 == NULL || w->file_name == NULL || w->read.columns == NULL
               ? no_memory(err)
               : look_words(r, w, err);
}

bool batch_work_hold(struct job_run *r, const struct batch_work *w, const char *status,
                     bool *ret_is, struct err *err)
{
    const char *const pairs[] = {"batch_id", w->id, NULL};
    struct rows *rows = NULL;
    if (!job_query(r, &SQL_batch_hold, pairs, &rows, err))
        return false;
    *ret_is = rows_count(rows) == 1 && str_equal(rows_text(rows, 0, 0), status);
    return true;
}

bool batch_work_move(struct job_run *r, const struct batch_work *w, const char *const *pairs,
                     struct err *err)
{
    struct rows *rows = NULL;
    if (!job_query(r, &SQL_batch_move, pairs, &rows, err))
        return false;
    if (rows_count(rows) != 1)
        return err_set(err, ERR_NOT_FOUND, NULL, "%s", "");
    r->result =
        arena_printf(r->arena,
                     "{\"batch_id\":\"%s\",\"rows\":%s,\"failed\":%s,\"applied\":%s,"
                     "\"not_applied\":%s,\"undone\":%s,\"not_undone\":%s}",
                     w->id, rows_text(rows, 0, 1), rows_text(rows, 0, 2), rows_text(rows, 0, 3),
                     rows_text(rows, 0, 4), rows_text(rows, 0, 5), rows_text(rows, 0, 6));
    return r->result != NULL || no_memory(err);
}

bool batch_work_open(struct batch_work *w, struct err *err)
{
    bool member = w->part > batch_first_part(w->kind);
    const struct table_options *o =
        member && w->member_read.format != TABLE_ANY ? &w->member_read : &w->read;
    const char *own = w->member_sha256 != NULL && member ? w->member_sha256 : w->sha256;
    w->fd = store_read(w->store, own, err);
    if (w->fd < 0)
        return false;
    w->table = table_open(w->fd, o, err);
    if (w->table != NULL)
        return true;
    if (err->code != ERR_INVALID && err->code != ERR_TOO_LARGE)
        return false;
    w->refusal = arena_strdup(w->arena, err->field);
    err_clear(err);
    return w->refusal != NULL || no_memory(err);
}

const char *batch_fault_label(const struct batch_work *w, const char *code)
{
    for (const struct batch_word *k = w->words; k->dictionary != NULL; k++) {
        if (strcmp(k->dictionary, "row_fault") == 0 && strcmp(k->code, code) == 0)
            return k->label;
    }
    return table_fault_label(code);
}

const char *batch_digits(struct arena *a, int64_t n)
{
    return arena_printf(a, "%lld", (long long)n);
}

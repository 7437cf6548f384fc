/* common/files/collect.c - see collect.h. Nothing younger than the setting files.orphan_hours is
 * touched: a call may be working on it. */
#include "files/collect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/clock.h"
#include "core/str.h"
#include "db/tx.h"
#include "sql_files.h"

#include "core/banned.h"

enum {
    FORMS_MEMORY = 2 * 1024 * 1024,
    RUN_MEMORY = 8 * 1024 * 1024,
    LIST_MAX = 4 * 1024 * 1024,
    BATCH = 500,
    VALUES_MAX = 8,
    BUCKETS_A_ROUND = 4
};

struct collector {
    struct pool *worker;
    const struct file_store *store;
    struct arena *forms, *run;
    struct stmt_set *set;
    unsigned next_bucket;
};

struct collector *files_collector_create(struct pool *worker, const struct file_store *s,
                                         struct err *err)
{
    struct collector *c = calloc(1, sizeof *c);
    if (c != NULL) {
        c->worker = worker;
        c->store = s;
        c->forms = arena_create(FORMS_MEMORY);
        c->run = arena_create(RUN_MEMORY);
    }
    if (c == NULL || c->forms == NULL || c->run == NULL)
        err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
    else
        c->set = stmt_set_create(c->forms, sql_files_all, err);
    if (c != NULL && c->set == NULL)
        files_collector_destroy(&c);
    return c;
}

void files_collector_destroy(struct collector **c)
{
    if (*c == NULL)
        return;
    arena_destroy(&(*c)->forms);
    arena_destroy(&(*c)->run);
    free(*c);
    *c = NULL;
}

struct value {
    const char *name, *text;
};

/* One statement in a transaction of its own, over every division. */
static bool run(struct collector *c, const struct stmt *st, const struct value *given,
                struct rows **ret, struct err *err)
{
    const struct stmt_form *f = stmt_form(c->set, st);
    const char *values[VALUES_MAX] = {NULL};
    struct tx tx = {.pool = c->worker, .arena = c->run, .scope = "{[\"\",\"~\")}", .lines = ""};
    for (unsigned i = 0; i < f->n_params && i < VALUES_MAX; i++) {
        for (const struct value *v = given; v->name != NULL; v++) {
            if (strcmp(v->name, f->params[i]) == 0)
                values[i] = v->text;
        }
    }
    bool ok = tx_run(&tx, f, values, ret, err);
    tx_end(&tx);
    return ok;
}

/* ---- uploads that did not end ---- */

static bool expire(struct collector *c, struct files_collected *ret, struct err *err)
{
    char now[32];
    struct rows *rows = NULL;
    size_t n = 0;
    clock_format(clock_now(), now);
    do {
        arena_reset(c->run);
        if (!run(c, &SQL_files_expire, (const struct value[]){{"now", now}, {NULL, NULL}}, &rows,
                 err))
            return false;
        n = rows_count(rows);
        for (size_t i = 0; i < n; i++)
            (void)upload_remove(c->store, rows_text(rows, i, 0));
        ret->expired += (long)n;
    } while (n == BATCH);
    return true;
}

/* ---- names found on the disk, asked about in batches ---- */

struct found {
    struct collector *c;
    struct buf names; /* {a,b} */
    size_t n;
    int64_t age_s; /* younger ones are left alone */
};

static bool note(void *ctx, const char *name, int64_t age_s)
{
    struct found *f = ctx;
    if (age_s < f->age_s)
        return true;
    buf_char(&f->names, f->n++ == 0 ? '{' : ',');
    buf_str(&f->names, name);
    return f->n < BATCH;
}

static void start(struct found *f, struct collector *c, int64_t age_s)
{
    arena_reset(c->run);
    *f = (struct found){.c = c, .age_s = age_s};
    buf_init(&f->names, c->run, LIST_MAX);
}

/* Those of the names that the statement returns. */
static bool ask(struct found *f, const struct stmt *st, struct rows **ret, struct err *err)
{
    buf_char(&f->names, '}');
    const char *names = buf_text(&f->names);
    return names != NULL &&
           run(f->c, st, (const struct value[]){{"names", names}, {NULL, NULL}}, ret, err);
}

static bool sweep_incoming(struct collector *c, int64_t age_s, struct files_collected *ret,
                           struct err *err)
{
    struct found f;
    struct rows *rows = NULL;
    struct upload u;
    struct err busy = {.code = ERR_NONE};
    start(&f, c, age_s);
    if (!store_each_upload(c->store, note, &f) || f.n == 0)
        return true;
    if (!ask(&f, &SQL_files_strays, &rows, err))
        return false;
    for (size_t i = 0; i < rows_count(rows); i++) {
        const char *id = rows_text(rows, i, 0);
        if (!upload_open(c->store, id, false, &u, &busy))
            continue; /* somebody works on it */
        ret->strays += upload_remove(c->store, id);
        upload_close(&u);
    }
    return true;
}

/* ---- what is kept ---- */

/* Row and bytes go together while the bucket is held, so that no upload is linked to them. */
static bool drop_blob(struct collector *c, const char *sha256, struct files_collected *ret,
                      struct err *err)
{
    struct rows *rows = NULL;
    char *name = arena_strndup(c->run, sha256, FILE_DIGEST_HEX);
    int bucket = name == NULL ? -1 : store_hold(c->store, name, err);
    if (bucket < 0)
        return false;
    bool ok = run(c, &SQL_files_drop_blob, (const struct value[]){{"sha256", name}, {NULL, NULL}},
                  &rows, err);
    if (ok && rows_count(rows) == 1 && store_remove(bucket, name))
        ret->blobs++;
    store_release(bucket);
    return ok;
}

static bool drop_each(struct collector *c, const struct rows *rows, struct files_collected *ret,
                      struct err *err)
{
    for (size_t i = 0; i < rows_count(rows); i++) {
        if (!drop_blob(c, rows_text(rows, i, 0), ret, err))
            return false;
    }
    return true;
}

static bool sweep_rows(struct collector *c, struct files_collected *ret, struct err *err)
{
    struct rows *rows = NULL;
    arena_reset(c->run);
    return run(c, &SQL_files_unused_blobs, (const struct value[]){{NULL, NULL}}, &rows, err) &&
           drop_each(c, rows, ret, err);
}

static bool sweep_bucket(struct collector *c, unsigned bucket, int64_t age_s,
                         struct files_collected *ret, struct err *err)
{
    struct found f;
    struct rows *rows = NULL;
    start(&f, c, age_s);
    if (!store_each_blob(c->store, bucket, note, &f) || f.n == 0)
        return true;
    return ask(&f, &SQL_files_unknown_blobs, &rows, err) && drop_each(c, rows, ret, err);
}

/* Blobs of a bucket's rows that are not there. A store that is not mounted has no buckets, and
 * loses nothing by that. */
static bool find_lost(struct collector *c, unsigned bucket, struct files_collected *ret,
                      struct err *err)
{
    char prefix[3], now[32];
    struct rows *rows = NULL, *marked = NULL;
    int64_t size = 0;
    arena_reset(c->run);
    if (!store_has_bucket(c->store, bucket))
        return true;
    snprintf(prefix, sizeof prefix, "%02x", bucket);
    clock_format(clock_now(), now);
    if (!run(c, &SQL_files_blobs_of, (const struct value[]){{"prefix", prefix}, {NULL, NULL}},
             &rows, err))
        return false;
    for (size_t i = 0; i < rows_count(rows); i++) {
        const char *sha256 = rows_text(rows, i, 0);
        if (store_has(c->store, sha256, &size))
            continue;
        if (!run(c, &SQL_files_mark_lost,
                 (const struct value[]){{"sha256", sha256}, {"now", now}, {NULL, NULL}}, &marked,
                 err))
            return false;
        ret->lost += (long)rows_count(marked);
    }
    return true;
}

static bool orphan_age(struct collector *c, int64_t *ret, struct err *err)
{
    struct rows *rows = NULL;
    arena_reset(c->run);
    return run(c, &SQL_files_orphan_age, (const struct value[]){{NULL, NULL}}, &rows, err) &&
           rows_count(rows) == 1 && str_int(rows_text(rows, 0, 0), 0, INT32_MAX, ret);
}

static bool collect(struct collector *c, unsigned buckets, struct files_collected *ret,
                    struct err *err)
{
    int64_t age_s = 0;
    *ret = (struct files_collected){0};
    bool ok = orphan_age(c, &age_s, err) && expire(c, ret, err) &&
              sweep_incoming(c, age_s, ret, err) && sweep_rows(c, ret, err);
    for (unsigned i = 0; ok && i < buckets; i++) {
        unsigned bucket = c->next_bucket++ % STORE_BUCKETS;
        ok = sweep_bucket(c, bucket, age_s, ret, err) && find_lost(c, bucket, ret, err);
    }
    arena_reset(c->run);
    return ok;
}

bool files_collect(struct collector *c, struct files_collected *ret, struct err *err)
{
    return collect(c, BUCKETS_A_ROUND, ret, err);
}

bool files_collect_all(struct collector *c, struct files_collected *ret, struct err *err)
{
    return collect(c, STORE_BUCKETS, ret, err);
}

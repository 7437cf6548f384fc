/* common/batch/stage_bundles.c - reads tables of several parts into rows of a batch: sorted, then
 * bundle by bundle looked up, judged and stored. Applies nothing. */
#include <pthread.h>

#include "batch/bundles.h"
#include "sql_batch.h"

#include "core/banned.h"

static bool no_memory(struct err *err)
{
    return err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
}

/* A heading that is none ends it before a row is read. */
static bool headings_ok(const struct bundles *b)
{
    for (size_t i = 0; i < b->n_parts; i++) {
        if (b->parts[i].table != NULL && !table_heading_ok(b->parts[i].table))
            return false;
    }
    return true;
}

static bool begin(struct job_run *r, struct batch_work *w, struct err *err)
{
    w->bundles = arena_new(w->arena, struct bundles);
    return w->bundles != NULL ? bundles_open(r, w, err) : no_memory(err);
}

/* The tables are sorted, and the first bundles are read, between transactions; all others beside
 * what is stored. */
bool stage_bundles_prepare(struct job_run *r, struct batch_work *w, struct err *err)
{
    if (w->bundles == NULL && !begin(r, w, err))
        return false;
    struct bundles *b = w->bundles;
    if (w->refusal != NULL || !headings_ok(b) || b->has_row || b->at_end)
        return true;
    if (!b->sorted && !bundles_sort(w, err))
        return false;
    return !b->sorted || bundles_read(r, w, batch_place(r), err);
}

static bool store(struct job_run *r, struct batch_work *w, const struct bundle_set *s,
                  struct err *err)
{
    struct rows *ignored = NULL;
    struct arena *a = r->arena;
    const char *const pairs[] = {"batch_id", w->id, "rows", s->json, NULL};
    const char *const counts[] = {"batch_id",  w->id,
                                  "rows",      batch_digits(a, (int64_t)s->n_rows),
                                  "inserts",   batch_digits(a, (int64_t)s->n_inserts),
                                  "updates",   batch_digits(a, (int64_t)s->n_updates),
                                  "unchanged", batch_digits(a, (int64_t)s->n_unchanged),
                                  "failed",    batch_digits(a, (int64_t)s->n_failed),
                                  "warnings",  batch_digits(a, (int64_t)s->n_warnings),
                                  NULL};
    r->done += (int64_t)s->n_rows;
    r->failed += (int64_t)s->n_failed;
    r->next_position = batch_digits(a, s->last);
    return r->next_position != NULL ? job_query(r, &SQL_batch_put, pairs, &ignored, err) &&
                                          job_query(r, &SQL_batch_count, counts, &ignored, err)
                                    : no_memory(err);
}

/* ---- beside what is stored: a thread without the database ---- */

struct beside {
    struct job_run run; /* with an arena of its own */
    struct batch_work *work;
    struct err err;
    bool ok;
};

static void *weigh_and_read(void *arg)
{
    struct beside *x = arg;
    x->ok = bundles_weigh(&x->run, x->work, &x->err) &&
            bundles_read(&x->run, x->work, batch_place(&x->run), &x->err);
    return NULL;
}

/* Stores what is weighed while what is looked up is weighed and the next is read. */
static bool store_beside(struct job_run *r, struct batch_work *w, struct err *err)
{
    pthread_t thread;
    struct bundle_set *s = w->bundles->weighed;
    struct beside x = {.run = *r, .work = w, .err = {.code = ERR_NONE}};
    x.run.arena = w->bundles->scratch;
    x.run.tx = NULL;
    bool is_beside = pthread_create(&thread, NULL, weigh_and_read, &x) == 0;
    bool stored = s->json == NULL || store(r, w, s, err);
    if (is_beside)
        (void)pthread_join(thread, NULL);
    else
        weigh_and_read(&x);
    arena_reset(w->bundles->scratch);
    w->bundles->weighed = w->bundles->looked;
    w->bundles->looked = s;
    if (stored && !x.ok)
        *err = x.err;
    return stored && x.ok;
}

/* Once a process: what judging needs. */
static bool begin_judging(struct job_run *r, struct batch_work *w, struct err *err)
{
    const struct batch_judge *j = w->kind->judge;
    if (w->bundles->judging)
        return true;
    w->bundles->judging = true;
    return j == NULL || j->begin == NULL || j->begin(r, w->arena, &w->bundles->judge, err);
}

static bool end(struct job_run *r, struct batch_work *w, struct err *err)
{
    struct table *tables[PARTS_MAX];
    for (size_t i = 0; i < w->bundles->n_parts; i++)
        tables[i] = w->bundles->parts[i].table;
    return stage_end(r, w, tables, w->bundles->n_parts, err);
}

bool stage_bundles_chunk(struct job_run *r, struct batch_work *w, enum job_step *ret,
                         struct err *err)
{
    struct bundles *b = w->bundles;
    if (w->refusal != NULL || !headings_ok(b)) {
        *ret = JOB_DONE;
        return end(r, w, err);
    }
    if (!b->sorted)
        return true; /* the lease is renewed */
    if (!begin_judging(r, w, err) || !bundles_look(r, w, err) || !store_beside(r, w, err))
        return false;
    if (b->weighed->n > 0 || b->fresh->n > 0 || !b->at_end)
        return true;
    *ret = JOB_DONE;
    return end(r, w, err);
}

/* common/batch/ahead.c - see ahead.h. Whoever waits for rows of the chunk that is ahead may be the
 * one before it, which it would wait for in turn: then, and wherever it would wait long itself, it
 * gives way; it is carried out again when its turn has come. So chunks are committed in their
 * order, and each sees to the end what the one before has done. */
#include "batch/ahead.h"

#include <stdlib.h>
#include <time.h>

#include "core/str.h"
#include "sql_batch.h"

#include "core/banned.h"

enum {
    AHEAD_MEMORY = 64 * 1024 * 1024,
    LOOK_NS = 20 * 1000 * 1000,
    SECOND_NS = 1000 * 1000 * 1000
};

/* Longer than this it waits for nobody; less than the server takes to look for deadlocks. */
#define PATIENCE_MS "200"
#define NO_END "0" /* but that of statements */

struct ahead {
    struct arena *arena;
    struct job_run run;
    struct tx tx;
    struct batch_work *batch;
    const char *after;
    ahead_work *work;
    struct carried did;
    pthread_t thread;
    bool begun, carried; /* a thread is there; its transaction is whole */
    pthread_mutex_t lock;
    pthread_cond_t told;
    bool over; /* its turn has come, or never will */
};

static struct ahead *ahead_new(void)
{
    pthread_condattr_t how;
    struct ahead *a = calloc(1, sizeof *a);
    if (a == NULL)
        return NULL;
    a->arena = arena_create(AHEAD_MEMORY);
    (void)pthread_mutex_init(&a->lock, NULL);
    (void)pthread_condattr_init(&how);
    (void)pthread_condattr_setclock(&how, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&a->told, &how);
    (void)pthread_condattr_destroy(&how);
    if (a->arena == NULL)
        ahead_close(&a);
    return a;
}

/* ---- on the thread ---- */

static bool wait_at_most(struct job_run *r, const char *ms, struct err *err)
{
    struct rows *ignored = NULL;
    const char *const pairs[] = {"patience_ms", ms, NULL};
    return job_query(r, &SQL_ahead_patience, pairs, &ignored, err);
}

static bool carry(struct ahead *a, struct err *err)
{
    return tx_begin(&a->tx, NULL, err) && wait_at_most(&a->run, PATIENCE_MS, err) &&
           a->work(&a->run, a->batch, a->after, &a->did, err) && wait_at_most(&a->run, NULL, err);
}

static bool is_in_the_way(struct ahead *a)
{
    struct rows *rows = NULL;
    struct err ignored = {.code = ERR_NONE};
    static const char *const none[] = {NULL};
    struct arena_mark mark = arena_mark(a->arena);
    bool is = !job_query(&a->run, &SQL_ahead_awaited, none, &rows, &ignored) ||
              str_equal(rows_text(rows, 0, 0), "true");
    arena_rewind(a->arena, mark);
    return is;
}

/* For a moment; true when it is told to go on. */
static bool is_over(struct ahead *a)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += LOOK_NS;
    until.tv_sec += until.tv_nsec / SECOND_NS;
    until.tv_nsec %= SECOND_NS;
    (void)pthread_mutex_lock(&a->lock);
    if (!a->over)
        (void)pthread_cond_timedwait(&a->told, &a->lock, &until);
    bool over = a->over;
    (void)pthread_mutex_unlock(&a->lock);
    return over;
}

static void *run(void *arg)
{
    struct ahead *a = arg;
    struct err ignored = {.code = ERR_NONE}; /* it is done again, and told then */
    a->carried = carry(a, &ignored);
    while (a->carried && !is_over(a))
        a->carried = !is_in_the_way(a);
    if (!a->carried)
        tx_end(&a->tx);
    return NULL;
}

/* ---- the job's own ---- */

static void finish(struct ahead *a)
{
    (void)pthread_mutex_lock(&a->lock);
    a->over = true;
    (void)pthread_cond_signal(&a->told);
    (void)pthread_mutex_unlock(&a->lock);
    if (a->begun)
        (void)pthread_join(a->thread, NULL);
    a->begun = false;
}

bool ahead_begin(struct job_run *r, struct batch_work *w, const char *after, ahead_work *work,
                 struct err *err)
{
    if (w->ahead == NULL)
        w->ahead = ahead_new();
    struct ahead *a = w->ahead;
    if (a == NULL)
        return true;
    if (!wait_at_most(r, NO_END, err))
        return false;
    arena_reset(a->arena);
    a->after = arena_strdup(a->arena, after);
    a->tx = (struct tx){.pool = r->tx->pool,
                        .arena = a->arena,
                        .scope = r->tx->scope,
                        .lines = r->tx->lines,
                        .ancestors = r->tx->ancestors};
    a->run = *r;
    a->run.arena = a->arena;
    a->run.tx = &a->tx;
    a->run.position = a->after;
    a->run.now = clock_now();
    a->run.today = clock_date(a->run.now);
    a->batch = w;
    a->work = work;
    a->over = a->carried = false;
    a->begun = a->after != NULL && pthread_create(&a->thread, NULL, run, a) == 0;
    return true;
}

bool ahead_take(struct job_run *r, struct batch_work *w, struct carried *ret)
{
    struct ahead *a = w->ahead;
    if (a == NULL || !a->begun)
        return false;
    finish(a);
    if (!a->carried)
        return false;
    a->carried = false;
    *ret = a->did;
    *r->tx = a->tx;
    r->tx->arena = r->arena;
    r->now = a->run.now;
    r->today = a->run.today;
    a->tx = (struct tx){.pool = r->tx->pool};
    return true;
}

bool ahead_is(const struct batch_work *w)
{
    return w->ahead != NULL && w->ahead->begun;
}

void ahead_close(struct ahead **p)
{
    struct ahead *a = *p;
    *p = NULL;
    if (a == NULL)
        return;
    finish(a);
    if (a->carried)
        tx_end(&a->tx);
    (void)pthread_cond_destroy(&a->told);
    (void)pthread_mutex_destroy(&a->lock);
    arena_destroy(&a->arena);
    free(a);
}

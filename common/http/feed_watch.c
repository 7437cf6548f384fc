/* common/http/feed_watch.c - see feed_watch.h. */
#include "http/feed_watch.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/str.h"
#include "sql_engine.h"

#include "core/banned.h"

enum {
    RUN_MEMORY = 1024 * 1024,
    STACK_BYTES = 256 * 1024,
    KINDS_MAX = 64,
    TOUCHED_MAX = 2000 /* as in sql/feed.sql: with so many, everybody is woken */
};

struct waiter {
    struct waiter *next, **at;
    const struct principal *principal;
    pthread_cond_t woken;
    bool awake;
};

struct feed_watch {
    const struct engine *engine;
    struct arena *run;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t work; /* somebody waits, or all ends */
    bool closed;
    struct waiter *waiters;
    int n_waiters, most_waiters;
    int64_t head; /* up to where waiters have been woken */
    struct feed_kind kinds[KINDS_MAX];
    size_t n_kinds;
};

/* --- the thread --- */

static bool ask(struct feed_watch *w, const struct stmt *st, const char *const *values,
                struct rows **ret)
{
    struct err err = {0};
    struct tx tx = {.pool = w->engine->pool,
                    .arena = w->run,
                    .scope = "{[\"\",\"~\")}", /* who is woken asks again in the own scope */
                    .lines = ""};
    bool ok = tx_run(&tx, stmt_form(w->engine->statements, st), values, ret, &err);
    tx_end(&tx);
    if (!ok)
        log_event(ERR_LEVEL_WARN, "outbox", "cause", err.cause);
    return ok;
}

static bool touches(const struct principal *p, const struct rows *rows, size_t i)
{
    const char *division = rows_text(rows, i, 0);
    if (strcmp(rows_text(rows, i, 2), "true") == 0 || principal_covers(p, division))
        return true;
    return strcmp(rows_text(rows, i, 1), "true") == 0 && strstr(p->ancestors, division) != NULL;
}

static void wake(struct waiter *x)
{
    x->awake = true;
    pthread_cond_signal(&x->woken);
}

static void wake_touched(struct feed_watch *w, const struct rows *rows)
{
    size_t n = rows_count(rows);
    for (struct waiter *x = w->waiters; x != NULL; x = x->next) {
        bool meant = n >= TOUCHED_MAX;
        for (size_t i = 0; i < n && !meant; i++)
            meant = touches(x->principal, rows, i);
        if (meant)
            wake(x);
    }
}

/* What came since the last look. Without an answer nobody is woken, and the next look finds it. */
static void look(struct feed_watch *w, int64_t since)
{
    struct rows *rows = NULL;
    int64_t head = 0;
    if (!ask(w, &SQL_feed_head, NULL, &rows) || rows_count(rows) != 1 ||
        !str_int(rows_text(rows, 0, 0), 0, INT64_MAX, &head) || head <= since)
        return;
    const char *const values[] = {arena_printf(w->run, "%lld", (long long)since),
                                  arena_printf(w->run, "%lld", (long long)head)};
    if (!ask(w, &SQL_feed_touched, values, &rows))
        return;
    pthread_mutex_lock(&w->lock);
    wake_touched(w, rows);
    w->head = head > w->head ? head : w->head;
    pthread_mutex_unlock(&w->lock);
}

static struct timespec at_monotonic(int64_t us)
{
    return (struct timespec){.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
}

static void *watch(void *arg)
{
    struct feed_watch *w = arg;
    pthread_mutex_lock(&w->lock);
    while (!w->closed) {
        if (w->waiters == NULL) {
            pthread_cond_wait(&w->work, &w->lock);
            continue;
        }
        int64_t since = w->head;
        pthread_mutex_unlock(&w->lock);
        look(w, since);
        arena_reset(w->run);
        struct timespec next =
            at_monotonic(clock_ticks_us() + 1000 * w->engine->settings->feed_look_ms);
        pthread_mutex_lock(&w->lock);
        int waited = 0;
        while (!w->closed && waited == 0)
            waited = pthread_cond_timedwait(&w->work, &w->lock, &next);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

/* --- those who wait --- */

static void monotonic_cond(pthread_cond_t *c)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(c, &attr);
    pthread_condattr_destroy(&attr);
}

static void enter(struct feed_watch *w, struct waiter *x, int64_t seen)
{
    if (w->waiters == NULL)
        w->head = seen > w->head ? seen : w->head;
    x->next = w->waiters;
    x->at = &w->waiters;
    if (x->next != NULL)
        x->next->at = &x->next;
    w->waiters = x;
    w->n_waiters++;
    pthread_cond_signal(&w->work);
}

static void leave(struct feed_watch *w, struct waiter *x)
{
    *x->at = x->next;
    if (x->next != NULL)
        x->next->at = x->at;
    w->n_waiters--;
}

bool feed_watch_wait(struct feed_watch *w, const struct principal *p, int64_t seen,
                     int64_t until_us)
{
    struct waiter x = {.principal = p};
    struct timespec until = at_monotonic(until_us);
    if (w == NULL)
        return false;
    pthread_mutex_lock(&w->lock);
    if (w->closed || w->n_waiters >= w->most_waiters) {
        pthread_mutex_unlock(&w->lock);
        return false;
    }
    if (w->waiters != NULL && seen < w->head) { /* others were woken for more than it has seen */
        pthread_mutex_unlock(&w->lock);
        return true;
    }
    monotonic_cond(&x.woken);
    enter(w, &x, seen);
    int waited = 0;
    while (!x.awake && !w->closed && waited == 0)
        waited = pthread_cond_timedwait(&x.woken, &w->lock, &until);
    leave(w, &x);
    bool again = x.awake && !w->closed;
    pthread_mutex_unlock(&w->lock);
    pthread_cond_destroy(&x.woken);
    return again;
}

/* --- kinds --- */

static bool read_kinds(struct request *rq, struct feed_watch *w)
{
    struct rows *rows = NULL;
    if (!db_rows(rq, &SQL_feed_kinds, &rows))
        return false;
    size_t n = rows_count(rows);
    pthread_mutex_lock(&w->lock);
    for (size_t i = 0; w->n_kinds == 0 && i < n && i < KINDS_MAX; i++) {
        (void)snprintf(w->kinds[i].name, sizeof w->kinds[i].name, "%s", rows_text(rows, i, 0));
        w->kinds[i].permission = permission_find(rows_text(rows, i, 1));
    }
    if (w->n_kinds == 0)
        w->n_kinds = n < KINDS_MAX ? n : KINDS_MAX;
    pthread_mutex_unlock(&w->lock);
    return true;
}

bool feed_kinds(struct request *rq, const struct feed_kind **ret, size_t *ret_n)
{
    struct feed_watch *w = rq->engine->feed;
    pthread_mutex_lock(&w->lock);
    bool known = w->n_kinds > 0; /* from then on they stay as they are */
    pthread_mutex_unlock(&w->lock);
    if (!known && !read_kinds(rq, w))
        return false;
    *ret = w->kinds;
    *ret_n = w->n_kinds;
    return true;
}

/* --- its life --- */

static bool start_thread(struct feed_watch *w)
{
    pthread_attr_t attr;
    pthread_mutex_init(&w->lock, NULL);
    monotonic_cond(&w->work);
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    bool ok = pthread_create(&w->thread, &attr, watch, w) == 0;
    pthread_attr_destroy(&attr);
    return ok;
}

struct feed_watch *feed_watch_start(const struct engine *e, struct err *err)
{
    struct feed_watch *w = calloc(1, sizeof *w);
    struct arena *run = arena_create(RUN_MEMORY);
    if (w != NULL && run != NULL) {
        w->engine = e;
        w->run = run;
        w->most_waiters = (int)e->settings->connections / 2; /* the others still get an answer */
        if (start_thread(w))
            return w;
    }
    arena_destroy(&run);
    free(w);
    err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
    return NULL;
}

void feed_watch_close(struct feed_watch *w)
{
    if (w == NULL)
        return;
    pthread_mutex_lock(&w->lock);
    w->closed = true;
    for (struct waiter *x = w->waiters; x != NULL; x = x->next)
        pthread_cond_signal(&x->woken);
    pthread_cond_signal(&w->work);
    pthread_mutex_unlock(&w->lock);
}

void feed_watch_stop(struct feed_watch **pw)
{
    struct feed_watch *w = *pw;
    if (w == NULL)
        return;
    feed_watch_close(w);
    pthread_join(w->thread, NULL);
    pthread_cond_destroy(&w->work);
    pthread_mutex_destroy(&w->lock);
    arena_destroy(&w->run);
    free(w);
    *pw = NULL;
}

void feed_watch_metrics(const struct engine *e, struct buf *out)
{
    struct feed_watch *w = e->feed;
    if (w == NULL)
        return;
    pthread_mutex_lock(&w->lock);
    int n = w->n_waiters;
    pthread_mutex_unlock(&w->lock);
    buf_printf(out, "# TYPE zeren_feed_waiting gauge\nzeren_feed_waiting{service=\"%s\"} %d\n",
               e->service->name, n);
}

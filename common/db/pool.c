/* common/db/pool.c - the bounded pool. Connections are reused last in, first out, so that idle ones
 * age; threads wait first come, first served: only the first of the queue may take. Connecting
 * happens outside the lock. Runs no statement but the one of pool_ready(). */
#include "db/pool.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "db/conn.h"
#include "db/connect.h"
#include "db/trip.h"

#include "core/banned.h"

enum {
    BACKOFF_FIRST_US = 20 * 1000,
    BACKOFF_MAX_US = 500 * 1000, /* a database that comes back is found within a second */
    JITTER_PERCENT = 20,
};

struct waiter {
    pthread_cond_t woken;
    struct waiter *next;
};

struct pool {
    struct connect_options connect;
    int64_t acquire_us, lifetime_us;
    int size;
    struct conn *all; /* [size] */

    pthread_mutex_t lock; /* guards all below */
    struct waiter *first, *last;
    struct conn *idle, *closed;
    int n_idle, n_closed, n_waiting;
    int64_t down_since; /* the first of the failures to open since the last success; 0: none */
    int64_t retry_at, backoff_us;
    uint64_t acquired, timeouts, opened, failed, wait_us_sum;
};

static void push(struct conn **stack, struct conn *c)
{
    c->below = *stack;
    *stack = c;
}

static struct conn *pop(struct conn **stack)
{
    struct conn *c = *stack;
    *stack = c->below;
    c->below = NULL;
    return c;
}

static char *copy_of(const char *s)
{
    return s == NULL ? NULL : strdup(s);
}

static bool copy_options(struct pool *p, const struct pool_options *o)
{
    p->connect = (struct connect_options){
        .conninfo = copy_of(o->conninfo),
        .password = copy_of(o->password),
        .application_name = copy_of(o->application_name),
        .search_path = copy_of(o->search_path),
        .connect_ms = o->acquire_ms,
        .statement_ms = o->statement_ms,
        .lock_ms = o->lock_ms,
        .idle_ms = o->statement_ms,
    };
    p->acquire_us = (int64_t)o->acquire_ms * 1000;
    p->lifetime_us = (int64_t)o->lifetime_s * 1000000;
    p->size = o->size;
    const struct connect_options *c = &p->connect;
    return c->conninfo != NULL && c->application_name != NULL && c->search_path != NULL &&
           (o->password == NULL || c->password != NULL);
}

static void pool_free(struct pool *p)
{
    (void)pthread_mutex_destroy(&p->lock);
    free((char *)(uintptr_t)p->connect.conninfo);
    free((char *)(uintptr_t)p->connect.password);
    free((char *)(uintptr_t)p->connect.application_name);
    free((char *)(uintptr_t)p->connect.search_path);
    for (int i = 0; p->all != NULL && i < p->size; i++)
        free(p->all[i].prepared);
    free(p->all);
    free(p);
}

struct pool *pool_create(const struct pool_options *o)
{
    assert(o->size > 0 && o->acquire_ms > 0);
    connect_ignore_environment();
    struct pool *p = calloc(1, sizeof *p);
    if (p == NULL)
        return NULL;
    (void)pthread_mutex_init(&p->lock, NULL);
    p->all = calloc((size_t)o->size, sizeof *p->all);
    if (!copy_options(p, o) || p->all == NULL) {
        pool_free(p);
        return NULL;
    }
    for (int i = 0; i < p->size; i++)
        push(&p->closed, &p->all[i]);
    p->n_closed = p->size;
    return p;
}

static void conn_close(struct conn *c)
{
    PQfinish(c->pg);
    c->pg = NULL;
    c->broken = false;
    if (c->prepared_words > 0)
        memset(c->prepared, 0, c->prepared_words * sizeof *c->prepared);
}

void pool_destroy(struct pool **p)
{
    if (*p == NULL)
        return;
    assert((*p)->n_idle + (*p)->n_closed == (*p)->size && (*p)->first == NULL);
    while ((*p)->idle != NULL)
        conn_close(pop(&(*p)->idle));
    pool_free(*p);
    *p = NULL;
}

/* The lifetime of a connection, spread so that those opened together do not end together. */
static int64_t lifetime(const struct pool *p, const struct conn *c)
{
    int64_t spread = p->lifetime_us / 100 * JITTER_PERCENT;
    uint64_t mixed = ((uint64_t)clock_ticks_us() + (uint64_t)(c - p->all)) * 0x9E3779B97F4A7C15u;
    return p->lifetime_us - (spread > 0 ? (int64_t)((mixed >> 32) % (uint64_t)spread) : 0);
}

/* Opens a taken connection; notes how it went for those who come after. Outside the lock. */
static bool conn_open(struct pool *p, struct conn *c, struct err *err)
{
    c->pg = connect_open(&p->connect, err);
    int64_t now = clock_ticks_us();
    c->expires_at = now + lifetime(p, c);
    (void)pthread_mutex_lock(&p->lock);
    if (c->pg != NULL) {
        p->opened++;
        p->down_since = p->backoff_us = p->retry_at = 0;
    } else {
        p->failed++;
        p->down_since = p->down_since == 0 ? now : p->down_since;
        p->backoff_us = p->backoff_us == 0 ? BACKOFF_FIRST_US : p->backoff_us * 2;
        if (p->backoff_us > BACKOFF_MAX_US)
            p->backoff_us = BACKOFF_MAX_US;
        p->retry_at = now + p->backoff_us;
    }
    (void)pthread_mutex_unlock(&p->lock);
    return c->pg != NULL;
}

static void wake_first(struct pool *p)
{
    if (p->first != NULL)
        (void)pthread_cond_signal(&p->first->woken);
}

/* An idle connection, or a closed one when connecting may be tried. Under the lock. */
static struct conn *take(struct pool *p, int64_t now)
{
    if (p->idle != NULL) {
        p->n_idle--;
        return pop(&p->idle);
    }
    if (p->closed == NULL || now < p->retry_at)
        return NULL;
    p->n_closed--;
    return pop(&p->closed);
}

/* Nothing is open and nothing could be opened for longer than anyone waits. Under the lock. */
static bool is_down(const struct pool *p, int64_t now)
{
    return p->n_closed == p->size && p->down_since != 0 && now - p->down_since > p->acquire_us;
}

static void wait_until(struct pool *p, struct waiter *w, int64_t deadline)
{
    int64_t until = deadline;
    if (p->first == w && p->closed != NULL && p->retry_at < until)
        until = p->retry_at;
    struct timespec at = {.tv_sec = until / 1000000, .tv_nsec = until % 1000000 * 1000};
    (void)pthread_cond_timedwait(&w->woken, &p->lock, &at);
}

static void queue_join(struct pool *p, struct waiter *w)
{
    pthread_condattr_t attr;
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&w->woken, &attr);
    (void)pthread_condattr_destroy(&attr);
    w->next = NULL;
    if (p->first == NULL)
        p->first = w;
    else
        p->last->next = w;
    p->last = w;
    p->n_waiting++;
}

static void queue_leave(struct pool *p, struct waiter *w)
{
    struct waiter **at = &p->first, *before = NULL;
    while (*at != w) {
        before = *at;
        at = &(*at)->next;
    }
    *at = w->next;
    if (p->last == w)
        p->last = before;
    p->n_waiting--;
    (void)pthread_cond_destroy(&w->woken);
    wake_first(p);
}

/* Waits its turn for a connection. Under the lock. NULL: the time is over, or the database is down.
 */
static struct conn *take_in_turn(struct pool *p, int64_t deadline)
{
    int64_t now = clock_ticks_us();
    struct conn *c = p->first == NULL ? take(p, now) : NULL;
    if (c != NULL || now >= deadline || is_down(p, now))
        return c;
    struct waiter w;
    queue_join(p, &w);
    while (c == NULL && now < deadline && !is_down(p, now)) {
        wait_until(p, &w, deadline);
        now = clock_ticks_us();
        c = p->first == &w ? take(p, now) : NULL;
    }
    queue_leave(p, &w);
    return c;
}

static void give_back(struct pool *p, struct conn *c)
{
    (void)pthread_mutex_lock(&p->lock);
    if (c->pg == NULL) {
        p->n_closed++;
        push(&p->closed, c);
    } else {
        p->n_idle++;
        push(&p->idle, c);
    }
    wake_first(p);
    (void)pthread_mutex_unlock(&p->lock);
}

static struct conn *refuse(struct pool *p, const struct err *last, struct err *err)
{
    (void)pthread_mutex_lock(&p->lock);
    p->timeouts++;
    bool down = p->n_closed == p->size && p->down_since != 0;
    (void)pthread_mutex_unlock(&p->lock);
    if (err->code != ERR_NONE)
        return NULL;
    if (last->code != ERR_NONE) {
        *err = *last;
        return NULL;
    }
    err_set(err, down ? ERR_DB_DOWN : ERR_BUSY, NULL, "%s", "");
    err_cause(err, "%s", down ? "no connection could be opened" : "no connection came free");
    return NULL;
}

/* Takes a connection in turn, open or closed. */
static struct conn *acquire_turn(struct pool *p, int64_t start)
{
    (void)pthread_mutex_lock(&p->lock);
    struct conn *c = take_in_turn(p, start + p->acquire_us);
    if (c != NULL) {
        p->acquired++;
        p->wait_us_sum += (uint64_t)(clock_ticks_us() - start);
    }
    (void)pthread_mutex_unlock(&p->lock);
    return c;
}

struct conn *pool_acquire(struct pool *p, struct err *err)
{
    int64_t start = clock_ticks_us();
    struct err last = {.code = ERR_NONE};
    struct conn *c;
    while ((c = acquire_turn(p, start)) != NULL) {
        if (c->pg != NULL && clock_ticks_us() > c->expires_at)
            conn_close(c);
        err_clear(&last);
        if (c->pg != NULL || conn_open(p, c, &last))
            return c;
        give_back(p, c);
    }
    return refuse(p, &last, err);
}

void pool_release(struct pool *p, struct conn *c)
{
    if (c->pg != NULL &&
        (c->broken || PQstatus(c->pg) != CONNECTION_OK ||
         PQtransactionStatus(c->pg) != PQTRANS_IDLE || clock_ticks_us() > c->expires_at))
        conn_close(c);
    give_back(p, c);
}

bool pool_replace(struct pool *p, struct conn *c, struct err *err)
{
    int64_t deadline = clock_ticks_us() + p->acquire_us;
    struct err last = {.code = ERR_NONE};
    int64_t pause_us = BACKOFF_FIRST_US;
    conn_close(c);
    while (!conn_open(p, c, &last)) {
        if (clock_ticks_us() + pause_us > deadline) {
            if (err->code == ERR_NONE)
                *err = last;
            return false;
        }
        struct timespec pause = {.tv_nsec = pause_us * 1000};
        (void)nanosleep(&pause, NULL);
        pause_us = pause_us < BACKOFF_MAX_US / 2 ? pause_us * 2 : BACKOFF_MAX_US;
        err_clear(&last);
    }
    return true;
}

bool pool_ready(struct pool *p, struct err *err)
{
    struct conn *c = pool_acquire(p, err);
    if (c == NULL)
        return false;
    bool ok = trip_ping(c) || (pool_replace(p, c, err) && trip_ping(c));
    if (!ok)
        err_set(err, ERR_DB_DOWN, NULL, "%s", "");
    pool_release(p, c);
    return ok;
}

void pool_stats(struct pool *p, struct pool_stats *ret)
{
    (void)pthread_mutex_lock(&p->lock);
    *ret = (struct pool_stats){
        .size = p->size,
        .open = p->size - p->n_closed,
        .busy = p->size - p->n_closed - p->n_idle,
        .waiting = p->n_waiting,
        .acquired = p->acquired,
        .timeouts = p->timeouts,
        .opened = p->opened,
        .failed = p->failed,
        .wait_us_sum = p->wait_us_sum,
    };
    (void)pthread_mutex_unlock(&p->lock);
}

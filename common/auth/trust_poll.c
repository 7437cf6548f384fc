/* common/auth/trust_poll.c - the thread that reads keys and revocations every so often and drops
 * what they no longer let pass. Does not check tokens: auth/trust.c. */
#include <signal.h>
#include <time.h>

#include "auth/trust_own.h"
#include "core/log.h"
#include "db/tx.h"

#include "core/banned.h"

#define KEYS                                                                                       \
    "SELECT 'snapshot', pg_current_snapshot()::text, NULL"                                         \
    " UNION ALL "                                                                                  \
    "SELECT 'key', kid, public_pem FROM identity_pub.signing_key"                                  \
    " WHERE retired_at IS NULL OR retired_at > now()"                                              \
    " UNION ALL "                                                                                  \
    "SELECT kind, coalesce(role, subject_id::text), epoch::text FROM identity_pub.revocation"

/* Tokens run ten minutes; what was revoked longer ago has none left. A key that is to be retired is
 * one until then. */
const struct stmt trust_poll_statement = {
    .name = "trust_poll",
    .kind = STMT_ROWS,
    .text = KEYS " WHERE at > now() - interval '15 minutes'",
};

/* What the snapshot of the poll before had not seen. A transaction that began long ago and commits
 * late was running in that snapshot, or began after it: its rows come with the next poll, whatever
 * their time says. Each row comes once, so that a poll costs what is new. */
static const char *const since_params[] = {"snapshot"};
const struct stmt trust_since_statement = {
    .name = "trust_poll_since",
    .kind = STMT_ROWS,
    .text = KEYS " WHERE written_by >= pg_snapshot_xmin($1::pg_snapshot)"
                 " AND NOT pg_visible_in_snapshot(written_by, $1::pg_snapshot)",
    .params = since_params,
    .n_params = 1,
    .index = 2,
};

static bool not_good(const struct principal *p, const void *arg)
{
    const struct trust_list *l = arg;
    return trust_list_revokes(l, p) || (p->kid[0] != '\0' && trust_list_key(l, p->kid) == NULL);
}

/* A new key alone takes nothing from the cache, so that a rotation costs no verification. */
static void take_list(struct trust *t, const struct trust_list *fresh)
{
    struct trust_list old = t->list; /* only this thread changes it */
    bool more = fresh->more || trust_list_lacks_key(fresh, &old);
    pthread_rwlock_wrlock(&t->lock);
    t->list = *fresh;
    trust_list_adopt(&t->list, &old);
    if (more)
        token_cache_drop(t->cache, not_good, &t->list);
    pthread_rwlock_unlock(&t->lock);
    trust_list_release(&old);
}

static uint64_t opened_of(struct trust *t)
{
    struct pool_stats stats;
    pool_stats(t->options.pool, &stats);
    return stats.opened;
}

/* Everything is read after a poll that failed and where a connection was opened since the last one:
 * it may be another server that answers, or one that went back, which counts its transactions anew.
 * One opened during a poll leaves the next one nothing to go on from. */
static bool read_list(struct trust *t, struct trust_list *ret, struct err *err)
{
    struct tx tx = {.pool = t->options.pool, .arena = t->poll_arena, .scope = "{}", .lines = ""};
    struct rows *rows = NULL;
    const char *const values[] = {t->list.snapshot};
    uint64_t opened = opened_of(t);
    bool since = t->list.snapshot[0] != '\0' && opened == t->opened;
    bool good =
        tx_run(&tx, stmt_form(t->set, since ? &trust_since_statement : &trust_poll_statement),
               since ? values : NULL, &rows, err) &&
        trust_list_read(ret, &t->list, rows, err);
    tx_end(&tx);
    arena_reset(t->poll_arena);
    t->opened = opened_of(t);
    if (good && since && t->opened != opened)
        ret->snapshot[0] = '\0';
    return good;
}

static bool poll_once(struct trust *t, struct err *err)
{
    int64_t began_us = clock_ticks_us();
    struct trust_list fresh;
    bool good = read_list(t, &fresh, err);
    if (!good && err->code == ERR_UNKNOWN_OUTCOME) { /* lost on its way: all of it, at once */
        t->list.snapshot[0] = '\0';
        err_clear(err);
        good = read_list(t, &fresh, err);
    }
    if (good) {
        take_list(t, &fresh);
        atomic_store(&t->good_us, began_us);
    } else {
        t->list.snapshot[0] = '\0';
        atomic_fetch_add(&t->poll_failures, 1);
    }
    atomic_fetch_add(&t->polls, 1); /* last: whoever saw the count may rely on the list */
    return good;
}

/* Waits for the rest of the interval. False when asked to stop. */
static bool rest(struct trust *t, const struct timespec *until)
{
    pthread_mutex_lock(&t->stop_lock);
    int rc = 0;
    while (!t->stop && rc == 0)
        rc = pthread_cond_timedwait(&t->stop_asked, &t->stop_lock, until);
    bool go_on = !t->stop;
    pthread_mutex_unlock(&t->stop_lock);
    return go_on;
}

static struct timespec next_poll(int poll_ms)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += poll_ms / 1000;
    at.tv_nsec += (long)(poll_ms % 1000) * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    return at;
}

/* Says so when polls begin to fail and when they work again: nobody else can. */
static void *poll_thread(void *arg)
{
    struct trust *t = arg;
    struct timespec until;
    bool failing = false;
    do {
        until = next_poll(t->options.poll_ms);
        struct err err = {.code = ERR_NONE};
        bool good = poll_once(t, &err);
        if (!good && !failing)
            log_event(ERR_LEVEL_ERROR, "trust", "cause", err.cause[0] ? err.cause : err.detail);
        if (good && failing)
            log_event(ERR_LEVEL_INFO, "trust", "detail", "keys and revocations are read again");
        failing = !good;
    } while (rest(t, &until));
    return NULL;
}

/* Signals are main's. */
bool trust_poll_start(struct trust *t)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    t->running = pthread_create(&t->thread, NULL, poll_thread, t) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return t->running;
}

void trust_poll_stop(struct trust *t)
{
    if (!t->running)
        return;
    pthread_mutex_lock(&t->stop_lock);
    t->stop = true;
    pthread_cond_signal(&t->stop_asked);
    pthread_mutex_unlock(&t->stop_lock);
    pthread_join(t->thread, NULL);
}

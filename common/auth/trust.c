/* common/auth/trust.c - the polling thread and the check of a bearer token. Does not read tokens
 * itself (auth/token.h) and does not know routes or permissions.
 *
 * One lock guards list and cache; polls take it alone, hits share it. What is in the cache is good
 * by the list: a poll that brings a new revocation or other keys drops what it refuses under the
 * same lock, and a token verified meanwhile is looked up in the list again before it is remembered.
 */
#include "auth/trust.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "auth/openssl.h"
#include "auth/token.h"
#include "auth/token_cache.h"
#include "auth/trust_list.h"
#include "core/log.h"
#include "db/stmt.h"
#include "db/tx.h"

#include "core/banned.h"

enum { POLL_MEMORY = 64 * 1024 * 1024 }; /* bytes; a quarter of a million revocations */

/* Tokens run ten minutes; what was revoked longer ago has none left. */
static const struct stmt poll_statement = {
    .name = "trust_poll",
    .kind = STMT_ROWS,
    .text = "SELECT 'key', kid, public_pem FROM identity_pub.signing_key WHERE retired_at IS NULL"
            " UNION ALL "
            "SELECT kind, subject_id::text, epoch::text FROM identity_pub.revocation"
            " WHERE at > now() - interval '15 minutes'",
};
static const struct stmt *const statements[] = {&poll_statement, NULL};

struct trust {
    struct trust_options options;
    EVP_MD *sha256; /* fetched once: a fetch a call costs more than the digest */
    struct arena *arena, *poll_arena;
    struct stmt_set *set;

    pthread_rwlock_t lock;
    struct trust_list list;
    struct token_cache *cache;

    atomic_int_fast64_t good_us; /* ticks when the last good poll began; 0: never */
    atomic_int_fast64_t forged;  /* the second (upper bits) and how many failed in it */
    atomic_uint_fast64_t hits, verified, refused, polls, poll_failures;

    pthread_t thread;
    bool running;
    pthread_mutex_t stop_lock;
    pthread_cond_t stop_asked;
    bool stop;
};

static bool not_good(const struct principal *p, const void *arg)
{
    return trust_list_revokes(arg, p);
}

static bool any(const struct principal *p, const void *arg)
{
    (void)p, (void)arg;
    return true;
}

static void take_list(struct trust *t, const struct trust_list *fresh)
{
    struct trust_list old = t->list; /* only this thread changes it */
    bool more = trust_list_refuses_more(fresh, &old);
    bool same_keys = trust_list_same_keys(fresh, &old);
    pthread_rwlock_wrlock(&t->lock);
    t->list = *fresh;
    if (!same_keys)
        token_cache_drop(t->cache, any, NULL);
    else if (more)
        token_cache_drop(t->cache, not_good, &t->list);
    pthread_rwlock_unlock(&t->lock);
    trust_list_release(&old);
}

static bool poll_once(struct trust *t, struct err *err)
{
    int64_t began_us = clock_ticks_us();
    struct tx tx = {.pool = t->options.pool, .arena = t->poll_arena, .scope = "{}", .lines = ""};
    struct trust_list fresh;
    struct rows *rows = NULL;
    bool good = tx_run(&tx, stmt_form(t->set, &poll_statement), NULL, &rows, err) &&
                trust_list_read(&fresh, rows, err);
    tx_end(&tx);
    arena_reset(t->poll_arena);
    atomic_fetch_add(&t->polls, 1);
    if (!good) {
        atomic_fetch_add(&t->poll_failures, 1);
        return false;
    }
    take_list(t, &fresh);
    atomic_store(&t->good_us, began_us);
    return true;
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

/* Polls are not to be starved by a stream of hits. */
static void init_locks(struct trust *t)
{
    pthread_rwlockattr_t prefer;
    pthread_rwlockattr_init(&prefer);
    pthread_rwlockattr_setkind_np(&prefer, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&t->lock, &prefer);
    pthread_rwlockattr_destroy(&prefer);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&t->stop_asked, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&t->stop_lock, NULL);
}

static bool init_parts(struct trust *t)
{
    struct err err = {.code = ERR_NONE};
    t->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    t->arena = arena_create((size_t)1024 * 1024);
    t->poll_arena = arena_create(POLL_MEMORY);
    t->cache = token_cache_create(t->options.cache_tokens);
    if (t->sha256 == NULL || t->arena == NULL || t->poll_arena == NULL || t->cache == NULL)
        return false;
    t->set = stmt_set_create(t->arena, statements, &err);
    return t->set != NULL;
}

/* Signals are main's. */
static bool start_thread(struct trust *t)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    t->running = pthread_create(&t->thread, NULL, poll_thread, t) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return t->running;
}

struct trust *trust_create(const struct trust_options *o)
{
    assert(o->pool != NULL && o->poll_ms > 0 && o->stale_ms > o->poll_ms);
    struct trust *t = calloc(1, sizeof *t);
    if (t == NULL)
        return NULL;
    t->options = *o;
    init_locks(t);
    if (!init_parts(t) || !start_thread(t))
        trust_destroy(&t);
    return t;
}

static void stop_thread(struct trust *t)
{
    pthread_mutex_lock(&t->stop_lock);
    t->stop = true;
    pthread_cond_signal(&t->stop_asked);
    pthread_mutex_unlock(&t->stop_lock);
    pthread_join(t->thread, NULL);
}

void trust_destroy(struct trust **trust)
{
    struct trust *t = *trust;
    if (t == NULL)
        return;
    if (t->running)
        stop_thread(t);
    trust_list_release(&t->list);
    token_cache_destroy(&t->cache);
    arena_destroy(&t->poll_arena);
    arena_destroy(&t->arena);
    EVP_MD_free(t->sha256);
    pthread_rwlock_destroy(&t->lock);
    pthread_cond_destroy(&t->stop_asked);
    pthread_mutex_destroy(&t->stop_lock);
    free(t);
    *trust = NULL;
}

bool trust_ready(struct trust *t)
{
    int64_t good_us = atomic_load(&t->good_us);
    return good_us != 0 && clock_ticks_us() - good_us <= (int64_t)t->options.stale_ms * 1000;
}

/* Seconds in the upper bits, failures of that second below: one word, so no lock. */
static int64_t forged_of(int64_t word, int64_t second)
{
    return word >> 24 == second ? word & 0xFFFFFF : 0;
}

static bool flooded(struct trust *t)
{
    int64_t word = atomic_load(&t->forged);
    return forged_of(word, clock_ticks_us() / 1000000) >= t->options.forged_per_s;
}

static void count_forged(struct trust *t)
{
    int64_t second = clock_ticks_us() / 1000000;
    int_fast64_t word = atomic_load(&t->forged);
    int64_t next;
    do {
        next = second << 24 | (forged_of(word, second) + 1);
    } while (!atomic_compare_exchange_weak(&t->forged, &word, next));
}

static bool hit(struct trust *t, const unsigned char *digest, int64_t now_s, struct principal *ret)
{
    pthread_rwlock_rdlock(&t->lock);
    bool found = token_cache_get(t->cache, digest, now_s, ret);
    pthread_rwlock_unlock(&t->lock);
    return found;
}

static bool copy_key(struct trust *t, const char *kid, struct trust_key *ret)
{
    pthread_rwlock_rdlock(&t->lock);
    const struct trust_key *key = trust_list_key(&t->list, kid);
    if (key != NULL)
        *ret = *key;
    pthread_rwlock_unlock(&t->lock);
    return key != NULL;
}

static bool refuse(struct err *err, const char *why)
{
    err_set(err, ERR_UNAUTHENTICATED, NULL, "the access token is not valid");
    err_cause(err, "token: %s", why);
    return false;
}

static bool verify(struct trust *t, const char *token, instant_us now, char kid[static 64],
                   struct principal *ret, struct err *err)
{
    struct trust_key found;
    if (!token_kid(token, kid, err))
        return false;
    if (!copy_key(t, kid, &found))
        return refuse(err, "no such key");
    if (flooded(t))
        return err_set(err, ERR_RATE, NULL, "too many access tokens are refused just now");
    struct token_key key = {.pem = found.pem};
    memcpy(key.kid, found.kid, sizeof key.kid);
    if (token_verify(token, &key, now, ret, err))
        return true;
    count_forged(t);
    return false;
}

/* Under the lock that a poll takes, so that nothing revoked or retired slips in behind it. */
static bool remember(struct trust *t, const unsigned char *digest, int64_t now_s, const char *kid,
                     const struct principal *p, struct err *err)
{
    pthread_rwlock_wrlock(&t->lock);
    bool good = trust_list_key(&t->list, kid) != NULL && !trust_list_revokes(&t->list, p);
    if (good)
        token_cache_put(t->cache, digest, now_s, p);
    pthread_rwlock_unlock(&t->lock);
    if (good)
        return true;
    count_forged(t); /* it costs as much */
    return refuse(err, "revoked");
}

bool trust_check(struct trust *t, const char *token, instant_us now, struct principal *ret,
                 struct err *err)
{
    unsigned char digest[DIGEST_BYTES];
    char kid[64];
    if (!trust_ready(t))
        return err_set(err, ERR_NO_TRUST, NULL, "keys and revocations are out of date");
    size_t len = strnlen(token, TOKEN_MAX + 1);
    if (len > TOKEN_MAX)
        return refuse(err, "too long");
    if (EVP_Digest(token, len, digest, NULL, t->sha256, NULL) != 1)
        return err_set(err, ERR_NO_MEMORY, NULL, "no memory to check a token");
    if (hit(t, digest, now / 1000000, ret)) {
        atomic_fetch_add_explicit(&t->hits, 1, memory_order_relaxed);
        return true;
    }
    struct principal found;
    if (verify(t, token, now, kid, &found, err) &&
        remember(t, digest, now / 1000000, kid, &found, err)) {
        atomic_fetch_add(&t->verified, 1);
        *ret = found;
        return true;
    }
    atomic_fetch_add(&t->refused, 1);
    return false;
}

void trust_stats(struct trust *t, struct trust_stats *ret)
{
    pthread_rwlock_rdlock(&t->lock);
    *ret = (struct trust_stats){
        .hits = atomic_load(&t->hits),
        .verified = atomic_load(&t->verified),
        .refused = atomic_load(&t->refused),
        .polls = atomic_load(&t->polls),
        .poll_failures = atomic_load(&t->poll_failures),
        .cached = token_cache_count(t->cache),
        .revocations = (int)t->list.n_revoked,
        .keys = (int)t->list.n_keys,
    };
    pthread_rwlock_unlock(&t->lock);
}

/* common/auth/trust.c - the check of a bearer token, and what a process keeps for it. Does not read
 * tokens itself (auth/token.h, auth/api_token.h), does not poll (trust_poll.c) and does not know
 * routes or permissions.
 *
 * One lock guards list and cache; polls take it alone, hits share it. What is in the cache is good
 * by the list: a poll that brings a new revocation or lacks a key drops what it refuses under the
 * same lock, and a token verified meanwhile is looked up in the list again before it is remembered.
 *
 * A token that is not in the cache passes what is cheap first (shape, key id, claims, times,
 * revocations), then the budget of its address (auth/flood.h), then what costs: the signature, or
 * the question to the database.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "auth/api_token.h"
#include "auth/token.h"
#include "auth/trust_own.h"
#include "keys/openssl.h"

#include "core/banned.h"

enum { POLL_MEMORY = 64 * 1024 * 1024 }; /* bytes; a quarter of a million revocations */

static const struct stmt *const statements[] = {&trust_poll_statement, &trust_use_statement,
                                                &trust_since_statement, NULL};

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
    pthread_mutex_init(&t->doubtful, NULL);
}

static bool init_parts(struct trust *t)
{
    struct err err = {.code = ERR_NONE};
    t->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    t->arena = arena_create((size_t)1024 * 1024);
    t->poll_arena = arena_create(POLL_MEMORY);
    t->flood = flood_create(&t->options.flood);
    t->cache = token_cache_create(t->options.cache_tokens);
    if (t->sha256 == NULL || t->arena == NULL || t->poll_arena == NULL || t->flood == NULL ||
        t->cache == NULL)
        return false;
    t->set = stmt_set_create(t->arena, statements, &err);
    return t->set != NULL;
}

struct trust *trust_create(const struct trust_options *o)
{
    assert(o->pool != NULL && o->lookups != NULL && o->poll_ms > 0 && o->stale_ms > o->poll_ms);
    struct trust *t = calloc(1, sizeof *t);
    if (t == NULL)
        return NULL;
    t->options = *o;
    init_locks(t);
    if (!init_parts(t) || !trust_poll_start(t))
        trust_destroy(&t);
    return t;
}

void trust_destroy(struct trust **trust)
{
    struct trust *t = *trust;
    if (t == NULL)
        return;
    trust_poll_stop(t);
    trust_list_release(&t->list);
    token_cache_destroy(&t->cache);
    flood_destroy(&t->flood);
    arena_destroy(&t->poll_arena);
    arena_destroy(&t->arena);
    EVP_MD_free(t->sha256);
    pthread_rwlock_destroy(&t->lock);
    pthread_cond_destroy(&t->stop_asked);
    pthread_mutex_destroy(&t->stop_lock);
    pthread_mutex_destroy(&t->doubtful);
    free(t);
    *trust = NULL;
}

bool trust_ready(struct trust *t)
{
    int64_t good_us = atomic_load(&t->good_us);
    return good_us != 0 && clock_ticks_us() - good_us <= (int64_t)t->options.stale_ms * 1000;
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
    if (key != NULL) {
        *ret = *key;
        ret->parsed = token_public_share(key->parsed);
    }
    pthread_rwlock_unlock(&t->lock);
    return key != NULL;
}

bool trust_refuse(struct err *err, const char *why)
{
    err_set(err, ERR_UNAUTHENTICATED, NULL, "the access token is not valid");
    err_cause(err, "token: %s", why);
    return false;
}

static bool revoked(struct trust *t, const struct principal *p)
{
    pthread_rwlock_rdlock(&t->lock);
    bool found = trust_list_revokes(&t->list, p);
    pthread_rwlock_unlock(&t->lock);
    return found;
}

static bool refuse_flood(struct err *err)
{
    return err_set(err, ERR_RATE, NULL, "too many tokens from this address are refused just now");
}

static bool signature_holds(struct trust *t, const struct trust_case *c, enum flood_way way,
                            const struct trust_key *found)
{
    struct token_key key = {.pem = (char *)(uintptr_t)found->pem};
    if (way == FLOOD_WAITED)
        pthread_mutex_lock(&t->doubtful);
    bool good =
        token_signature_seems(c->text, found->parsed) && token_signature_holds(c->text, &key);
    if (way == FLOOD_WAITED)
        pthread_mutex_unlock(&t->doubtful);
    if (!good)
        flood_charge(t->flood, c->address);
    return good;
}

static bool verify_with(struct trust *t, const struct trust_case *c, const struct trust_key *key,
                        const struct principal *said, struct err *err)
{
    if (revoked(t, said))
        return trust_refuse(err, "revoked");
    enum flood_way way = flood_pass(t->flood, c->address);
    if (way == FLOOD_REFUSED)
        return refuse_flood(err);
    return signature_holds(t, c, way, key) || trust_refuse(err, "signature");
}

static bool verify(struct trust *t, const struct trust_case *c, struct principal *ret,
                   struct err *err)
{
    struct trust_key key;
    if (!token_read(c->text, c->now, ret, err))
        return false;
    if (!copy_key(t, ret->kid, &key))
        return trust_refuse(err, "no such key");
    bool good = verify_with(t, c, &key, ret, err);
    token_public_close(key.parsed);
    return good;
}

static bool look_up(struct trust *t, const struct trust_case *c, struct principal *ret,
                    struct err *err)
{
    char id[UUID_TEXT];
    if (!api_token_id(c->text, id))
        return trust_refuse(err, "not the form of an API token");
    if (flood_pass(t->flood, c->address) == FLOOD_REFUSED)
        return refuse_flood(err);
    if (trust_use_api_token(t, c, ret, err))
        return true;
    if (err->code == ERR_UNAUTHENTICATED)
        flood_charge(t->flood, c->address);
    return false;
}

/* Under the lock that a poll takes, so that nothing revoked or retired slips in behind it. */
static bool remember(struct trust *t, const struct trust_case *c, const struct principal *p,
                     struct err *err)
{
    pthread_rwlock_wrlock(&t->lock);
    bool good = !trust_list_revokes(&t->list, p) &&
                (p->api_token || trust_list_key(&t->list, p->kid) != NULL);
    if (good)
        token_cache_put(t->cache, c->digest, c->now / 1000000, p);
    pthread_rwlock_unlock(&t->lock);
    return good || trust_refuse(err, "revoked");
}

bool trust_check(struct trust *t, const struct credential *given, struct principal *ret,
                 struct err *err)
{
    struct trust_case c = {.text = given->text, .address = given->address, .now = given->now};
    if (!trust_ready(t))
        return err_set(err, ERR_NO_TRUST, NULL, "keys and revocations are out of date");
    size_t len = strnlen(c.text, TOKEN_MAX + 1);
    if (len > TOKEN_MAX)
        return trust_refuse(err, "too long");
    if (EVP_Digest(c.text, len, c.digest, NULL, t->sha256, NULL) != 1)
        return err_set(err, ERR_NO_MEMORY, NULL, "no memory to check a token");
    if (hit(t, c.digest, c.now / 1000000, ret)) {
        atomic_fetch_add_explicit(&t->hits, 1, memory_order_relaxed);
        return true;
    }
    struct principal found = {.n_prefixes = 0};
    bool known = api_token_like(c.text) ? look_up(t, &c, &found, err) : verify(t, &c, &found, err);
    if (known && remember(t, &c, &found, err)) {
        atomic_fetch_add(&t->verified, 1);
        *ret = found;
        return true;
    }
    atomic_fetch_add(&t->refused, 1);
    return false;
}

struct flood *trust_flood(struct trust *t)
{
    return t->flood;
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

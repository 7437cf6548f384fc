/* common/auth/trust.h - what makes a token good just now: public keys and revocations, polled from
 * identity_pub every 300 ms by one thread, and verified tokens remembered by digest until they
 * expire (charter D13), API tokens for a minute at most. Thread-safe. When the last good poll is
 * older than 1 s every check fails with ERR_NO_TRUST. */
#ifndef ZEREN_AUTH_TRUST_H
#define ZEREN_AUTH_TRUST_H

#include "auth/flood.h"
#include "auth/principal.h"
#include "core/err.h"
#include "db/pool.h"

struct trust;

struct trust_options {
    struct pool *pool; /* one connection of it polls; a pool of its own keeps polls from queueing */
    int poll_ms, stale_ms; /* 300, 1000 */
    int cache_tokens;      /* most verified tokens kept: 4096 */
    struct pool *lookups;  /* API tokens are looked up through it */
    struct flood_options flood;
};

/* Starts the polling thread. NULL when out of memory. */
struct trust *trust_create(const struct trust_options *o);

/* Stops the thread; accepts NULL, nulls the pointer. */
void trust_destroy(struct trust **t);

/* What a caller shows, and from where. */
struct credential {
    const char *text; /* of "Bearer <text>" */
    const char *address;
    instant_us now;
};

/* Checks an access token (ES256) or an API token (auth/api_token.h) and copies who it is.
 * ERR_UNAUTHENTICATED, ERR_NO_TRUST; ERR_RATE when too many of that address wait to be checked; of
 * an API token what the pool says. The caller's address is not held against p->addresses. */
bool trust_check(struct trust *t, const struct credential *given, struct principal *ret,
                 struct err *err);

/* The budgets of failures, for other credentials that cost as much. */
struct flood *trust_flood(struct trust *t);

/* Has it polled well within stale_ms? For /readyz. */
bool trust_ready(struct trust *t);

struct trust_stats {
    uint64_t hits, verified, refused, polls, poll_failures;
    int cached, revocations, keys;
};
void trust_stats(struct trust *t, struct trust_stats *ret);

#endif

/* common/auth/trust.h - what makes a token good just now: public keys and revocations, polled from
 * identity_pub every 300 ms by one thread, and verified tokens remembered by digest until they
 * expire (charter D13). Thread-safe. When the last good poll is older than 1 s every check fails
 * with ERR_NO_TRUST. */
#ifndef ZEREN_AUTH_TRUST_H
#define ZEREN_AUTH_TRUST_H

#include "auth/principal.h"
#include "core/err.h"
#include "db/pool.h"

struct trust;

struct trust_options {
    struct pool *pool; /* one connection of it polls; a pool of its own keeps polls from queueing */
    int poll_ms, stale_ms; /* 300, 1000 */
    int cache_tokens;      /* most verified tokens kept: 4096 */
    int forged_per_s; /* verifications that may fail a second before unknown tokens are refused with
                         ERR_RATE: 200 */
};

/* Starts the polling thread. NULL when out of memory. */
struct trust *trust_create(const struct trust_options *o);

/* Stops the thread; accepts NULL, nulls the pointer. */
void trust_destroy(struct trust **t);

/* Checks a bearer token and copies who it is. ERR_UNAUTHENTICATED, ERR_NO_TRUST or ERR_RATE. */
bool trust_check(struct trust *t, const char *token, instant_us now, struct principal *ret,
                 struct err *err);

/* Has it polled well within stale_ms? For /readyz. */
bool trust_ready(struct trust *t);

struct trust_stats {
    uint64_t hits, verified, refused, polls, poll_failures;
    int cached, revocations, keys;
};
void trust_stats(struct trust *t, struct trust_stats *ret);

#endif

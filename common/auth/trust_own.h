/* common/auth/trust_own.h - what the files of trust share; private to common/auth. */
#ifndef ZEREN_AUTH_TRUST_OWN_H
#define ZEREN_AUTH_TRUST_OWN_H

#include <pthread.h>
#include <stdatomic.h>

#include "auth/flood.h"
#include "auth/token_cache.h"
#include "auth/trust.h"
#include "auth/trust_list.h"
#include "db/stmt.h"

struct trust {
    struct trust_options options;
    void *sha256; /* EVP_MD, fetched once: a fetch a call costs more than the digest */
    struct arena *arena, *poll_arena;
    struct stmt_set *set;
    struct flood *flood;
    pthread_mutex_t doubtful; /* who had to wait is verified one at a time: a core at most */

    pthread_rwlock_t lock;
    struct trust_list list;
    struct token_cache *cache;
    uint64_t opened; /* connections of the pool, when the last poll had ended */

    atomic_int_fast64_t good_us; /* ticks when the last good poll began; 0: never */
    atomic_uint_fast64_t hits, verified, refused, polls, poll_failures;

    pthread_t thread;
    bool running;
    pthread_mutex_t stop_lock;
    pthread_cond_t stop_asked;
    bool stop;
};

extern const struct stmt trust_poll_statement, trust_since_statement, trust_use_statement;

/* Starts and ends the polling thread (trust_poll.c). */
bool trust_poll_start(struct trust *t);
void trust_poll_stop(struct trust *t);

/* One credential on its way. */
struct trust_case {
    const char *text, *address;
    instant_us now;
    unsigned char digest[DIGEST_BYTES];
};

/* Refuses: the client learns only that the token is no good, why is for the log. */
bool trust_refuse(struct err *err, const char *why);

/* Asks the database what an API token may do now (trust_api_token.c). ERR_UNAUTHENTICATED for one
 * that is unknown, revoked, expired or without its post; what the pool or the server says. */
bool trust_use_api_token(struct trust *t, const struct trust_case *c, struct principal *ret,
                         struct err *err);

#endif

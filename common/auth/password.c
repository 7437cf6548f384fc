/* common/auth/password.c - the only door to libsodium: argon2id hashes, a few at a time. Does not
 * know accounts or lockouts. */
#include "auth/password.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <sodium.h>
#include <string.h>
#include <time.h>

#include "core/banned.h"

enum {
    WAIT_S = 2,                      /* for a place: a morning's log-ins come together */
    OPS = 2,                         /* passes: OWASP 2023, argon2id */
    MEMORY_BYTES = 19 * 1024 * 1024, /* the same source */
};

/* Of 32 random bytes nobody kept, with the numbers above: what an unknown account is compared with.
 */
static const char no_account[] = "$argon2id$v=19$m=19456,t=2,p=1$Ov1wPcmR0B6GEGxTnk+unw$"
                                 "31ao9fyrEbZg8sVGikpIDPbfUd5F08JNqgYfOPdaWKA";

static struct {
    pthread_mutex_t lock;
    pthread_cond_t freed;
    int running, at_once;
} places = {.lock = PTHREAD_MUTEX_INITIALIZER};

bool password_init(int at_once)
{
    assert(at_once > 0);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&places.freed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    places.at_once = at_once;
    return sodium_init() >= 0;
}

static struct timespec end_of_wait(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += WAIT_S;
    return at;
}

static bool enter(struct err *err)
{
    assert(places.at_once > 0); /* password_init() ran */
    struct timespec until = end_of_wait();
    int rc = 0;
    pthread_mutex_lock(&places.lock);
    while (places.running >= places.at_once && rc == 0)
        rc = pthread_cond_timedwait(&places.freed, &places.lock, &until);
    bool free = places.running < places.at_once;
    if (free)
        places.running++;
    pthread_mutex_unlock(&places.lock);
    return free || err_set(err, ERR_RATE, NULL, "too many log-ins at once");
}

static void leave(void)
{
    pthread_mutex_lock(&places.lock);
    places.running--;
    pthread_cond_signal(&places.freed);
    pthread_mutex_unlock(&places.lock);
}

bool password_hash(const char *password, char ret_hash[static PASSWORD_HASH], struct err *err)
{
    _Static_assert(PASSWORD_HASH >= crypto_pwhash_STRBYTES, "room for libsodium's text");
    if (!enter(err))
        return false;
    int rc = crypto_pwhash_str_alg(ret_hash, password, strlen(password), OPS, MEMORY_BYTES,
                                   crypto_pwhash_ALG_ARGON2ID13);
    leave();
    return rc == 0 || err_set(err, ERR_NO_MEMORY, NULL, "no memory to hash a password");
}

bool password_matches(const char *password, const char *hash, bool *ret_matches, struct err *err)
{
    if (!enter(err))
        return false;
    const char *against = hash == NULL ? no_account : hash;
    errno = 0;
    int rc = crypto_pwhash_str_verify(against, password, strlen(password));
    leave();
    if (rc != 0 && errno == ENOMEM)
        return err_set(err, ERR_NO_MEMORY, NULL, "no memory to check a password");
    *ret_matches = rc == 0 && hash != NULL;
    return true;
}

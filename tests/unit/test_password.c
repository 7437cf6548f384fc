/* tests/unit/test_password.c - argon2id hashes: they match their password only, cost the same for
 * nobody, and only so many are made at once. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "auth/password.h"
#include "core/clock.h"

TestSuite(password, .timeout = 120);

static bool matches(const char *password, const char *hash)
{
    bool found = false;
    struct err err = {0};
    cr_assert(password_matches(password, hash, &found, &err));
    return found;
}

Test(password, a_hash_matches_its_password_and_no_other)
{
    char hash[PASSWORD_HASH], again[PASSWORD_HASH];
    struct err err = {0};
    cr_assert(password_init(2));
    cr_assert(password_hash("乡村振兴 2026", hash, &err));
    cr_assert(password_hash("乡村振兴 2026", again, &err));
    cr_expect_str_neq(hash, again);
    cr_expect_eq(strncmp(hash, "$argon2id$v=19$m=19456,t=2,p=1$", 31), 0);
    cr_expect(matches("乡村振兴 2026", hash));
    cr_expect(matches("乡村振兴 2026", again));
    cr_expect_not(matches("乡村振兴 2027", hash));
    cr_expect_not(matches("乡村振兴 2026 ", hash));
    cr_expect_not(matches("", hash));
}

Test(password, no_hash_and_a_broken_one_match_nothing)
{
    static const char *const broken[] = {NULL, "", "x", "$argon2id$v=19$m=19456,t=2,p=1$", "!"};
    cr_assert(password_init(2));
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        cr_expect_not(matches("", broken[i]));
        cr_expect_not(matches("secret", broken[i]));
    }
}

/* Of the processor: whoever else is at work takes none of it. */
static int64_t worked_us(void)
{
    struct timespec t;
    cr_assert_eq(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t), 0);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t cost_us(const char *hash)
{
    int64_t best = INT64_MAX;
    for (int i = 0; i < 3; i++) {
        int64_t began = worked_us();
        (void)matches("wrong", hash);
        int64_t took = worked_us() - began;
        best = took < best ? took : best;
    }
    return best;
}

Test(password, an_unknown_account_costs_as_much_as_a_wrong_password)
{
    char hash[PASSWORD_HASH];
    struct err err = {0};
    cr_assert(password_init(2));
    cr_assert(password_hash("right", hash, &err));
    int64_t known = cost_us(hash), unknown = cost_us(NULL);
    cr_expect(unknown > known / 3 && known > unknown / 3, "%lld %lld us", (long long)known,
              (long long)unknown);
}

static atomic_int refused, made, hasty;
static pthread_barrier_t all_ready;

static void *hash_one(void *arg)
{
    char hash[PASSWORD_HASH];
    struct err err = {0};
    (void)arg;
    pthread_barrier_wait(&all_ready);
    int64_t began = clock_ticks_us();
    if (password_hash("secret", hash, &err))
        atomic_fetch_add(&made, 1);
    else if (err.code == ERR_RATE)
        atomic_fetch_add(&refused, 1);
    if (err.code == ERR_RATE && clock_ticks_us() - began < 1900000)
        atomic_fetch_add(&hasty, 1);
    return NULL;
}

Test(password, those_that_find_no_place_in_time_are_refused_and_later_ones_are_not)
{
    enum { THREADS = 300 }; /* more than two seconds' work on any machine */
    pthread_t threads[THREADS];
    cr_assert(password_init(1));
    pthread_barrier_init(&all_ready, NULL, THREADS);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, hash_one, NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    cr_expect_eq(atomic_load(&made) + atomic_load(&refused), THREADS);
    cr_expect_gt(atomic_load(&made), 0);
    cr_expect_gt(atomic_load(&refused), 0);
    cr_expect_eq(atomic_load(&hasty), 0, "two seconds are waited for a place");
    char hash[PASSWORD_HASH];
    struct err err = {0};
    cr_expect(password_hash("secret", hash, &err));
}

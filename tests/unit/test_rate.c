/* tests/unit/test_rate.c - token buckets: what is let through, what is refused, what comes back. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>

#include "http/rate.h"

TestSuite(rate, .timeout = 120);

enum { SECOND = 1000000 };

static struct rate *rate;

static void setup(void)
{
    rate = rate_create(60);
}

static void teardown(void)
{
    rate_destroy(&rate);
}

static int taken(const char *key, int tries, int64_t at)
{
    struct rate_answer a;
    int n = 0;
    for (int i = 0; i < tries; i++)
        n += rate_take(rate, key, at, &a) ? 1 : 0;
    return n;
}

Test(rate, a_full_bucket_gives_as_many_as_a_minute_allows, .init = setup, .fini = teardown)
{
    cr_expect_eq(taken("a", 100, 5), 60);
}

Test(rate, tokens_come_back_with_time_up_to_a_full_bucket, .init = setup, .fini = teardown)
{
    taken("a", 60, 0);
    cr_expect_eq(taken("a", 10, SECOND - 1), 0, "none before a whole one is back");
    cr_expect_eq(taken("a", 10, SECOND), 1);
    cr_expect_eq(taken("a", 10, 4 * SECOND), 3);
    cr_expect_eq(taken("a", 100, 3600LL * SECOND), 60, "no more than a full bucket after an hour");
}

Test(rate, keys_do_not_share, .init = setup, .fini = teardown)
{
    taken("a", 60, 0);
    cr_expect_eq(taken("b", 1, 0), 1);
    cr_expect_eq(taken("a", 1, 0), 0);
}

Test(rate, a_clock_that_goes_back_gives_nothing, .init = setup, .fini = teardown)
{
    taken("a", 60, 10 * SECOND);
    cr_expect_eq(taken("a", 1, 0), 0);
}

Test(rate, the_answer_says_what_is_left_and_when_to_come_back, .init = setup, .fini = teardown)
{
    struct rate_answer a;
    cr_assert(rate_take(rate, "a", 0, &a));
    cr_expect_eq(a.limit, 60);
    cr_expect_eq(a.remaining, 59);
    cr_expect_eq(a.reset_s, 1);
    cr_expect_eq(a.retry_after_s, 0);
    taken("a", 59, 0);
    cr_expect_not(rate_take(rate, "a", 0, &a));
    cr_expect_eq(a.remaining, 0);
    cr_expect_eq(a.reset_s, 60);
    cr_expect_eq(a.retry_after_s, 1);
}

Test(rate, zero_is_no_limit)
{
    struct rate_answer a;
    struct rate *none = rate_create(0);
    for (int i = 0; i < 1000; i++)
        cr_assert(rate_take(none, "a", 0, &a));
    cr_expect_eq(a.limit, 0);
    rate_destroy(&none);
    cr_expect_null(none);
    rate_destroy(&none);
}

/* Far more keys than there is room for: all are served, and one in use stays known. */
Test(rate, strangers_do_not_push_out_a_busy_key, .init = setup, .fini = teardown)
{
    struct rate_answer a;
    char key[40];
    int busy = 0;
    for (int i = 0; i < 200000; i++) {
        snprintf(key, sizeof key, "10.0.%d.%d", i / 250, i % 250);
        cr_assert(rate_take(rate, key, i, &a));
        if (i % 100 == 0)
            busy += taken("busy", 1, i);
    }
    cr_expect_leq(busy, 61, "%d were let through in 0.2 s", busy);
}

static void *take_many(void *arg)
{
    *(int *)arg = taken("shared", 5000, 0);
    return NULL;
}

Test(rate, threads_together_get_no_more_than_the_bucket_holds, .init = setup, .fini = teardown)
{
    pthread_t threads[4];
    int got[4] = {0}, sum = 0;
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, take_many, &got[i]);
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        sum += got[i];
    }
    cr_expect_eq(sum, 60);
}

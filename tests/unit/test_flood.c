/* tests/unit/test_flood.c - budgets of failures: one address's flood is its own affair, whoever
 * waited passes, and past the line of those who wait there is a refusal. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "auth/flood.h"
#include "core/clock.h"

enum { WAIT_MS = 60 };

TestSuite(flood, .timeout = 120);

static struct flood *new_flood(int per_s, int all_per_s, int waits)
{
    struct flood *f = flood_create(&(struct flood_options){
        .per_s = per_s, .all_per_s = all_per_s, .wait_ms = WAIT_MS, .waits = waits});
    cr_assert_not_null(f);
    return f;
}

static void charge(struct flood *f, const char *address, int n)
{
    for (int i = 0; i < n; i++)
        flood_charge(f, address);
}

static bool passes_at_once(struct flood *f, const char *address)
{
    struct flood_stats before, after;
    flood_stats(f, &before);
    bool passed = flood_pass(f, address) == FLOOD_AT_ONCE;
    flood_stats(f, &after);
    return passed && after.waited == before.waited;
}

Test(flood, an_address_over_its_budget_waits_and_passes_and_others_do_not_wait)
{
    struct flood *f = new_flood(5, 1000, 4);
    charge(f, "192.0.2.1", 4);
    cr_expect(passes_at_once(f, "192.0.2.1"));
    charge(f, "192.0.2.1", 200);
    int64_t began_us = clock_ticks_us();
    cr_expect_eq(flood_pass(f, "192.0.2.1"), FLOOD_WAITED, "whoever waited is checked");
    cr_expect_geq(clock_ticks_us() - began_us, WAIT_MS * 750 - 1000);
    cr_expect(passes_at_once(f, "192.0.2.2"));
    cr_expect(passes_at_once(f, "2001:db8::1"));
    usleep(450 * 1000);
    cr_expect(passes_at_once(f, "192.0.2.1"),
              "a budget comes back by itself, however long the flood was");
    flood_destroy(&f);
    cr_expect_null(f);
}

Test(flood, a_subscriber_of_v6_has_one_budget)
{
    struct flood *f = new_flood(3, 1000, 4);
    for (int i = 0; i < 10; i++) {
        char address[32];
        (void)snprintf(address, sizeof address, "2001:db8:0:1::%d", i + 1);
        flood_charge(f, address);
    }
    cr_expect_not(passes_at_once(f, "2001:db8:0:1::ffff"));
    cr_expect(passes_at_once(f, "2001:db8:0:2::1"));
    flood_destroy(&f);
}

Test(flood, from_everywhere_at_once_everybody_unknown_waits)
{
    struct flood *f = new_flood(100, 50, 4);
    for (int i = 0; i < 4000; i++) {
        char address[32];
        (void)snprintf(address, sizeof address, "10.%d.%d.%d", i % 251, i % 241, i % 239);
        flood_charge(f, address);
    }
    cr_expect_not(passes_at_once(f, "192.0.2.9"));
    flood_destroy(&f);
}

static struct flood *shared;
static atomic_int passed, refused;

static void *waiter(void *arg)
{
    (void)arg;
    atomic_fetch_add(flood_pass(shared, "192.0.2.1") == FLOOD_REFUSED ? &refused : &passed, 1);
    return NULL;
}

Test(flood, so_many_wait_at_once_and_no_more)
{
    pthread_t threads[12];
    shared = flood_create(&(struct flood_options){
        .per_s = 1, .all_per_s = 1000, .wait_ms = 3000, .waits = 5}); /* until all have come */
    charge(shared, "192.0.2.1", 50);
    for (int i = 0; i < 12; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, waiter, NULL), 0);
    for (int i = 0; i < 12; i++)
        pthread_join(threads[i], NULL);
    cr_expect_geq(atomic_load(&passed), 5);
    cr_expect_eq(atomic_load(&passed) + atomic_load(&refused), 12);
    cr_expect_geq(atomic_load(&refused), 1);
    flood_destroy(&shared);
}

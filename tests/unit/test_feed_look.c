/* tests/unit/test_feed_look.c - how far down the outbox the sequencer looks, and how often through
 * all of it. */
#include <criterion/criterion.h>

#include "feed/look.h"

enum { SECOND = 1000000, MS = 1000 };

/* One that takes a millisecond. */
static void look(struct look *l, int64_t now, int64_t last_id, bool full)
{
    (void)look_begin(l, now);
    look_end(l, now, now + MS, last_id, full);
}

Test(feed_look, the_floor_lags_two_rounds)
{
    struct look l = {0};
    look(&l, 0, 100, false);
    cr_expect_eq(look_begin(&l, SECOND), 0, "nothing is below a floor yet");
    look_end(&l, SECOND, SECOND, 200, false);
    look(&l, 11 * SECOND, 300, false);
    cr_expect_eq(look_begin(&l, 12 * SECOND), 0, "what was new in the round before is none");
    look_end(&l, 12 * SECOND, 12 * SECOND, 0, false);
    cr_expect_eq(look_begin(&l, 22 * SECOND), 0, "through all of it");
    look_end(&l, 22 * SECOND, 22 * SECOND, 0, false);
    cr_expect_eq(look_begin(&l, 23 * SECOND), 200);
    look_end(&l, 23 * SECOND, 23 * SECOND, 400, false);
    cr_expect_eq(look_begin(&l, 24 * SECOND), 200);
}

/* More rows end late than are taken at a time: none of them waits for another round. */
Test(feed_look, looking_through_goes_on_until_its_end)
{
    struct look l = {0};
    look(&l, 0, 100, false);
    look(&l, 11 * SECOND, 0, false);
    look(&l, 22 * SECOND, 0, false);
    cr_expect_eq(look_begin(&l, 30 * SECOND), 100);
    look_end(&l, 30 * SECOND, 30 * SECOND, 0, false);
    for (int i = 0; i < 4; i++) {
        int64_t now = 33 * SECOND + i * SECOND;
        cr_expect_eq(look_begin(&l, now), 0, "%d", i);
        look_end(&l, now, now + SECOND, 50 + i, true);
    }
    cr_expect_eq(look_begin(&l, 40 * SECOND), 0, "one that failed is begun again");
    cr_expect_eq(look_begin(&l, 41 * SECOND), 0);
    look_end(&l, 41 * SECOND, 41 * SECOND, 60, false);
    cr_expect_eq(look_begin(&l, 42 * SECOND), 100, "rounds moved the floor once");
}

Test(feed_look, what_it_costs_bounds_how_often_and_never_for_long)
{
    static const struct {
        int64_t cost, pause;
    } cases[] = {{MS, 10 * SECOND},
                 {200 * MS, 10 * SECOND},
                 {300 * MS, 15 * SECOND},
                 {400 * MS, 20 * SECOND},
                 {5 * SECOND, 20 * SECOND}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct look l = {0};
        (void)look_begin(&l, 0);
        look_end(&l, 0, cases[i].cost, 7, false);
        cr_expect_eq(l.all_at, cases[i].cost + cases[i].pause, "%zu", i);
        cr_expect_not(l.through);
    }
}

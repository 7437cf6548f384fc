/* tests/unit/test_clock.c - instants: text both ways, the civil date in Shanghai, moving the clock.
 */
#include <criterion/criterion.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"

TestSuite(clock, .timeout = 120);

Test(clock, reads_the_wall_clock_and_ticks_forward)
{
    int64_t drift = clock_now() / 1000000 - (int64_t)time(NULL);
    cr_expect(drift >= -2 && drift <= 2);
    int64_t before = clock_ticks_us();
    struct timespec wait = {0, 2000000};
    nanosleep(&wait, NULL);
    cr_expect_geq(clock_ticks_us() - before, 2000);
}

Test(clock, formats_and_parses_the_same_instant)
{
    static const struct {
        instant_us at;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00.000000Z"},
        {1777600984000005, "2026-05-01T02:03:04.000005Z"},
        {-1, "1969-12-31T23:59:59.999999Z"},
        {951782399999999, "2000-02-28T23:59:59.999999Z"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[32];
        instant_us at = 1;
        clock_format(cases[i].at, out);
        cr_expect_str_eq(out, cases[i].text);
        cr_expect(clock_parse(out, &at));
        cr_expect_eq(at, cases[i].at);
    }
}

Test(clock, parses_offsets_and_fractions)
{
    static const struct {
        const char *text;
        instant_us at;
    } cases[] = {
        {"1970-01-01T08:00:00+08:00", 0},   {"1969-12-31T19:00:00-05:00", 0},
        {"1970-01-01T00:00:00z", 0},        {"1970-01-01t00:00:01Z", 1000000},
        {"1970-01-01T00:00:00.5Z", 500000}, {"1970-01-01T00:00:00.123456789Z", 123456},
        {"1970-01-01T00:00:00+00:00", 0},   {"1970-01-01T05:30:00.000001+05:30", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        instant_us at = -7;
        cr_expect(clock_parse(cases[i].text, &at), "%s", cases[i].text);
        cr_expect_eq(at, cases[i].at, "%s", cases[i].text);
    }
}

Test(clock, refuses_other_forms)
{
    static const char *const cases[] = {
        "",
        "2026-05-01",
        "2026-05-01T02:03:04",
        "2026-05-01 02:03:04Z",
        "2026-05-01T02:03Z",
        "2026-05-01T24:00:00Z",
        "2026-05-01T02:60:00Z",
        "2026-05-01T02:03:60Z",
        "2026-02-30T02:03:04Z",
        "2026-05-01T02:03:04.Z",
        "2026-05-01T02:03:04.1234567890Z",
        "2026-05-01T02:03:04+8:00",
        "2026-05-01T02:03:04+0800",
        "2026-05-01T02:03:04+24:00",
        "2026-05-01T02:03:04+08:60",
        "2026-05-01T02:03:04+08:00 ",
        "2026-05-01T02:03:04ZZ",
        "2026-05-01T 2:03:04Z",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        instant_us at = 0;
        cr_expect_not(clock_parse(cases[i], &at), "%s", cases[i]);
    }
}

Test(clock, the_day_in_shanghai_starts_at_16_utc)
{
    static const struct {
        const char *at, *day;
    } cases[] = {
        {"2026-04-30T15:59:59.999999Z", "2026-04-30"}, {"2026-04-30T16:00:00Z", "2026-05-01"},
        {"2026-05-01T00:00:00Z", "2026-05-01"},        {"2025-12-31T16:00:00Z", "2026-01-01"},
        {"1969-12-31T15:59:59Z", "1969-12-31"},        {"1969-12-31T16:00:00Z", "1970-01-01"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        instant_us at = 0;
        char day[11];
        cr_assert(clock_parse(cases[i].at, &at));
        date_format(clock_date(at), day);
        cr_expect_str_eq(day, cases[i].day);
    }
}

Test(clock, moves_in_test_builds_only)
{
    static const struct date days[] = {{2027, 1, 31}, {2020, 2, 29}, {2027, 1, 31}};
#ifdef ZEREN_TEST_CLOCK
    for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
        cr_expect(clock_set_today(days[i]));
        cr_expect_eq(date_compare(clock_date(clock_now()), days[i]), 0);
    }
    cr_expect_not(clock_set_today((struct date){2026, 2, 30}));
#else
    struct date before = clock_date(clock_now());
    cr_expect_not(clock_set_today(days[0]));
    cr_expect_neq(date_compare(clock_date(clock_now()), days[0]), 0);
    cr_expect_leq(date_compare(before, clock_date(clock_now())), 0);
#endif
}

/* tests/unit/test_cadence_rules.c - R-223, R-224: over every day of 2004 to 2026 the periods of
 * each kind lie one behind the other without gap or overlap, and what is owed in one is due in it.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "cadence_rules.h"

static const char *text(struct date d)
{
    static char all[4][11];
    static int n;
    date_format(d, all[n = (n + 1) % 4]);
    return all[n];
}

static struct date day(const char *t)
{
    struct date d = {0};
    cr_assert(date_parse(t, &d), "%s", t);
    return d;
}

static bool same(struct date a, struct date b)
{
    return date_compare(a, b) == 0;
}

static bool within(struct date d, const struct cadence_span *s)
{
    return date_compare(s->start, d) <= 0 && date_compare(d, s->end) <= 0;
}

Test(cadence_rules, periods_lie_one_behind_the_other_over_any_year)
{
    for (int p = 0; p < CADENCE_PERIODS; p++) {
        struct cadence_span before = {0};
        for (int32_t n = date_to_days(day("2004-01-01")); n <= date_to_days(day("2026-12-31"));
             n++) {
            struct date today = date_from_days(n);
            struct cadence_span s = cadence_span_of((enum cadence_period)p, NULL, today);
            cr_assert(within(today, &s) && same(s.due, s.end), "%s %s", cadence_periods[p],
                      text(today));
            if (n > date_to_days(day("2004-01-01")) && !same(s.start, before.start))
                cr_assert(same(s.start, cadence_next(&before)) && same(s.start, today), "%s %s",
                          cadence_periods[p], text(today));
            before = s;
        }
    }
}

Test(cadence_rules, a_year_holds_twelve_six_four_two_and_one_period_of_each_kind)
{
    static const int wanted[CADENCE_PERIODS] = {12, 6, 4, 2, 1, 1};
    for (int p = 0; p < CADENCE_PERIODS; p++) {
        for (int16_t year = 2004; year <= 2026; year++) {
            int n = 0;
            struct cadence_span s =
                cadence_span_of((enum cadence_period)p, NULL, (struct date){year, 1, 1});
            for (; s.start.year <= year; n++)
                s = cadence_span_of((enum cadence_period)p, NULL, cadence_next(&s));
            cr_expect_eq(n, wanted[p], "%d periods of %s in %d", n, cadence_periods[p], year);
        }
    }
}

/* Any day of the year as the due day, in any year, leap years too: it lies in the period, in its
 * last year, and on that day or its month's last. */
Test(cadence_rules, a_due_day_lies_in_its_period)
{
    char month_day[32];
    for (int p = CADENCE_YEAR; p < CADENCE_PERIODS; p++) {
        for (int n = 0; n < 12 * 31 * 23; n++) {
            int month = n % 12 + 1, wanted = n / 12 % 31 + 1, year = 2004 + n / (12 * 31);
            (void)snprintf(month_day, sizeof month_day, "%02d-%02d", month, wanted);
            struct cadence_span s = cadence_span_of((enum cadence_period)p, month_day,
                                                    (struct date){(int16_t)year, 7, 15});
            cr_assert(date_valid(s.due) && within(s.due, &s), "%d %s: %s", year, month_day,
                      text(s.due));
            cr_assert(s.due.year == s.end.year && s.due.month == month, "%d %s", year, month_day);
            struct date after = date_from_days(date_to_days(s.due) + 1);
            cr_assert(s.due.day == wanted || (s.due.day < wanted && after.day == 1), "%d %s: %s",
                      year, month_day, text(s.due));
        }
    }
}

struct case_of {
    const char *period, *due, *day, *start, *end, *wanted;
};

static const struct case_of cases[] = {
    {"month", NULL, "2024-02-29", "2024-02-01", "2024-02-29", "2024-02-29"},
    {"month", NULL, "2026-02-01", "2026-02-01", "2026-02-28", "2026-02-28"},
    {"two_months", NULL, "2024-01-31", "2024-01-01", "2024-02-29", "2024-02-29"},
    {"two_months", NULL, "2026-12-31", "2026-11-01", "2026-12-31", "2026-12-31"},
    {"quarter", NULL, "2026-05-17", "2026-04-01", "2026-06-30", "2026-06-30"},
    {"half_year", NULL, "2026-07-01", "2026-07-01", "2026-12-31", "2026-12-31"},
    {"year", "03-31", "2026-11-22", "2026-01-01", "2026-12-31", "2026-03-31"},
    {"year", "02-29", "2024-11-22", "2024-01-01", "2024-12-31", "2024-02-29"},
    {"year", "02-29", "2025-11-22", "2025-01-01", "2025-12-31", "2025-02-28"},
    {"year", "12-31", "2026-01-01", "2026-01-01", "2026-12-31", "2026-12-31"},
    {"two_years", NULL, "2026-03-01", "2026-01-01", "2027-12-31", "2027-12-31"},
    {"two_years", "06-30", "2025-03-01", "2024-01-01", "2025-12-31", "2025-06-30"},
};

Test(cadence_rules, cases)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct case_of *c = &cases[i];
        enum cadence_period p = CADENCE_PERIODS;
        cr_assert(cadence_period_parse(c->period, &p));
        struct cadence_span s = cadence_span_of(p, c->due, day(c->day));
        cr_expect_str_eq(text(s.start), c->start, "%s %s", c->period, c->day);
        cr_expect_str_eq(text(s.end), c->end, "%s %s", c->period, c->day);
        cr_expect_str_eq(text(s.due), c->wanted, "%s %s", c->period, c->day);
    }
    enum cadence_period p;
    cr_expect_not(cadence_period_parse("week", &p));
    cr_expect_not(cadence_period_parse("", &p));
    cr_expect_not(cadence_period_parse(NULL, &p));
}

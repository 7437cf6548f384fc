/* tests/unit/test_date.c - civil dates: strict text, the calendar, counting days. */
#include <criterion/criterion.h>
#include <string.h>

#include "core/date.h"

TestSuite(date, .timeout = 120);

Test(date, takes_only_days_that_exist_in_one_form)
{
    static const struct {
        const char *text;
        bool ok;
    } cases[] = {
        {"2026-05-01", true},      {"1800-01-01", true},
        {"2199-12-31", true},      {"2024-02-29", true},
        {"2000-02-29", true},      {"1900-02-29", false},
        {"2023-02-29", false},     {"1970-02-29", false},
        {"2026-04-31", false},     {"2026-00-10", false},
        {"2026-13-10", false},     {"2026-01-00", false},
        {"2026-01-32", false},     {"1799-12-31", false},
        {"2200-01-01", false},     {"2026-5-1", false},
        {"2026-05-1", false},      {"2026-05-01 ", false},
        {" 2026-05-01", false},    {"2026/05/01", false},
        {"20260501", false},       {"", false},
        {"2026-05-0a", false},     {"+026-05-01", false},
        {"2026-05-01T", false},    {"-026-05-01", false},
        {"２０２６-05-01", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct date d = {0, 0, 0};
        char out[11] = "";
        cr_expect_eq(date_parse(cases[i].text, &d), cases[i].ok, "%s", cases[i].text);
        cr_expect_eq(date_valid(d), cases[i].ok, "%s", cases[i].text);
        if (cases[i].ok) {
            date_format(d, out);
            cr_expect_str_eq(out, cases[i].text);
        }
    }
}

Test(date, orders_by_year_then_month_then_day)
{
    static const char *const sorted[] = {"1999-12-31", "2000-01-01", "2000-01-02", "2000-02-01",
                                         "2001-01-01"};
    for (int i = 0; i < 5; i++) {
        for (int k = 0; k < 5; k++) {
            struct date a, b;
            cr_assert(date_parse(sorted[i], &a) && date_parse(sorted[k], &b));
            int order = date_compare(a, b);
            cr_expect_eq((order > 0) - (order < 0), (i > k) - (i < k));
        }
    }
}

Test(date, counts_known_days)
{
    static const struct {
        const char *text;
        int32_t days;
    } cases[] = {{"1970-01-01", 0},      {"1969-12-31", -1},     {"1970-03-01", 59},
                 {"2000-02-29", 11016},  {"2000-03-01", 11017},  {"2026-05-01", 20574},
                 {"1900-01-01", -25567}, {"1800-01-01", -62091}, {"2199-12-31", 84005}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct date d;
        char out[11];
        cr_assert(date_parse(cases[i].text, &d));
        cr_expect_eq(date_to_days(d), cases[i].days, "%s %d", cases[i].text, date_to_days(d));
        date_format(date_from_days(cases[i].days), out);
        cr_expect_str_eq(out, cases[i].text);
    }
}

Test(date, every_day_follows_the_one_before)
{
    struct date last = date_from_days(-62091);
    for (int32_t n = -62090; n <= 84005; n++) {
        struct date d = date_from_days(n);
        cr_assert(date_valid(d));
        cr_assert_eq(date_to_days(d), n);
        cr_assert_gt(date_compare(d, last), 0);
        last = d;
    }
}

Test(date, days_out_of_range_give_no_valid_date)
{
    static const int32_t days[] = {-62092, 84006, INT32_MIN, INT32_MAX};
    for (size_t i = 0; i < 4; i++)
        cr_expect_not(date_valid(date_from_days(days[i])));
}

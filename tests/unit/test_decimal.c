/* tests/unit/test_decimal.c - exact decimals: one form in, the same form out, order by value. */
#include <criterion/criterion.h>
#include <string.h>

#include "core/decimal.h"

TestSuite(decimal, .timeout = 120);

Test(decimal, takes_one_form_of_each_number)
{
    static const struct {
        const char *text;
        int max_scale;
        bool ok;
        int64_t units;
        int scale;
    } cases[] = {
        {"0", 2, true, 0, 0},
        {"12.50", 2, true, 1250, 2},
        {"-12.50", 2, true, -1250, 2},
        {"12.5", 2, true, 125, 1},
        {"0.05", 2, true, 5, 2},
        {"-0.05", 2, true, -5, 2},
        {"0.00", 2, true, 0, 2},
        {"7", 0, true, 7, 0},
        {"999999999999999999", 0, true, 999999999999999999, 0},
        {"9999999999999999.99", 2, true, 999999999999999999, 2},
        {"0.000000001", 9, true, 1, 9},
        {"9999999999999999999", 0, false, 0, 0},
        {"99999999999999999.99", 2, false, 0, 0},
        {"12.505", 2, false, 0, 0},
        {"7.0", 0, false, 0, 0},
        {"-0", 2, false, 0, 0},
        {"-0.00", 2, false, 0, 0},
        {"", 2, false, 0, 0},
        {"-", 2, false, 0, 0},
        {".5", 2, false, 0, 0},
        {"5.", 2, false, 0, 0},
        {"+5", 2, false, 0, 0},
        {"05", 2, false, 0, 0},
        {"-05", 2, false, 0, 0},
        {"00", 2, false, 0, 0},
        {"1e3", 2, false, 0, 0},
        {" 1", 2, false, 0, 0},
        {"1 ", 2, false, 0, 0},
        {"1,000", 2, false, 0, 0},
        {"1.2.3", 2, false, 0, 0},
        {"NaN", 2, false, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct decimal d = {-1, -1};
        char out[24];
        bool ok = decimal_parse(cases[i].text, cases[i].max_scale, &d);
        cr_expect_eq(ok, cases[i].ok, "%s", cases[i].text);
        if (!ok)
            continue;
        cr_expect_eq(d.units, cases[i].units, "%s", cases[i].text);
        cr_expect_eq(d.scale, cases[i].scale, "%s", cases[i].text);
        decimal_format(d, out);
        cr_expect_str_eq(out, cases[i].text);
    }
}

Test(decimal, prints_the_largest_there_are)
{
    char out[24];
    decimal_format((struct decimal){INT64_MIN, 9}, out);
    cr_expect_str_eq(out, "-9223372036.854775808");
    decimal_format((struct decimal){INT64_MAX, 0}, out);
    cr_expect_str_eq(out, "9223372036854775807");
}

Test(decimal, compares_by_value_whatever_the_scales)
{
    static const struct {
        struct decimal a, b;
        int order;
    } cases[] = {
        {{1250, 2}, {125, 1}, 0},
        {{0, 0}, {0, 9}, 0},
        {{1251, 2}, {125, 1}, 1},
        {{-1251, 2}, {-125, 1}, -1},
        {{-5, 1}, {3, 1}, -1},
        {{-5, 1}, {0, 0}, -1},
        {{1, 9}, {0, 0}, 1},
        {{INT64_MAX, 0}, {INT64_MAX, 9}, 1},
        {{INT64_MIN, 0}, {INT64_MIN, 9}, -1},
        {{999999999999999999, 0}, {999999999999999999, 0}, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_expect_eq(decimal_compare(cases[i].a, cases[i].b), cases[i].order, "case %zu", i);
        cr_expect_eq(decimal_compare(cases[i].b, cases[i].a), -cases[i].order, "case %zu", i);
    }
}

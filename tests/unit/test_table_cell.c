/* tests/unit/test_table_cell.c - what a cell's text becomes: formats of numbers, days as people
 * write them, full width, percentages. */
#include "table_support.h"

#include "tables/number.h"

TestSuite(table_cell, .timeout = 120);

Test(table_cell, knows_the_formats_of_days_and_times)
{
    static const struct {
        const char *code;
        enum number_class class;
    } cases[] = {
        {"General", NUMBER_PLAIN},
        {"0.00E+00", NUMBER_PLAIN},
        {"#,##0.00;[Red]-#,##0.00", NUMBER_PLAIN},
        {"\"day\"0", NUMBER_PLAIN},
        {"0\\d", NUMBER_PLAIN},
        {"@", NUMBER_PLAIN},
        {"0.0%", NUMBER_PERCENT},
        {"yyyy-mm-dd", NUMBER_DATE},
        {"[$-804]yyyy\"年\"m\"月\";@", NUMBER_DATE},
        {"m月", NUMBER_DATE},
        {"yyyy/m/d h:mm", NUMBER_DATE_TIME},
        {"h:mm:ss AM/PM", NUMBER_TIME},
        {"[h]:mm", NUMBER_TIME},
        {"mm:ss.0", NUMBER_TIME},
        {"\"open", NUMBER_PLAIN},
        {"\\", NUMBER_PLAIN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect_eq(number_class_of_code(cases[i].code), cases[i].class, "%s", cases[i].code);
    cr_expect_eq(number_class_of_id(0), NUMBER_PLAIN);
    cr_expect_eq(number_class_of_id(9), NUMBER_PERCENT);
    cr_expect_eq(number_class_of_id(14), NUMBER_DATE);
    cr_expect_eq(number_class_of_id(22), NUMBER_DATE_TIME);
    cr_expect_eq(number_class_of_id(31), NUMBER_DATE);
    cr_expect_eq(number_class_of_id(46), NUMBER_TIME);
    cr_expect_eq(number_class_of_id(58), NUMBER_DATE);
}

Test(table_cell, writes_numbers_out)
{
    static const struct {
        const char *v;
        enum number_class class;
        const char *text, *fault;
    } cases[] = {
        {"0", NUMBER_PLAIN, "0", NULL},
        {"-0", NUMBER_PLAIN, "0", NULL},
        {"12.50", NUMBER_PLAIN, "12.50", NULL},
        {"0.30000000000000004", NUMBER_PLAIN, "0.3", NULL},
        {"1.0000000000000001E-5", NUMBER_PLAIN, "0.00001", NULL},
        {"1.2345678901234501E+14", NUMBER_PLAIN, "123456789012345", NULL},
        {"1E+2", NUMBER_PLAIN, "100", NULL},
        {"-2.5E-1", NUMBER_PLAIN, "-0.25", NULL},
        {"999999999999999", NUMBER_PLAIN, "999999999999999", NULL},
        {"1000000000000000", NUMBER_PLAIN, "1.00000000000000E+15", "lost_digits"},
        {"1E400", NUMBER_PLAIN, "1E400", "bad_number"},
        {"nan", NUMBER_PLAIN, "nan", "bad_number"},
        {"--1", NUMBER_PLAIN, "--1", "bad_number"},
        {"0.07", NUMBER_PERCENT, "7%", NULL},
        {"1", NUMBER_PERCENT, "100%", NULL},
        {"0.12345", NUMBER_PERCENT, "12.345%", NULL},
        {"0.5", NUMBER_TIME, "12:00:00", NULL},
        {"1.5", NUMBER_TIME, "36:00:00", NULL},
        {"46023.999999", NUMBER_DATE_TIME, "2026-01-02", NULL},
        {"46023.5", NUMBER_DATE, "2026-01-01", NULL},
        {"2958466", NUMBER_DATE, "2958466", "bad_date"},
        {"200000", NUMBER_DATE, "200000", "bad_date"},
    };
    char out[NUMBER_TEXT];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *fault = number_text(cases[i].v, cases[i].class, false, out);
        cr_expect_str_eq(out, cases[i].text, "%s: %s", cases[i].v, out);
        cr_expect_str_eq(fault == NULL ? "" : fault, cases[i].fault == NULL ? "" : cases[i].fault,
                         "%s", cases[i].v);
    }
}

Test(table_cell, knows_what_a_spreadsheet_makes_of_long_numbers)
{
    cr_expect(number_lost_digits("4.31302E+17"));
    cr_expect(number_lost_digits("1E+11"));
    cr_expect(number_lost_digits("-1.5e+20"));
    cr_expect_not(number_lost_digits("1E+05"));
    cr_expect_not(number_lost_digits("4.31302E-17"));
    cr_expect_not(number_lost_digits("12E+17"));
    cr_expect_not(number_lost_digits("1.5E+17号"));
    cr_expect_not(number_lost_digits("E+17"));
}

Test(table_cell, reads_days_as_people_write_them)
{
    static const char *const good[] = {
        "2026-01-05",    "2026-1-5", "2026/1/5",           "2026.01.05",
        "2026年1月5日",  "20260105", "２０２６年１月５日", "2026-01-05T08:30:00",
        "2026/1/5 08:30"};
    static const char *const bad[] = {"",          "2026-02-30", "2026-1",      "26-1-5",
                                      "2026-1/5",  "2026015",    "2026年1月5",  "2026-01-05x",
                                      "202601055", "1月5日",     "2026-01-05T", "99999-1-1"};
    char out[11];
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        cr_expect(table_date(good[i], out), "%s", good[i]);
        cr_expect_str_eq(out, "2026-01-05", "%s", good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_not(table_date(bad[i], out), "%s", bad[i]);
}

Test(table_cell, makes_full_width_plain)
{
    char out[16];
    cr_expect(table_halfwidth("ＡＢ１２－　村！", out, sizeof out));
    cr_expect_str_eq(out, "AB12- 村!");
    cr_expect_not(table_halfwidth("1234567890123456", out, sizeof out));
}

Test(table_cell, turns_percentages_into_fractions_exactly)
{
    static const struct {
        const char *text, *fraction;
    } cases[] = {{"12.5%", "0.125"},
                 {"100%", "1"},
                 {"-0.1%", "-0.001"},
                 {"7%", "0.07"},
                 {"1234.50%", "12.345"},
                 {"12", "12"},
                 {"%", "%"},
                 {"a%", "a%"},
                 {"0%", "0"},
                 {"", ""}};
    char out[32];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_expect(table_fraction(cases[i].text, out, sizeof out));
        cr_expect_str_eq(out, cases[i].fraction, "%s: %s", cases[i].text, out);
    }
    cr_expect_not(table_fraction("12.5%", out, 4));
}

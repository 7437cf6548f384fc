/* tests/unit/test_citizen_id.c - identity numbers, all of them made up for tests. */
#include <criterion/criterion.h>
#include <string.h>

#include "core/citizen_id.h"

TestSuite(citizen_id, .timeout = 120);

static const struct date today = {2026, 5, 1};

Test(citizen_id, reads_birth_date_and_sex)
{
    static const struct {
        const char *text;
        struct date born_on;
        bool male;
    } cases[] = {
        {"11010519491231002X", {1949, 12, 31}, false},
        {"440524188001010014", {1880, 1, 1}, true},
        {"522301199001011236", {1990, 1, 1}, true},
        {"621021198510152042", {1985, 10, 15}, false},
        {"431302201506013011", {2015, 6, 1}, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct citizen_id id;
        cr_assert(citizen_id_parse(cases[i].text, today, &id), "%s", cases[i].text);
        cr_expect_eq(date_compare(id.born_on, cases[i].born_on), 0, "%s", cases[i].text);
        cr_expect_eq(id.male, cases[i].male, "%s", cases[i].text);
    }
}

Test(citizen_id, refuses_wrong_ones)
{
    static const char *const cases[] = {
        "532900197002290010", /* the check holds, 1970-02-29 does not exist */
        "11010519491231002x",    "110105194912310020",
        "11010519491231002",     "11010519491231002X0",
        "1101051949123100XX",    " 1010519491231002X",
        "522301199001011235",    "522301199001011263",
        "522301199001011246",    "",
        "５２２301199001011236",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct citizen_id id;
        cr_expect_not(citizen_id_parse(cases[i], today, &id), "%s", cases[i]);
    }
}

Test(citizen_id, nobody_is_born_after_today)
{
    struct citizen_id id;
    cr_expect(citizen_id_parse("522301199001011236", (struct date){1990, 1, 1}, &id));
    cr_expect_not(citizen_id_parse("522301199001011236", (struct date){1989, 12, 31}, &id));
}

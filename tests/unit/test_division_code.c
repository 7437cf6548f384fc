/* tests/unit/test_division_code.c - division codes: level, prefix, parent, padding, containment. */
#include <criterion/criterion.h>
#include <string.h>

#include "core/division_code.h"

TestSuite(division_code, .timeout = 120);

Test(division_code, knows_levels_prefixes_and_parents)
{
    static const struct {
        const char *code;
        int level;
        const char *prefix, *parent;
    } cases[] = {
        {"000000000000", 0, "", NULL},
        {"430000000000", 1, "43", "000000000000"},
        {"431300000000", 2, "4313", "430000000000"},
        {"431302000000", 3, "431302", "431300000000"},
        {"431302001000", 4, "431302001", "431302000000"},
        {"431302001201", 5, "431302001201", "431302001000"},
        {"431302100010", 5, "431302100010", "431302100000"},
        {"431320000000", 3, "431320", "431300000000"},
        {"110101000000", 3, "110101", "110100000000"},
        {"5223F1000000", 3, "5223F1", "522300000000"}, /* a new area of a prefecture */
        {"5223F1001000", 4, "5223F1001", "5223F1000000"},
        {"5223F1001002", 5, "5223F1001002", "5223F1001000"},
        {"5223FA000000", 3, "5223FA", "522300000000"},
        {"5223F0000000", 3, "5223F0", "522300000000"},
        {"431302F01000", 4, "431302F01", "431302000000"}, /* a zone of a county */
        {"431302FAB000", 4, "431302FAB", "431302000000"},
        {"52F100000000", 2, "52F1", "520000000000"},
        {"431302001F01", 5, "431302001F01", "431302001000"},
        {"441900003000", 4, "441900003", "441900000000"}, /* a city without counties */
        {"441900003001", 5, "441900003001", "441900003000"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[DIVISION_CODE] = "?";
        const char *code = cases[i].code;
        cr_expect_eq(division_level(code), cases[i].level, "%s", code);
        cr_expect(division_prefix(code, out));
        cr_expect_str_eq(out, cases[i].prefix);
        cr_expect_eq(division_parent(code, out), cases[i].parent != NULL, "%s", code);
        if (cases[i].parent != NULL)
            cr_expect_str_eq(out, cases[i].parent);
    }
}

Test(division_code, refuses_what_is_no_code)
{
    static const char *const cases[] = {
        "",
        "431302",
        "43130200000",
        "4313020000000",
        "43130200000 ",
        "43130a000000",
        "43130F000000", /* F not in the first place of its level */
        "4313A1000000", /* a capital, but no F before it */
        "4313Fa000000",
        "F10000000000", /* no province is a functional area */
        "F00000000000",
        "001300000000", /* a level missing above */
        "430002000000",
        "430000001000",
        "431302000001",
        "430000000001",
        "431300000001",
        "000000000001",
        "４３1302",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[DIVISION_CODE] = "?";
        cr_expect_eq(division_level(cases[i]), -1, "%s", cases[i]);
        cr_expect_not(division_prefix(cases[i], out), "%s", cases[i]);
        cr_expect_not(division_parent(cases[i], out), "%s", cases[i]);
        cr_expect_not(division_within(cases[i], ""), "%s", cases[i]);
        cr_expect_str_eq(out, "?");
    }
    cr_expect_eq(division_level(NULL), -1);
}

Test(division_code, pads_short_official_codes)
{
    static const struct {
        const char *text, *code;
    } cases[] = {
        {"43", "430000000000"},
        {"4313", "431300000000"},
        {"431302", "431302000000"},
        {"420000", "420000000000"},
        {"532900", "532900000000"},
        {"431302001", "431302001000"},
        {"5223F1", "5223F1000000"},
        {"", NULL},
        {"4", NULL},
        {"431", NULL},
        {"43130", NULL},
        {"4313020", NULL},
        {"431302001201", NULL},
        {"43a3", NULL},
        {"4300021", NULL},
        {"430002", NULL},
        {"43 3", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[DIVISION_CODE] = "";
        cr_expect_eq(division_pad(cases[i].text, out), cases[i].code != NULL, "%s", cases[i].text);
        cr_expect_str_eq(out, cases[i].code == NULL ? "" : cases[i].code);
    }
}

Test(division_code, knows_what_lies_within)
{
    static const struct {
        const char *code, *prefix;
        bool within;
    } cases[] = {
        {"431302001000", "", true},
        {"431302001000", "43", true},
        {"431302001000", "4313", true},
        {"431302001000", "431302", true},
        {"431302001000", "431302001", true},
        {"431302001000", "431302002", false},
        {"431302000000", "431302001", false},
        {"431300000000", "431302", false},
        {"431302001000", "42", false},
        {"431302001000", "4", false},
        {"431302001000", "43130", false},
        {"5223F1001000", "5223", true},
        {"5223F1001000", "5223F1", true},
        {"5223F1001000", "522301", false},
        {"431302001000", "431302001000", true},
        {"431302001201", "431302001000", false},
        {"000000000000", "", true},
        {"000000000000", "43", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect_eq(division_within(cases[i].code, cases[i].prefix), cases[i].within, "%s in %s",
                     cases[i].code, cases[i].prefix);
}

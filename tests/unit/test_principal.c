/* tests/unit/test_principal.c - prefixes become the scope that the database reads. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "auth/principal.h"

TestSuite(principal, .timeout = 120);

static struct principal with(const char *const *prefixes, unsigned n)
{
    struct principal p = {.n_prefixes = n};
    for (unsigned i = 0; i < n; i++)
        snprintf(p.prefixes[i], sizeof p.prefixes[i], "%s", prefixes[i]);
    return p;
}

Test(principal, writes_ranges_and_the_smallest_range_around_them)
{
    static const struct {
        const char *prefixes[3];
        unsigned n;
        const char *scope, *lo, *hi;
    } cases[] = {
        {{0}, 0, "{}", "", ""},
        {{""}, 1, "{[\"\",\"~\")}", "", "~"},
        {{"43"}, 1, "{[\"43\",\"43~\")}", "43", "43~"},
        {{"431302", "4302"},
         2,
         "{[\"431302\",\"431302~\"),[\"4302\",\"4302~\")}",
         "4302",
         "431302~"},
        {{"43", "4313"}, 2, "{[\"43\",\"43~\"),[\"4313\",\"4313~\")}", "43", "43~"},
        {{"431302103201", "4313F1", "42"},
         3,
         "{[\"431302103201\",\"431302103201~\"),[\"4313F1\",\"4313F1~\"),[\"42\",\"42~\")}",
         "42",
         "4313F1~"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct principal p = with(cases[i].prefixes, cases[i].n);
        cr_expect(principal_set_scope(&p));
        cr_expect_str_eq(p.scope, cases[i].scope);
        cr_expect_str_eq(p.scope_lo, cases[i].lo);
        cr_expect_str_eq(p.scope_hi, cases[i].hi);
    }
}

/* The text goes into a literal: nothing but a prefix may get there. */
Test(principal, refuses_what_is_no_prefix)
{
    static const char *const bad[] = {"4",    "431",  "43130", "4313021", "43130210320",
                                      "43\"", "43~~", "4a",    "  ",      "43,4"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct principal p = with(&bad[i], 1);
        cr_expect_not(principal_set_scope(&p), "%s", bad[i]);
    }
}

Test(principal, refuses_more_than_fits)
{
    struct principal p = {.n_prefixes = SCOPE_PREFIXES_MAX};
    for (unsigned i = 0; i < SCOPE_PREFIXES_MAX; i++)
        snprintf(p.prefixes[i], sizeof p.prefixes[i], "4313021032%02u", i);
    cr_expect(principal_set_scope(&p)); /* as many as there is room for, each a whole code */
    cr_expect_lt(strlen(p.scope), sizeof p.scope);
    cr_expect_str_eq(p.scope + strlen(p.scope) - 2, ")}");
    p.n_prefixes = SCOPE_PREFIXES_MAX + 1;
    cr_expect_not(principal_set_scope(&p));
}

Test(principal, knows_the_divisions_above, .timeout = 120)
{
    struct principal p = {.n_prefixes = 2, .prefixes = {"431302105", "431302106204"}};
    cr_assert(principal_set_scope(&p));
    cr_assert_str_eq(p.ancestors,
                     "{000000000000,430000000000,431300000000,431302000000,431302106000}");
    p = (struct principal){.n_prefixes = 1, .prefixes = {"43"}};
    cr_assert(principal_set_scope(&p));
    cr_assert_str_eq(p.ancestors, "{000000000000}");
    /* what is recorded under a former code, not what those above it show. */
    p = (struct principal){.n_prefixes = 0};
    cr_assert(principal_add_prefixes(&p, "431302,") &&
              principal_add_former(&p, "430102,433101205,"));
    cr_assert(principal_set_scope(&p));
    cr_assert_eq(p.n_former, 2);
    cr_assert_str_eq(p.ancestors, "{000000000000,430000000000,431300000000}");
    cr_assert_str_eq(p.scope, "{[\"431302\",\"431302~\"),[\"430102\",\"430102~\"),"
                              "[\"433101205\",\"433101205~\")}");
    p = (struct principal){.n_prefixes = 1, .prefixes = {""}};
    cr_assert(principal_set_scope(&p));
    cr_assert_str_eq(p.ancestors, "{}");
}

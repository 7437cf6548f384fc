/* tests/unit/test_member_number.c - what an ID number says, and what agrees with it (M-024).
 * Numbers are made up for tests. */
#include <criterion/criterion.h>
#include <string.h>

#include "core/str.h"
#include "member_number.h"

TestSuite(member_number, .timeout = 120);

static const struct date today = {2026, 11, 22};

Test(member_number, follows_from_a_number_or_is_what_was_said)
{
    static const struct {
        struct identity_said said;
        const char *certificate_kind, *birth_on, *sex;
    } cases[] = {
        {{NULL, "522301199001011236", NULL, NULL}, "id_card", "1990-01-01", "1"},
        {{"id_card", "621021198510152042", "1985-10-15", "2"}, "id_card", "1985-10-15", "2"},
        {{NULL, NULL, NULL, NULL}, "none", "", NULL},
        {{NULL, NULL, "2016-02-29", "1"}, "none", "2016-02-29", "1"},
        {{"other", NULL, "2026-11-22", NULL}, "other", "2026-11-22", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct identity is;
        struct identity_fault fault;
        cr_assert(identity_of(&cases[i].said, today, &is, &fault), "case %zu", i);
        cr_expect_str_eq(is.certificate_kind, cases[i].certificate_kind, "case %zu", i);
        cr_expect_str_eq(is.birth_on, cases[i].birth_on, "case %zu", i);
        cr_expect(str_equal(is.sex, cases[i].sex) || (is.sex == NULL && cases[i].sex == NULL),
                  "case %zu", i);
    }
}

Test(member_number, names_what_does_not_agree)
{
    static const struct {
        struct identity_said said;
        const char *field, *code;
    } cases[] = {
        {{NULL, "522301199001011236", "1990-01-02", NULL}, "birth_on", "differs"},
        {{NULL, "522301199001011236", NULL, "2"}, "sex", "differs"},
        {{"other", "522301199001011236", NULL, NULL}, "certificate_kind", "differs"},
        {{"none", "522301199001011236", NULL, NULL}, "certificate_kind", "differs"},
        {{NULL, "532900197002290010", NULL, NULL}, "id_number", "not_a_citizen_id"},
        {{"id_card", NULL, NULL, NULL}, "id_number", "required"},
        {{NULL, NULL, "2026-11-23", NULL}, "birth_on", "in_the_future"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct identity is;
        struct identity_fault fault = {0};
        cr_assert_not(identity_of(&cases[i].said, today, &is, &fault), "case %zu", i);
        cr_expect_str_eq(fault.field, cases[i].field, "case %zu", i);
        cr_expect_str_eq(fault.code, cases[i].code, "case %zu", i);
    }
}

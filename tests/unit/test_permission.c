/* tests/unit/test_permission.c - codes, prose and sets of permissions. */
#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

#include "auth/permission.h"

TestSuite(permission, .timeout = 120);

Test(permission, every_code_is_found_again_and_is_the_only_one_of_its_name)
{
    for (unsigned p = PERM_PUBLIC; p < PERM_COUNT; p++) {
        cr_expect_eq(permission_find(permission_code((enum permission)p)), (enum permission)p);
        cr_expect_gt(strlen(permission_prose((enum permission)p)), 0);
    }
    cr_expect_str_eq(permission_code(PERM_DUTY_LIST_READ), "duty_list.read");
    cr_expect_str_eq(permission_code(PERM_PUBLIC), "public");
}

Test(permission, what_is_not_a_code_is_none)
{
    static const char *const codes[] = {
        "", "none", "duty_list", "duty_list.read ", "DUTY_LIST.READ", "*"};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        cr_expect_eq(permission_find(codes[i]), PERM_NONE, "%s", codes[i]);
}

Test(permission, a_set_holds_exactly_what_was_added)
{
    permission_set set = permission_add(permission_add(0, PERM_REPORT_READ), PERM_DIVISION_READ);
    for (unsigned p = PERM_PUBLIC; p < PERM_COUNT; p++)
        cr_expect_eq(permission_in(set, (enum permission)p),
                     p == PERM_REPORT_READ || p == PERM_DIVISION_READ);
    cr_expect_eq(permission_add(set, PERM_REPORT_READ), set);
}

/* The set is wider than a machine word: a permission beyond the 64th is one like any other, and
 * none of the first 64 is it. */
Test(permission, the_last_ones_are_not_the_first_ones_again)
{
    cr_assert_gt(sizeof(permission_set), sizeof(uint64_t));
    for (unsigned bit = 64; bit < 8 * sizeof(permission_set); bit++) {
        permission_set set = (permission_set)1 << bit;
        cr_expect_eq((uint64_t)set, 0);
        for (unsigned p = PERM_PUBLIC; p < PERM_COUNT; p++)
            cr_expect_eq(permission_in(set, (enum permission)p), p == bit, "%u %u", bit, p);
    }
    permission_set all = 0;
    for (unsigned p = PERM_PUBLIC; p < PERM_COUNT; p++)
        all = permission_add(all, (enum permission)p);
    for (unsigned p = PERM_PUBLIC; p < PERM_COUNT; p++)
        cr_expect(permission_in(all, (enum permission)p));
}

Test(permission, nobody_has_none)
{
    cr_expect_not(permission_in(~(permission_set)0, PERM_NONE));
    cr_expect_not(permission_in(0, PERM_SIGNED_IN));
}

Test(permission, a_statement_asks_by_a_word_without_dots)
{
    for (unsigned p = PERM_SIGNED_IN + 1; p < PERM_COUNT; p++) {
        char param[80] = CALLER_MAY;
        size_t n = strlen(param);
        const char *code = permission_code((enum permission)p);
        for (size_t i = 0; i <= strlen(code); i++)
            param[n + i] = (char)(code[i] == '.' ? '_' : code[i]);
        cr_expect_eq(permission_of_param(param), (enum permission)p, "%s", param);
    }
    static const char *const params[] = {"caller_may_",          "caller_may_fly",
                                         "caller_may_public",    "caller_may_minor.read",
                                         "caller_may_minor_rea", "caller_may_minor_reads",
                                         "minor_read",           "caller_account"};
    for (size_t i = 0; i < sizeof params / sizeof *params; i++)
        cr_expect_eq(permission_of_param(params[i]), PERM_NONE, "%s", params[i]);
}

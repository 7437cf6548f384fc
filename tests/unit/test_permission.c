/* tests/unit/test_permission.c - codes, prose and sets of permissions. */
#include <criterion/criterion.h>
#include <string.h>

#include "auth/permission.h"

TestSuite(permission, .timeout = 10);

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

Test(permission, nobody_has_none)
{
    cr_expect_not(permission_in(~(permission_set)0, PERM_NONE));
    cr_expect_not(permission_in(0, PERM_SIGNED_IN));
}

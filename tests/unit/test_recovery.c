/* tests/unit/test_recovery.c - recovery codes and first passwords: their form, that each is another
 * one, and that what people type is known again. */
#include <criterion/criterion.h>
#include <string.h>

#include "auth/password.h"
#include "password.h"
#include "password_rules.h"
#include "recovery.h"

TestSuite(recovery, .timeout = 120);

Test(recovery, ten_codes_in_four_groups_all_different)
{
    struct recovery_codes codes;
    struct err err = {0};
    cr_assert(recovery_make(&codes, &err));
    for (size_t i = 0; i < RECOVERY_CODES; i++) {
        const char *text = codes.text[i];
        cr_assert_eq(strlen(text), RECOVERY_TEXT - 1, "%s", text);
        for (size_t at = 0; text[at] != '\0'; at++)
            cr_expect_eq(text[at] == '-', at % 5 == 4, "%s", text);
        for (size_t before = 0; before < i; before++) {
            cr_expect_str_neq(text, codes.text[before]);
            cr_expect_str_neq(codes.digest[i], codes.digest[before]);
        }
    }
}

Test(recovery, a_code_is_known_again_however_it_is_written)
{
    static const char *const same[] = {"JBSW-Y3DP-EHPK-3PXP", "jbswy3dpehpk3pxp",
                                       "JBSW Y3DP EHPK 3PXP", "JBSWY3DP-EHPK3PXP"};
    char first[DIGEST_HEX], digest[DIGEST_HEX];
    cr_assert(recovery_digest(same[0], first));
    for (size_t i = 1; i < sizeof same / sizeof *same; i++) {
        cr_assert(recovery_digest(same[i], digest), "%s", same[i]);
        cr_expect_str_eq(digest, first, "%s", same[i]);
    }
    cr_assert(recovery_digest("JBSW-Y3DP-EHPK-3PXQ", digest));
    cr_expect_str_neq(digest, first);
}

Test(recovery, a_made_code_has_the_digest_that_is_kept)
{
    struct recovery_codes codes;
    struct err err = {0};
    char digest[DIGEST_HEX];
    cr_assert(recovery_make(&codes, &err));
    for (size_t i = 0; i < RECOVERY_CODES; i++) {
        cr_assert(recovery_digest(codes.text[i], digest));
        cr_expect_str_eq(digest, codes.digest[i]);
    }
}

Test(recovery, what_is_no_code_has_no_digest)
{
    static const char *const none[] = {
        "", "123456", "JBSW-Y3DP-EHPK-3PX", "JBSW-Y3DP-EHPK-3PXPA", "JBSW-Y3DP-EHPK-3PX1", "责任"};
    char digest[DIGEST_HEX];
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        cr_expect_not(recovery_digest(none[i], digest), "%s", none[i]);
}

Test(recovery, first_passwords_keep_to_the_rules_and_match_their_hash)
{
    static const struct password_limits limits = {.min_length = 24, .classes = 4};
    struct password_fault faults[PASSWORD_FAULTS];
    struct arena *a = arena_create(1 << 20);
    struct first_password first, second;
    struct err err = {0};
    bool matches = false;
    cr_assert(password_init(2));
    cr_assert(password_first(&first, &err) && password_first(&second, &err));
    cr_expect_eq(strlen(first.text), 24);
    cr_expect_str_neq(first.text, second.text);
    cr_expect_eq(password_faults(a, first.text, &limits, faults), 0);
    cr_expect_eq(strcspn(first.text, "0O1lI"), 24, "nothing that is read for something else");
    cr_assert(password_matches(first.text, first.hash, &matches, &err));
    cr_expect(matches);
    arena_destroy(&a);
}

/* tests/unit/test_api_token.c - the text of API tokens: made, read back, and nothing else taken. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "auth/api_token.h"

#define ID "01940000-aaaa-7bcd-8000-0000000000ff"

TestSuite(api_token, .timeout = 120);

static void make(char token[static API_TOKEN_TEXT])
{
    struct err err = {0};
    cr_assert(api_token_make(ID, token, &err), "%s", err.detail);
}

Test(api_token, says_its_id_and_is_never_the_same_twice)
{
    char one[API_TOKEN_TEXT], other[API_TOKEN_TEXT], id[UUID_TEXT] = "";
    make(one);
    make(other);
    cr_expect_eq(strlen(one), API_TOKEN_TEXT - 1);
    cr_expect(api_token_like(one));
    cr_assert(api_token_id(one, id));
    cr_expect_str_eq(id, ID);
    cr_expect_eq(strncmp(one, other, 4 + 21), 0, "the id is the same");
    cr_expect_neq(strcmp(one + 26, other + 26), 0, "the secret is not");
}

Test(api_token, anything_else_is_none)
{
    char token[API_TOKEN_TEXT], text[API_TOKEN_TEXT + 8], id[UUID_TEXT];
    make(token);
    static const char *const bad[] = {"", "zat", "zat_", "ZAT_", "zat_AAAA", "Bearer zat_"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_not(api_token_id(bad[i], id), "%s", bad[i]);
    for (size_t i = 0; i < API_TOKEN_TEXT - 1; i++) {
        snprintf(text, sizeof text, "%s", token);
        text[i] = i < 4 ? 'x' : '=';
        cr_expect_not(api_token_id(text, id), "%zu", i);
        snprintf(text, sizeof text, "%.*s", (int)i, token);
        cr_expect_not(api_token_id(text, id), "%zu characters", i);
    }
    snprintf(text, sizeof text, "%sA", token);
    cr_expect_not(api_token_id(text, id));
    struct err err = {0};
    cr_expect_not(api_token_make("no uuid", text, &err));
    cr_expect_eq(err.code, ERR_INTERNAL);
}

Test(api_token, its_digest_is_that_of_sha_256)
{
    char digest[API_TOKEN_DIGEST] = "";
    cr_assert(api_token_digest("abc", digest));
    cr_expect_str_eq(digest, "\\xba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

/* tests/unit/test_refresh.c - refresh tokens: made again the same, true for one session, number and
 * salt, and across a rotation of their key. */
#include "core/str.h"
#include "keys/refresh.h"

#include "keys_support.h"

TestSuite(refresh, .timeout = 120);

static const char session[] = "01950002-0000-7000-8000-0000000000ff";
static const char salt[] = "\\x000102030405060708090a0b0c0d0e0f";
static struct keyring *ring;
static struct err err;

static void setup(void)
{
    ring = keys_open(REFRESH("0000000d", "active", K32_2), KEY_NEEDS(KEY_REFRESH));
}

static void teardown(void)
{
    keyring_close(ring);
    keys_remove();
}

static bool holds(const char *text, const char *with)
{
    struct refresh_token token;
    return refresh_parse(text, &token) && refresh_holds(ring, &token, with);
}

Test(refresh, the_same_call_gives_the_same_token, .init = setup, .fini = teardown)
{
    char a[REFRESH_TEXT], b[REFRESH_TEXT];
    struct refresh_token token;
    cr_assert(refresh_make(ring, session, 7, salt, a, &err), "%s", err.cause);
    cr_assert(refresh_make(ring, session, 7, salt, b, &err));
    cr_expect_str_eq(a, b);
    cr_expect_eq(strncmp(a, "zrt_", 4), 0);
    cr_expect_eq(strlen(a), 79);
    cr_assert(refresh_parse(a, &token));
    cr_expect_str_eq(token.session, session);
    cr_expect_eq(token.number, 7);
    cr_expect_eq(token.kid, 13);
    cr_expect(refresh_holds(ring, &token, salt));
}

Test(refresh, is_what_an_independent_computation_gives, .init = setup, .fini = teardown)
{
    char a[REFRESH_TEXT];
    cr_assert(refresh_make(ring, session, 7, salt, a, &err));
    cr_expect_str_eq(
        a, "zrt_AAAADQGVAAIAAHAAgAAAAAAAAP8AAAAHI06eR0i00LwYzbcM1pqP9gswdbjxwHANaIf588UbMx8");
}

Test(refresh, another_session_number_or_salt_is_another_token, .init = setup, .fini = teardown)
{
    static const char other[] = "01950002-0000-7000-8000-0000000000fe";
    char a[REFRESH_TEXT], b[REFRESH_TEXT], fresh[REFRESH_SALT], fresher[REFRESH_SALT];
    cr_assert(refresh_make(ring, session, 7, salt, a, &err));
    cr_assert(refresh_make(ring, session, 8, salt, b, &err));
    cr_expect_str_neq(a, b);
    cr_assert(refresh_make(ring, other, 7, salt, b, &err));
    cr_expect_str_neq(a, b);
    cr_assert(refresh_salt(fresh, &err) && refresh_salt(fresher, &err));
    cr_expect_str_neq(fresh, fresher);
    cr_expect(holds(a, salt));
    cr_expect_not(holds(a, fresh));
    cr_assert(refresh_make(ring, session, 7, fresh, b, &err));
    cr_expect(holds(b, fresh));
    cr_expect_not(holds(b, "\\x00"));
    cr_expect_not(holds(b, ""));
    cr_expect_not(holds(b, NULL));
}

Test(refresh, no_byte_of_it_can_be_changed, .init = setup, .fini = teardown)
{
    char a[REFRESH_TEXT];
    unsigned char bytes[64];
    size_t len = 0;
    cr_assert(refresh_make(ring, session, 7, salt, a, &err));
    cr_assert(str_base64url_decode(a + 4, strlen(a + 4), bytes, sizeof bytes, &len));
    cr_assert_eq(len, 56);
    for (size_t i = 0; i < len; i++) {
        char forged[REFRESH_TEXT] = "zrt_";
        bytes[i] ^= 1;
        str_base64url(bytes, len, forged + 4);
        bytes[i] ^= 1;
        cr_expect_not(holds(forged, salt), "byte %zu", i);
    }
    cr_expect(holds(a, salt));
}

Test(refresh, what_is_no_token_is_told_at_once, .init = setup, .fini = teardown)
{
    char a[REFRESH_TEXT], longer[REFRESH_TEXT + 8];
    struct refresh_token token;
    cr_assert(refresh_make(ring, session, 7, salt, a, &err));
    cr_expect_not(refresh_parse(NULL, &token));
    cr_expect_not(refresh_parse("", &token));
    cr_expect_not(refresh_parse("zrt_", &token));
    snprintf(longer, sizeof longer, "%sA", a);
    cr_expect_not(refresh_parse(longer, &token));
    a[10] = '=';
    cr_expect_not(refresh_parse(a, &token));
    a[10] = 'A';
    a[2] = 'T';
    cr_expect_not(refresh_parse(a, &token));
    cr_expect_not(refresh_make(ring, "no session", 1, salt, a, &err));
    err_clear(&err);
    cr_expect_not(refresh_make(ring, session, 1, "\\xzz", a, &err));
    cr_expect_eq(err.code, ERR_INTERNAL);
}

Test(refresh, holds_across_a_rotation_until_the_key_is_removed, .init = setup, .fini = teardown)
{
    char a[REFRESH_TEXT], b[REFRESH_TEXT];
    cr_assert(refresh_make(ring, session, 7, salt, a, &err));
    keys_write(REFRESH("0000000d", "retired", K32_2) REFRESH("0000000e", "active", K32_3));
    keys_wait();
    cr_assert(refresh_make(ring, session, 7, salt, b, &err));
    cr_expect_str_neq(a, b);
    cr_expect(holds(a, salt));
    cr_expect(holds(b, salt));
    keys_write(REFRESH("0000000e", "active", K32_3));
    keys_wait();
    cr_expect_not(holds(a, salt));
    cr_expect(holds(b, salt));
}

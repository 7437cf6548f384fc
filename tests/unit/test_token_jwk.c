/* tests/unit/test_token_jwk.c - keys of tokens in their other forms: thumbprint, JWK, and a public
 * key as somebody sends it. */
#include <criterion/criterion.h>
#include <string.h>

#include "auth/token.h"
#include "keys/openssl.h"

static struct arena *memory; /* of one test: each runs in a process of its own */

static void begin(void)
{
    memory = arena_create(1024 * 1024);
}

static void end(void)
{
    arena_destroy(&memory);
}

TestSuite(token_jwk, .timeout = 120, .init = begin, .fini = end);

static char *new_private(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    BIO *out = BIO_new(BIO_s_mem());
    char *text = NULL;
    cr_assert_eq(PEM_write_bio_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL), 1);
    long len = BIO_get_mem_data(out, &text);
    char *pem = arena_strndup(memory, text, (size_t)len);
    BIO_free(out);
    EVP_PKEY_free(key);
    return pem;
}

Test(token_jwk, takes_a_public_key_as_pem_or_jwk_and_no_other)
{
    struct token_key private = {.pem = new_private()}, public = {.kid = ""};
    const char *public_pem = NULL;
    struct token_key pem = {0}, jwk = {0};
    struct err err = {0};
    const char *json = NULL;
    cr_assert(token_public_pem(memory, private.pem, &public_pem, &err));
    cr_assert(token_thumbprint(public_pem, public.kid, &err));
    public.pem = arena_strdup(memory, public_pem);
    cr_assert(token_key_public(memory, public_pem, &pem, &err));
    cr_expect_str_eq(pem.kid, public.kid);
    cr_assert(token_jwk(memory, &public, &json, &err));
    cr_assert(token_key_public(memory, json, &jwk, &err), "%s", json);
    cr_expect_str_eq(jwk.kid, public.kid);
    cr_expect_str_eq(jwk.pem, pem.pem);
    const char *token = token_compact(memory, &private, "{}");
    cr_expect(token_signature_holds(token, &jwk));
    const char *bad[] = {
        "",
        "{",
        "{}",
        "[]",
        private.pem,
        "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
        "\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\","
        "\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\","
        "\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\",\"d\":\"AA\"}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        err_clear(&err);
        cr_expect_not(token_key_public(memory, bad[i], &jwk, &err), "%s", bad[i]);
        cr_expect_eq(err.code, ERR_INVALID);
    }
}

/* The key of RFC 7517 appendix A.1; its thumbprint computed by the rule of RFC 7638 3. */
Test(token_jwk, thumbprint_and_jwk_are_the_standard_ones)
{
    static const char pem[] =
        "-----BEGIN PUBLIC "
        "KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEMKBCTNIcKUSDii11ySs3526iDZ8A\n"
        "iTo7Tu6KPAqv7D7gS2XpJFbZiItSs3m9+9Ue6GnvHw/GW2ZZaVtszggXIw==\n-----END PUBLIC KEY-----\n";
    struct token_key key = {.pem = arena_strdup(memory, pem)};
    struct err err = {0};
    const char *json = NULL;
    cr_assert(token_thumbprint(pem, key.kid, &err), "%s", err.cause);
    cr_expect_str_eq(key.kid, "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s");
    cr_assert(token_jwk(memory, &key, &json, &err));
    cr_expect_str_eq(json, "{\"kty\":\"EC\",\"crv\":\"P-256\","
                           "\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\","
                           "\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\","
                           "\"kid\":\"cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s\",\"use\":"
                           "\"sig\",\"alg\":\"ES256\"}");
}

Test(token_jwk, the_first_look_at_a_signature_says_what_the_second_does)
{
    struct token_key private = {.pem = new_private()}, public = {.kid = ""};
    struct err err = {0};
    const char *pem = NULL;
    cr_assert(token_public_pem(memory, private.pem, &pem, &err));
    public.pem = arena_strdup(memory, pem);
    void *first_look = token_public_open(pem);
    char *token = arena_strdup(memory, token_compact(memory, &private, "{\"a\":1}"));
    cr_expect(token_signature_seems(token, first_look) && token_signature_holds(token, &public));
    for (size_t i = 0; i < strlen(token); i++) {
        char kept = token[i];
        token[i] = kept == 'A' ? 'B' : 'A';
        cr_expect_not(token_signature_seems(token, first_look), "%zu", i);
        token[i] = kept;
    }
    cr_expect_not(token_signature_seems("", first_look));
    cr_expect_not(token_signature_seems("a.b.c", first_look));
    cr_expect_not(token_signature_seems(token, NULL));
    cr_expect_null(token_public_open("-----BEGIN"));
    token_public_close(first_look);
    token_public_close(NULL);
}

/* tests/unit/test_token.c - the attack list: every forged, stale or foreign token is refused, and
 * only the good one is taken. Forgeries are made by hand over OpenSSL, so that libjwt cannot agree
 * with itself. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "auth/token.h"
#include "core/str.h"
#include "keys/openssl.h"

#include <openssl/ecdsa.h>
#include <openssl/hmac.h>

static struct arena *memory; /* of one test: each runs in a process of its own */

static void begin(void)
{
    memory = arena_create(16 * 1024 * 1024);
}

static void end(void)
{
    arena_destroy(&memory);
}

TestSuite(token, .timeout = 120, .init = begin, .fini = end);

static const instant_us now = (instant_us)1780000000 * 1000000;

#define ID(n) "0190000" n "-0000-7000-8000-000000000000"
#define HEADER "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"%s\"}"
#define IDS                                                                                        \
    "\"jti\":\"" ID("1") "\",\"sub\":\"" ID("2") "\",\"sid\":\"" ID("3") "\",\"post\":\"" ID(      \
        "4") "\",\"org\":\"" ID("5") "\""
#define WHO                                                                                        \
    "\"role\":\"county_office\",\"kind\":\"person\",\"epoch\":7,"                                  \
    "\"perms\":[\"duty_list.read\",\"report.confirm\"],\"ranges\":[\"431302\"]"
#define FROM "\"iss\":\"zeren\",\"aud\":\"zeren\","
#define TIMES "\"iat\":1780000000,\"nbf\":1780000000,\"exp\":1780000600,"
#define CLAIMS "{" FROM TIMES IDS "," WHO "}"

struct pair {
    struct token_key private, public;
};

static char *pem_of(EVP_PKEY *key)
{
    BIO *out = BIO_new(BIO_s_mem());
    cr_assert_eq(PEM_write_bio_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL), 1);
    char *text = NULL;
    long len = BIO_get_mem_data(out, &text);
    char *copy = arena_strndup(memory, text, (size_t)len);
    BIO_free(out);
    return copy;
}

static struct pair new_pair(void)
{
    struct pair k = {0};
    struct err err = {0};
    const char *public = NULL;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    k.private.pem = pem_of(key);
    EVP_PKEY_free(key);
    cr_assert(token_thumbprint(k.private.pem, k.private.kid, &err));
    cr_assert(token_public_pem(memory, k.private.pem, &public, &err));
    memcpy(k.public.kid, k.private.kid, sizeof k.public.kid);
    k.public.pem = arena_strdup(memory, public);
    return k;
}

static void part(char *out, const char *text, size_t len)
{
    str_base64url((const unsigned char *)text, len, out + strlen(out));
}

/* r || s of an ES256 signature over `text`. */
static void sign_raw(const char *pem, const char *text, unsigned char raw[static 64])
{
    BIO *in = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    unsigned char der[128];
    const unsigned char *at = der;
    size_t len = sizeof der;
    cr_assert_eq(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key), 1);
    cr_assert_eq(EVP_DigestSign(ctx, der, &len, (const unsigned char *)text, strlen(text)), 1);
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)len);
    cr_assert_not_null(sig);
    BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + 32, 32);
    ECDSA_SIG_free(sig);
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    BIO_free(in);
}

/* A token with any header and claims, truly signed. */
static char *forge(const struct pair *k, const char *header, size_t header_len, const char *claims)
{
    size_t size = (header_len + strlen(claims)) * 2 + 256;
    char *token = arena_alloc(memory, size);
    unsigned char raw[64];
    part(token, header, header_len);
    strcat(token, ".");
    part(token, claims, strlen(claims));
    sign_raw(k->private.pem, token, raw);
    strcat(token, ".");
    part(token, (const char *)raw, sizeof raw);
    return token;
}

/* Puts the kid where the header says %s. */
static char *forge_header(const struct pair *k, const char *format)
{
    char header[512] = "";
    const char *gap = strstr(format, "%s");
    if (gap == NULL)
        return forge(k, format, strlen(format), CLAIMS);
    int len = snprintf(header, sizeof header, "%.*s%s%s", (int)(gap - format), format,
                       k->public.kid, gap + 2);
    return forge(k, header, (size_t)len, CLAIMS);
}

static char *forge_claims(const struct pair *k, const char *claims)
{
    char header[256];
    int len = snprintf(header, sizeof header, HEADER, k->public.kid);
    return forge(k, header, (size_t)len, claims);
}

static bool taken(const struct pair *k, const char *token)
{
    struct principal p;
    struct err err = {0};
    bool good = token_verify(token, &k->public, now, &p, &err);
    cr_assert(good || err.code == ERR_UNAUTHENTICATED, "%s", err.cause);
    cr_assert_str_eq(good ? "the access token is not valid" : err.detail,
                     "the access token is not valid");
    return good;
}

Test(token, takes_a_good_one_and_reads_all_of_it)
{
    struct pair k = new_pair();
    struct principal p;
    struct err err = {0};
    cr_assert(token_verify(forge_claims(&k, CLAIMS), &k.public, now, &p, &err), "%s", err.cause);
    cr_expect_str_eq(p.account, ID("2"));
    cr_expect_str_eq(p.session, ID("3"));
    cr_expect_str_eq(p.post, ID("4"));
    cr_expect_str_eq(p.organisation, ID("5"));
    cr_expect_str_eq(p.role, "county_office");
    cr_expect_eq(p.kind, PRINCIPAL_PERSON);
    cr_expect_eq(p.epoch, 7);
    cr_expect_eq(p.expires_at_s, 1780000600);
    cr_expect(permission_in(p.permissions, PERM_DUTY_LIST_READ));
    cr_expect(permission_in(p.permissions, PERM_REPORT_CONFIRM));
    cr_expect(permission_in(p.permissions, PERM_SIGNED_IN));
    cr_expect_not(permission_in(p.permissions, PERM_DUTY_LIST_WRITE));
    cr_expect_str_eq(p.scope, "{[\"431302\",\"431302~\")}");
    cr_expect_str_eq(p.lines, "");
}

Test(token, what_is_signed_comes_back)
{
    struct pair k = new_pair();
    struct principal p = {.role = "device", .kind = PRINCIPAL_DEVICE, .epoch = 3, .n_prefixes = 2},
                     q;
    struct err err = {0};
    const char *token = NULL;
    strcpy(p.account, ID("2"));
    strcpy(p.session, ID("3"));
    strcpy(p.post, ID("4"));
    strcpy(p.organisation, ID("5"));
    strcpy(p.prefixes[0], "4313");
    strcpy(p.prefixes[1], "431302103201");
    strcpy(p.lines, "{agriculture,finance}");
    p.permissions = permission_add(0, PERM_REPORT_WRITE);
    cr_assert(token_sign(memory, &k.private, &p, now, 600, &token, &err), "%s", err.cause);
    cr_assert(token_verify(token, &k.public, now, &q, &err), "%s", err.cause);
    cr_expect_str_eq(q.account, p.account);
    cr_expect_str_eq(q.lines, p.lines);
    cr_expect_str_eq(q.role, "device");
    cr_expect_eq(q.kind, PRINCIPAL_DEVICE);
    cr_expect_eq(q.epoch, 3);
    cr_expect_eq(q.permissions, permission_add(p.permissions, PERM_SIGNED_IN));
    cr_expect_str_eq(q.scope, "{[\"4313\",\"4313~\"),[\"431302103201\",\"431302103201~\")}");
    cr_expect_eq(q.n_former, 0);
    cr_expect_not(token_verify(token, &k.public, now + (instant_us)600 * 1000000, &q, &err));
}

/* As many ranges as a caller has at most, most of them former codes. */
Test(token, former_codes_come_back_as_such)
{
    struct pair k = new_pair();
    struct principal p = {.role = "county_office", .n_prefixes = SCOPE_PREFIXES_MAX}, q;
    struct err err = {0};
    const char *token = NULL;
    strcpy(p.account, ID("2"));
    strcpy(p.session, ID("3"));
    strcpy(p.post, ID("4"));
    strcpy(p.organisation, ID("5"));
    for (unsigned i = 0; i < SCOPE_PREFIXES_MAX; i++)
        snprintf(p.prefixes[i], sizeof p.prefixes[i], "4313021%02u201", i);
    p.n_former = SCOPE_PREFIXES_MAX - 1;
    for (unsigned i = PERM_SIGNED_IN + 1; i < PERM_COUNT * 3 / 4; i++)
        p.permissions = permission_add(p.permissions, (enum permission)i);
    cr_assert(token_sign(memory, &k.private, &p, now, 600, &token, &err), "%s", err.cause);
    cr_assert(token_verify(token, &k.public, now, &q, &err), "%s", err.cause);
    cr_expect_eq(q.n_prefixes, p.n_prefixes);
    cr_expect_eq(q.n_former, p.n_former);
    cr_expect_str_eq(q.prefixes[SCOPE_PREFIXES_MAX - 1], p.prefixes[SCOPE_PREFIXES_MAX - 1]);
    cr_expect_str_eq(q.ancestors,
                     "{000000000000,430000000000,431300000000,431302000000,431302100000}");
}

Test(token, refuses_every_other_header)
{
    static const char *const headers[] = {
        "{\"alg\":\"none\",\"typ\":\"JWT\",\"kid\":\"%s\"}",
        "{\"alg\":\"NONE\",\"typ\":\"JWT\",\"kid\":\"%s\"}",
        "{\"alg\":\"nOnE\",\"typ\":\"JWT\",\"kid\":\"%s\"}",
        "{\"alg\":\"es256\",\"typ\":\"JWT\",\"kid\":\"%s\"}",
        "{\"alg\":\"ES384\",\"typ\":\"JWT\",\"kid\":\"%s\"}",
        "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"%s\"}",
        "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"%s\"}",
        "{\"alg\":null,\"typ\":\"JWT\",\"kid\":\"%s\"}",
        "{\"alg\":[\"ES256\"],\"typ\":\"JWT\",\"kid\":\"%s\"}",
        "{\"alg\":\"HS256\",\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"%s\"}",
        "{\"alg\":\"ES256\",\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"%s\"}",
        "{\"alg\":\"ES256\\u0000\",\"typ\":\"JWT\",\"kid\":\"%s\"}",
        "{\"typ\":\"JWT\",\"kid\":\"%s\"}",
        "{\"alg\":\"ES256\",\"kid\":\"%s\"}",
        "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"%s\"}",
        "{\"alg\":\"ES256\",\"typ\":\"JWT\"}",
        "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"\"}",
        "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"another\"}",
        "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"../../dev/null\"}",
        "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"x' OR '1'='1\"}",
        "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"%s\",\"jwk\":{\"kty\":\"EC\"}}",
        "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"%s\",\"jku\":\"https://e.example/k\"}",
        "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"%s\",\"crit\":[\"exp\"]}",
        "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"%s\",\"x5u\":\"https://e.example\"}",
        "[\"ES256\",\"JWT\",\"%s\"]",
        "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"%s\"}}",
        "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"%s\"",
        "null",
        "{}",
    };
    struct pair k = new_pair();
    cr_assert(taken(&k, forge_header(&k, HEADER)));
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        cr_expect_not(taken(&k, forge_header(&k, headers[i])), "%s", headers[i]);
    }
}

Test(token, refuses_a_header_with_a_nul_byte_or_of_eight_kilobytes)
{
    struct pair k = new_pair();
    char header[9000];
    int len = snprintf(header, sizeof header, HEADER, k.public.kid);
    cr_expect_not(taken(&k, forge(&k, header, (size_t)len + 1, CLAIMS)));
    len = snprintf(header, sizeof header,
                   "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"%s\"%8000s}", k.public.kid, "");
    cr_expect_not(taken(&k, forge(&k, header, (size_t)len, CLAIMS)));
}

/* Style J1 and J2: HMAC with what everybody knows as the secret. */
Test(token, refuses_hmac_with_the_public_key_as_secret)
{
    struct pair k = new_pair();
    const char *secrets[] = {k.public.pem, "", "secret", k.public.kid};
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
        char token[4096] = "", header[256];
        unsigned char mac[32];
        int len = snprintf(header, sizeof header,
                           "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"%s\"}", k.public.kid);
        part(token, header, (size_t)len);
        strcat(token, ".");
        part(token, CLAIMS, strlen(CLAIMS));
        HMAC(EVP_sha256(), secrets[i], (int)strlen(secrets[i]), (unsigned char *)token,
             strlen(token), mac, NULL);
        strcat(token, ".");
        part(token, (char *)mac, sizeof mac);
        cr_expect_not(taken(&k, token));
    }
}

Test(token, refuses_to_check_with_an_empty_key)
{
    struct pair k = new_pair();
    char *token = forge_claims(&k, CLAIMS), nothing[] = "", junk[] = "-----BEGIN";
    char *const keys[] = {NULL, nothing, junk};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        k.public.pem = keys[i];
        cr_expect_not(taken(&k, token));
    }
}

Test(token, refuses_all_that_is_not_three_parts)
{
    struct pair k = new_pair();
    char *good = forge_claims(&k, CLAIMS), text[4096];
    char *second = strchr(good, '.') + 1, *third = strchr(second, '.') + 1;
    const char *bad[] = {"", ".", "..", "...", "a.b.c", "null", "....", " ", "\n", good + 1};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_not(taken(&k, bad[i]), "%zu", i);
    static const char *const around[][2] = {{"", "."},  {"", ".x"}, {".", ""},    {"", "="},
                                            {"", "=="}, {"", " "},  {" ", ""},    {"", "\n"},
                                            {"", "A"},  {"", "AA"}, {"", "AAAA"}, {"", "%00"}};
    for (size_t i = 0; i < sizeof around / sizeof *around; i++) {
        snprintf(text, sizeof text, "%s%s%s", around[i][0], good, around[i][1]);
        cr_expect_not(taken(&k, text), "%zu", i);
    }
    snprintf(text, sizeof text, "%.*s", (int)(third - good - 1), good); /* one dot */
    cr_expect_not(taken(&k, text));
    snprintf(text, sizeof text, "%.*s", (int)(third - good), good); /* no signature */
    cr_expect_not(taken(&k, text));
    snprintf(text, sizeof text, "%.*s.%s", (int)(third - good - 1), good, good);
    cr_expect_not(taken(&k, text));
    snprintf(text, sizeof text, "%s", good); /* the other base64 alphabet */
    for (char *at = text; *at != '\0'; at++)
        *at = *at == '-' ? '+' : *at == '_' ? '/' : *at;
    cr_expect(strcmp(text, good) == 0 || !taken(&k, text));
}

/* Also the last character, whose lower bits say nothing in lenient decoders. */
Test(token, refuses_any_single_changed_character)
{
    struct pair k = new_pair();
    char *token = forge_claims(&k, CLAIMS);
    size_t len = strlen(token), first = (size_t)(strrchr(token, '.') - token) + 1;
    for (size_t i = 0; i < len; i += i < first ? 7 : 1) {
        char kept = token[i];
        for (const char *c = "ABQgw5_"; *c != '\0'; c++) {
            token[i] = *c;
            cr_expect(*c == kept || !taken(&k, token), "%zu %c", i, *c);
        }
        token[i] = kept;
    }
    cr_expect(taken(&k, token));
}

Test(token, refuses_changed_claims_under_an_old_signature_and_another_key)
{
    struct pair k = new_pair(), other = new_pair();
    char *good = forge_claims(&k, CLAIMS), *bad = arena_alloc(memory, 8192);
    strncat(bad, good, (size_t)(strchr(good, '.') - good) + 1);
    part(bad, "{" FROM TIMES IDS ",\"x\":1," WHO "}",
         strlen("{" FROM TIMES IDS ",\"x\":1," WHO "}"));
    strcat(bad, strrchr(good, '.'));
    cr_expect_not(taken(&k, bad));
    memcpy(other.public.kid, k.public.kid, sizeof other.public.kid);
    cr_expect_not(taken(&k, forge_claims(&other, CLAIMS)));
}

Test(token, refuses_claims_out_of_time_or_foreign_or_malformed)
{
    static const char *const bad[] = {
        "{" FROM "\"iat\":1779999000,\"nbf\":1779999000,\"exp\":1779999600," IDS "," WHO "}",
        "{" FROM "\"iat\":1779999400,\"nbf\":1779999400,\"exp\":1780000000," IDS "," WHO "}",
        "{" FROM "\"iat\":1780000000,\"nbf\":1780000003,\"exp\":1780000600," IDS "," WHO "}",
        "{" FROM "\"iat\":1780000003,\"nbf\":1780000000,\"exp\":1780000600," IDS "," WHO "}",
        "{" FROM "\"iat\":1780000002,\"nbf\":1780000000,\"exp\":1780000001," IDS "," WHO "}",
        "{" FROM "\"nbf\":1780000000,\"exp\":1780000600," IDS "," WHO "}",
        "{" FROM "\"iat\":1780000000,\"exp\":1780000600," IDS "," WHO "}",
        "{" FROM "\"iat\":1780000000,\"nbf\":1780000000," IDS "," WHO "}",
        "{" FROM "\"iat\":1780000000,\"nbf\":1780000000,\"exp\":\"1780000600\"," IDS "," WHO "}",
        "{" FROM "\"iat\":1780000000,\"nbf\":1780000000,\"exp\":1780000600.5," IDS "," WHO "}",
        "{" FROM "\"iat\":1780000000,\"nbf\":1780000000,\"exp\":1e30," IDS "," WHO "}",
        "{" FROM "\"iat\":-1,\"nbf\":1780000000,\"exp\":1780000600," IDS "," WHO "}",
        "{\"iss\":\"zeren\",\"aud\":\"other\"," TIMES IDS "," WHO "}",
        "{\"iss\":\"zeren\",\"aud\":[\"zeren\"]," TIMES IDS "," WHO "}",
        "{\"iss\":\"other\",\"aud\":\"zeren\"," TIMES IDS "," WHO "}",
        "{\"aud\":\"zeren\"," TIMES IDS "," WHO "}",
        "{\"iss\":\"zeren\"," TIMES IDS "," WHO "}",
        "{" FROM TIMES WHO "}",
        "{" FROM TIMES IDS "}",
        "{" FROM TIMES IDS ",\"sub\":\"" ID("9") "\"," WHO "}",
        "{" FROM TIMES IDS
        ",\"kind\":\"root\",\"role\":\"r\",\"epoch\":1,\"perms\":[],\"ranges\":[]}",
        "{" FROM TIMES IDS
        ",\"kind\":\"person\",\"role\":\"r\",\"epoch\":\"1\",\"perms\":[],\"ranges\":[]}",
        "{" FROM TIMES IDS
        ",\"kind\":\"person\",\"role\":\"r\",\"epoch\":1,\"perms\":[1],\"ranges\":[]}",
        "{" FROM TIMES IDS
        ",\"kind\":\"person\",\"role\":\"r\",\"epoch\":1,\"perms\":[],\"ranges\":[\"4\"]}",
        "{" FROM TIMES IDS
        ",\"kind\":\"person\",\"role\":\"r\",\"epoch\":1,\"perms\":[],\"ranges\":[\"4\\\"\"]}",
        "{" FROM TIMES IDS
        ",\"kind\":\"person\",\"role\":\"r\",\"epoch\":1,\"perms\":[],\"ranges\":\"\"}",
        "{" FROM TIMES IDS ",\"lines\":[\"a,b\"]," WHO "}",
        "{" FROM TIMES IDS ",\"lines\":\"\"," WHO "}",
        "[]",
        "",
    };
    struct pair k = new_pair();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_not(taken(&k, forge_claims(&k, bad[i])), "%s", bad[i]);
}

Test(token, allows_two_seconds_of_skew_and_no_lines_at_all)
{
    struct pair k = new_pair();
    struct principal p;
    struct err err = {0};
    cr_expect(taken(&k, forge_claims(&k, "{" FROM "\"iat\":1780000002,\"nbf\":1780000002,"
                                         "\"exp\":1780000600," IDS "," WHO "}")));
    cr_assert(token_verify(forge_claims(&k, "{" FROM TIMES IDS ",\"lines\":[]," WHO "}"), &k.public,
                           now, &p, &err));
    cr_expect_str_eq(p.lines, "{}");
}

Test(token, what_must_be_done_masks_and_grants_come_back)
{
    struct pair k = new_pair();
    struct principal p = {.role = "inspector", .epoch = 1, .mask = MASK_USUAL}, q;
    struct err err = {0};
    const char *token = NULL;
    p.must = MUST_CHANGE_PASSWORD | MUST_ENROL_TOTP;
    strcpy(p.account, ID("2"));
    strcpy(p.session, ID("3"));
    strcpy(p.post, ID("4"));
    strcpy(p.organisation, ID("5"));
    strcpy(p.access_grant, ID("6"));
    cr_assert(token_sign(memory, &k.private, &p, now, 600, &token, &err), "%s", err.cause);
    cr_assert(token_verify(token, &k.public, now, &q, &err), "%s", err.cause);
    cr_expect_eq(q.must, p.must);
    cr_expect_eq(q.mask, MASK_USUAL);
    cr_expect_str_eq(q.access_grant, ID("6"));
    cr_expect_str_eq(q.kid, k.public.kid);
    cr_expect_not(q.api_token);
    cr_assert(token_verify(forge_claims(&k, CLAIMS), &k.public, now, &q, &err), "%s", err.cause);
    cr_expect(q.must == 0 && q.mask == MASK_STRICT && q.access_grant[0] == '\0', "absent");
}

/* A word of a newer identity is a demand that this program would not make. */
Test(token, refuses_words_it_does_not_know)
{
    static const char *const bad[] = {
        "{" FROM TIMES IDS ",\"must\":[\"sing\"]," WHO "}",
        "{" FROM TIMES IDS ",\"must\":[\"change_password\",\"sing\"]," WHO "}",
        "{" FROM TIMES IDS ",\"must\":\"change_password\"," WHO "}",
        "{" FROM TIMES IDS ",\"must\":[1]," WHO "}",
        "{" FROM TIMES IDS ",\"must\":null," WHO "}",
        "{" FROM TIMES IDS ",\"mask\":\"none\"," WHO "}",
        "{" FROM TIMES IDS ",\"mask\":2," WHO "}",
        "{" FROM TIMES IDS ",\"grant\":\"\"," WHO "}",
        "{" FROM TIMES IDS ",\"grant\":\"x\"," WHO "}",
    };
    struct pair k = new_pair();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_not(taken(&k, forge_claims(&k, bad[i])), "%s", bad[i]);
    cr_expect(taken(&k, forge_claims(&k, "{" FROM TIMES IDS ",\"must\":[]," WHO "}")));
}

Test(token, a_permission_nobody_knows_grants_nothing)
{
    struct pair k = new_pair();
    struct principal p;
    struct err err = {0};
    cr_assert(token_verify(forge_claims(&k, "{" FROM TIMES IDS
                                            ",\"role\":\"r\",\"kind\":\"person\",\"epoch\":1,"
                                            "\"perms\":[\"future.write\",\"public\"],"
                                            "\"ranges\":[]}"),
                           &k.public, now, &p, &err));
    cr_expect_eq(p.permissions, permission_add(0, PERM_SIGNED_IN));
    cr_expect_str_eq(p.scope, "{}");
}

Test(token, keys_of_other_curves_and_kinds_are_no_keys)
{
    EVP_PKEY *const keys[] = {EVP_EC_gen("P-384"), EVP_EC_gen("secp256k1"), EVP_RSA_gen(1024)};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct err err = {0};
        char kid[64];
        const char *public = NULL;
        char *pem = pem_of(keys[i]);
        cr_expect_not(token_thumbprint(pem, kid, &err));
        cr_expect_eq(err.code, ERR_INTERNAL);
        err_clear(&err);
        cr_expect_not(token_public_pem(memory, pem, &public, &err));
        EVP_PKEY_free(keys[i]);
    }
}

/* tests/unit/test_assertion.c - assertions of machines: which are read, and when they hold. Their
 * signature is test_token.c's part. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "auth/token_assertion.h"
#include "core/str.h"

#define HEADER "{\"alg\":\"ES256\",\"kid\":\"k1\"}"
#define WHO "\"iss\":\"m\",\"sub\":\"m\",\"aud\":\"zeren-identity\",\"jti\":\"j\""
#define CLAIMS "{" WHO ",\"iat\":1000,\"exp\":1200}"

TestSuite(assertion, .timeout = 120);

static bool reads(const char *header, const char *claims, struct assertion *ret)
{
    static const char signature[] =
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    char text[2048];
    size_t at = str_base64url((const unsigned char *)header, strlen(header), text);
    text[at++] = '.';
    at += str_base64url((const unsigned char *)claims, strlen(claims), text + at);
    snprintf(text + at, sizeof text - at, ".%s", signature);
    return assertion_read(text, ret);
}

Test(assertion, says_who_by_which_key_and_when)
{
    struct assertion a;
    cr_assert(reads(HEADER, CLAIMS, &a));
    cr_expect_str_eq(a.kid, "k1");
    cr_expect_str_eq(a.issuer, "m");
    cr_expect_str_eq(a.jti, "j");
    cr_expect(a.iat == 1000 && a.nbf == 1000 && a.exp == 1200);
    cr_expect(reads("{\"alg\":\"ES256\",\"kid\":\"k1\",\"typ\":\"JWT\"}",
                    "{" WHO ",\"iat\":1,\"nbf\":5,\"exp\":9}", &a));
    cr_expect_eq(a.nbf, 5);
}

Test(assertion, other_headers_are_refused)
{
    static const char *const headers[] = {
        "{\"alg\":\"none\",\"kid\":\"k1\"}",
        "{\"alg\":\"HS256\",\"kid\":\"k1\"}",
        "{\"alg\":\"es256\",\"kid\":\"k1\"}",
        "{\"alg\":\"ES256\"}",
        "{\"kid\":\"k1\"}",
        "{\"alg\":\"ES256\",\"kid\":\"../k\"}",
        "{\"alg\":\"ES256\",\"kid\":\"\"}",
        "{\"alg\":\"ES256\",\"kid\":\"k1\",\"typ\":\"at+jwt\"}",
        "{\"alg\":\"ES256\",\"kid\":\"k1\",\"jwk\":{}}",
        "{\"alg\":\"ES256\",\"kid\":\"k1\",\"typ\":\"JWT\",\"crit\":[]}",
        "{\"alg\":\"ES256\",\"alg\":\"ES256\",\"kid\":\"k1\"}",
        "[]",
        "",
    };
    struct assertion a;
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        cr_expect_not(reads(headers[i], CLAIMS, &a), "%s", headers[i]);
}

Test(assertion, other_claims_are_refused)
{
    static const char *const claims[] = {
        "{\"iss\":\"m\",\"sub\":\"n\",\"aud\":\"zeren-identity\",\"jti\":\"j\",\"iat\":1,\"exp\":"
        "2}",
        "{\"iss\":\"m\",\"aud\":\"zeren-identity\",\"jti\":\"j\",\"iat\":1,\"exp\":2}",
        "{\"sub\":\"m\",\"aud\":\"zeren-identity\",\"jti\":\"j\",\"iat\":1,\"exp\":2}",
        "{\"iss\":\"m\",\"sub\":\"m\",\"aud\":\"zeren\",\"jti\":\"j\",\"iat\":1,\"exp\":2}",
        "{\"iss\":\"m\",\"sub\":\"m\",\"aud\":[\"zeren-identity\"],\"jti\":\"j\",\"iat\":1,\"exp\":"
        "2}",
        "{\"iss\":\"m\",\"sub\":\"m\",\"jti\":\"j\",\"iat\":1,\"exp\":2}",
        "{\"iss\":\"m\",\"sub\":\"m\",\"aud\":\"zeren-identity\",\"iat\":1,\"exp\":2}",
        "{\"iss\":\"m\",\"sub\":\"m\",\"aud\":\"zeren-identity\",\"jti\":\"\",\"iat\":1,\"exp\":2}",
        "{" WHO ",\"exp\":2}",
        "{" WHO ",\"iat\":1}",
        "{" WHO ",\"iat\":\"1\",\"exp\":2}",
        "{" WHO ",\"iat\":1,\"exp\":2.5}",
        "{" WHO ",\"iat\":-1,\"exp\":2}",
        "{" WHO ",\"iat\":1,\"nbf\":\"1\",\"exp\":2}",
        "{" WHO ",\"jti\":\"k\",\"iat\":1,\"exp\":2}",
        "[]",
        "",
    };
    struct assertion a;
    for (size_t i = 0; i < sizeof claims / sizeof *claims; i++)
        cr_expect_not(reads(HEADER, claims[i], &a), "%s", claims[i]);
}

Test(assertion, holds_for_its_time_and_the_skew_of_a_clock)
{
    static const struct assertion_limits limits = {.seconds = 300, .skew_s = 60};
    static const struct {
        int64_t iat, nbf, exp, now;
        bool holds;
    } cases[] = {
        {1000, 1000, 1300, 1000, true},  {1000, 1000, 1301, 1000, false},
        {1000, 1000, 1000, 1000, false}, {1000, 1000, 1300, 940, true},
        {1000, 1000, 1300, 939, false},  {1000, 1000, 1300, 1359, true},
        {1000, 1000, 1300, 1360, false}, {1000, 1100, 1300, 1040, true},
        {1000, 1100, 1300, 1039, false}, {1200, 1200, 1100, 1150, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct assertion a = {.iat = cases[i].iat, .nbf = cases[i].nbf, .exp = cases[i].exp};
        cr_expect_eq(assertion_timely(&a, cases[i].now, &limits), cases[i].holds, "%zu", i);
    }
}

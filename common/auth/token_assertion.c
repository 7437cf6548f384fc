/* common/auth/token_assertion.c - assertions of machines, read without trust. Contract: the header.
 */
#include "auth/token_assertion.h"

#include <string.h>

#include <jansson.h>

#include "auth/token_parts.h"

#include "core/banned.h"

static bool read_header(const struct token_parts *p, struct assertion *ret)
{
    json_t *header = token_object(p, 0);
    bool good = header != NULL && token_header_kid(header, true, ret->kid);
    json_decref(header);
    return good;
}

static bool read_times(const json_t *claims, struct assertion *ret)
{
    if (!token_copy_int(claims, "iat", &ret->iat) || !token_copy_int(claims, "exp", &ret->exp))
        return false;
    ret->nbf = ret->iat;
    return json_object_get(claims, "nbf") == NULL || token_copy_int(claims, "nbf", &ret->nbf);
}

static bool read_claims(const struct token_parts *p, struct assertion *ret)
{
    json_t *claims = token_object(p, 1);
    bool good = claims != NULL && token_copy_text(claims, "iss", ret->issuer, sizeof ret->issuer) &&
                token_member_is(claims, "sub", ret->issuer) &&
                token_member_is(claims, "aud", ASSERTION_AUDIENCE) &&
                token_copy_text(claims, "jti", ret->jti, sizeof ret->jti) &&
                read_times(claims, ret);
    json_decref(claims);
    return good;
}

bool assertion_read(const char *text, struct assertion *ret)
{
    struct token_parts p;
    struct assertion found = {.iat = 0};
    if (!token_split(text, &p) || !read_header(&p, &found) || !read_claims(&p, &found))
        return false;
    *ret = found;
    return true;
}

bool assertion_timely(const struct assertion *a, int64_t now_s,
                      const struct assertion_limits *limits)
{
    return a->iat < a->exp && a->exp - a->iat <= limits->seconds &&
           a->iat <= now_s + limits->skew_s && a->nbf <= now_s + limits->skew_s &&
           now_s < a->exp + limits->skew_s;
}

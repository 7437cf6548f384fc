/* common/auth/token_parts.c - splitting a compact JWS, its JSON parts and their members. Contract:
 * the header. */
#include "auth/token_parts.h"

#include <string.h>

#include <jansson.h>

#include "auth/token.h"
#include "core/str.h"

#include "core/banned.h"

enum { SIGNATURE_BYTES = 64 }; /* RFC 7518 3.4: r and s of P-256 */

static bool is_signature(const struct token_parts *p)
{
    unsigned char signature[SIGNATURE_BYTES];
    size_t len = 0;
    return str_base64url_decode(p->text[2], p->len[2], signature, sizeof signature, &len) &&
           len == SIGNATURE_BYTES;
}

bool token_split(const char *token, struct token_parts *ret)
{
    if (strnlen(token, TOKEN_MAX + 1) > TOKEN_MAX)
        return false;
    const char *at = token;
    for (int i = 0; i < 3; i++) {
        const char *end = strchrnul(at, '.');
        ret->text[i] = at;
        ret->len[i] = (size_t)(end - at);
        if (ret->len[i] == 0 || (*end == '.') != (i < 2))
            return false;
        at = end + 1;
    }
    return is_signature(ret);
}

json_t *token_object(const struct token_parts *p, int i)
{
    unsigned char json[TOKEN_MAX];
    size_t len = 0;
    if (!str_base64url_decode(p->text[i], p->len[i], json, sizeof json, &len))
        return NULL;
    json_t *object = json_loadb((const char *)json, len, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(object))
        return object;
    json_decref(object);
    return NULL;
}

static bool is_kid(const char *kid)
{
    static const char base64url[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    return kid[strspn(kid, base64url)] == '\0';
}

bool token_header_kid(const json_t *header, bool typ_optional, char ret_kid[static 64])
{
    bool typed = !typ_optional || json_object_get(header, "typ") != NULL;
    return json_object_size(header) == (typed ? 3 : 2) &&
           (!typed || token_member_is(header, "typ", "JWT")) &&
           token_member_is(header, "alg", "ES256") && token_copy_text(header, "kid", ret_kid, 64) &&
           is_kid(ret_kid);
}

bool token_member_is(const json_t *object, const char *name, const char *wanted)
{
    return str_equal(json_string_value(json_object_get(object, name)), wanted);
}

bool token_copy_text(const json_t *object, const char *name, char *to, size_t size)
{
    const char *text = json_string_value(json_object_get(object, name));
    if (text == NULL || text[0] == '\0' || strlen(text) >= size)
        return false;
    memcpy(to, text, strlen(text) + 1);
    return true;
}

bool token_copy_uuid(const json_t *claims, const char *name, char to[static UUID_TEXT])
{
    return token_copy_text(claims, name, to, UUID_TEXT) && uuid_valid(to);
}

/* Absent, of another type and negative are all refused (J4). */
bool token_copy_int(const json_t *claims, const char *name, int64_t *ret)
{
    const json_t *value = json_object_get(claims, name);
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return false;
    *ret = json_integer_value(value);
    return true;
}

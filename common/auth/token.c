/* common/auth/token.c - ES256 access tokens: reading a header, verifying, signing. The only file
 * that includes <jwt.h>; libjwt does the signature and nothing else, every other check is here
 * (style J1-J5). Does not choose keys and does not know sessions or revocations: auth/trust.h. */
#include "auth/token.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <jwt.h>

#include "auth/openssl.h"
#include "core/buf.h"
#include "core/str.h"

#include "core/banned.h"

enum { SIGNATURE_BYTES = 64 }; /* RFC 7518 3.4: r and s of P-256 */

static const char issuer[] = "zeren", audience[] = "zeren", type[] = "JWT", alg[] = "ES256";

static const char *const kinds[] = {
    [PRINCIPAL_PERSON] = "person",
    [PRINCIPAL_MACHINE] = "machine",
    [PRINCIPAL_DEVICE] = "device",
};

/* The client learns only that the token is no good; why is for the log. */
static bool refuse(struct err *err, const char *why)
{
    ERR_clear_error(); /* J7 */
    err_set(err, ERR_UNAUTHENTICATED, NULL, "the access token is not valid");
    err_cause(err, "token: %s", why);
    return false;
}

struct parts {
    const char *text[3];
    size_t len[3];
};

static bool split(const char *token, struct parts *ret)
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
    return true;
}

/* The JSON object in a part, to be released; NULL for anything else, a member given twice included.
 */
static json_t *part_object(const struct parts *p, int i)
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

static bool is_signature(const struct parts *p)
{
    unsigned char signature[SIGNATURE_BYTES];
    size_t len = 0;
    return str_base64url_decode(p->text[2], p->len[2], signature, sizeof signature, &len) &&
           len == SIGNATURE_BYTES;
}

static bool member_is(const json_t *object, const char *name, const char *wanted)
{
    return str_equal(json_string_value(json_object_get(object, name)), wanted);
}

static bool copy_member(const json_t *object, const char *name, char *to, size_t size)
{
    const char *text = json_string_value(json_object_get(object, name));
    if (text == NULL || text[0] == '\0' || strlen(text) >= size)
        return false;
    memcpy(to, text, strlen(text) + 1);
    return true;
}

static bool is_kid(const char *kid)
{
    static const char base64url[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    return kid[strspn(kid, base64url)] == '\0';
}

/* Exactly alg, typ and kid: no jwk, jku, x5u, crit or anything else that tells us which key to
 * take. */
static bool header_kid(const json_t *header, char ret_kid[static 64])
{
    return json_object_size(header) == 3 && member_is(header, "alg", alg) &&
           member_is(header, "typ", type) && copy_member(header, "kid", ret_kid, 64) &&
           is_kid(ret_kid);
}

bool token_kid(const char *token, char ret_kid[static 64], struct err *err)
{
    struct parts p;
    if (!split(token, &p) || !is_signature(&p))
        return refuse(err, "not three parts");
    json_t *header = part_object(&p, 0);
    char kid[64];
    bool good = header != NULL && header_kid(header, kid);
    json_decref(header);
    if (!good)
        return refuse(err, "header");
    memcpy(ret_kid, kid, sizeof kid);
    return true;
}

static bool copy_uuid(const json_t *claims, const char *name, char to[static UUID_TEXT])
{
    return copy_member(claims, name, to, UUID_TEXT) && uuid_valid(to);
}

static bool copy_ids(const json_t *claims, struct principal *p)
{
    char jti[UUID_TEXT];
    return copy_uuid(claims, "sub", p->account) && copy_uuid(claims, "sid", p->session) &&
           copy_uuid(claims, "post", p->post) && copy_uuid(claims, "org", p->organisation) &&
           copy_uuid(claims, "jti", jti);
}

/* Absent, of another type and negative are all refused (J4). */
static bool copy_int(const json_t *claims, const char *name, int64_t *ret)
{
    const json_t *value = json_object_get(claims, name);
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return false;
    *ret = json_integer_value(value);
    return true;
}

/* Three-way strict: a claim that is missing or malformed is as bad as one that fails. */
static bool times_hold(const json_t *claims, int64_t now_s, int64_t *ret_exp)
{
    int64_t iat = 0, nbf = 0, exp = 0;
    if (!copy_int(claims, "iat", &iat) || !copy_int(claims, "nbf", &nbf) ||
        !copy_int(claims, "exp", &exp))
        return false;
    *ret_exp = exp;
    return iat <= now_s + TOKEN_LEEWAY_S && nbf <= now_s + TOKEN_LEEWAY_S && now_s < exp &&
           iat < exp;
}

static bool copy_kind(const json_t *claims, enum principal_kind *ret)
{
    for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (member_is(claims, "kind", kinds[i])) {
            *ret = (enum principal_kind)i;
            return true;
        }
    }
    return false;
}

/* A code we do not know grants nothing: an older service may meet a newer identity. */
static bool copy_permissions(const json_t *claims, struct principal *p)
{
    const json_t *codes = json_object_get(claims, "perms");
    if (!json_is_array(codes))
        return false;
    size_t i = 0;
    const json_t *code = NULL;
    json_array_foreach(codes, i, code)
    {
        if (!json_is_string(code))
            return false;
        enum permission found = permission_find(json_string_value(code));
        if (found > PERM_SIGNED_IN)
            p->permissions = permission_add(p->permissions, found);
    }
    p->permissions = permission_add(p->permissions, PERM_SIGNED_IN);
    return true;
}

static bool copy_ranges(const json_t *claims, struct principal *p)
{
    const json_t *ranges = json_object_get(claims, "ranges");
    if (!json_is_array(ranges) || json_array_size(ranges) > SCOPE_PREFIXES_MAX)
        return false;
    size_t i = 0;
    const json_t *range = NULL;
    json_array_foreach(ranges, i, range)
    {
        const char *prefix = json_string_value(range);
        if (prefix == NULL || strlen(prefix) >= sizeof p->prefixes[0])
            return false;
        memcpy(p->prefixes[p->n_prefixes++], prefix, strlen(prefix) + 1);
    }
    return principal_set_scope(p);
}

static const char line_letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";

/* {agriculture,finance}: plain words need no quotes in an array literal. Absent: every line. Empty:
 * none. */
static bool copy_lines(const json_t *claims, struct principal *p)
{
    const json_t *lines = json_object_get(claims, "lines");
    if (lines == NULL)
        return true;
    if (!json_is_array(lines))
        return false;
    size_t len = 0, i = 0;
    const json_t *line = NULL;
    p->lines[len++] = '{';
    json_array_foreach(lines, i, line)
    {
        const char *word = json_string_value(line);
        size_t n = word == NULL ? 0 : strlen(word);
        if (n == 0 || strspn(word, line_letters) != n || len + n + 3 > sizeof p->lines)
            return false;
        if (i > 0)
            p->lines[len++] = ',';
        memcpy(p->lines + len, word, n);
        len += n;
    }
    memcpy(p->lines + len, "}", 2);
    return true;
}

static bool claims_principal(const json_t *claims, int64_t now_s, struct principal *ret)
{
    return member_is(claims, "iss", issuer) && member_is(claims, "aud", audience) &&
           times_hold(claims, now_s, &ret->expires_at_s) && copy_ids(claims, ret) &&
           copy_member(claims, "role", ret->role, sizeof ret->role) &&
           copy_kind(claims, &ret->kind) && copy_int(claims, "epoch", &ret->epoch) &&
           copy_permissions(claims, ret) && copy_ranges(claims, ret) && copy_lines(claims, ret);
}

static bool signature_holds(const char *token, const struct token_key *key)
{
    if (key->pem == NULL || key->pem[0] == '\0') /* J2 */
        return false;
    jwt_t *jwt = NULL;
    int rc = jwt_decode(&jwt, token, (const unsigned char *)key->pem, (int)strlen(key->pem));
    bool good = rc == 0 && jwt_get_alg(jwt) == JWT_ALG_ES256; /* J1 */
    jwt_free(jwt);
    return good;
}

bool token_verify(const char *token, const struct token_key *key, instant_us now,
                  struct principal *ret, struct err *err)
{
    char kid[64];
    struct parts p;
    if (!token_kid(token, kid, err))
        return false;
    if (strcmp(kid, key->kid) != 0 || !split(token, &p))
        return refuse(err, "another key");
    if (!signature_holds(token, key))
        return refuse(err, "signature");
    struct principal found = {.n_prefixes = 0};
    json_t *claims = part_object(&p, 1);
    bool good = claims != NULL && claims_principal(claims, now / 1000000, &found);
    json_decref(claims);
    if (!good)
        return refuse(err, "claims");
    *ret = found;
    return true;
}

static void add_permissions(struct buf *b, permission_set set)
{
    bool first = true;
    buf_str(b, ",\"perms\":[");
    for (unsigned p = PERM_SIGNED_IN + 1; p < PERM_COUNT; p++) {
        if (!permission_in(set, (enum permission)p))
            continue;
        if (!first)
            buf_char(b, ',');
        buf_json(b, permission_code((enum permission)p));
        first = false;
    }
    buf_char(b, ']');
}

static void add_ranges(struct buf *b, const struct principal *p)
{
    buf_str(b, ",\"ranges\":[");
    for (unsigned i = 0; i < p->n_prefixes; i++) {
        if (i > 0)
            buf_char(b, ',');
        buf_json(b, p->prefixes[i]);
    }
    buf_char(b, ']');
}

/* From the array literal of copy_lines() back to JSON. */
static void add_lines(struct buf *b, const char *literal)
{
    if (literal[0] == '\0')
        return;
    buf_str(b, ",\"lines\":[");
    const char *at = literal + 1;
    while (*at != '}' && *at != '\0') {
        size_t n = strcspn(at, ",}");
        buf_char(b, '"');
        buf_add(b, at, n);
        buf_char(b, '"');
        at += n;
        if (*at == ',')
            buf_char(b, *at++);
    }
    buf_char(b, ']');
}

static const char *claims_json(struct arena *a, const struct principal *p, const char *jti,
                               int64_t from_s, int seconds)
{
    struct buf b;
    buf_init(&b, a, TOKEN_MAX);
    buf_printf(&b, "{\"iss\":\"%s\",\"aud\":\"%s\",\"jti\":\"%s\"", issuer, audience, jti);
    buf_printf(&b, ",\"iat\":%lld,\"nbf\":%lld,\"exp\":%lld", (long long)from_s, (long long)from_s,
               (long long)from_s + seconds);
    buf_printf(&b, ",\"sub\":\"%s\",\"sid\":\"%s\"", p->account, p->session);
    buf_printf(&b, ",\"post\":\"%s\",\"org\":\"%s\"", p->post, p->organisation);
    buf_str(&b, ",\"role\":");
    buf_json(&b, p->role);
    buf_printf(&b, ",\"kind\":\"%s\",\"epoch\":%lld", kinds[p->kind], (long long)p->epoch);
    add_permissions(&b, p->permissions);
    add_ranges(&b, p);
    add_lines(&b, p->lines);
    buf_char(&b, '}');
    return buf_text(&b);
}

/* The compact form from libjwt's heap; wiped there when copied. NULL when it cannot be made. */
static const char *sign(struct arena *a, const struct token_key *key, const char *claims)
{
    jwt_t *jwt = NULL;
    if (jwt_new(&jwt) != 0)
        return NULL;
    char *text = NULL;
    if (jwt_set_alg(jwt, JWT_ALG_ES256, (const unsigned char *)key->pem, (int)strlen(key->pem)) ==
            0 &&
        jwt_add_header(jwt, "typ", type) == 0 && jwt_add_header(jwt, "kid", key->kid) == 0 &&
        jwt_add_grants_json(jwt, claims) == 0)
        text = jwt_encode_str(jwt);
    jwt_free(jwt);
    const char *copy = arena_strdup(a, text);
    if (text != NULL)
        OPENSSL_cleanse(text, strlen(text));
    free(text);
    return copy;
}

bool token_sign(struct arena *a, const struct token_key *key, const struct principal *p,
                instant_us now, int seconds, const char **ret_token, struct err *err)
{
    char jti[UUID_TEXT];
    if (!uuid_new(now, jti))
        return err_set(err, ERR_INTERNAL, NULL, "no random numbers");
    const char *claims = claims_json(a, p, jti, now / 1000000, seconds);
    if (claims == NULL)
        return err_set(err, ERR_NO_MEMORY, NULL, "no memory to write a token");
    const char *token = sign(a, key, claims);
    ERR_clear_error();
    if (token == NULL || strlen(token) > TOKEN_MAX) {
        err_set(err, ERR_INTERNAL, NULL, "the token could not be signed");
        err_cause(err, "signing key, or a scope too large for a token");
        return false;
    }
    *ret_token = token;
    return true;
}

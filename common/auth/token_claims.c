/* common/auth/token_claims.c - from claims to a principal and from a principal to claims. Contract:
 * the header. */
#include "auth/token_claims.h"

#include <string.h>

#include <jansson.h>

#include "auth/token.h"
#include "auth/token_parts.h"
#include "core/buf.h"
#include "core/str.h"

#include "core/banned.h"

static const char issuer[] = "zeren", audience[] = "zeren";

static const char *const kinds[] = {
    [PRINCIPAL_PERSON] = "person",
    [PRINCIPAL_MACHINE] = "machine",
    [PRINCIPAL_DEVICE] = "device",
};

static const char *const masks[] = {
    [MASK_HIDDEN] = "hidden",
    [MASK_STRICT] = "strict",
    [MASK_USUAL] = "usual",
};

static const struct {
    enum must_do bit;
    const char *word;
} musts[] = {
    {MUST_CHANGE_PASSWORD, "change_password"},
    {MUST_ENROL_TOTP, "enrol_totp"},
    {MUST_RELEASE_FACTOR, "release_factor"},
};

/* --- from claims --- */

static bool copy_ids(const json_t *claims, struct principal *p)
{
    char jti[UUID_TEXT];
    return token_copy_uuid(claims, "sub", p->account) &&
           token_copy_uuid(claims, "sid", p->session) && token_copy_uuid(claims, "post", p->post) &&
           token_copy_uuid(claims, "org", p->organisation) && token_copy_uuid(claims, "jti", jti);
}

/* Three-way strict: a claim that is missing or malformed is as bad as one that fails. */
static bool times_hold(const json_t *claims, int64_t now_s, int64_t *ret_exp)
{
    int64_t iat = 0, nbf = 0, exp = 0;
    if (!token_copy_int(claims, "iat", &iat) || !token_copy_int(claims, "nbf", &nbf) ||
        !token_copy_int(claims, "exp", &exp))
        return false;
    *ret_exp = exp;
    return iat <= now_s + TOKEN_LEEWAY_S && nbf <= now_s + TOKEN_LEEWAY_S && now_s < exp &&
           iat < exp;
}

static bool copy_kind(const json_t *claims, enum principal_kind *ret)
{
    for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (token_member_is(claims, "kind", kinds[i])) {
            *ret = (enum principal_kind)i;
            return true;
        }
    }
    return false;
}

static bool copy_mask(const json_t *claims, enum personal_mask *ret)
{
    *ret = MASK_STRICT;
    if (json_object_get(claims, "mask") == NULL)
        return true;
    for (unsigned i = 0; i < sizeof masks / sizeof *masks; i++) {
        if (token_member_is(claims, "mask", masks[i])) {
            *ret = (enum personal_mask)i;
            return true;
        }
    }
    return false;
}

static unsigned must_of(const char *word)
{
    for (size_t i = 0; i < sizeof musts / sizeof *musts; i++) {
        if (str_equal(word, musts[i].word))
            return musts[i].bit;
    }
    return 0;
}

/* A word we do not know is a demand we would not make: the token is refused. */
static bool copy_must(const json_t *claims, struct principal *p)
{
    const json_t *words = json_object_get(claims, "must");
    if (words == NULL)
        return true;
    if (!json_is_array(words))
        return false;
    size_t i = 0;
    const json_t *word = NULL;
    json_array_foreach(words, i, word)
    {
        unsigned bit = must_of(json_string_value(word));
        if (bit == 0)
            return false;
        p->must |= bit;
    }
    return true;
}

static bool copy_grant(const json_t *claims, struct principal *p)
{
    return json_object_get(claims, "grant") == NULL ||
           token_copy_uuid(claims, "grant", p->access_grant);
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

static bool copy_prefixes(const json_t *ranges, struct principal *p)
{
    if (!json_is_array(ranges) || json_array_size(ranges) > SCOPE_PREFIXES_MAX - p->n_prefixes)
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
    return true;
}

/* "former": absent where the divisions came from no other. */
static bool copy_ranges(const json_t *claims, struct principal *p)
{
    const json_t *former = json_object_get(claims, "former");
    if (!copy_prefixes(json_object_get(claims, "ranges"), p))
        return false;
    unsigned own = p->n_prefixes;
    if (former != NULL && !copy_prefixes(former, p))
        return false;
    p->n_former = p->n_prefixes - own;
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

/* Absent, it is older than any. */
static bool copy_role_epoch(const json_t *claims, struct principal *p)
{
    return json_object_get(claims, "role_epoch") == NULL ||
           token_copy_int(claims, "role_epoch", &p->role_epoch);
}

bool token_principal(const json_t *claims, int64_t now_s, struct principal *ret)
{
    return token_member_is(claims, "iss", issuer) && token_member_is(claims, "aud", audience) &&
           times_hold(claims, now_s, &ret->expires_at_s) && copy_ids(claims, ret) &&
           token_copy_text(claims, "role", ret->role, sizeof ret->role) &&
           copy_kind(claims, &ret->kind) && token_copy_int(claims, "epoch", &ret->epoch) &&
           copy_role_epoch(claims, ret) && copy_permissions(claims, ret) &&
           copy_ranges(claims, ret) && copy_lines(claims, ret) && copy_mask(claims, &ret->mask) &&
           copy_must(claims, ret) && copy_grant(claims, ret);
}

/* --- and back --- */

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

static void add_prefixes(struct buf *b, const struct principal *p, unsigned from, unsigned to)
{
    buf_char(b, '[');
    for (unsigned i = from; i < to; i++) {
        if (i > from)
            buf_char(b, ',');
        buf_json(b, p->prefixes[i]);
    }
    buf_char(b, ']');
}

static void add_ranges(struct buf *b, const struct principal *p)
{
    unsigned own = p->n_prefixes - p->n_former;
    buf_str(b, ",\"ranges\":");
    add_prefixes(b, p, 0, own);
    if (p->n_former == 0)
        return;
    buf_str(b, ",\"former\":");
    add_prefixes(b, p, own, p->n_prefixes);
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

static void add_must(struct buf *b, unsigned must)
{
    const char *comma = "";
    if (must == 0)
        return;
    buf_str(b, ",\"must\":[");
    for (size_t i = 0; i < sizeof musts / sizeof *musts; i++) {
        if ((must & musts[i].bit) == 0)
            continue;
        buf_printf(b, "%s\"%s\"", comma, musts[i].word);
        comma = ",";
    }
    buf_char(b, ']');
}

const char *token_claims(struct arena *a, const struct principal *p, const char *jti,
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
    buf_printf(&b, ",\"kind\":\"%s\",\"epoch\":%lld,\"role_epoch\":%lld", kinds[p->kind],
               (long long)p->epoch, (long long)p->role_epoch);
    add_permissions(&b, p->permissions);
    add_ranges(&b, p);
    add_lines(&b, p->lines);
    buf_printf(&b, ",\"mask\":\"%s\"", masks[p->mask]);
    add_must(&b, p->must);
    if (p->access_grant[0] != '\0')
        buf_printf(&b, ",\"grant\":\"%s\"", p->access_grant);
    buf_char(&b, '}');
    return buf_text(&b);
}

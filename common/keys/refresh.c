/* common/keys/refresh.c - refresh tokens from a key, a session, a number and a salt. The layout is
 * here and nowhere else. Does not know which sessions live. */
#include "keys/refresh.h"

#include <string.h>

#include "core/str.h"
#include "keys/bytes.h"
#include "keys/vault.h"

#include "core/banned.h"

enum {
    KID = 4,
    SESSION = 16,
    NUMBER = 4,
    SALT = 16,
    PREFIX = KID + SESSION + NUMBER, /* what the HMAC covers first */
    TOKEN = PREFIX + KEY_DIGEST,
    TOKEN_DIGITS = (TOKEN * 8 + 5) / 6,
    LEAD = 4, /* zrt_ */
};

static const char lead[] = "zrt_", words[] = "zeren refresh";

static uint8_t digit_of(char c)
{
    return (uint8_t)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
}

static void session_bytes(const char *uuid, uint8_t out[static SESSION])
{
    for (int i = 0; i < SESSION; i++) {
        if (*uuid == '-')
            uuid++;
        out[i] = (uint8_t)(digit_of(uuid[0]) << 4 | digit_of(uuid[1]));
        uuid += 2;
    }
}

static void session_text(const uint8_t *bytes, char out[static UUID_TEXT])
{
    static const int groups[] = {4, 2, 2, 2, 6};
    char *at = out;
    for (int g = 0; g < 5; g++) {
        at = hex_put(at, bytes, (size_t)groups[g]);
        bytes += groups[g];
        *at++ = g == 4 ? '\0' : '-';
    }
}

static bool failed(struct err *err, const char *why)
{
    err_set(err, ERR_INTERNAL, NULL, "%s", "no refresh token could be made");
    err_cause(err, "refresh token: %s", why);
    return false;
}

/* HMAC over words, kid, session, number, salt: all of fixed length. */
static bool mac_of(const struct keyset *set, const struct key *key,
                   const uint8_t prefix[static PREFIX], const uint8_t salt[static SALT],
                   uint8_t ret_mac[static KEY_DIGEST])
{
    const struct span parts[] = {{words, sizeof words}, {prefix, PREFIX}, {salt, SALT}};
    return keyset_provider(set)->mac(key, parts, 3, ret_mac);
}

static void put_prefix(uint32_t kid, const char *session, uint32_t number,
                       uint8_t out[static PREFIX])
{
    u32_put(out, kid);
    session_bytes(session, out + KID);
    u32_put(out + KID + SESSION, number);
}

static bool salt_bytes(const char *salt, uint8_t out[static SALT])
{
    size_t len = 0;
    return salt != NULL && hex_bytes(salt, out, SALT, &len) && len == SALT;
}

bool refresh_salt(char out[static REFRESH_SALT], struct err *err)
{
    uint8_t salt[SALT];
    if (!provider_soft.random(salt, sizeof salt))
        return failed(err, "no random bytes");
    *hex_put(hex_start(out), salt, sizeof salt) = '\0';
    return true;
}

bool refresh_make(struct keyring *ring, const char *session, uint32_t number, const char *salt,
                  char ret_text[static REFRESH_TEXT], struct err *err)
{
    _Static_assert(LEAD + TOKEN_DIGITS < REFRESH_TEXT, "room for a token");
    uint8_t token[TOKEN], secret[SALT];
    if (!uuid_valid(session) || !salt_bytes(salt, secret))
        return failed(err, "the session's id or salt is none");
    const struct keyset *set = keyring_take(ring);
    const struct key *key = keyset_active(set, KEY_REFRESH);
    if (key != NULL)
        put_prefix(key->kid, session, number, token);
    bool done = key != NULL && mac_of(set, key, token, secret, token + PREFIX);
    keyring_give(set);
    if (!done)
        return failed(err, key == NULL ? "no active key" : "the provider failed");
    memcpy(ret_text, lead, LEAD);
    str_base64url(token, TOKEN, ret_text + LEAD);
    vault_wipe(token, sizeof token);
    return true;
}

bool refresh_parse(const char *text, struct refresh_token *ret_token)
{
    uint8_t token[TOKEN];
    size_t len = 0;
    if (text == NULL || strlen(text) != LEAD + TOKEN_DIGITS || !str_starts(text, lead) ||
        !str_base64url_decode(text + LEAD, TOKEN_DIGITS, token, sizeof token, &len) || len != TOKEN)
        return false;
    *ret_token =
        (struct refresh_token){.kid = u32_get(token), .number = u32_get(token + KID + SESSION)};
    session_text(token + KID, ret_token->session);
    memcpy(ret_token->mac, token + PREFIX, KEY_DIGEST);
    vault_wipe(token, sizeof token);
    return true;
}

bool refresh_holds(struct keyring *ring, const struct refresh_token *token, const char *salt)
{
    uint8_t prefix[PREFIX], secret[SALT], mac[KEY_DIGEST];
    if (!uuid_valid(token->session) || !salt_bytes(salt, secret))
        return false;
    put_prefix(token->kid, token->session, token->number, prefix);
    const struct keyset *set = keyring_take(ring);
    const struct key *key = keyset_find(set, KEY_REFRESH, token->kid);
    bool made = key != NULL && mac_of(set, key, prefix, secret, mac);
    keyring_give(set);
    bool holds = made && vault_equal(mac, token->mac, KEY_DIGEST);
    vault_wipe(mac, sizeof mac);
    return holds;
}

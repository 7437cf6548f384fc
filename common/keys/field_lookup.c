/* common/keys/field_lookup.c - look-up hashes of protected values: the same value under the same
 * key gives the same hash, so that a database can compare what it cannot read. Does not normalise.
 */
#include <string.h>

#include "keys/bytes.h"
#include "keys/field.h"

#include "core/banned.h"

enum { KID = 4, HASH = KID + KEY_DIGEST, HASH_DIGITS = 2 * HASH };

static const char words[] = "zeren lookup";

/* HASH_DIGITS digits: kid, then HMAC over words, kid, the column's length, column, value. */
static bool hash(const struct keyset *set, const struct key *key, const char *column,
                 struct span plain, char *out)
{
    uint8_t kid[KID], length[4], mac[KEY_DIGEST];
    u32_put(kid, key->kid);
    u32_put(length, (uint32_t)strlen(column));
    const struct span parts[] = {{words, sizeof words},
                                 {kid, sizeof kid},
                                 {length, sizeof length},
                                 {column, strlen(column)},
                                 plain};
    if (!keyset_provider(set)->mac(key, parts, sizeof parts / sizeof *parts, mac))
        return false;
    hex_put(hex_put(out, kid, sizeof kid), mac, sizeof mac);
    return true;
}

static bool failed(struct err *err, const char *column, const char *why)
{
    err_set(err, ERR_INTERNAL, NULL, "%s", "a protected value cannot be looked up");
    err_cause(err, "%s: %s", column, why);
    return false;
}

bool field_lookup(struct keyring *ring, const char *column, struct span plain, struct arena *a,
                  const char **ret_hex, struct err *err)
{
    char *text = arena_alloc(a, 2 + HASH_DIGITS + 1);
    if (text == NULL)
        return err_set(err, ERR_NO_MEMORY, NULL, "%s", "no memory to protect a value");
    char *digits = hex_start(text);
    const struct keyset *set = keyring_take(ring);
    const struct key *key = keyset_active(set, KEY_LOOKUP);
    bool done = key != NULL && hash(set, key, column, plain, digits);
    keyring_give(set);
    if (!done)
        return failed(err, column, key == NULL ? "no active key" : "the provider failed");
    *ret_hex = text;
    return true;
}

/* {"\\x...","\\x..."}: a backslash inside an array's quotes is written twice. */
static bool put_all(const struct keyset *set, const char *column, struct span plain, char *out)
{
    char *at = out;
    *at++ = '{';
    for (size_t i = 0; i < keyset_count(set); i++) {
        const struct key *key = keyset_at(set, i);
        if (key->purpose != KEY_LOOKUP)
            continue;
        if (at != out + 1)
            *at++ = ',';
        memcpy(at, "\"\\\\x", 4);
        if (!hash(set, key, column, plain, at + 4))
            return false;
        at += 4 + HASH_DIGITS;
        *at++ = '"';
    }
    *at++ = '}';
    *at = '\0';
    return true;
}

bool field_lookups(struct keyring *ring, const char *column, struct span plain, struct arena *a,
                   const char **ret_array, struct err *err)
{
    const struct keyset *set = keyring_take(ring);
    size_t room = 3 + keyset_count(set) * (HASH_DIGITS + 6);
    char *text = arena_alloc(a, room);
    bool done = text != NULL && put_all(set, column, plain, text);
    keyring_give(set);
    if (text == NULL)
        return err_set(err, ERR_NO_MEMORY, NULL, "%s", "no memory to protect a value");
    if (!done)
        return failed(err, column, "the provider failed");
    *ret_array = text;
    return true;
}

bool field_lookup_id(struct keyring *ring, char out[static FIELD_LOOKUP_ID], struct err *err)
{
    const struct keyset *set = keyring_take(ring);
    const struct key *key = keyset_active(set, KEY_LOOKUP);
    if (key != NULL)
        key_kid_text(key->kid, hex_start(out));
    keyring_give(set);
    return key != NULL || err_set(err, ERR_INTERNAL, NULL, "%s", "no active lookup key");
}

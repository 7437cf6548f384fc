/* common/keys/keyset_parse.c - the text of a key file into keys. Refuses whatever two readers could
 * take differently; a reason names the line and never what is in it. */
#include <sodium.h>
#include <string.h>

#include "core/str.h"
#include "keys/keyset.h"
#include "keys/vault.h"

#include "core/banned.h"

enum { FIELDS = 6, KID_DIGITS = 8 };

static const char *const purposes[KEY_PURPOSES] = {[KEY_ENCRYPT] = "encrypt",
                                                   [KEY_MAC] = "mac",
                                                   [KEY_LOOKUP] = "lookup",
                                                   [KEY_SEAL] = "seal",
                                                   [KEY_REFRESH] = "refresh"};
static const char *const algs[KEY_ALGS] = {[KEY_SM4_CTR] = "sm4-ctr",
                                           [KEY_AES_256_GCM] = "aes-256-gcm",
                                           [KEY_HMAC_SM3] = "hmac-sm3",
                                           [KEY_HMAC_SHA256] = "hmac-sha256"};
static const char *const states[KEY_STATES] = {
    [KEY_PENDING] = "pending", [KEY_ACTIVE] = "active", [KEY_RETIRED] = "retired"};

const char *key_purpose_name(enum key_purpose purpose)
{
    return purpose < KEY_PURPOSES ? purposes[purpose] : NULL;
}

const char *key_alg_name(enum key_alg alg)
{
    return alg < KEY_ALGS ? algs[alg] : NULL;
}

const char *key_state_name(enum key_state state)
{
    return state < KEY_STATES ? states[state] : NULL;
}

static bool word_of(const char *word, const char *const *words, unsigned count, unsigned *ret_at)
{
    for (unsigned i = 0; i < count; i++) {
        if (str_equal(word, words[i])) {
            *ret_at = i;
            return true;
        }
    }
    return false;
}

bool key_purpose_of(const char *word, enum key_purpose *ret_purpose)
{
    unsigned at = 0;
    if (!word_of(word, purposes, KEY_PURPOSES, &at))
        return false;
    *ret_purpose = (enum key_purpose)at;
    return true;
}

void key_kid_text(uint32_t kid, char out[static KEY_KID_TEXT])
{
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < KID_DIGITS; i++)
        out[i] = digits[kid >> (28 - 4 * i) & 15];
    out[KID_DIGITS] = '\0';
}

bool key_kid_of(const char *text, uint32_t *ret_kid)
{
    uint32_t kid = 0;
    if (text == NULL || strlen(text) != KID_DIGITS)
        return false;
    for (int i = 0; i < KID_DIGITS; i++) {
        char c = text[i];
        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
            return false;
        kid = kid << 4 | (uint32_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    if (kid == 0)
        return false;
    *ret_kid = kid;
    return true;
}

/* May a key of this purpose be of that algorithm? */
static bool suits(enum key_purpose purpose, enum key_alg alg)
{
    switch (purpose) {
    case KEY_ENCRYPT:
        return alg == KEY_SM4_CTR || alg == KEY_AES_256_GCM;
    case KEY_MAC:
    case KEY_LOOKUP:
    case KEY_SEAL:
        return alg == KEY_HMAC_SM3;
    case KEY_REFRESH:
        return alg == KEY_HMAC_SHA256;
    case KEY_PURPOSES:
        break;
    }
    return false;
}

/* Fields are one blank apart. */
static bool split(char *line, char *fields[static FIELDS])
{
    for (int i = 0; i < FIELDS; i++) {
        char *blank = strchr(line, ' ');
        if (*line == '\0' || blank == line || (blank == NULL) != (i == FIELDS - 1))
            return false;
        fields[i] = line;
        if (blank != NULL) {
            *blank = '\0';
            line = blank + 1;
        }
    }
    return true;
}

/* Base64 with padding (RFC 4648 4), straight into place: libsodium's takes no other letter, no
 * missing padding and no unused bit that is set, and its time tells nothing of the key. */
static bool decode(const char *text, uint8_t *out, size_t *ret_len)
{
    return sodium_base642bin(out, KEY_BYTES_MAX, text, strlen(text), NULL, ret_len, NULL,
                             sodium_base64_VARIANT_ORIGINAL) == 0 &&
           *ret_len > 0;
}

/* The words of a line into `key`; false with the reason. */
static bool read_words(char *const fields[static FIELDS], struct key *key, const char **ret_why)
{
    unsigned alg = 0, state = 0;
    *ret_why = "has no kid of 8 lower-case hexadecimal digits";
    if (!key_kid_of(fields[0], &key->kid))
        return false;
    *ret_why = "has an unknown purpose";
    if (!key_purpose_of(fields[1], &key->purpose))
        return false;
    *ret_why = "has an algorithm that its purpose does not take";
    if (!word_of(fields[2], algs, KEY_ALGS, &alg) || !suits(key->purpose, (enum key_alg)alg))
        return false;
    *ret_why = "has an unknown state";
    if (!word_of(fields[3], states, KEY_STATES, &state))
        return false;
    key->alg = (enum key_alg)alg;
    key->state = (enum key_state)state;
    *ret_why = "has no RFC 3339 time";
    return clock_parse(fields[4], &key->created);
}

bool keyset_parse_line(struct keyset *set, char *line, const char **ret_why)
{
    char *fields[FIELDS];
    *ret_why = "comes after as many keys as a file may hold";
    if (set->count == KEYRING_KEYS)
        return false;
    struct key *key = &set->keys[set->count];
    uint8_t *bytes = set->bytes[set->count];
    *ret_why = "has not six fields with one blank between them";
    if (!split(line, fields) || !read_words(fields, key, ret_why))
        return false;
    *ret_why = "has no base64 of a key of its algorithm";
    if (!decode(fields[5], bytes, &key->len) || !set->provider->fits(key->alg, key->len))
        return false;
    *ret_why = "repeats a kid of its purpose";
    if (keyset_find(set, key->purpose, key->kid) != NULL)
        return false;
    *ret_why = "is a second active key of its purpose";
    if (key->state == KEY_ACTIVE && keyset_active(set, key->purpose) != NULL)
        return false;
    key->bytes = bytes;
    set->count++;
    return true;
}

/* An encrypt key and a mac key come in pairs. */
static bool is_paired(const struct keyset *set, const struct key *key)
{
    if (key->purpose != KEY_ENCRYPT && key->purpose != KEY_MAC)
        return true;
    enum key_purpose other = key->purpose == KEY_MAC ? KEY_ENCRYPT : KEY_MAC;
    const struct key *mate = keyset_find(set, other, key->kid);
    return mate != NULL && mate->state == key->state;
}

static bool refused(struct err *err, const char *name, size_t line, const char *why)
{
    err_set(err, ERR_INTERNAL, NULL, "%s", "a key file cannot be used");
    if (line > 0)
        err_cause(err, "%s line %zu %s", name, line, why);
    else
        err_cause(err, "%s %s", name, why);
    return false;
}

/* Takes `text` apart in place: it is the caller's copy, in the vault. */
static bool parse(struct keyset *set, const char *name, char *text, struct err *err)
{
    const char *why = "";
    for (size_t number = 1; *text != '\0'; number++) {
        char *end = strchr(text, '\n');
        if (end == NULL)
            return refused(err, name, number, "does not end: the file is cut");
        *end = '\0';
        if (*text != '\0' && *text != '#' && !keyset_parse_line(set, text, &why))
            return refused(err, name, number, why);
        text = end + 1;
    }
    for (size_t i = 0; i < set->count; i++) {
        if (!is_paired(set, &set->keys[i]))
            return refused(err, name, 0, "has an encrypt or mac key without its pair");
    }
    return set->count > 0 || refused(err, name, 0, "holds no key");
}

const struct keyset *keyset_parse(const struct key_provider *provider, const char *name,
                                  const char *text, struct err *err)
{
    size_t len = strlen(text);
    if (len > KEYRING_FILE_BYTES) {
        refused(err, name, 0, "is too long for a key file");
        return NULL;
    }
    struct keyset *set = keyset_new(provider);
    char *copy = set == NULL ? NULL : vault_alloc(len + 1);
    bool good = false;
    if (copy == NULL) {
        err_set(err, ERR_NO_MEMORY, NULL, "%s", "no memory for keys");
    } else {
        memcpy(copy, text, len + 1);
        good = parse(set, name, copy, err);
    }
    vault_release(copy);
    if (good)
        return set;
    keyring_give(set);
    return NULL;
}

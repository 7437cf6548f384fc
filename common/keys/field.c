/* common/keys/field.c - a value to its sealed form and back, and to its look-up hashes. The bytes
 * stored and the bytes authenticated are laid down here and nowhere else; the arithmetic is the
 * provider's. Does not know which fields are sealed. */
#include "keys/field.h"

#include <assert.h>
#include <string.h>

#include "keys/bytes.h"
#include "keys/vault.h"

#include "core/banned.h"

enum {
    SM4_FORMAT = 1,
    GCM_FORMAT = 2,
    KID = 4,
    HEAD = 1 + KID + KEY_IV, /* format, kid, iv */
    LENGTHS = 12,            /* three 32-bit lengths */
    BOUND_MAX = 512,         /* column and record: names and ids of ours */
};

static const char seal_words[] = "zeren field";

/* A stored value taken apart; text and tag lie in `bytes`. */
struct sealed {
    uint8_t *bytes;
    size_t text, tag; /* lengths */
};

static bool broken(struct err *err, const struct field_place *place, const char *why)
{
    err_set(err, ERR_INTERNAL, NULL, "%s", "a protected value cannot be read");
    err_cause(err, "%s of %s: %s", place->column, place->record, why);
    return false;
}

static bool no_memory(struct err *err)
{
    return err_set(err, ERR_NO_MEMORY, NULL, "%s", "no memory to protect a value");
}

static size_t tag_of(uint8_t format)
{
    return format == GCM_FORMAT ? KEY_GCM_TAG : KEY_DIGEST;
}

/* What a value is bound to: words, then the lengths of column, record and text, so that none can
 * take bytes of its neighbour, then column and record. The head (format, kid, iv) goes before it.
 */
static bool bind(const struct field_place *place, const struct sealed *s, uint8_t *out,
                 size_t *ret_len)
{
    size_t column = strlen(place->column), record = strlen(place->record);
    size_t words = sizeof seal_words;
    if (HEAD + words + LENGTHS + column + record > BOUND_MAX)
        return false;
    memcpy(out, s->bytes, HEAD);
    memcpy(out + HEAD, seal_words, words);
    uint8_t *at = u32_put(out + HEAD + words, (uint32_t)column);
    at = u32_put(at, (uint32_t)record);
    at = u32_put(at, (uint32_t)s->text);
    memcpy(at, place->column, column);
    memcpy(at + column, place->record, record);
    *ret_len = (size_t)(at - out) + column + record;
    return true;
}

/* The HMAC of format 1, over what is bound and the encrypted text. */
static bool mac_of(const struct keyset *set, const struct sealed *s, struct span bound,
                   uint8_t ret_mac[static KEY_DIGEST])
{
    const struct key *key = keyset_find(set, KEY_MAC, u32_get(s->bytes + 1));
    const struct span parts[] = {bound, {s->bytes + HEAD, s->text}};
    return key != NULL && keyset_provider(set)->mac(key, parts, 2, ret_mac);
}

/* Fills in head, text and tag. */
static bool seal(const struct keyset *set, const struct field_place *place, struct span plain,
                 const struct sealed *s)
{
    const struct key *key = keyset_active(set, KEY_ENCRYPT);
    const struct key_provider *provider = keyset_provider(set);
    uint8_t bound[BOUND_MAX], *iv = s->bytes + 1 + KID, *text = s->bytes + HEAD;
    size_t len = 0;
    s->bytes[0] = key->alg == KEY_AES_256_GCM ? GCM_FORMAT : SM4_FORMAT;
    u32_put(s->bytes + 1, key->kid);
    if (!provider->random(iv, KEY_IV) || !bind(place, s, bound, &len))
        return false;
    bool gcm = s->bytes[0] == GCM_FORMAT;
    struct cipher_job job = {
        .iv = iv, .bound = {bound, gcm ? len : 0}, .in = plain, .out = text, .tag = text + s->text};
    return provider->encrypt(key, &job) &&
           (gcm || mac_of(set, s, (struct span){bound, len}, text + s->text));
}

static bool seal_with(const struct keyset *set, const struct field_place *place, struct span plain,
                      struct arena *a, const char **ret_hex, struct err *err)
{
    const struct key *key = keyset_active(set, KEY_ENCRYPT);
    if (key == NULL || plain.len > FIELD_PLAIN_MAX)
        return broken(err, place, key == NULL ? "no active key" : "longer than a field may be");
    struct sealed s = {.text = plain.len,
                       .tag = key->alg == KEY_AES_256_GCM ? KEY_GCM_TAG : KEY_DIGEST};
    size_t total = HEAD + s.text + s.tag;
    s.bytes = arena_alloc(a, total);
    char *hex = arena_alloc(a, 2 + 2 * total + 1);
    if (s.bytes == NULL || hex == NULL)
        return no_memory(err);
    if (!seal(set, place, plain, &s))
        return broken(err, place, "the provider failed");
    hex_put(hex_start(hex), s.bytes, total);
    *ret_hex = hex;
    return true;
}

bool field_seal(struct keyring *ring, const struct field_place *place, struct span plain,
                struct arena *a, const char **ret_hex, struct err *err)
{
    const struct keyset *set = keyring_take(ring);
    bool done = seal_with(set, place, plain, a, ret_hex, err);
    keyring_give(set);
    return done;
}

/* Hexadecimal text into head, text and tag, with one byte to spare behind the text's place. */
static bool take_apart(const char *hex, struct arena *a, struct sealed *ret, const char **ret_why)
{
    size_t len = 0, cap = strlen(hex) / 2;
    *ret_why = "no sealed value";
    if (cap > FIELD_PLAIN_MAX + HEAD + KEY_DIGEST + 1)
        return false;
    ret->bytes = arena_alloc(a, cap + 1);
    if (ret->bytes == NULL || !hex_bytes(hex, ret->bytes, cap, &len) || len < HEAD)
        return false;
    *ret_why = "an unknown format";
    if (ret->bytes[0] != SM4_FORMAT && ret->bytes[0] != GCM_FORMAT)
        return false;
    *ret_why = "cut short";
    ret->tag = tag_of(ret->bytes[0]);
    if (len < HEAD + ret->tag)
        return false;
    ret->text = len - HEAD - ret->tag;
    return true;
}

/* Checks before it decrypts; text becomes plain in place. */
static bool unseal(const struct keyset *set, const struct key *key, const struct field_place *place,
                   const struct sealed *s)
{
    uint8_t bound[BOUND_MAX], mac[KEY_DIGEST], *text = s->bytes + HEAD;
    size_t len = 0;
    bool gcm = s->bytes[0] == GCM_FORMAT;
    if (!bind(place, s, bound, &len))
        return false;
    if (!gcm && (!mac_of(set, s, (struct span){bound, len}, mac) ||
                 !vault_equal(mac, text + s->text, KEY_DIGEST)))
        return false;
    struct cipher_job job = {.iv = s->bytes + 1 + KID,
                             .bound = {bound, gcm ? len : 0},
                             .in = {text, s->text},
                             .out = text,
                             .tag = text + s->text};
    return keyset_provider(set)->decrypt(key, &job);
}

static bool open_with(const struct keyset *set, const struct field_place *place, struct sealed *s,
                      struct err *err)
{
    enum key_alg alg = s->bytes[0] == GCM_FORMAT ? KEY_AES_256_GCM : KEY_SM4_CTR;
    const struct key *key = keyset_find(set, KEY_ENCRYPT, u32_get(s->bytes + 1));
    if (key == NULL || key->alg != alg)
        return broken(err, place, "its key is not in the key file");
    if (!unseal(set, key, place, s))
        return broken(err, place, "not sealed here by this key, or changed");
    s->bytes[HEAD + s->text] = '\0'; /* over the tag, which has been checked */
    return true;
}

bool field_open(struct keyring *ring, const struct field_place *place, const char *hex,
                struct arena *a, struct span *ret_plain, struct err *err)
{
    struct sealed s = {.bytes = NULL};
    const char *why = "";
    if (!take_apart(hex, a, &s, &why))
        return broken(err, place, why);
    const struct keyset *set = keyring_take(ring);
    bool done = open_with(set, place, &s, err);
    keyring_give(set);
    if (done)
        *ret_plain = (struct span){s.bytes + HEAD, s.text};
    return done;
}

bool field_key_id(struct keyring *ring, char out[static FIELD_KEY_ID], struct err *err)
{
    const struct keyset *set = keyring_take(ring);
    const struct key *key = keyset_active(set, KEY_ENCRYPT);
    uint8_t format = key != NULL && key->alg == KEY_AES_256_GCM ? GCM_FORMAT : SM4_FORMAT;
    if (key != NULL)
        key_kid_text(key->kid, hex_put(hex_start(out), &format, 1));
    keyring_give(set);
    return key != NULL || err_set(err, ERR_INTERNAL, NULL, "%s", "no active encrypt key");
}

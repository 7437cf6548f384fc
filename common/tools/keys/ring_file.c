/* common/tools/keys/ring_file.c - changing key files. Does not decide the order of a rotation. */
#include "tools/keys/ring_file.h"

#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "keys/openssl.h"
#include "keys/vault.h"
#include "tools/keys/file.h"

#include "core/banned.h"

enum { NEW_KEYS = 8, NEW_BYTES = 32 };

static const char head[] =
    "# Keys of Zeren. Secret: whoever reads this file reads what they protect. Changed by\n"
    "# zeren-keys alone. kid, purpose, algorithm, state, made at, key.\n";

const char *ring_file_of(enum key_purpose purpose)
{
    if (purpose == KEY_REFRESH)
        return "session.keys";
    return purpose == KEY_SEAL ? "seal.keys" : "field.keys";
}

unsigned ring_file_needs(const char *name)
{
    if (strcmp(name, "field.keys") == 0)
        return KEY_NEEDS_FIELDS;
    if (strcmp(name, "session.keys") == 0)
        return KEY_NEEDS(KEY_REFRESH);
    return strcmp(name, "seal.keys") == 0 ? KEY_NEEDS(KEY_SEAL) : 0;
}

bool ring_file_init(struct ring_file *f, struct err *err)
{
    *f = (struct ring_file){.fresh = vault_alloc((size_t)NEW_KEYS * NEW_BYTES)};
    return f->fresh != NULL || err_set(err, ERR_NO_MEMORY, NULL, "%s", "no memory for keys");
}

bool ring_file_read(struct ring_file *f, const char *path, struct err *err)
{
    char *text = NULL;
    size_t len = 0;
    if (!ring_file_init(f, err) || !vault_read_file(path, KEYRING_FILE_BYTES, &text, &len, err))
        return false;
    if (strlen(text) == len)
        f->set = keyset_parse(&provider_soft, path, text, err);
    else
        file_failed(err, path, "holds a NUL");
    vault_release(text);
    if (f->set == NULL)
        return false;
    f->count = keyset_count(f->set);
    for (size_t i = 0; i < f->count; i++)
        f->keys[i] = *keyset_at(f->set, i);
    return true;
}

void ring_file_done(struct ring_file *f)
{
    keyring_give(f->set);
    vault_release(f->fresh);
    *f = (struct ring_file){.count = 0};
}

static bool has_kid(const struct ring_file *f, uint32_t kid)
{
    for (size_t i = 0; i < f->count; i++) {
        if (f->keys[i].kid == kid)
            return true;
    }
    return false;
}

static bool new_kid(const struct ring_file *f, uint32_t *ret_kid)
{
    uint32_t kid = 0;
    while (kid == 0 || has_kid(f, kid)) {
        if (!provider_soft.random((uint8_t *)&kid, sizeof kid))
            return false;
    }
    *ret_kid = kid;
    return true;
}

static bool add(struct ring_file *f, struct key key)
{
    unsigned char *bytes = f->fresh + f->made * NEW_BYTES;
    key.len = key.alg == KEY_SM4_CTR ? 16 : NEW_BYTES;
    if (f->made == NEW_KEYS || f->count == KEYRING_KEYS || !provider_soft.random(bytes, key.len))
        return false;
    key.bytes = bytes;
    key.created = clock_now();
    f->keys[f->count++] = key;
    f->made++;
    return true;
}

bool ring_file_make(struct ring_file *f, enum key_purpose purpose, enum key_alg alg,
                    enum key_state state, uint32_t *ret_kid, struct err *err)
{
    struct key key = {.purpose = purpose, .alg = alg, .state = state};
    struct key mate = {.purpose = KEY_MAC, .alg = KEY_HMAC_SM3, .state = state};
    bool made = new_kid(f, &key.kid) && add(f, key);
    mate.kid = key.kid;
    if (made && purpose == KEY_ENCRYPT)
        made = add(f, mate);
    if (!made)
        return file_failed(err, ring_file_of(purpose), "has no room for another key");
    *ret_kid = key.kid;
    return true;
}

const struct key *ring_file_in(const struct ring_file *f, enum key_purpose purpose,
                               enum key_state state)
{
    for (size_t i = 0; i < f->count; i++) {
        if (f->keys[i].purpose == purpose && f->keys[i].state == state)
            return &f->keys[i];
    }
    return NULL;
}

/* Is it the key, or the other half of its pair? */
static bool concerns(const struct key *key, enum key_purpose purpose, uint32_t kid)
{
    bool pair = purpose == KEY_ENCRYPT && key->purpose == KEY_MAC;
    return key->kid == kid && (key->purpose == purpose || pair);
}

void ring_file_move(struct ring_file *f, enum key_purpose purpose, uint32_t kid,
                    enum key_state state)
{
    for (size_t i = 0; i < f->count; i++) {
        if (concerns(&f->keys[i], purpose, kid))
            f->keys[i].state = state;
    }
}

void ring_file_remove(struct ring_file *f, enum key_purpose purpose, uint32_t kid)
{
    size_t kept = 0;
    for (size_t i = 0; i < f->count; i++) {
        if (!concerns(&f->keys[i], purpose, kid))
            f->keys[kept++] = f->keys[i];
    }
    f->count = kept;
}

/* One line at `out`; returns where the next begins. The room was counted by the caller. */
static char *put_line(char *out, const struct key *key)
{
    char kid[KEY_KID_TEXT], made[32];
    key_kid_text(key->kid, kid);
    clock_format(key->created, made);
    int n = snprintf(out, 128, "%s %s %s %s %s ", kid, key_purpose_name(key->purpose),
                     key_alg_name(key->alg), key_state_name(key->state), made);
    out += n;
    out += EVP_EncodeBlock((unsigned char *)out, key->bytes, (int)key->len);
    *out++ = '\n';
    *out = '\0';
    return out;
}

bool ring_file_write(const struct ring_file *f, const char *path, struct err *err)
{
    enum { LINE = 128 + 400 }; /* words, and base64 of a module's longest handle */
    char *text = vault_alloc(sizeof head + f->count * LINE);
    if (text == NULL)
        return err_set(err, ERR_NO_MEMORY, NULL, "%s", "no memory for keys");
    memcpy(text, head, sizeof head);
    char *end = text + sizeof head - 1;
    for (size_t i = 0; i < f->count; i++)
        end = put_line(end, &f->keys[i]);
    const struct keyset *set = keyset_parse(&provider_soft, path, text, err);
    const char *name = strrchr(path, '/') == NULL ? path : strrchr(path, '/') + 1;
    bool done = set != NULL && keyset_serves(set, ring_file_needs(name), path, err) &&
                file_put(path, text, (size_t)(end - text), 0600, err);
    keyring_give(set);
    vault_release(text);
    return done;
}

/* common/tools/keys/backup.c - packing, sealing, opening and unpacking. Nothing is written before
 * the whole backup has been authenticated and each key file in it read as a process would. */
#include "tools/keys/backup.h"

#include <dirent.h>
#include <sodium.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "keys/bytes.h"
#include "keys/keyring.h"
#include "keys/vault.h"
#include "tools/keys/file.h"
#include "tools/keys/ring_file.h"
#include "tools/keys/signing.h"

#include "core/banned.h"

#define MAGIC "ZERENKEYS1\n"

enum {
    MAGIC_BYTES = sizeof MAGIC - 1,
    SALT_AT = MAGIC_BYTES + 8,
    STREAM_AT = SALT_AT + crypto_pwhash_SALTBYTES,
    SEALED_AT = STREAM_AT + crypto_secretstream_xchacha20poly1305_HEADERBYTES,
    PASSES = 3,             /* libsodium's MODERATE */
    KIBIBYTES = 256 * 1024, /* the same */
    MOST_PASSES = 16,
    MOST_KIBIBYTES = 1024 * 1024,
    PLAIN_MAX = 1024 * 1024,
    NAME_MAX_BYTES = 100,
    ENTRY_HEAD = 1 + 4 + 4,
};

struct entry {
    char name[NAME_MAX_BYTES + 1];
    mode_t mode;
    const uint8_t *bytes;
    size_t len;
};

/* Everything of a run, in the vault. */
struct pack {
    uint8_t *plain;
    size_t len;
};

static bool ready(struct err *err)
{
    return sodium_init() >= 0 || err_set(err, ERR_INTERNAL, NULL, "%s", "libsodium did not start");
}

/* The stream's key; by the numbers and salt in the head, which a restore takes from the file. */
static bool derive(const uint8_t *head, const char *passphrase, uint8_t *key)
{
    uint32_t passes = u32_get(head + MAGIC_BYTES), kib = u32_get(head + MAGIC_BYTES + 4);
    if (passes < 1 || passes > MOST_PASSES || kib < 8 || kib > MOST_KIBIBYTES)
        return false;
    return crypto_pwhash(key, crypto_secretstream_xchacha20poly1305_KEYBYTES, passphrase,
                         strlen(passphrase), head + SALT_AT, passes, (size_t)kib * 1024,
                         crypto_pwhash_ALG_ARGON2ID13) == 0;
}

/* Names that a directory of keys has: letters, digits, '.', '_' and '-', not a dot first, not a
 * file half written. */
static bool is_name(const char *name)
{
    size_t len = strlen(name);
    return len > 0 && len <= NAME_MAX_BYTES && name[0] != '.' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
               len &&
           !(len > 4 && strcmp(name + len - 4, ".new") == 0);
}

static uint8_t *put_bytes(uint8_t *at, const void *bytes, size_t n)
{
    memcpy(at, bytes, n);
    return at + n;
}

/* Appends one file of the directory; what is no ordinary file is passed over. */
static bool pack_file(struct pack *p, const char *dir, const char *name, struct err *err)
{
    char path[FILE_PATH], *bytes = NULL;
    struct stat st;
    size_t len = 0, name_len = strlen(name);
    if (!is_name(name))
        return true;
    if (!dir_path(dir, name, path, err))
        return false;
    if (lstat(path, &st) != 0 || !S_ISREG(st.st_mode))
        return true;
    if (!vault_read_file(path, FILE_BYTES, &bytes, &len, err))
        return false;
    bool fits = p->len + ENTRY_HEAD + name_len + len <= PLAIN_MAX;
    if (fits) {
        uint8_t *at = p->plain + p->len;
        *at++ = (uint8_t)name_len;
        at = u32_put(put_bytes(at, name, name_len), st.st_mode & 0777);
        at = u32_put(at, (uint32_t)len);
        put_bytes(at, bytes, len);
        p->len += ENTRY_HEAD + name_len + len;
    }
    vault_release(bytes);
    return fits || file_failed(err, dir, "holds more than a backup takes");
}

static bool pack_dir(struct pack *p, const char *dir, struct err *err)
{
    DIR *list = opendir(dir);
    if (list == NULL)
        return file_failed(err, dir, "cannot be read");
    bool done = true;
    for (struct dirent *e = readdir(list); done && e != NULL; e = readdir(list))
        done = pack_file(p, dir, e->d_name, err);
    (void)closedir(list);
    return done && (p->len > 0 || file_failed(err, dir, "holds no file"));
}

static bool seal(const struct pack *p, const char *passphrase, uint8_t *out)
{
    crypto_secretstream_xchacha20poly1305_state state;
    uint8_t *key = vault_alloc(crypto_secretstream_xchacha20poly1305_KEYBYTES);
    memcpy(out, MAGIC, MAGIC_BYTES);
    u32_put(u32_put(out + MAGIC_BYTES, PASSES), KIBIBYTES);
    randombytes_buf(out + SALT_AT, crypto_pwhash_SALTBYTES);
    bool done =
        key != NULL && derive(out, passphrase, key) &&
        crypto_secretstream_xchacha20poly1305_init_push(&state, out + STREAM_AT, key) == 0 &&
        crypto_secretstream_xchacha20poly1305_push(
            &state, out + SEALED_AT, NULL, p->plain, p->len, out, STREAM_AT,
            crypto_secretstream_xchacha20poly1305_TAG_FINAL) == 0;
    sodium_memzero(&state, sizeof state);
    vault_release(key);
    return done;
}

bool backup_make(const char *dir, const char *to, const char *passphrase, struct err *err)
{
    struct pack p = {.plain = vault_alloc(PLAIN_MAX)};
    if (file_exists(to) || !ready(err)) {
        vault_release(p.plain);
        return file_failed(err, to, "exists already");
    }
    bool done = p.plain != NULL && pack_dir(&p, dir, err);
    size_t total = SEALED_AT + p.len + crypto_secretstream_xchacha20poly1305_ABYTES;
    uint8_t *out = done ? vault_alloc(total) : NULL;
    if (done)
        done = (out != NULL && seal(&p, passphrase, out)) ||
               file_failed(err, to, "cannot be sealed: no memory");
    done = done && file_put(to, out, total, 0600, err);
    vault_release(p.plain);
    vault_release(out);
    return done;
}

/* Into p->plain. One answer for a wrong passphrase and for a changed byte: nobody can tell. */
static bool unseal(const uint8_t *in, size_t len, const char *passphrase, struct pack *p)
{
    crypto_secretstream_xchacha20poly1305_state state;
    uint8_t *key = vault_alloc(crypto_secretstream_xchacha20poly1305_KEYBYTES), tag = 0;
    unsigned long long plain = 0;
    bool done =
        key != NULL && derive(in, passphrase, key) &&
        crypto_secretstream_xchacha20poly1305_init_pull(&state, in + STREAM_AT, key) == 0 &&
        crypto_secretstream_xchacha20poly1305_pull(&state, p->plain, &plain, &tag, in + SEALED_AT,
                                                   len - SEALED_AT, in, STREAM_AT) == 0 &&
        tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
    sodium_memzero(&state, sizeof state);
    vault_release(key);
    p->len = done ? (size_t)plain : 0;
    return done;
}

/* Takes the next entry off the pack. False at its end, and with *ret_broken when it is cut. */
static bool next_entry(const struct pack *p, size_t *at, struct entry *ret, bool *ret_broken)
{
    const uint8_t *in = p->plain + *at;
    size_t left = p->len - *at;
    *ret_broken = false;
    if (left == 0)
        return false;
    *ret_broken = true;
    size_t name = in[0];
    if (name > NAME_MAX_BYTES || left < ENTRY_HEAD + name)
        return false;
    memcpy(ret->name, in + 1, name);
    ret->name[name] = '\0';
    ret->mode = u32_get(in + 1 + name) & 0777;
    ret->len = u32_get(in + 5 + name);
    ret->bytes = in + ENTRY_HEAD + name;
    if (!is_name(ret->name) || ret->len > FILE_BYTES || ret->len > left - ENTRY_HEAD - name)
        return false;
    *at += ENTRY_HEAD + name + ret->len;
    *ret_broken = false;
    return true;
}

/* A key file must be one that a process would take. */
static bool is_sound(const struct entry *e, struct err *err)
{
    char kid[SIGNING_KID];
    unsigned needs = ring_file_needs(e->name);
    bool signing = strcmp(e->name, "signing.pem") == 0;
    if (needs == 0 && !signing)
        return true;
    char *text = vault_alloc(e->len + 1);
    if (text == NULL)
        return err_set(err, ERR_NO_MEMORY, NULL, "%s", "no memory for keys");
    memcpy(text, e->bytes, e->len);
    const struct keyset *set = signing ? NULL : keyset_parse(&provider_soft, e->name, text, err);
    bool sound = signing ? signing_kid_of(e->name, text, kid, err)
                         : set != NULL && keyset_serves(set, needs, e->name, err);
    keyring_give(set);
    vault_release(text);
    return sound;
}

static bool may_write(const struct entry *e, const struct restore *how, struct err *err)
{
    char path[FILE_PATH];
    return dir_path(how->dir, e->name, path, err) &&
           (how->replace || !file_exists(path) ||
            file_failed(err, path, "exists already: --replace writes over it")) &&
           is_sound(e, err);
}

static bool put_entry(const struct entry *e, const struct restore *how, struct err *err)
{
    char path[FILE_PATH];
    return dir_path(how->dir, e->name, path, err) && file_put(path, e->bytes, e->len, e->mode, err);
}

/* Every entry through `fn`. */
static bool each(const struct pack *p, const struct restore *how,
                 bool (*fn)(const struct entry *, const struct restore *, struct err *),
                 unsigned *ret_count, struct err *err)
{
    struct entry e;
    bool broken = false;
    size_t at = 0;
    *ret_count = 0;
    while (next_entry(p, &at, &e, &broken)) {
        if (!fn(&e, how, err))
            return false;
        (*ret_count)++;
    }
    return !broken || file_failed(err, how->from, "is of another making");
}

static bool restore_from(const char *sealed, size_t len, const struct restore *how,
                         unsigned *ret_count, struct err *err)
{
    struct pack p = {.plain = vault_alloc(len)};
    const uint8_t *in = (const uint8_t *)sealed;
    unsigned checked = 0;
    if (p.plain == NULL)
        return err_set(err, ERR_NO_MEMORY, NULL, "%s", "no memory for keys");
    bool done = unseal(in, len, how->passphrase, &p) ||
                file_failed(err, how->from, "was not opened: wrong passphrase, or it was changed");
    done = done && each(&p, how, may_write, &checked, err) && dir_lock(how->dir, err) &&
           each(&p, how, put_entry, ret_count, err);
    vault_release(p.plain);
    return done;
}

bool backup_restore(const struct restore *how, unsigned *ret_count, struct err *err)
{
    char *sealed = NULL;
    size_t len = 0;
    if (!ready(err) || !vault_read_file(how->from, PLAIN_MAX + 1024, &sealed, &len, err))
        return false;
    bool ours = len > SEALED_AT + crypto_secretstream_xchacha20poly1305_ABYTES &&
                memcmp(sealed, MAGIC, MAGIC_BYTES) == 0;
    bool done = ours ? restore_from(sealed, len, how, ret_count, err)
                     : file_failed(err, how->from, "is no backup of keys");
    vault_release(sealed);
    return done;
}

/* common/keys/keyring.h - the keys of one file, re-read when the file changes, so that keys rotate
 * while a process serves. One key a line, '#' begins a comment line:
 *     <kid, 8 hex> <purpose> <alg> <state> <created, RFC 3339> <base64 of the key>
 * Purposes: encrypt (sm4-ctr, aes-256-gcm), mac, lookup, seal (hmac-sm3), refresh (hmac-sha256).
 * States: pending (may open and verify, nothing is written with it), active (one of each purpose),
 * retired (may open). An encrypt key and a mac key are a pair: same kid, same state, one id in what
 * they write. Does not write files (common/tools) and does not log: see keyring_on_refused(). */
#ifndef ZEREN_KEYS_KEYRING_H
#define ZEREN_KEYS_KEYRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "keys/provider.h"

enum {
    KEYRING_KEYS = 64,              /* in one file, all purposes together */
    KEYRING_FILE_BYTES = 16 * 1024, /* more is a wrong path */
    KEY_KID_TEXT = 9,               /* 8 hexadecimal digits and the NUL */
};

#define KEY_NEEDS(purpose) (1U << (purpose))
/* What sealed fields need of their file. */
#define KEY_NEEDS_FIELDS (KEY_NEEDS(KEY_ENCRYPT) | KEY_NEEDS(KEY_MAC) | KEY_NEEDS(KEY_LOOKUP))

struct keyring;

/* The keys as they were at one moment; they stay until given back, whatever happens to the file. */
struct keyset;

/* Reads a key file that must hold an active key of each purpose in `needs` (KEY_NEEDS(...) | ...).
 * NULL with err (cause: file, line, reason; never key bytes). The file's owner alone may be able to
 * write it. Call vault_init() first. */
struct keyring *keyring_open(const char *path, unsigned needs, struct err *err);
struct keyring *keyring_open_with(const struct key_provider *provider, const char *path,
                                  unsigned needs, struct err *err);

/* Wipes and frees; accepts NULL. No set may be out. Fits arena_defer(). */
void keyring_close(void *ring);

/* Called, at most once for each change of the file, when a changed file is refused and the old keys
 * stay in force: for the log. Set it before threads; it may not use the ring. */
void keyring_on_refused(struct keyring *ring, void (*fn)(void *ctx, const struct err *err),
                        void *ctx);

/* The keys in force; looks at the file at most every 300 ms. Never NULL. Thread-safe. Give it back
 * soon, in the same function. */
const struct keyset *keyring_take(struct keyring *ring);
void keyring_give(const struct keyset *set);

/* The active key of a purpose; NULL when the file has none of that purpose. */
const struct key *keyset_active(const struct keyset *set, enum key_purpose purpose);
const struct key *keyset_find(const struct keyset *set, enum key_purpose purpose, uint32_t kid);

/* Every key in the file's order: at < keyset_count(). */
size_t keyset_count(const struct keyset *set);
const struct key *keyset_at(const struct keyset *set, size_t at);
const struct key_provider *keyset_provider(const struct keyset *set);

/* One HMAC under a key of `purpose` (mac, lookup, seal, refresh): that of *kid, or with *kid 0 the
 * active one, whose kid is written to it. ERR_INTERNAL when there is no such key. */
struct key_choice {
    enum key_purpose purpose;
    uint32_t kid; /* 0: the active one; then filled in */
};
bool keyring_mac(struct keyring *ring, struct key_choice *choice, const struct span *parts,
                 size_t count, uint8_t ret_mac[static KEY_DIGEST], struct err *err);

/* Parses the text of a key file; the set is given back with keyring_give(). `name` is said in
 * causes. For keyring_open() and the tool. */
const struct keyset *keyset_parse(const struct key_provider *provider, const char *name,
                                  const char *text, struct err *err);

/* Has the set an active key of each purpose? Else err with the cause. */
bool keyset_serves(const struct keyset *set, unsigned needs, const char *name, struct err *err);

/* Words of the file: NULL or false for what is none. */
const char *key_purpose_name(enum key_purpose purpose);
const char *key_alg_name(enum key_alg alg);
const char *key_state_name(enum key_state state);
bool key_purpose_of(const char *word, enum key_purpose *ret_purpose);

/* A kid as text, and back (8 lower-case hexadecimal digits, not all 0). */
void key_kid_text(uint32_t kid, char out[static KEY_KID_TEXT]);
bool key_kid_of(const char *text, uint32_t *ret_kid);

#endif

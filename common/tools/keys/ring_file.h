/* common/tools/keys/ring_file.h - a key file that is being changed: read, keys added, states moved,
 * keys left out, written. Key bytes stay in the vault. */
#ifndef ZEREN_TOOLS_KEYS_RING_FILE_H
#define ZEREN_TOOLS_KEYS_RING_FILE_H

#include "keys/keyring.h"

struct ring_file {
    const struct keyset *set; /* what was read: the bytes of its keys; NULL of a new file */
    struct key keys[KEYRING_KEYS + 4];
    size_t count;
    unsigned char *fresh; /* in the vault: the bytes of keys made since */
    size_t made;
};

/* The file that keys of a purpose are in: "field.keys", "session.keys", "seal.keys". */
const char *ring_file_of(enum key_purpose purpose);

/* What a file must hold to be in force, by its name; 0 for a name that is none. */
unsigned ring_file_needs(const char *name);

/* An empty one, or what `path` holds. Let go with ring_file_done(). */
bool ring_file_init(struct ring_file *f, struct err *err);
bool ring_file_read(struct ring_file *f, const char *path, struct err *err);
void ring_file_done(struct ring_file *f);

/* Makes a random key; for encrypt its mac key, too, under the same kid. The kid is new to the file.
 */
bool ring_file_make(struct ring_file *f, enum key_purpose purpose, enum key_alg alg,
                    enum key_state state, uint32_t *ret_kid, struct err *err);

/* The key of a purpose that is in a state, or NULL. */
const struct key *ring_file_in(const struct ring_file *f, enum key_purpose purpose,
                               enum key_state state);

/* Moves the keys of purpose and kid (for encrypt and mac the pair) to a state, or removes them. */
void ring_file_move(struct ring_file *f, enum key_purpose purpose, uint32_t kid,
                    enum key_state state);
void ring_file_remove(struct ring_file *f, enum key_purpose purpose, uint32_t kid);

/* Writes the file in one step, mode 0600, after reading the text back as a process would. */
bool ring_file_write(const struct ring_file *f, const char *path, struct err *err);

#endif

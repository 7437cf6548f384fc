/* common/keys/keyset.h - the inside of a keyset: for keyset.c, keyset_parse.c and keyring.c alone.
 */
#ifndef ZEREN_KEYS_KEYSET_H
#define ZEREN_KEYS_KEYSET_H

#include <stdatomic.h>

#include "keys/keyring.h"

enum { KEY_BYTES_MAX = 256 /* a key, or a module's handle for one */ };

/* One block of the vault. */
struct keyset {
    atomic_uint uses;
    const struct key_provider *provider;
    size_t count;
    struct key keys[KEYRING_KEYS];
    uint8_t bytes[KEYRING_KEYS][KEY_BYTES_MAX];
};

/* With one use; NULL when there is no memory. */
struct keyset *keyset_new(const struct key_provider *provider);
void keyset_use(struct keyset *set);

/* Splits "<kid> <purpose> ..." into the set's next key. False with the reason. */
bool keyset_parse_line(struct keyset *set, char *line, const char **ret_why);

#endif

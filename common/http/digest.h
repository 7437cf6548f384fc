/* common/http/digest.h - SHA-256 over parts, as hexadecimal text: of a request under its
 * Idempotency-Key, of a list's filters; or keyed (HMAC-SM3). Not for passwords, tokens or seals. */
#ifndef ZEREN_HTTP_DIGEST_H
#define ZEREN_HTTP_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#include "keys/keyring.h"

#define DIGEST_HEX 65 /* 64 characters and the NUL */

struct digest_part {
    const void *bytes;
    size_t len;
};

/* Parts are taken one behind the other: the caller sets them apart. False when OpenSSL fails.
 * Thread-safe. */
bool digest_hex(const struct digest_part *parts, size_t n, char ret_hex[static DIGEST_HEX]);

/* As above with the active look-up key, or with the key that made the digest `like` (NULL: none):
 * its id and HMAC-SM3. False also when that key is gone. */
#define DIGEST_KEYED 73
bool digest_keyed(struct keyring *ring, const struct digest_part *parts, size_t n, const char *like,
                  char ret_hex[static DIGEST_KEYED]);

#endif

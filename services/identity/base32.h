/* services/identity/base32.h - base32 (RFC 4648), as authenticator apps take secrets and people
 * copy recovery codes. Writes no padding. Does not know what the bytes are. */
#ifndef ZEREN_IDENTITY_BASE32_H
#define ZEREN_IDENTITY_BASE32_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Characters of `n` bytes, the NUL included. */
#define BASE32_TEXT(n) (((n)*8 + 4) / 5 + 1)

/* Upper case, without padding; `out` holds BASE32_TEXT(n). */
void base32_encode(const uint8_t *in, size_t n, char *out);

/* Takes lower case, too, and passes over blanks, '-' and padding at the end. False for any other
 * character, a length or last bits that no encoder writes, or more than `cap` bytes. */
bool base32_decode(const char *text, uint8_t *out, size_t cap, size_t *ret_n);

#endif

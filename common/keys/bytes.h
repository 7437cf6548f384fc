/* common/keys/bytes.h - 32-bit numbers as bytes, bytes as PostgreSQL's text of a bytea ("\x" and
 * lower-case hexadecimal digits). Inside this room. */
#ifndef ZEREN_KEYS_BYTES_H
#define ZEREN_KEYS_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Big-endian. u32_put() returns where the next byte goes. */
uint8_t *u32_put(uint8_t *out, uint32_t n);
uint32_t u32_get(const uint8_t *in);

/* "\x". Returns where the first digit goes. */
char *hex_start(char *out);

/* Digits alone, two a byte, no NUL. Returns where the next one goes. */
char *hex_put(char *out, const void *bytes, size_t n);

/* Into `cap` bytes; strict ("\x", an even number of lower-case digits), false on anything else. */
bool hex_bytes(const char *text, uint8_t *out, size_t cap, size_t *ret_len);

#endif

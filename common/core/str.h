/* common/core/str.h - text checks shared by every parser. */
#ifndef ZEREN_CORE_STR_H
#define ZEREN_CORE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Valid UTF-8 (no surrogates, no overlong forms, at most U+10FFFF) without NUL in `len` bytes. */
bool str_utf8(const char *s, size_t len);

/* Code points of valid UTF-8. */
size_t str_length(const char *s);

/* Printable for people: no C0 or C1 control but tab, newline and carriage return, and no mark that
 * nobody sees (of direction, without width, tags); joiners and variation selectors pass. */
bool str_printable(const char *s);

bool str_equal(const char *a, const char *b);        /* NULLs are equal to each other only */
bool str_equal_nocase(const char *a, const char *b); /* ASCII */
bool str_starts(const char *s, const char *prefix);

/* Whole-string signed decimal integer within [min, max]; no blanks, '+' or leading zeros. */
bool str_int(const char *s, int64_t min, int64_t max, int64_t *ret);

/* Base64url without padding. `out` holds 4*(n+2)/3+1 bytes. Decode: strict; false on anything else.
 */
size_t str_base64url(const unsigned char *in, size_t n, char *out);
bool str_base64url_decode(const char *in, size_t n, unsigned char *out, size_t cap, size_t *ret_n);

#endif

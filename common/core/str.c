/* common/core/str.c - checks of text, whole-string integers, base64url. Does not normalise Unicode.
 */
#include "core/str.h"

#include <string.h>

#include "core/banned.h"

/* How many bytes a sequence starting with `c` has, 0 when none may; and its second byte's range. */
static size_t utf8_lead(unsigned char c, unsigned char *ret_low, unsigned char *ret_high)
{
    *ret_low = c == 0xE0 ? 0xA0 : c == 0xF0 ? 0x90 : 0x80;  /* below: overlong */
    *ret_high = c == 0xED ? 0x9F : c == 0xF4 ? 0x8F : 0xBF; /* above: surrogates, past U+10FFFF */
    if (c < 0x80)
        return c == 0 ? 0 : 1;
    if (c < 0xC2 || c > 0xF4)
        return 0;
    return c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
}

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

bool str_utf8(const char *s, size_t len)
{
    size_t i = 0;
    while (i < len) {
        unsigned char low = 0, high = 0;
        size_t n = utf8_lead((unsigned char)s[i], &low, &high);
        if (n == 0 || n > len - i)
            return false;
        if (n > 1 && ((unsigned char)s[i + 1] < low || (unsigned char)s[i + 1] > high))
            return false;
        for (size_t k = 2; k < n; k++) {
            if (!is_continuation(s[i + k]))
                return false;
        }
        i += n;
    }
    return true;
}

size_t str_length(const char *s)
{
    size_t n = 0;
    for (; *s != '\0'; s++)
        n += is_continuation(*s) ? 0 : 1;
    return n;
}

/* Does a mark stand here that nobody sees and no name needs: of direction (U+061C, U+200E, U+200F,
 * U+202A to U+202E, U+2066 to U+206F), without width (U+200B, U+2060 to U+2065, U+FEFF), between
 * lines (U+2028, U+2029), around notes (U+FFF9 to U+FFFB), tags (U+E0000 to U+E007F)? Joiners
 * (U+200C, U+200D) and variation selectors are writing, and pass. */
static bool is_invisible(const char *s)
{
    unsigned char c = (unsigned char)s[0], d = (unsigned char)s[1];
    unsigned char e = d == 0 ? 0 : (unsigned char)s[2];
    if (c == 0xD8)
        return d == 0x9C;
    if (c == 0xE2 && d == 0x80)
        return e == 0x8B || e == 0x8E || e == 0x8F || (e >= 0xA8 && e <= 0xAE);
    if (c == 0xE2 && d == 0x81)
        return e >= 0xA0 && e <= 0xAF;
    if (c == 0xEF)
        return (d == 0xBB && e == 0xBF) || (d == 0xBF && e >= 0xB9 && e <= 0xBB);
    return c == 0xF3 && d == 0xA0 && (e == 0x80 || e == 0x81);
}

bool str_printable(const char *s)
{
    for (; *s != '\0'; s++) {
        unsigned char c = (unsigned char)s[0], next = (unsigned char)s[1];
        if (c == 0x7F || (c < 0x20 && c != '\t' && c != '\n' && c != '\r'))
            return false;
        if (c == 0xC2 && ((next >= 0x80 && next <= 0x9F) || next == 0xAD)) /* U+0080 to U+009F */
            return false;
        if (is_invisible(s))
            return false;
    }
    return true;
}

bool str_equal(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    return strcmp(a, b) == 0;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool str_equal_nocase(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    while (*a != '\0' && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return *a == *b;
}

bool str_starts(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* Digits to the end, counted downwards: the negative side is the longer one. */
static bool read_negated(const char *s, int64_t *ret)
{
    *ret = 0;
    for (; *s != '\0'; s++) {
        if (*s < '0' || *s > '9')
            return false;
        if (__builtin_mul_overflow(*ret, 10, ret) || __builtin_sub_overflow(*ret, *s - '0', ret))
            return false;
    }
    return true;
}

bool str_int(const char *s, int64_t min, int64_t max, int64_t *ret)
{
    bool negative = *s == '-';
    const char *digits = negative ? s + 1 : s;
    if (*digits == '\0' || (*digits == '0' && (negative || digits[1] != '\0')))
        return false;
    int64_t value = 0;
    if (!read_negated(digits, &value))
        return false;
    if (!negative && __builtin_sub_overflow(0, value, &value))
        return false;
    if (value < min || value > max)
        return false;
    *ret = value;
    return true;
}

size_t str_base64url(const unsigned char *in, size_t n, char *out)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t len = 0;
    unsigned held = 0, bits = 0;
    for (size_t i = 0; i < n; i++) {
        held = (held << 8) | in[i];
        for (bits += 8; bits >= 6; bits -= 6)
            out[len++] = alphabet[held >> (bits - 6) & 63];
        held &= (1U << bits) - 1;
    }
    if (bits > 0)
        out[len++] = alphabet[held << (6 - bits) & 63];
    out[len] = '\0';
    return len;
}

static int base64url_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

bool str_base64url_decode(const char *in, size_t n, unsigned char *out, size_t cap, size_t *ret_n)
{
    if (n % 4 == 1 || n / 4 * 3 + (n % 4 * 3) / 4 > cap)
        return false;
    size_t len = 0;
    unsigned held = 0, bits = 0;
    for (size_t i = 0; i < n; i++) {
        int value = base64url_value(in[i]);
        if (value < 0)
            return false;
        held = (held << 6) | (unsigned)value;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out[len++] = (unsigned char)(held >> bits);
            held &= (1U << bits) - 1;
        }
    }
    if (held != 0) /* bits left over must be zero, or two texts would mean the same bytes */
        return false;
    *ret_n = len;
    return true;
}

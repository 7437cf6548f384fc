/* common/tables/json_text.c - the two rules of JSON that reading needs beside strings: UTF-8 of a
 * code point, and what a number looks like. */
#include <string.h>

#include "tables/source.h"

#include "core/banned.h"

size_t put_utf8(unsigned point, char out[static 4])
{
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    size_t n = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (size_t i = n; i-- > 1; point >>= 6)
        out[i] = (char)(0x80 | (point & 0x3F));
    static const unsigned char leads[] = {0, 0, 0xC0, 0xE0, 0xF0};
    out[0] = (char)(leads[n] | point);
    return n;
}

static size_t count_digits(const char *s, size_t n)
{
    size_t i = 0;
    while (i < n && s[i] >= '0' && s[i] <= '9')
        i++;
    return i;
}

/* A sign (one of `signs`) and digits behind a mark: their length, 0 when they are not whole. */
static size_t tail(const char *s, size_t n, const char *signs)
{
    size_t sign = n > 1 && s[1] != '\0' && strchr(signs, s[1]) != NULL ? 1 : 0;
    size_t count = n > 1 ? count_digits(s + 1 + sign, n - 1 - sign) : 0;
    return count == 0 ? 0 : 1 + sign + count;
}

bool json_number(const char *s, size_t n)
{
    size_t i = n > 0 && *s == '-' ? 1 : 0;
    size_t whole = count_digits(s + i, n - i);
    if (whole == 0 || (whole > 1 && s[i] == '0'))
        return false;
    i += whole;
    if (i < n && s[i] == '.')
        i += tail(s + i, n - i, "");
    if (i < n && (s[i] == 'e' || s[i] == 'E'))
        i += tail(s + i, n - i, "+-");
    return i == n;
}

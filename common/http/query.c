/* common/http/query.c - percent-decoding, strict, and splitting a query. Does not check values. */
#include "http/query.h"

#include <string.h>

#include "core/str.h"

#include "core/banned.h"

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The byte that "%41" stands for, or -1. */
static int escape_value(const char *s, size_t len)
{
    int high = len >= 3 ? hex_value(s[1]) : -1;
    int low = len >= 3 ? hex_value(s[2]) : -1;
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

enum url_fault url_decode(struct arena *a, const char *s, size_t len, bool plus, const char **ret)
{
    char *out = arena_alloc(a, len + 1);
    size_t n = 0;
    if (out == NULL)
        return URL_MEMORY;
    for (size_t i = 0; i < len; i++) {
        int byte = (unsigned char)s[i];
        if (s[i] == '%') {
            byte = escape_value(s + i, len - i);
            i += 2;
        } else if (plus && s[i] == '+') {
            byte = ' ';
        }
        if (byte <= 0)
            return byte < 0 ? URL_ESCAPE : URL_NUL;
        out[n++] = (char)byte;
    }
    if (!str_utf8(out, n))
        return URL_UTF8;
    *ret = out;
    return URL_OK;
}

bool query_next(const char **at, struct query_pair *ret)
{
    const char *s = *at + strspn(*at, "&");
    size_t len = strcspn(s, "&");
    if (len == 0)
        return false;
    *at = s + len;
    const char *equals = memchr(s, '=', len);
    ret->name = s;
    ret->name_len = equals == NULL ? len : (size_t)(equals - s);
    ret->value = equals == NULL ? "" : equals + 1;
    ret->value_len = equals == NULL ? 0 : len - ret->name_len - 1;
    return true;
}

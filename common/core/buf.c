/* common/core/buf.c - the growing buffer. Doubles its room inside the arena; the old room stays
 * there until the arena is reset. Does not check that what it is given is UTF-8. */
#include "core/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/banned.h"

enum { FIRST_ROOM = 256 };

void buf_init(struct buf *b, struct arena *a, size_t max)
{
    assert(max < SIZE_MAX / 2);
    *b = (struct buf){.arena = a, .max = max};
}

/* Makes room for `n` more bytes and the closing NUL. */
static bool reserve(struct buf *b, size_t n)
{
    if (b->failed || n > b->max - b->len) {
        b->failed = true;
        return false;
    }
    size_t needed = b->len + n + 1;
    if (needed <= b->cap)
        return true;
    size_t cap = b->cap == 0 ? FIRST_ROOM : b->cap * 2;
    if (cap > b->max + 1)
        cap = b->max + 1;
    if (cap < needed)
        cap = needed;
    char *bytes = arena_alloc(b->arena, cap);
    if (bytes == NULL) {
        b->failed = true;
        return false;
    }
    if (b->len > 0)
        memcpy(bytes, b->bytes, b->len);
    b->bytes = bytes;
    b->cap = cap;
    return true;
}

void buf_add(struct buf *b, const char *bytes, size_t len)
{
    if (len == 0 || !reserve(b, len))
        return;
    memcpy(b->bytes + b->len, bytes, len);
    b->len += len;
}

void buf_str(struct buf *b, const char *s)
{
    buf_add(b, s, strlen(s));
}

void buf_char(struct buf *b, char c)
{
    buf_add(b, &c, 1);
}

void buf_int(struct buf *b, int64_t n)
{
    char digits[20];
    size_t at = sizeof digits;
    uint64_t rest = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (n < 0)
        digits[--at] = '-';
    buf_add(b, digits + at, sizeof digits - at);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (len < 0) {
        b->failed = true;
        return;
    }
    if (!reserve(b, (size_t)len))
        return;
    va_start(args, fmt);
    vsnprintf(b->bytes + b->len, (size_t)len + 1, fmt, args);
    va_end(args);
    b->len += (size_t)len;
}

/* The letter after the backslash, 'u' for a control without one, 0 for what stays as it is. */
static char json_escape(unsigned char c)
{
    static const char controls[32] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    if (c == '"' || c == '\\')
        return (char)c;
    if (c >= 0x20)
        return 0;
    return controls[c] != 0 ? controls[c] : 'u';
}

static void add_escape(struct buf *b, unsigned char c, char escape)
{
    static const char hex[] = "0123456789abcdef";
    char text[6] = {'\\', escape, '0', '0', hex[c >> 4], hex[c & 15]};
    buf_add(b, text, escape == 'u' ? 6 : 2);
}

void buf_json(struct buf *b, const char *s)
{
    if (s == NULL) {
        buf_str(b, "null");
        return;
    }
    buf_char(b, '"');
    const char *plain = s;
    for (; *s != '\0'; s++) {
        char escape = json_escape((unsigned char)*s);
        if (escape == 0)
            continue;
        buf_add(b, plain, (size_t)(s - plain));
        add_escape(b, (unsigned char)*s, escape);
        plain = s + 1;
    }
    buf_add(b, plain, (size_t)(s - plain));
    buf_char(b, '"');
}

static bool url_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void buf_url(struct buf *b, const char *s)
{
    static const char hex[] = "0123456789ABCDEF";
    for (; *s != '\0'; s++) {
        unsigned char c = (unsigned char)*s;
        char code[3] = {'%', hex[c >> 4], hex[c & 15]};
        if (url_unreserved(*s))
            buf_char(b, *s);
        else
            buf_add(b, code, sizeof code);
    }
}

const char *buf_text(struct buf *b)
{
    if (!reserve(b, 0))
        return NULL;
    b->bytes[b->len] = '\0';
    return b->bytes;
}

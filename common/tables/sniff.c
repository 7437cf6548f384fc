/* common/tables/sniff.c - what the bytes of a file are: zip or text, UTF-8 or GB18030, CSV or
 * NDJSON, and the separator. By what the bytes are, never by a name. */
#include <string.h>
#include <unistd.h>

#include <iconv.h>

#include "core/str.h"
#include "tables/source.h"

#include "core/banned.h"

enum { WINDOW = 256 * 1024, LOOKED_AT = 1024 * 1024 };

long read_at(int fd, void *bytes, size_t n, uint64_t at)
{
    size_t got = 0;
    while (got < n) {
        ssize_t r = pread(fd, (char *)bytes + got, n - got, (off_t)(at + got));
        if (r < 0)
            return -1;
        if (r == 0)
            break;
        got += (size_t)r;
    }
    return (long)got;
}

/* Bytes at the end of a window that may belong to a sequence cut off by it. */
static size_t cut_tail(const char *s, size_t len)
{
    for (size_t n = 1; n <= 3 && n <= len; n++) {
        unsigned char c = (unsigned char)s[len - n];
        if (c < 0x80)
            return 0;
        if (c >= 0xC0)
            return (c >= 0xF0 && n < 4) || (c >= 0xE0 && n < 3) || (c < 0xE0 && n < 2) ? n : 0;
    }
    return 0;
}

static bool is_ascii(const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)s[i] >= 0x80)
            return false;
    }
    return true;
}

/* Valid GB18030, but for a sequence that the window's end cuts off. */
static bool is_gb18030(const char *s, size_t len)
{
    char out[8192];
    iconv_t converter = iconv_open("UTF-8", "GB18030");
    if (converter == (iconv_t)-1)
        return false;
    char *in = (char *)(uintptr_t)s; /* iconv takes char **, and only reads */
    size_t left = len;
    bool ok = true, full = true;
    while (ok && full && left > 0) {
        char *to = out;
        size_t room = sizeof out;
        size_t before = left;
        full = iconv(converter, &in, &left, &to, &room) == (size_t)-1 && left < before;
        ok = full || left < 4;
    }
    iconv_close(converter);
    return ok && left < 4;
}

/* UTF-8 with some damage, which may pass for GB18030: three quarters of its bytes past ASCII stand
 * in whole sequences of three or four. In GB18030 hardly any do. */
static bool is_damaged_utf8(const char *s, size_t len)
{
    size_t inside = 0, all = 0, n = 0;
    for (size_t i = 0; i < len; i += n) {
        unsigned char c = (unsigned char)s[i];
        n = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 1;
        bool whole = n > 1 && n <= len - i && str_utf8(s + i, n);
        n = whole ? n : 1;
        inside += whole ? n : 0;
        all += c < 0x80 ? 0 : n;
    }
    return inside > all / 4 * 3;
}

/* UTF-16 without a mark: half of the bytes of an ASCII heading are NUL. */
static bool is_utf16(const unsigned char *s, size_t len)
{
    if (len >= 2 && ((s[0] == 0xFF && s[1] == 0xFE) || (s[0] == 0xFE && s[1] == 0xFF)))
        return true;
    size_t looked = len < 4096 ? len : 4096, even = 0, odd = 0;
    for (size_t i = 0; i < looked; i++) {
        if (s[i] == 0)
            *(i % 2 == 0 ? &even : &odd) += 1;
    }
    return (even > looked / 8 && odd == 0) || (odd > looked / 8 && even == 0);
}

/* The first window with a byte past ASCII tells; a file of ASCII alone is UTF-8. */
static bool find_charset(struct source *s, char *window, struct err *err)
{
    uint64_t at = 0;
    long n = 0;
    while ((n = read_at(s->fd, window, WINDOW, at)) > 0 && is_ascii(window, (size_t)n))
        at += (uint64_t)n;
    if (n < 0)
        return refuse(err, "unreadable", 0);
    s->charset = TABLE_UTF8;
    size_t len = (size_t)n;
    if (len == 0)
        return true;
    for (size_t got = len; got == WINDOW && len + WINDOW <= LOOKED_AT; len += got) {
        n = read_at(s->fd, window + len, WINDOW, at + len);
        got = n < 0 ? 0 : (size_t)n;
    }
    size_t tail = at + len < s->size ? cut_tail(window, len) : 0;
    bool marked = at == 0 && len >= 3 && memcmp(window, "\xEF\xBB\xBF", 3) == 0;
    for (size_t i = 0; i < len; i++)
        window[i] = window[i] == '\0' ? ' ' : window[i]; /* a NUL is the fault of its row alone */
    if (marked || str_utf8(window, len - tail) || is_damaged_utf8(window, len))
        return true;
    s->charset = TABLE_GB18030;
    return is_gb18030(window, len) ? true : refuse(err, "not_in_charset", 0);
}

/* How often each separator stands outside quotation marks in the first lines: the first of , ; tab
 * that the heading line has most of. Titles above a heading have none. */
static char find_separator(const char *text, size_t len)
{
    static const char candidates[] = ",\t;";
    size_t best = 0, counts[3] = {0};
    bool quoted = false;
    unsigned lines = 0;
    for (size_t i = 0; i < len && lines < HEADING_ROWS; i++) {
        const char *is = text[i] == '\0' ? NULL : strchr(candidates, text[i]);
        quoted = quoted != (text[i] == '"');
        if (is != NULL && !quoted)
            counts[is - candidates]++;
        lines += text[i] == '\n' && !quoted ? 1 : 0;
    }
    for (size_t i = 1; i < 3; i++) {
        if (counts[i] > counts[best])
            best = i;
    }
    return candidates[best];
}

static bool sniff_text(struct source *s, char *window, struct err *err)
{
    if (s->charset == TABLE_ANY_CHARSET && !find_charset(s, window, err))
        return false;
    long n = read_at(s->fd, window, 64L * 1024, 0);
    if (n < 0)
        return refuse(err, "unreadable", 0);
    const char *text = window;
    size_t len = (size_t)n;
    for (size_t blank = blank_at(text, len); blank > 0; blank = blank_at(text, len)) {
        text += blank;
        len -= blank;
    }
    if (s->format == TABLE_ANY)
        s->format = len > 0 && *text == '{' ? TABLE_NDJSON : TABLE_CSV;
    if (s->separator == 0)
        s->separator = find_separator(window, (size_t)n);
    return true;
}

bool table_sniff(struct source *s, struct err *err)
{
    static const char cfb[] = "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";
    struct arena_mark mark = arena_mark(s->arena);
    char *window = arena_alloc(s->arena, LOOKED_AT + WINDOW);
    if (window == NULL)
        return refuse(err, "no_memory", 0);
    long n = read_at(s->fd, window, 4096, 0);
    bool ok = false;
    if (n <= 0)
        ok = refuse(err, n < 0 ? "unreadable" : "empty", 0);
    else if (n >= 4 && memcmp(window, "PK", 2) == 0 && (unsigned char)window[2] < 9) {
        ok = s->format == TABLE_ANY || s->format == TABLE_XLSX || refuse(err, "not_a_table", 0);
        s->format = TABLE_XLSX;
    } else if (n >= 8 && memcmp(window, cfb, 8) == 0)
        ok = refuse(err, "old_format", 0);
    else if (s->format == TABLE_XLSX)
        ok = refuse(err, "not_xlsx", 0);
    else if (is_utf16((const unsigned char *)window, (size_t)n))
        ok = refuse(err, "utf16", 0);
    else
        ok = sniff_text(s, window, err);
    arena_rewind(s->arena, mark);
    return ok;
}

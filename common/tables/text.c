/* common/tables/text.c - lines of a text file: pread, iconv, and a buffer of fixed size. Does not
 * know quotation marks. */
#include "tables/text.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <iconv.h>

#include "core/str.h"

#include "core/banned.h"

enum { RAW = 64 * 1024, GROWTH = 3, LONGEST = 4 };
static const char damaged[] = "\xEF\xBF\xBD";

struct text {
    int fd;
    uint64_t at; /* of the file, behind what is in raw */
    iconv_t converter;
    bool converts, ended, started;
    size_t raw_n, start, end, looked, cap, longest;
    char *buf;
    char raw[RAW + LONGEST];
};

static void close_converter(void *text)
{
    iconv_close(((struct text *)text)->converter);
}

struct text *text_open(struct source *s, struct err *err)
{
    struct text *t = arena_new(s->arena, struct text);
    if (t == NULL) {
        refuse(err, "no_memory", 0);
        return NULL;
    }
    t->fd = s->fd;
    t->longest = s->limits.row_bytes;
    t->cap = t->longest + (size_t)(RAW + LONGEST) * GROWTH;
    t->buf = arena_alloc(s->arena, t->cap);
    t->converts = s->charset == TABLE_GB18030;
    if (t->converts)
        t->converter = iconv_open("UTF-8", "GB18030");
    if (t->buf == NULL || (t->converts && t->converter == (iconv_t)-1)) {
        refuse(err, t->buf == NULL ? "no_memory" : "unreadable", 0);
        return NULL;
    }
    if (t->converts && !arena_defer(s->arena, close_converter, t)) {
        refuse(err, "no_memory", 0);
        return NULL;
    }
    return t;
}

void text_rewind(struct text *t)
{
    t->at = 0;
    t->ended = t->started = false;
    t->raw_n = t->start = t->end = t->looked = 0;
    if (t->converts)
        iconv(t->converter, NULL, NULL, NULL, NULL);
}

static void put(struct text *t, const char *bytes, size_t len)
{
    memcpy(t->buf + t->end, bytes, len);
    t->end += len;
}

static void keep_tail(struct text *t, size_t from)
{
    memmove(t->raw, t->raw + from, t->raw_n - from);
    t->raw_n -= from;
}

static size_t sequence_length(unsigned char c)
{
    return c < 0xC0 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
}

static void take_utf8(struct text *t)
{
    size_t i = 0;
    while (i < t->raw_n) {
        const char *s = t->raw + i;
        size_t n = sequence_length((unsigned char)*s);
        if (n > t->raw_n - i && !t->ended)
            break;
        bool ok = n <= t->raw_n - i && (n > 1 ? str_utf8(s, n) : (unsigned char)*s < 0x80);
        put(t, ok ? s : damaged, ok ? n : sizeof damaged - 1);
        i += ok ? n : 1;
    }
    keep_tail(t, i);
}

static void take_gb18030(struct text *t)
{
    char *in = t->raw;
    size_t left = t->raw_n;
    bool more = true;
    while (left > 0 && more) {
        char *out = t->buf + t->end;
        size_t room = t->cap - t->end;
        bool failed = iconv(t->converter, &in, &left, &out, &room) == (size_t)-1;
        bool cut = failed && errno == EINVAL && !t->ended;
        t->end = t->cap - room;
        more = !cut;
        if (failed && !cut && left > 0) {
            put(t, damaged, sizeof damaged - 1);
            in++;
            left--;
        }
    }
    keep_tail(t, t->raw_n - left);
}

static bool fill(struct text *t)
{
    memmove(t->buf, t->buf + t->start, t->end - t->start);
    t->end -= t->start;
    t->looked -= t->start;
    t->start = 0;
    long n = read_at(t->fd, t->raw + t->raw_n, RAW, t->at);
    if (n < 0)
        return false;
    t->at += (uint64_t)n;
    t->raw_n += (size_t)n;
    t->ended = n == 0;
    if (t->converts)
        take_gb18030(t);
    else if (t->raw_n > 0 && str_utf8(t->raw, t->raw_n)) {
        put(t, t->raw, t->raw_n);
        t->raw_n = 0;
    } else
        take_utf8(t);
    if (!t->started && t->end >= 3 && memcmp(t->buf, "\xEF\xBB\xBF", 3) == 0)
        t->start = t->looked = 3;
    t->started = true;
    return true;
}

/* Where the line ends (behind its LF, CR LF or CR), or 0 while that cannot be told. */
static size_t line_end(struct text *t)
{
    const char *from = t->buf + t->looked;
    size_t n = t->end - t->looked;
    const char *lf = memchr(from, '\n', n);
    const char *cr = memchr(from, '\r', lf == NULL ? n : (size_t)(lf - from));
    if (cr == NULL) {
        t->looked = t->end;
        return lf == NULL ? 0 : (size_t)(lf - t->buf) + 1;
    }
    size_t at = (size_t)(cr - t->buf) + 1;
    if (at < t->end)
        return t->buf[at] == '\n' ? at + 1 : at;
    t->looked = at - 1;
    return t->ended ? at : 0;
}

enum text_got text_line(struct text *t, const char **ret, size_t *ret_len)
{
    size_t end = line_end(t);
    while (end == 0 && !t->ended) {
        if (t->end - t->start > t->longest)
            return TEXT_TOO_LONG;
        if (!fill(t))
            return TEXT_UNREADABLE;
        end = line_end(t);
    }
    if (end == 0)
        end = t->end;
    if (end == t->start)
        return TEXT_END;
    *ret = t->buf + t->start;
    *ret_len = end - t->start;
    t->start = t->looked = end;
    return TEXT_LINE;
}

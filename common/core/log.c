/* common/core/log.c - log lines: JSON built in place, one write(2) each. Does not buffer, rotate or
 * filter. A line is valid JSON whatever it is given; what does not fit is cut or left out. */
#include "core/log.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/str.h"

#include "core/banned.h"

enum {
    CLOSING = 2,     /* "}\n" */
    VALUE_MAX = 512, /* so that one long value cannot push the others out */
};

static const char *const events[] = {
#define LOG_EVENT(name) #name,
#define LOG_FIELD(name)
#include "log.def"
#undef LOG_EVENT
#undef LOG_FIELD
};

static const char *const fields[] = {
#define LOG_EVENT(name)
#define LOG_FIELD(name) #name,
#include "log.def"
#undef LOG_EVENT
#undef LOG_FIELD
};

static char service_name[32] = "zeren";

void log_init(const char *service)
{
    snprintf(service_name, sizeof service_name, "%s", service);
}

static bool listed(const char *const *list, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(list[i], name) == 0)
            return true;
    }
    return false;
}

static void put(struct log_line *l, const char *bytes, size_t n)
{
    assert(l->len + n <= sizeof l->bytes);
    memcpy(l->bytes + l->len, bytes, n);
    l->len += (unsigned)n;
}

/* `,"name":` when it and `room` bytes more fit. */
static bool put_name(struct log_line *l, const char *name, size_t room)
{
    assert(listed(fields, sizeof fields / sizeof *fields, name));
    size_t len = strlen(name);
    if (l->len + len + 4 + room + CLOSING > sizeof l->bytes)
        return false;
    put(l, l->len == 0 ? "{\"" : ",\"", 2);
    put(l, name, len);
    put(l, "\":", 2);
    return true;
}

/* Writes one character of `s` as JSON takes it; returns how many bytes of `s` it was. */
static size_t escape_one(const char *s, char out[static 8], size_t *ret_n)
{
    unsigned char c = (unsigned char)*s;
    size_t n = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
    if (strnlen(s, n) < n || !str_utf8(s, n)) {
        memcpy(out, "\\ufffd", 6); // NOLINT(bugprone-not-null-terminated-result): counted by ret_n
        *ret_n = 6;
        return 1;
    }
    if (c < 0x20) {
        *ret_n = (size_t)snprintf(out, 8, "\\u%04x", c);
    } else if (c == '"' || c == '\\') {
        out[0] = '\\';
        out[1] = *s;
        *ret_n = 2;
    } else {
        memcpy(out, s, n);
        *ret_n = n;
    }
    return n;
}

void log_text(struct log_line *l, const char *name, const char *value)
{
    static const char cut[] = "…";
    const size_t around = sizeof cut - 1 + 2; /* the mark of a cut and two quotes */
    if (value == NULL || !put_name(l, name, around))
        return;
    put(l, "\"", 1);
    size_t room = sizeof l->bytes - CLOSING - (around - 1) - l->len;
    size_t end = l->len + (room < VALUE_MAX ? room : VALUE_MAX);
    while (*value != '\0') {
        char text[8];
        size_t n = 0, taken = escape_one(value, text, &n);
        if (l->len + n > end) {
            put(l, cut, sizeof cut - 1);
            break;
        }
        put(l, text, n);
        value += taken;
    }
    put(l, "\"", 1);
}

void log_int(struct log_line *l, const char *name, int64_t value)
{
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%lld", (long long)value);
    if (put_name(l, name, (size_t)n))
        put(l, digits, (size_t)n);
}

void log_begin(struct log_line *l, enum err_level level, const char *event)
{
    static const char *const levels[] = {"info", "warn", "error"};
    assert(listed(events, sizeof events / sizeof *events, event));
    char now[32];
    clock_format(clock_now(), now);
    l->len = 0;
    log_text(l, "time", now);
    log_text(l, "level", levels[level]);
    log_text(l, "service", service_name);
    log_text(l, "event", event);
}

void log_end(struct log_line *l)
{
    put(l, "}\n", CLOSING);
    ssize_t written = 0;
    do {
        written = write(STDERR_FILENO, l->bytes, l->len);
    } while (written < 0 && errno == EINTR);
}

void log_event(enum err_level level, const char *event, const char *name, const char *value)
{
    struct log_line l;
    log_begin(&l, level, event);
    log_text(&l, name, value);
    log_end(&l);
}

/* common/core/err.c - the classes of failure, from proto/errors.def, and the slot that keeps the
 * first. Does not render and does not log. */
#include "core/err.h"

#include <assert.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "core/banned.h"

static const struct err_class classes[ERR_COUNT] = {
    [ERR_NONE] = {"ERR_NONE", "none", 200, "No error", false, ERR_LEVEL_INFO},
#define X(name, code, status, title, retryable, level)                                             \
    [ERR_##name] = {"ERR_" #name, code, status, title, retryable, level},
#include "errors.def"
#undef X
};

const struct err_class *err_class(enum err_code code)
{
    assert(code < ERR_COUNT);
    return &classes[code];
}

/* Removes from the end of a cut text a UTF-8 sequence that lost its tail. */
static void drop_broken_tail(char *s, size_t len)
{
    size_t lead = len;
    while (lead > 0 && len - lead < 3 && ((unsigned char)s[lead - 1] & 0xC0) == 0x80)
        lead--;
    if (lead == 0)
        return;
    unsigned char c = (unsigned char)s[lead - 1];
    size_t wanted = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : c >= 0xC0 ? 2 : 1;
    if (len - (lead - 1) < wanted)
        s[lead - 1] = '\0';
}

__attribute__((format(printf, 3, 0))) static void format_cut(char *out, size_t size,
                                                             const char *fmt, va_list args)
{
    int len = vsnprintf(out, size, fmt, args);
    if (len < 0)
        out[0] = '\0';
    else if ((size_t)len >= size)
        drop_broken_tail(out, size - 1);
}

static void copy_cut(char *out, size_t size, const char *text)
{
    size_t len = strnlen(text, size);
    size_t kept = len < size ? len : size - 1;
    memcpy(out, text, kept);
    out[kept] = '\0';
    if (len == size)
        drop_broken_tail(out, kept);
}

bool err_set(struct err *e, enum err_code code, const char *field, const char *fmt, ...)
{
    assert(code != ERR_NONE && code < ERR_COUNT);
    if (e->code != ERR_NONE)
        return false;
    err_clear(e);
    e->code = code;
    copy_cut(e->field, sizeof e->field, field == NULL ? "" : field);
    va_list args;
    va_start(args, fmt);
    format_cut(e->detail, sizeof e->detail, fmt, args);
    va_end(args);
    return false;
}

void err_cause(struct err *e, const char *fmt, ...)
{
    if (e->code == ERR_NONE)
        return;
    va_list args;
    va_start(args, fmt);
    format_cut(e->cause, sizeof e->cause, fmt, args);
    va_end(args);
}

void err_clear(struct err *e)
{
    *e = (struct err){.code = ERR_NONE};
}

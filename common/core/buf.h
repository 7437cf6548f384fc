/* common/core/buf.h - a growing byte buffer with a ceiling, over an arena.
 * Appends never fail one by one: the first failure sticks, and buf_text() says so once at the end.
 */
#ifndef ZEREN_CORE_BUF_H
#define ZEREN_CORE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"

struct buf {
    struct arena *arena;
    char *bytes;
    size_t len, cap, max;
    bool failed;
};

/* Starts an empty buffer of at most `max` bytes (the closing NUL not counted). */
void buf_init(struct buf *b, struct arena *a, size_t max);

void buf_add(struct buf *b, const char *bytes, size_t len);
void buf_str(struct buf *b, const char *s);
void buf_char(struct buf *b, char c);
void buf_int(struct buf *b, int64_t n);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Appends `s` as a JSON string, quotes included; NULL becomes null. `s` must be valid UTF-8. */
void buf_json(struct buf *b, const char *s);

/* Appends `s` percent-encoded for use inside a URL query (RFC 3986 unreserved stay). */
void buf_url(struct buf *b, const char *s);

/* The NUL-terminated text, or NULL when any append passed the ceiling or memory ran out. */
const char *buf_text(struct buf *b);

#endif

/* common/http/query.h - percent-encoding, and the pairs of a query. Does not know which parameters
 * there are. */
#ifndef ZEREN_HTTP_QUERY_H
#define ZEREN_HTTP_QUERY_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"

enum url_fault {
    URL_OK,
    URL_ESCAPE, /* '%' without two hexadecimal digits */
    URL_NUL,    /* %00 */
    URL_UTF8,   /* the bytes decoded are not UTF-8 */
    URL_MEMORY
};

/* Decodes `len` bytes into the arena; with `plus`, '+' is a blank. `*ret` is set on URL_OK only. */
enum url_fault url_decode(struct arena *a, const char *s, size_t len, bool plus, const char **ret);

struct query_pair {           /* raw, inside the query */
    const char *name, *value; /* value: "" when there is no '=' */
    size_t name_len, value_len;
};

/* The next pair from `*at`, which moves on; empty ones ("a=1&&b=2") are passed over. False at the
 * end. */
bool query_next(const char **at, struct query_pair *ret);

#endif

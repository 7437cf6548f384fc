/* common/http/match.h - which route a method and raw path mean (own matcher: style U1, U5, U7).
 * Path values are not decoded here beyond finding their ends: a value is one segment, or what
 * stands before a ":verb". */
#ifndef ZEREN_HTTP_MATCH_H
#define ZEREN_HTTP_MATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/err.h"
#include "http/route.h"

#define MATCH_PARAMS_MAX 4

struct match {
    const struct route *route; /* NULL: none for this method */
    bool path_exists;
    const char *allow; /* "GET, HEAD, PATCH", when path_exists */
    unsigned n_params;
    const char *names[MATCH_PARAMS_MAX];  /* from the pattern */
    const char *values[MATCH_PARAMS_MAX]; /* raw, percent-encoded, NUL-terminated in the arena */
};

struct match_table;

/* Process lifetime. Fails (ERR_INTERNAL) naming two routes that could match the same URL. */
struct match_table *match_create(struct arena *a, const struct service *s, struct err *err);

/* `path` is the raw path (a query behind it is not looked at), starting with /api/v1/<service>.
 * Trailing slashes and empty segments match nothing. HEAD finds GET routes. ERR_NO_ROUTE,
 * ERR_METHOD (with ret->allow). */
bool match_find(const struct match_table *t, struct arena *a, const char *method, const char *path,
                struct match *ret, struct err *err);

#endif

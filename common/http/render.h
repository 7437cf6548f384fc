/* common/http/render.h - the outside of an answer: headers, ETag, `fields=`. PostgreSQL made the
 * JSON; it is passed on or cut by member, never rebuilt. Refusals are http/problem.c's. */
#ifndef ZEREN_HTTP_RENDER_H
#define ZEREN_HTTP_RENDER_H

#include <stdbool.h>
#include <stddef.h>

#include "http/request.h"

struct header {
    const char *name, *value;
};

#define HEADERS_MAX 20

/* Once, before threads: seeds the JSON library. */
void render_init(void);

/* Writes the headers of the finished answer; returns how many. A header for which there is no
 * memory is left out. */
size_t render_headers(struct request *rq, struct header ret[static HEADERS_MAX]);

/* The last touch of an answer: 304 for a read whose ETag the caller has, no body with 204 and 304.
 */
void render_finish(struct request *rq);

/* The ETag of a version: "7" in quotes. NULL when memory ran out. */
const char *render_etag(struct arena *a, const char *version);

/* Does rq->only_fields name shown fields only? Else ERR_BAD_PARAMETER "fields". True when it is
 * NULL. */
bool render_fields_known(struct request *rq);

/* A JSON object cut down to rq->only_fields (whole when that is NULL). NULL when memory ran out. */
const char *render_fields(struct request *rq, const char *object);

/* The text of a string member of a JSON object, or NULL. Only for words without escapes, like a
 * status. */
const char *render_word(struct arena *a, const char *object, const char *name);

#endif

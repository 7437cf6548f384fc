/* common/http/decode_parts.h - how decode_request.c shares its work with decode.c, decode_query.c,
 * decode_media.c and decode_value.c. Nobody else includes it. */
#ifndef ZEREN_HTTP_DECODE_PARTS_H
#define ZEREN_HTTP_DECODE_PARTS_H

#include "http/decode.h"

struct decoder {
    struct request *rq;
    const struct route *route;
    const char **args; /* by field */
    bool *given;
    struct json_t *root; /* jansson's; NULL: no body */
};

/* What refuses an ID number does not repeat it. */
extern const char decode_id_number_refused[];

/* Adds a problem; a `code` of NULL means that memory ran out. Always false. */
bool decode_refuse(struct decoder *d, enum problem_place place, const char *name, const char *code,
                   const char *detail);

/* Path values, query and If-Match into args; what is wrong becomes problems. */
void decode_path(struct decoder *d, const struct match *m);
void decode_query(struct decoder *d);
void decode_version(struct decoder *d);

/* The field that If-Match fills, or NULL. */
const struct field *decode_version_field(const struct route *r);

/* Parses the JSON body, if there is one. False when it cannot be read at all. */
bool decode_parse(struct decoder *d);

/* Its members into args; what is wrong becomes problems. */
void decode_body(struct decoder *d);

/* Is the content type the route's (415), is a body there where one is needed and not where none is
 * (400)? `demanded`: an empty JSON body will not do. */
bool decode_media(struct request *rq, enum route_media media, bool demanded);

/* One element of FIELD_UUIDS or FIELD_TEXTS; as decode_value(). */
const char *decode_item(struct arena *a, const struct field *f, const char *text,
                        const char **ret_problem, const char **ret_detail);

/* Are there not too many, and no id twice? */
bool decode_list_fits(struct arena *a, const struct field *f, const char *const *items, size_t n,
                      const char **ret_problem, const char **ret_detail);

/* {"a","b"} for PostgreSQL; NULL when out of memory. */
const char *decode_array_literal(struct arena *a, const char *const *items, size_t n);

/* Refuses (403) a division that the caller named outside the own scope, by OWN_SCOPE and
 * OWN_OR_ABOVE. */
bool decode_scope(struct decoder *d);

#endif

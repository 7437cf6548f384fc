/* common/http/decode.h - from bytes to arguments, by the field table: raw request guard, query,
 * body, If-Match. Collects every bad value in rq->problems. decode.c and render.c (`fields=`) alone
 * include jansson. */
#ifndef ZEREN_HTTP_DECODE_H
#define ZEREN_HTTP_DECODE_H

#include <stdbool.h>

#include "core/csv.h"
#include "http/match.h"
#include "http/request.h"

#define URL_PATH_MAX 2048 /* bytes; longer: 414 */
#define URL_MAX 8192      /* bytes, query included */
#define BODY_DEPTH_MAX 32
#define BODY_VALUES_MAX 20000 /* values in one JSON body: bounds the memory that parsing takes */
#define LIMIT_DEFAULT 50      /* charter D9 */
#define LIMIT_MAX 500

/* Stage 1: what can be refused before a route is known: address too long, %00, bad UTF-8 after
 * decoding, empty segments, header values that ulfius joined from repeated ones (a comma in
 * Authorization, Content-Type, If-Match, Idempotency-Key), characters out of place in a key (1 to
 * 64 of A-Z a-z 0-9 . _ : -), a traceparent not of W3C's form. Sizes of body and headers are the
 * server's part. */
bool guard_request(struct request *rq);

/* Stage 6: fills args, given, limit, sort, cursor, only_fields, validate_only, new_id. False with
 * problems collected, or a single refusal. */
bool decode_request(struct request *rq, const struct match *m);

/* One value by its field: NULL and a problem code when it is not acceptable, else the canonical
 * text in the arena. Used for CSV cells, too. `text` is never NULL. */
const char *decode_value(struct arena *a, const struct field *f, const char *text,
                         const char **ret_problem, const char **ret_detail);

/* Does the route take that field from there (IN_PATH, IN_QUERY, IN_BODY, IS_VERSION)? Which it
 * demands? The contract and the lint ask the same. */
bool route_takes(const struct route *r, const struct field *f, unsigned place);
bool route_demands(const struct route *r, const struct field *f);
bool route_is_write(const struct route *r);
bool route_is_page(const struct route *r);

/* What the request's body must be: MEDIA_NONE on GET, else as the table says. */
enum route_media route_body(const struct route *r);

/* The parameters that every route of a kind takes besides its fields. */
enum route_option {
    OPTION_LIMIT,  /* pages: 1 to LIMIT_MAX */
    OPTION_CURSOR, /* pages */
    OPTION_SORT,   /* pages: a column of the statement's list; '-' in front: descending */
    OPTION_FIELDS, /* pages and reads of one record: names of shown fields, separated by commas */
    OPTION_VALIDATE_ONLY, /* writes with a token: true or false */
    OPTION_COUNT
};
bool route_takes_option(const struct route *r, enum route_option option);
const char *route_option_name(enum route_option option);

/* A query field that has the name of such a parameter, or NULL. match_create() refuses it. */
const struct field *route_clash(const struct route *r);

/* The charset that Content-Type gives for a CSV body; UTF-8 when it says nothing. */
enum csv_charset decode_charset(const struct request *rq);

/* A field by name in the route's table, or NULL. */
const struct field *route_field(const struct route *r, const char *name);

#endif

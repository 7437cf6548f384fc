/* common/http/request.h - one request on its way through the engine (lifecycle.h), and what a
 * handler may do with it. A pointer you were given lives as long as the request; to keep it longer,
 * copy it. */
#ifndef ZEREN_HTTP_REQUEST_H
#define ZEREN_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "auth/principal.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/decimal.h"
#include "core/err.h"
#include "db/tx.h"
#include "http/rate.h"
#include "http/route.h"

enum problem_place {
    AT_POINTER /* body */,
    AT_PARAMETER /* path or query */,
    AT_HEADER,
    AT_CELL /* CSV row and column */
};

struct problem {
    enum problem_place place;
    const char *name; /* JSON pointer, parameter, header or column */
    unsigned row;     /* AT_CELL */
    const char *code; /* "required", "too_long", "unknown_field", "not_a_date", … stable words */
    const char *detail;
    const char *severity; /* of what a rule found: error, warning, alert; NULL: it is a bad value */
    const char *record;   /* of what a rule found: where that is, within the household; or NULL */
};

/* A value that a handler adds under a name of its own: arg_bind(). */
struct binding {
    struct binding *next;
    const char *name, *text;
};

struct engine; /* what one process shares: http/lifecycle.h */

struct request {
    struct engine *engine;
    struct arena *arena;
    struct err err;
    instant_us now;
    struct date today; /* Asia/Shanghai */

    /* as received; NULL when absent */
    const char *method, *url; /* raw, with query */
    const char *body;
    size_t body_len;
    const char *authorization, *content_type, *if_match, *if_none_match, *idempotency_key,
        *traceparent, *request_id, *address, *upload_offset;
    const char *claim_text; /* what its Idempotency-Key stands for, in place of address, If-Match
                               and body; NULL: these */

    const struct route *route;
    struct principal principal; /* valid when the route is not public */
    bool signed_in;

    /* decoded */
    const char *const
        *args;         /* by index in route->fields: canonical text, NULL for absent or null */
    const bool *given; /* the member was there, perhaps null */
    bool validate_only;
    long limit;                /* lists */
    const char *sort, *cursor; /* lists; sort with leading '-' for descending */
    const char *only_fields;   /* fields=a,b or NULL */
    const char *new_id;        /* body's id or a fresh UUIDv7 */

    bool (*first)(struct request *rq); /* what the handler's transaction does before it; or NULL */
    const void *first_of;              /* what that is about */

    struct binding *bindings; /* newest first */

    struct problem *problems;
    size_t n_problems;

    struct tx tx;

    /* the answer; a handler sets it through reply_*() */
    int status;
    const char *answer;
    size_t answer_len;
    const char *etag, *location, *link, *allow;
    int retry_after_s;
    const char *current; /* 412: the record as it stands */
    const char *about;   /* of a refusal: the address of the record to go on with; or NULL */
    bool replayed;       /* the stored answer of a repeated Idempotency-Key */
    const char *next_offset, *disposition, *redirect; /* Upload-Offset, Content-Disposition,
                                                         X-Accel-Redirect */
    const char *answer_type; /* of bytes that another sends; NULL: the route's */
    const char *unmasked;    /* sealed fields that leave in full, "citizen_id,phone"; NULL: none */

    /* the account of it */
    int64_t started_us;
    int attempts;
    struct rate_answer rate; /* limit 0: no limit was asked */
};

/* Refuses: sets rq->err, returns false. `field` may be NULL. */
#define fail(rq, code, field, ...) err_set(&(rq)->err, (code), (field), __VA_ARGS__)

/* Adds one bad value and sets ERR_INVALID (or ERR_BAD_PARAMETER for AT_PARAMETER and AT_HEADER).
 * Always returns false. At most 100 are kept. */
bool problem_add(struct request *rq, struct problem p);

/* Values by field name; asserts that the field is in the route's table. NULL or false when absent.
 */
const char *arg_text(const struct request *rq, const char *name);
bool arg_given(const struct request *rq, const char *name);
bool arg_date(const struct request *rq, const char *name, struct date *ret);
bool arg_int(const struct request *rq, const char *name, int64_t *ret);
bool arg_decimal(const struct request *rq, const char *name, struct decimal *ret);

/* Elements of an array-of-objects field, and one member of one of them as text; NULL when absent or
 * null. */
size_t arg_count(struct request *rq, const char *name);
const char *arg_member(struct request *rq, const char *name, size_t i, const char *member);

/* A further value for statements, under a name of its own (bound as :name before the fields are
 * looked at). */
bool arg_bind(struct request *rq, const char *name, const char *text);

/* What was bound under that name last, or NULL. */
const char *arg_bound(const struct request *rq, const char *name);

/* Runs a :rows, :exec, :one or :view statement with the request's values. */
bool db_rows(struct request *rq, const struct stmt *st, struct rows **ret);

/* Answers with a page of that :page statement; read_page: of the route's. */
bool db_page(struct request *rq, const struct stmt *st);

/* Runs a :write statement, one trip or inside db_begin(); the stored answer gets `status`. Sets
 * answer, ETag and Location. Told apart when no row changed: 404, 412 (with the current version),
 * 409 by the route's probe. */
bool db_write(struct request *rq, const struct stmt *st, int status);

/* Opens the transaction, with the claim of the key; the engine commits after the handler. */
bool db_begin(struct request *rq);

/* The answer. `json` lives in the arena or longer. */
bool reply_json(struct request *rq, int status, const char *json);

#endif

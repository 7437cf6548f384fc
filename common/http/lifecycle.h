/* common/http/lifecycle.h - the engine: every request passes these stages in this order, written
 * down in lifecycle.c alone.
 *
 *  1 rate    429 by address; first, so that every answer can say what is left
 *  2 guard   413 body, 414 address, 431 headers, 400 %00 · bad UTF-8 · // · repeated Authorization,
 * Content-Type, If-Match or Idempotency-Key 3 match   404 no such address; 405 with Allow when the
 * path exists; HEAD is GET without a body; 413 of the route 4 authn   401 + WWW-Authenticate; 503
 * when keys or revocations are out of date; 429 when too many unknown tokens of that address wait;
 * 403 from an address that an API token does not work from; then 429 by token 5 authz   403 6
 * decode  415; 400 or 422 listing every bad field, unknown parameters and members among them; 428
 * without If-Match; 400 without a key where required 7 handler with its transaction: 404, 409, 412,
 * 422, 503; retries 40001 and 40P01 up to three times from a clean arena mark 8 commit  503 when
 * the outcome is unknown 9 render  problem document or answer, headers 10 account one log line,
 * metrics
 *
 * A repeated Idempotency-Key is answered after stage 7 found it taken: same digest, the stored
 * answer; other digest, 422; still running, 409. */
#ifndef ZEREN_HTTP_LIFECYCLE_H
#define ZEREN_HTTP_LIFECYCLE_H

#include "auth/trust.h"
#include "db/pool.h"
#include "db/stmt.h"
#include "http/request.h"
#include "http/route.h"

struct file_room;   /* http/file_routes.h */
struct keyring;     /* keys/keyring.h */
struct feed_watch;  /* http/feed_watch.h */
struct match_table; /* http/match.h */
struct metrics;     /* http/metrics.h */
struct rate;        /* http/rate.h */
struct reseal;      /* http/reseal.h */
struct work;        /* work/work.h */

struct engine_settings { /* the settings every service has: http/service.c has the table */
    int64_t port, ops_port;
    const char *listen; /* 127.0.0.1; 0.0.0.0 inside a container */
    const char *db, *db_password, *worker_db, *worker_db_password;
    int64_t db_pool, db_acquire_ms, db_statement_ms, db_lock_ms, db_lifetime_s;
    int64_t connections; /* threads at most: charter D3, at least 1024 */
    int64_t body_max_kib, import_max_kib;
    int64_t rate_per_token, rate_per_address;                /* requests a minute, also the burst */
    int64_t idempotency_hours, housekeeping_s, jobs_at_once; /* a worker's */
    int64_t feed_look_ms; /* a worker's, which numbers, and a service's, where people wait */
    int64_t drain_ms;
    const char *proxy;      /* the only peer whose X-Forwarded-For and X-Request-Id are believed */
    const char *field_keys; /* key file of sealed fields; "": none */
    const char *files_dir;  /* where bytes of files are kept; "": nowhere */
    const char *today;      /* test builds only: the civil date to run at */
};

struct engine {
    const struct service *service;
    const struct engine_settings *settings;
    struct arena *arena; /* process lifetime */
    struct match_table *matches;
    struct stmt_set *statements;
    struct pool *pool;
    struct trust *trust;
    struct keyring *keyring; /* of sealed fields; NULL: the service has none */
    struct file_room *files; /* NULL: the service keeps none */
    struct reseal *reseal;   /* NULL: as above, or not a worker */
    struct feed_watch *feed; /* NULL: a worker */
    struct work *work;       /* NULL: not a worker */
    struct metrics *metrics;
    struct rate *rate_token, *rate_address;
    const char *openapi; /* the contract, made once */
    size_t body_max;     /* the most bytes any route takes */
};

/* Runs all stages; afterwards status, answer and headers are set. Never fails. */
void lifecycle_run(struct request *rq);

/* Runs a call that another request makes on behalf of its caller (http/sync_push.c): stages 5 to
 * 10, on a route found already. `rq` has engine, arena, principal and what was received; the other
 * request holds no connection meanwhile. Never fails. */
struct match; /* http/match.h */
void lifecycle_run_inner(struct request *rq, const struct match *m);

/* The request's claim on its Idempotency-Key (key NULL: none, or a rehearsal). Fails with
 * ERR_INTERNAL when no digest can be made. */
bool lifecycle_claim(struct request *rq, struct claim *ret);

/* Stores what the request was answered under its key, where nothing is stored yet: the same call
 * again is answered the same, whatever the record has come to. What keeps it from being stored is
 * no failure of the request. */
void lifecycle_keep_answer(struct request *rq, int status, const char *body);

/* Is the caller of a request that has waited still let in? Fails as stage 4 does. */
bool lifecycle_still_allowed(struct request *rq);

/* The most bytes a body may have on that route; NULL: on any of the service's. */
size_t lifecycle_body_max(const struct engine *e, const struct route *r);

/* Checks the tables before serving: ambiguous routes, a path parameter without a field, a statement
 * parameter without a source, a write without probe where If-Match is used, an unknown permission,
 * verb routes without a row. Fails naming the route. */
bool lifecycle_lint(const struct engine *e, struct err *err);

#endif

/* common/http/route.h - route tables, state tables, and what makes a service.
 *
 * Which fields a route takes follows from the names its statement uses (and `also` for what only
 * the handler reads): path fields from the pattern, query fields (IN_QUERY) on GET and imports,
 * body fields (IN_BODY) on POST and PATCH, `version` makes If-Match mandatory (428). PATCH takes a
 * JSON Merge Patch: no field is required, at least one must be given. */
#ifndef ZEREN_HTTP_ROUTE_H
#define ZEREN_HTTP_ROUTE_H

#include <stdbool.h>

#include "auth/permission.h"
#include "core/config.h"
#include "db/stmt.h"
#include "http/field.h"

struct batch_set; /* batch/kind.h */
struct engine;    /* http/lifecycle.h */
struct job_kind;  /* jobs/job.h */
struct request;
struct work_task; /* work/task.h */
typedef bool handler(struct request *rq);

enum method { METHOD_GET, METHOD_POST, METHOD_PATCH };

/* A workflow step: charter D7. Rows end with {0}. */
struct transition {
    const char *from, *verb, *to;
    enum permission permission;
    const char *rule; /* what it means and what it demands, for the contract and the diagram */
};

enum route_media { MEDIA_JSON, MEDIA_NONE /* no body taken */, MEDIA_CSV, MEDIA_BYTES };

struct route {
    enum method method;
    const char *path; /* below /api/v1/<service>: "/items/:id", "/reports/:id:confirm",
                         "/divisions:import" */
    enum permission permission;
    const struct field *fields;
    const struct stmt *sql; /* of the stock handlers; NULL when the handler does all */
    handler *handler;
    const char *id; /* operation id, also :verb in audit rows: "confirm_report" */
    const char *summary;
    const struct stmt
        *probe; /* :one statement by the same path fields that tells 404, 412 and 409 apart */
    const struct transition *fsm; /* with verb routes */
    const char *verb;             /* the row of fsm */
    enum route_media media;       /* GET: MEDIA_NONE is implied */
    int body_max_kib;             /* 0: the service's default */
    const char *also;             /* further fields taken, separated by blanks */
    int status; /* of success; 0: 200, or 201 for a POST whose sql is a :write without probe */
    const struct field *shows; /* field table of the answer when it is another one than `fields` */
    const char *location;      /* of what a POST creates: the collection below /api/v1/<service>,
                                  "/reports/"; NULL: none */
    bool unkept;  /* its answer holds a secret and is never stored: no validate_only, and what a
                     repeated Idempotency-Key gets is the handler's own affair */
    bool reads;   /* a POST that changes nothing, for what may not stand in an address: takes
                     no Idempotency-Key and no validate_only */
    bool misses;  /* no record in its path, and yet it has a 404 of its own */
    bool forgets; /* it goes on behind a place that may be too old to be kept: 410 */
    const char *answers; /* media type of the answer; NULL: application/json */
};

#define ROUTES_END                                                                                 \
    {                                                                                              \
        0                                                                                          \
    }

/* Stock handlers. */
handler read_one;  /* a :one or :view statement */
handler read_page; /* a :page statement: limit, cursor, sort, fields, filters */
/* As read_page, of records of class upward: :ancestors are the divisions above the caller's. */
handler read_upward;
handler write_one; /* a :write statement; zero rows are told apart by the probe */
handler step_one;  /* a :write statement with :from_states and :to_state out of route->fsm */

/* A column of ciphertext, kept under the active keys by http/reseal.h. Rows end with {0}. */
struct sealed_column {
    const char *column;                /* "identity.person.phone" */
    bool hashed;                       /* with a look-up hash beside it */
    const struct stmt *find, *rewrite; /* see http/reseal.h */
};

/* What devices keep a copy of (http/sync.h). Rows end with {0}. */
struct sync_resource {
    const char *kind;              /* as events name it: "report" */
    const char *list;              /* id of the route that lists it; its statement takes :ids and
                                      is sorted by id, too */
    const char *const *operations; /* ids of routes that POST /sync runs; NULL: read only */
};

/* Who reads and who sends a service's files (http/file_routes.h). */
struct file_rights {
    enum permission read, write;
};

/* The example of a body in the contract, where one composed of the fields' own would say what does
 * not go together. Rows end with {0}. */
struct body_example {
    const char *id; /* of the operation */
    const char *body;
};

/* JSON as it is written, as text. */
#define JSON_TEXT(...) #__VA_ARGS__

struct service {
    const char *name;                     /* "registry": schema, URL, log */
    const struct route *const *resources; /* NULL-terminated list of route tables */
    const struct stmt *const *statements; /* sql_<svc>_all */
    const char *description;              /* first paragraph of the contract */
    const struct setting *settings; /* the service's own, offsets into a struct it owns; or NULL */
    void *settings_into;
    bool (*start)(struct engine *e,
                  struct err *err); /* after settings and pool, before listening; or NULL */
    void (*stop)(struct engine *e); /* after the last request, also when start failed; or NULL */
    const char *const *pub_schemas; /* for search_path: NULL-terminated, or NULL */
    const struct sealed_column *sealed;  /* or NULL */
    const struct sync_resource *sync;    /* or NULL */
    const struct job_kind *jobs;         /* jobs/job.h; or NULL */
    const struct file_rights *files;     /* or NULL: it keeps none */
    const struct batch_set *batches;     /* tables in and out (http/batch_routes.h); or NULL */
    const struct work_task *const *work; /* what its worker does besides the feed,
                                            NULL-terminated; or NULL */
    const struct stmt *const *forget;    /* :rows statements of housekeeping, NULL-terminated: each
                                            removes one batch of what time has used up and says how
                                            many; NULL: none */
    const struct body_example *examples; /* or NULL */
};

/* main(): settings, --print-config, --check, --openapi, --env-example, start, serve until SIGTERM,
 * drain. Returns the exit status. */
int service_main(const struct service *s, int argc, char **argv);

#endif

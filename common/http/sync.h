/* common/http/sync.h - what devices without signal keep and bring: the routes GET /sync, POST /sync
 * and those of conflicts, which a service gets by its table of struct sync_resource. Rules and the
 * protocol: proto/sync.md. */
#ifndef ZEREN_HTTP_SYNC_H
#define ZEREN_HTTP_SYNC_H

#include "db/stmt.h"
#include "http/request.h"
#include "http/route.h"

#define SYNC_OPERATIONS_MAX 100 /* of one POST /sync */

extern const struct route sync_routes[];
extern const struct stmt *const sync_statements[]; /* NULL-terminated */

/* GET /sync and POST /sync. */
handler sync_pull, sync_push;

/* POST /conflicts/:id:settle. */
handler sync_settle;

/* The service's route of that id, or NULL. */
const struct route *sync_route(const struct service *s, const char *id, size_t len);

/* Checks the service's table before serving: routes that are there, lists that take :ids and are
 * sorted by id, operations with one path parameter at most. Fails naming the row. */
bool sync_lint(const struct service *s, struct err *err);

/* A call of another route on behalf of the request's caller. */
struct sync_call {
    const struct route *route;
    const char *target;                   /* the path's parameter; NULL: it has none */
    const char *body;                     /* JSON; NULL: none */
    const char *version;                  /* If-Match without its quotes, or NULL */
    const char *key;                      /* Idempotency-Key */
    const char *claim_text;               /* what the key stands for */
    bool (*first)(struct request *inner); /* as in struct request */
    const void *first_of;
};

/* Runs it in an arena of its own, which holds what `ret` says. */
void sync_run(struct request *rq, struct arena *a, const struct sync_call *c, struct request *ret);

/* A change against what has come in between: struct merge in the arena. Objects of JSON; `base` may
 * be NULL: nothing is known of it. */
struct merge {
    const char *patch;  /* the members to write, as an object; NULL: none is left */
    const char *fields; /* array literal of the members that are in conflict; NULL: none */
    const char *base, *mine, *theirs; /* these members, as objects; NULL as above */
};

/* M-4 of proto/sync.md. False when out of memory or something is no object. */
bool sync_merge(struct arena *a, const char *mine, const char *base, const char *current,
                struct merge *ret);

#endif

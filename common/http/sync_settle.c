/* common/http/sync_settle.c - POST /conflicts/:id:settle: one side of a conflict holds. Rule: M-6
 * of proto/sync.md. */
#include <string.h>

#include "core/limits.h"
#include "core/str.h"
#include "http/lifecycle.h"
#include "http/sync.h"
#include "sql_engine.h"

#include "core/banned.h"

struct conflict {
    const char *operation, *record_id, *record_version, *mine, *theirs;
};

static void drop_arena(void *a)
{
    struct arena *scratch = a;
    arena_destroy(&scratch);
}

/* The open conflict, at the version that the caller saw; `ret->operation` NULL: there is none. */
static bool look(struct request *rq, struct conflict *ret)
{
    struct rows *rows = NULL;
    *ret = (struct conflict){NULL};
    if (!db_rows(rq, &SQL_conflict_mine, &rows))
        return false;
    if (rows_count(rows) == 1)
        *ret =
            (struct conflict){rows_text(rows, 0, 0), rows_text(rows, 0, 1), rows_text(rows, 0, 2),
                              rows_text(rows, 0, 3), rows_text(rows, 0, 4)};
    return true;
}

static void write_mine(struct request *rq, struct arena *a, const struct conflict *c,
                       const char *version, struct request *ret)
{
    const struct route *r = sync_route(rq->engine->service, c->operation, strlen(c->operation));
    sync_run(rq, a,
             &(struct sync_call){.route = r,
                                 .target = c->record_id,
                                 .body = c->mine,
                                 .version = version,
                                 .key = arg_text(rq, "id"),
                                 .claim_text = c->mine},
             ret);
}

static const char *etag_version(struct arena *a, const struct request *inner)
{
    size_t n = inner->etag == NULL ? 0 : strlen(inner->etag);
    return n < 3 ? NULL : arena_strndup(a, inner->etag + 1, n - 2);
}

/* A third change of the same members: the conflict tells of it, and has to be looked at again. */
static bool renew(struct request *rq, const char *version, const struct merge *m)
{
    rq->idempotency_key = NULL; /* nothing has been settled: no answer is kept under the key */
    if (!arg_bind(rq, "record_version", version) || !arg_bind(rq, "theirs", m->theirs) ||
        !db_write(rq, &SQL_conflict_renew, 200))
        return false;
    return fail(rq, ERR_STATE, NULL, "The record has changed again in these members: look first.");
}

/* M-6. Changes beside these members since do not stand in the way. */
static bool take_mine(struct request *rq, struct arena *a, const struct conflict *c)
{
    struct request inner;
    write_mine(rq, a, c, c->record_version, &inner);
    for (int i = 0; i < 3 && inner.err.code == ERR_STALE; i++) {
        struct merge m;
        const char *version = etag_version(rq->arena, &inner);
        if (version == NULL || !sync_merge(rq->arena, c->mine, c->theirs, inner.current, &m))
            return fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
        if (m.fields != NULL)
            return renew(rq, version, &m);
        write_mine(rq, a, c, version, &inner);
    }
    if (inner.status < 300)
        return true;
    if (inner.err.code == ERR_NONE) /* it was refused before, and the answer kept */
        return fail(rq, ERR_STATE, NULL, "The record's state does not permit this change.");
    rq->err = inner.err;
    rq->current = NULL;
    return false;
}

bool sync_settle(struct request *rq)
{
    struct conflict c;
    struct arena *scratch = arena_create(LIMIT_ARENA_BYTES);
    if (scratch == NULL || !arena_defer(rq->arena, drop_arena, scratch))
        return fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
    if (!look(rq, &c))
        return false;
    bool mine = c.operation != NULL && str_equal(arg_text(rq, "take"), "mine");
    return (!mine || take_mine(rq, scratch, &c)) && write_one(rq);
}

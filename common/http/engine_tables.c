/* common/http/engine_tables.c - the tables that the engine adds to every service, in the order in
 * which its contract shows them. */
#include "http/engine_tables.h"

#include "http/audit_routes.h"
#include "http/batch_routes.h"
#include "http/feed_routes.h"
#include "http/job_routes.h"
#include "http/sync.h"

#include "core/banned.h"

struct part {
    const struct route *routes;
    const struct stmt *const *statements;
    bool (*wanted)(const struct service *s); /* NULL: by every service */
};

static bool has_jobs(const struct service *s)
{
    return s->jobs != NULL;
}

static bool has_batches(const struct service *s)
{
    return s->batches != NULL;
}

static bool has_sync(const struct service *s)
{
    return s->sync != NULL;
}

static const struct part parts[] = {
    {audit_routes, audit_statements, NULL},
    {feed_routes, feed_statements, NULL},
    {job_routes, job_route_statements, has_jobs},
    {batch_routes, batch_route_statements, has_batches},
    {sync_routes, sync_statements, has_sync},
};
enum { N_PARTS = sizeof parts / sizeof *parts };

static size_t length_of(const struct stmt *const *list)
{
    size_t n = 0;
    while (list != NULL && list[n] != NULL)
        n++;
    return n;
}

const struct stmt *const *statements_joined(struct arena *a, const struct stmt *const *first,
                                            const struct stmt *const *second)
{
    size_t n = length_of(first), m = length_of(second);
    const struct stmt **all = arena_array(a, const struct stmt *, n + m + 1);
    for (size_t i = 0; all != NULL && i < n + m; i++)
        all[i] = i < n ? first[i] : second[i - n];
    return all;
}

const struct service *service_with_engine(struct arena *a, const struct service *s)
{
    size_t n = 0;
    while (s->resources[n] != NULL)
        n++;
    struct service *copy = arena_new(a, struct service);
    const struct route **resources = arena_array(a, const struct route *, n + N_PARTS + 1);
    const struct stmt *const *statements = s->statements;
    if (copy == NULL || resources == NULL)
        return NULL;
    for (size_t i = 0; i < n; i++)
        resources[i] = s->resources[i];
    for (size_t i = 0; i < N_PARTS && statements != NULL; i++) {
        if (parts[i].wanted != NULL && !parts[i].wanted(s))
            continue;
        resources[n++] = parts[i].routes;
        statements = statements_joined(a, statements, parts[i].statements);
    }
    *copy = *s;
    copy->resources = resources;
    copy->statements = statements;
    return statements == NULL ? NULL : copy;
}

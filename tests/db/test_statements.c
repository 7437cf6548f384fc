/* tests/db/test_statements.c - every form of every statement is prepared by its service's own role:
 * a column renamed, a grant forgotten or a type mistaken is found before a request meets it. */
#include "http/values.h"
#include "sql_batch.h"
#include "sql_engine.h"
#include "sql_feed.h"
#include "sql_identity.h"
#include "sql_jobs.h"
#include "sql_monitoring.h"
#include "sql_registry.h"
#include "support.h"

TestSuite(statements, .timeout = 120);

static void prepare_as(const char *service, const char *role, const struct stmt *const *all)
{
    struct arena *a = arena_create(64 << 20);
    char search_path[64], user[64];
    (void)snprintf(search_path, sizeof search_path, "%s, zeren", service);
    (void)snprintf(user, sizeof user, "%s_%s", service, role);
    struct pool_options o = test_pool_options(1);
    o.conninfo = test_db(user);
    o.search_path = search_path;
    struct pool *pool = pool_create(&o);
    struct err err = {.code = ERR_NONE};
    const char *param = NULL, *asks = values_fault(all, &param);
    cr_expect_null(asks, "%s: there is no permission as in :%s", asks, param);
    const struct stmt_set *set = stmt_set_create(a, all, &err);
    cr_assert_not_null(set, "%s", err.cause);
    const struct stmt_form *const *forms;
    size_t n = stmt_set_forms(set, &forms);
    struct tx t = {.pool = pool, .arena = a, .scope = "{}", .lines = ""};
    for (size_t i = 0; i < n; i++) {
        struct stmt_shape shape;
        err_clear(&err);
        cr_expect(tx_describe(&t, forms[i], &shape, &err), "%s: %s %s", forms[i]->name,
                  err.sqlstate, err.cause);
        cr_expect(err.code != ERR_NONE || shape.n_params == forms[i]->n_params, "%s: %zu of %u",
                  forms[i]->name, shape.n_params, forms[i]->n_params);
    }
    pool_destroy(&pool);
    arena_destroy(&a);
}

static void prepare_all(const char *service, const struct stmt *const *all)
{
    prepare_as(service, "service", all);
}

/* The registry and monitoring have all that the engine and its worker offer. */
Test(statements, of_the_engine)
{
    prepare_all("registry", sql_engine_all);
    prepare_all("monitoring", sql_engine_all);
}

Test(statements, of_the_worker)
{
    prepare_as("registry", "worker", sql_feed_all);
    prepare_as("registry", "worker", sql_jobs_all);
    prepare_as("registry", "worker", sql_batch_all);
    prepare_as("monitoring", "worker", sql_feed_all);
    prepare_as("monitoring", "worker", sql_jobs_all);
    prepare_as("monitoring", "worker", sql_batch_all);
}

Test(statements, of_registry)
{
    prepare_all("registry", sql_registry_all);
}

Test(statements, of_monitoring)
{
    prepare_all("monitoring", sql_monitoring_all);
}

Test(statements, of_identity)
{
    prepare_all("identity", sql_identity_all);
}

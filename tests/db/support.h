/* tests/db/support.h - what the tests against a database share. ZEREN_TEST_DB is the superuser's
 * conninfo of a migrated database (tests/support/pg.sh makes one). */
#ifndef ZEREN_TESTS_DB_SUPPORT_H
#define ZEREN_TESTS_DB_SUPPORT_H

#include <criterion/criterion.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/pool.h"
#include "db/stmt.h"
#include "db/tx.h"
#include "tools/sqlparse.h"

/* The conninfo of the test database for another user. Static memory, one at a time. */
static inline const char *test_db(const char *user)
{
    static char text[512];
    const char *super = getenv("ZEREN_TEST_DB");
    cr_assert_not_null(super, "ZEREN_TEST_DB names no database");
    (void)snprintf(text, sizeof text, "%s user=%s", super, user);
    return text;
}

/* Runs SQL as the superuser (who sees every row) and returns the first value, or "". */
static inline const char *super_sql(const char *sql)
{
    static char value[4096];
    PGconn *pg = PQconnectdb(getenv("ZEREN_TEST_DB"));
    PGresult *r = PQexec(pg, sql);
    ExecStatusType status = PQresultStatus(r);
    cr_assert(status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK, "%s: %s", sql,
              PQerrorMessage(pg));
    (void)snprintf(value, sizeof value, "%s", PQntuples(r) > 0 ? PQgetvalue(r, 0, 0) : "");
    PQclear(r);
    PQfinish(pg);
    return value;
}

/* Runs SQL on a connection of the test's own. */
static inline void run(PGconn *pg, const char *sql)
{
    PGresult *r = PQexec(pg, sql);
    ExecStatusType status = PQresultStatus(r);
    cr_assert(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK, "%.300s: %s", sql,
              PQerrorMessage(pg));
    PQclear(r);
}

/* Rows to plan for, in a transaction that is never committed, as a service's role and with custom
 * plans as the engine asks for them. */
struct plans {
    struct arena *arena;
    struct stmt_set *forms;
    PGconn *pg;
};

/* The first of a test's fills where these name all that is there, and no trigger adds to it: rows
 * come in a third of the time. */
#define WITHOUT_TRIGGERS "SET LOCAL session_replication_role = replica"

static inline const char *path_of(const char *service)
{
    return strcmp(service, "registry") == 0
               ? "SET LOCAL search_path = registry, identity_pub, zeren"
           : strcmp(service, "monitoring") == 0
               ? "SET LOCAL search_path = monitoring, identity_pub, registry_pub, zeren"
               : "SET LOCAL search_path = identity, registry_pub, monitoring_pub, zeren";
}

/* From here on as that service, with its statements. */
static inline void plan_as(struct plans *p, const struct stmt *const *statements,
                           const char *service)
{
    struct err err = {.code = ERR_NONE};
    char role[64];
    p->forms = stmt_set_create(p->arena, statements, &err);
    cr_assert_not_null(p->forms, "%s", err.cause);
    (void)snprintf(role, sizeof role, "SET LOCAL ROLE %s_service", service);
    run(p->pg, "RESET ROLE");
    run(p->pg, path_of(service));
    run(p->pg, role);
}

/* ANALYZE looks at all rows (up to 300,000): a plan is not a matter of which ones it came upon. */
#define EVERY_ROW_COUNTS "SET LOCAL default_statistics_target = 1000"

static inline struct plans begin_plans(const struct stmt *const *statements, const char *service,
                                       const char *const *fills)
{
    struct plans p = {.arena = arena_create((size_t)64 << 20),
                      .pg = PQconnectdb(getenv("ZEREN_TEST_DB"))};
    run(p.pg, "BEGIN; SET LOCAL plan_cache_mode = force_custom_plan; " EVERY_ROW_COUNTS);
    run(p.pg, path_of(service));
    for (; *fills != NULL; fills++)
        run(p.pg, *fills);
    run(p.pg, "SET LOCAL session_replication_role = origin");
    plan_as(&p, statements, service);
    return p;
}

static inline void end_plans(struct plans *p)
{
    PQfinish(p->pg);
    arena_destroy(&p->arena);
}

/* However slow a machine is, nothing here is to find its time over: who looks for that says so. */
static inline struct pool_options test_pool_options(int size)
{
    return (struct pool_options){
        .conninfo = test_db("registry_service"),
        .search_path = "registry, zeren",
        .application_name = "registry/test",
        .size = size,
        .acquire_ms = 60000,
        .statement_ms = 60000,
        .lock_ms = 60000,
        .lifetime_s = 60,
    };
}

/* Statements of a test, out of the text of a .sql file. */
struct test_sql {
    struct stmt_set *set;
    struct sqlparse_list list;
};

static inline struct test_sql test_sql(struct arena *a, const char *text)
{
    struct test_sql s;
    struct err err = {.code = ERR_NONE};
    cr_assert(sqlparse(a, text, strlen(text), &s.list, &err), "%s: %s", err.field, err.detail);
    const struct stmt **all = arena_array(a, const struct stmt *, s.list.n + 1);
    for (size_t i = 0; i < s.list.n; i++) {
        s.list.items[i]->index = (unsigned)i;
        all[i] = s.list.items[i];
    }
    s.set = stmt_set_create(a, all, &err);
    cr_assert_not_null(s.set, "%s", err.cause);
    return s;
}

static inline const struct stmt *test_stmt(const struct test_sql *s, const char *name)
{
    for (size_t i = 0; i < s->list.n; i++) {
        if (strcmp(s->list.items[i]->name, name) == 0)
            return s->list.items[i];
    }
    cr_assert_fail("no statement %s", name);
    return NULL;
}

static inline const struct stmt_form *test_form(const struct test_sql *s, const char *name)
{
    return stmt_form(s->set, test_stmt(s, name));
}

#endif

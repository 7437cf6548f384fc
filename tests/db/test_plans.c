/* tests/db/test_plans.c - lists are served by an index at every level of caller (charter D4):
 * 40,000 items in 500 counties, and the plans that the forms get under the caller's scope, with
 * custom plans as the engine asks for them. All in one transaction that is rolled back. */
#include "sql_engine.h"
#include "sql_identity.h"
#include "sql_registry.h"
#include "support.h"

#include <time.h>

static const char *const fill =
    "INSERT INTO registry.organisation (id, owner_division, name, kind, created_at)"
    " SELECT md5('o' || n)::uuid, '43' || lpad(n::text, 4, '0') || '000000', '计划单位' || n, "
    "'department', now() FROM generate_series(1, 500) n;"
    "INSERT INTO registry.duty_list (id, owner_division, year, title, created_at)"
    " SELECT md5('l' || n)::uuid, '43' || lpad(n::text, 4, '0') || '000000', 2190, '计划', now() "
    "FROM generate_series(1, 500) n;"
    "INSERT INTO registry.task (id, owner_division, duty_list_id, number, position, title)"
    " SELECT md5('t' || n)::uuid, '43' || lpad((1 + n % 500)::text, 4, '0') || '000000', md5('l' "
    "|| (1 + n % 500))::uuid, n::text, n, '计划'"
    " FROM generate_series(1, 40000) n;"
    "INSERT INTO registry.item (id, owner_division, at_division, duty_list_id, task_id, title, "
    "lead_organisation_id, starts_on, due_on, measure, target,"
    " unit_of_measure, created_at)"
    " SELECT md5('i' || n)::uuid, t.owner_division, t.owner_division, t.duty_list_id, t.id, "
    "'计划', md5('o' || (1 + n % 500))::uuid,"
    " '2190-01-01', date '2190-01-01' + n % 360, 'value', 1, '个', now() FROM generate_series(1, "
    "100000) n JOIN registry.task t ON t.id = md5('t' || n)::uuid;"
    "INSERT INTO registry.division (id, code, owner_division, name, level, valid_from)"
    " SELECT md5('d' || n)::uuid, '44' || lpad(n::text, 10, '0'), '44' || lpad(n::text, 10, '0'), "
    "'计划村' || n, 5, '2020-01-01'"
    " FROM generate_series(1, 50000) n;"
    "ANALYZE registry.item; ANALYZE registry.task; ANALYZE registry.organisation; ANALYZE "
    "registry.division; ANALYZE registry.duty_list;";

/* The plan of a form with the given values by parameter name, as lines. Owned by the arena. */
static const char *plan_of(PGconn *pg, struct arena *a, const struct stmt_form *f,
                           const char *const (*values)[2])
{
    const char *sql = arena_printf(a, "DEALLOCATE ALL; PREPARE p AS %s", f->text);
    run(pg, sql);
    sql = "EXPLAIN (COSTS OFF) EXECUTE p(";
    for (unsigned i = 0; i < f->n_params; i++) {
        const char *value = "NULL";
        for (size_t v = 0; values[v][0] != NULL; v++) {
            value = strcmp(values[v][0], f->params[i]) == 0 ? values[v][1] : value;
        }
        sql = arena_printf(a, "%s%s%s", sql, i > 0 ? ", " : "", value);
    }
    PGresult *r = PQexec(pg, arena_printf(a, "%s)", sql));
    cr_assert_eq(PQresultStatus(r), PGRES_TUPLES_OK, "%s: %s", f->name, PQerrorMessage(pg));
    const char *plan = "";
    for (int i = 0; i < PQntuples(r); i++) {
        plan = arena_printf(a, "%s%s\n", plan, PQgetvalue(r, i, 0));
    }
    PQclear(r);
    return plan;
}

static void be(PGconn *pg, struct arena *a, const char *prefix)
{
    run(pg, arena_printf(a,
                         "SELECT set_config('zeren.scope', '{[\"%s\",\"%s~\")}', true), "
                         "set_config('zeren.lines', '', true)",
                         prefix, prefix));
}

Test(plans, lists_are_served_by_an_index_at_every_level, .timeout = 120)
{
    struct err err = {0};
    struct arena *a = arena_create(64 << 20);
    struct stmt_set *set = stmt_set_create(a, sql_registry_all, &err);
    PGconn *pg = PQconnectdb(getenv("ZEREN_TEST_DB"));
    run(pg, "BEGIN; SET LOCAL search_path = registry, identity_pub, zeren; SET LOCAL "
            "plan_cache_mode = force_custom_plan");
    run(pg, fill);
    run(pg, "SET LOCAL ROLE registry_service");
    const struct stmt_form *items = stmt_page_form(set, &SQL_item_list, (struct stmt_order){0});
    const struct stmt_form *next =
        stmt_page_form(set, &SQL_item_list, (struct stmt_order){.after_cursor = true});
    const struct stmt_form *divisions =
        stmt_page_form(set, &SQL_division_list, (struct stmt_order){0});

    be(pg, a, "430077");
    const char *county = plan_of(
        pg, a, items,
        (const char *const[][2]){
            {"scope_lo", "'430077'"}, {"scope_hi", "'430077~'"}, {"limit", "51"}, {NULL, NULL}});
    cr_expect(strstr(county, "Seq Scan on item") == NULL &&
                  strstr(county, "item_due_on_idx") != NULL,
              "county:\n%s", county);

    be(pg, a, "43");
    const char *const province_values[][2] = {
        {"scope_lo", "'43'"},
        {"scope_hi", "'43~'"},
        {"limit", "51"},
        {"after_sort", "'2190-06-01'"},
        {"after_key", "'00000000-0000-7000-8000-000000000000'"},
        {NULL, NULL}};
    const char *province = plan_of(pg, a, items, province_values);
    cr_expect(strstr(province, "item_order_idx") != NULL && strstr(province, "Sort") == NULL,
              "province:\n%s", province);
    const char *deep = plan_of(pg, a, next, province_values);
    cr_expect(strstr(deep, "item_order_idx") != NULL && strstr(deep, "Index Cond: (ROW(") != NULL &&
                  strstr(deep, "Sort") == NULL,
              "next page:\n%s", deep);

    const char *prefix = plan_of(pg, a, divisions,
                                 (const char *const[][2]){{"today", "'2026-06-30'"},
                                                          {"name_prefix", "'计划村4321'"},
                                                          {"limit", "51"},
                                                          {NULL, NULL}});
    cr_expect(strstr(prefix, "division_name_idx") != NULL, "prefix search:\n%s", prefix);
    PQfinish(pg);
    arena_destroy(&a);
}

static const char *const fill_audit =
    "INSERT INTO registry.audit_log (at, account_id, post_id, verb, record, record_id, version,"
    " owner_division, body) SELECT now() - n * interval '20 seconds', md5('a' || n % 200)::uuid,"
    " md5('p' || n % 300)::uuid, 'v' || n % 20, 'item', md5('r' || n)::uuid, 1,"
    " '43' || lpad((n % 500)::text, 4, '0') || '000000', '{}' FROM generate_series(1, 100000) n;"
    "ANALYZE registry.audit_log;";

/* No filter of the audit log reads all of it: what has no index has a time. */
Test(plans, the_audit_log_is_searched_by_an_index_or_in_a_bounded_time, .timeout = 120)
{
    static const struct {
        const char *values[5][2], *wanted;
    } searches[] = {
        {{{"record_id", "md5('r5')::uuid"}}, "_record_id_idx"},
        {{{"account_id", "md5('a5')::uuid"},
          {"from", "now() - interval '1 day'"},
          {"until", "now()"}},
         "Index Cond: ((at >="},
        {{{"from", "now() - interval '1 day'"}, {"until", "now()"}}, "Index Cond: ((at >="},
        {{{"verb_wanted", "'rare'"}, {"from", "now() - interval '1 day'"}, {"until", "now()"}},
         "Index Cond: ((at >="},
        {{{"post_id", "md5('p5')::uuid"}, {"from", "now() - interval '1 day'"}, {"until", "now()"}},
         "Index Cond: ((at >="},
        {{{"owner_division", "'430077000000'"},
          {"from", "now() - interval '1 day'"},
          {"until", "now()"}},
         "Index Cond: ((at >="},
    };
    struct err err = {0};
    struct arena *a = arena_create(64 << 20);
    struct stmt_set *set = stmt_set_create(a, sql_engine_all, &err);
    PGconn *pg = PQconnectdb(getenv("ZEREN_TEST_DB"));
    run(pg, "BEGIN; SET LOCAL search_path = registry, identity_pub, zeren; SET LOCAL "
            "plan_cache_mode = force_custom_plan");
    run(pg, fill_audit);
    run(pg, "SET LOCAL ROLE registry_service; SET LOCAL zeren.auditing = 'on'");
    be(pg, a, "43");
    char filled[64]; /* months to come are empty, and may be read whole */
    const time_t now = time(NULL);
    struct tm utc;
    (void)strftime(filled, sizeof filled, "Seq Scan on audit_log_%Y_%m", gmtime_r(&now, &utc));
    for (size_t i = 0; i < sizeof searches / sizeof *searches; i++) {
        const char *values[9][2] = {{"scope_lo", "'43'"}, {"scope_hi", "'43~'"}, {"limit", "51"}};
        for (size_t v = 0; v < 5; v++) {
            values[3 + v][0] = searches[i].values[v][0];
            values[3 + v][1] = searches[i].values[v][1];
        }
        const char *plan = plan_of(
            pg, a, stmt_page_form(set, &SQL_audit_list, (struct stmt_order){.descending = true}),
            (const char *const(*)[2])values);
        cr_expect(strstr(plan, searches[i].wanted) != NULL && strstr(plan, filled) == NULL,
                  "%s:\n%s", searches[i].values[0][0], plan);
    }
    PQfinish(pg);
    arena_destroy(&a);
}

static const char *const fill_persons =
    "INSERT INTO identity.person (id, owner_division, name, created_at)"
    " SELECT md5('n' || n)::uuid, '43' || lpad((n % 500)::text, 4, '0') || '000000',"
    " chr(19968 + n % 400) || '计划' || n, now() FROM generate_series(1, 50000) n;"
    "ANALYZE identity.person;";

/* Names sort as the database does; their beginnings are searched by the index that sorts by code
 * point, at every level of caller. */
Test(plans, persons_are_found_by_the_beginning_of_a_name, .timeout = 120)
{
    struct err err = {0};
    struct arena *a = arena_create(64 << 20);
    struct stmt_set *set = stmt_set_create(a, sql_identity_all, &err);
    PGconn *pg = PQconnectdb(getenv("ZEREN_TEST_DB"));
    run(pg, "BEGIN; SET LOCAL search_path = identity, registry_pub, zeren; SET LOCAL "
            "plan_cache_mode = force_custom_plan");
    run(pg, fill_persons);
    run(pg, "SET LOCAL ROLE identity_service");
    const struct stmt_form *persons = stmt_page_form(set, &SQL_person_list, (struct stmt_order){0});
    static const char *const callers[] = {"", "43", "430077"};
    for (size_t i = 0; i < sizeof callers / sizeof *callers; i++) {
        be(pg, a, callers[i]);
        const char *plan = plan_of(
            pg, a, persons,
            (const char *const[][2]){{"name_prefix", "'一计划4'"}, {"limit", "51"}, {NULL, NULL}});
        cr_expect(strstr(plan, "person_name_idx") != NULL && strstr(plan, "Seq Scan") == NULL,
                  "\"%s\":\n%s", callers[i], plan);
    }
    PQfinish(pg);
    arena_destroy(&a);
}

static const char *const fill_lists =
    "INSERT INTO registry.organisation (id, owner_division, name, kind, created_at)"
    " SELECT md5('o' || n)::uuid, '43' || lpad(n::text, 4, '0') || '000000', '计划单位' || n,"
    " 'department', now() FROM generate_series(1, 500) n;"
    "INSERT INTO registry.job (id, owner_division, kind, account_id, post_id, scope, scope_lines,"
    " ancestors, not_before, created_at) SELECT md5('j' || n)::uuid,"
    " '43' || lpad((1 + n % 500)::text, 4, '0') || '000000', 'plan', md5('a' || n % 900)::uuid,"
    " md5('p')::uuid, '{}', '', '', now(), now() - n * interval '1 second'"
    " FROM generate_series(1, 40000) n;"
    "INSERT INTO registry.file (id, owner_division, name, size, sha256, created_by, created_at)"
    " SELECT md5('f' || n)::uuid, '43' || lpad((1 + n % 500)::text, 4, '0') || '000000', '计划', 1,"
    " md5('s' || n) || md5('t' || n), md5('p')::uuid, now() - n * interval '1 second'"
    " FROM generate_series(1, 40000) n;"
    "INSERT INTO registry.batch (id, owner_division, kind, title, file_id, staged_by, staged_post,"
    " stage_job, created_at) SELECT md5('b' || n)::uuid,"
    " '43' || lpad((1 + n % 500)::text, 4, '0') || '000000', 'organisations', '计划',"
    " md5('f' || n)::uuid, md5('a')::uuid, md5('p')::uuid, md5('b' || n)::uuid,"
    " now() - n * interval '1 second' FROM generate_series(1, 20000) n;"
    "ANALYZE registry.job; ANALYZE registry.file; ANALYZE registry.batch;";

/* The lists of what comes, runs and is staged: a county's by its division, in order; none reads a
 * whole table, whoever asks. */
Test(plans, jobs_files_and_batches_are_listed_by_an_index, .timeout = 120)
{
    struct err err = {0};
    struct arena *a = arena_create(64 << 20);
    struct stmt_set *set = stmt_set_create(a, sql_engine_all, &err);
    PGconn *pg = PQconnectdb(getenv("ZEREN_TEST_DB"));
    run(pg, "BEGIN; SET LOCAL search_path = registry, identity_pub, zeren; SET LOCAL "
            "plan_cache_mode = force_custom_plan");
    run(pg, fill_lists);
    run(pg, "SET LOCAL ROLE registry_service");
    static const struct {
        const struct stmt *list;
        const char *table;
    } lists[] = {{&SQL_job_list, "job"}, {&SQL_file_list, "file"}, {&SQL_batch_list, "batch"}};
    static const char *const callers[][3] = {{"430077", "'430077'", "'430077~'"},
                                             {"43", "'43'", "'43~'"}};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        for (size_t c = 0; c < 2; c++) {
            be(pg, a, callers[c][0]);
            const char *plan =
                plan_of(pg, a, stmt_page_form(set, lists[i].list, (struct stmt_order){0}),
                        (const char *const[][2]){{"scope_lo", callers[c][1]},
                                                 {"scope_hi", callers[c][2]},
                                                 {"sees_all", "'true'"},
                                                 {"kinds", "'{organisations}'"},
                                                 {"limit", "51"},
                                                 {NULL, NULL}});
            cr_expect(strstr(plan, arena_printf(a, "Seq Scan on %s", lists[i].table)) == NULL &&
                          strstr(plan, "_idx") != NULL,
                      "%s of %s:\n%s", lists[i].table, callers[c][0], plan);
        }
    }
    PQfinish(pg);
    arena_destroy(&a);
}

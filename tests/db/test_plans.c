/* tests/db/test_plans.c - lists are served by an index at every level of caller (charter D4):
 * 40,000 items in 500 counties, and the plans that the forms get under the caller's scope, with
 * custom plans as the engine asks for them. All in one transaction that is rolled back. */
#include "sql_registry.h"
#include "support.h"

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

static void run(PGconn *pg, const char *sql)
{
    PGresult *r = PQexec(pg, sql);
    ExecStatusType status = PQresultStatus(r);
    cr_assert(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK, "%.200s: %s", sql,
              PQerrorMessage(pg));
    PQclear(r);
}

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

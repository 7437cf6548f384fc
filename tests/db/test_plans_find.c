/* tests/db/test_plans_find.c - households found by words and flags, blocks and figures are served
 * by an index at every level of caller: 20,000 households in 200 counties. */
#include "plans.h"
#include "sql_monitoring.h"

static const char households[] =
    "ALTER TABLE monitoring.household DISABLE TRIGGER USER; "
    "ALTER TABLE monitoring.income DISABLE TRIGGER USER; "
    "INSERT INTO monitoring.household (id, owner_division, at_division, household_type, "
    "head_member_id, head_name, address, recorded_at, created_at)"
    " SELECT md5('h' || n)::uuid, v, v, 'general', md5('m' || n)::uuid, '赵' || chr(20000 + n % "
    "3000) || chr(20000 + n % 97), '计划湾' || n % 40 || '组', now(), now()"
    " FROM (SELECT n, '43' || lpad((1 + n % 200)::text, 4, '0') || '001' || lpad((n % 90)::text, "
    "3, '0') AS v FROM generate_series(1, 20000) n) AS x;";
static const char tokens[] =
    "INSERT INTO monitoring.household_token (token, owner_division, household_id)"
    " SELECT DISTINCT p.token, h.owner_division, h.id FROM monitoring.household h, LATERAL "
    "monitoring.pairs_of(h.address || ' ' || h.head_name) AS p (token);"
    "INSERT INTO monitoring.household_token (token, owner_division, household_id)"
    " SELECT '!error', h.owner_division, h.id FROM monitoring.household h WHERE h.id::text < '20';"
    "ANALYZE monitoring.household; ANALYZE monitoring.household_token;";
static const char incomes[] =
    "INSERT INTO monitoring.income (id, household_id, owner_division, at_division, year, "
    "period_start, period_end, headcount, wage, production, property, transfer, expense, net, "
    "per_capita, reference, reference_per_capita, recorded_at, created_at)"
    " SELECT md5('i' || y || h.id)::uuid, h.id, h.owner_division, h.owner_division, y, "
    "make_date(y, 1, 1), make_date(y, 12, 31), 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, now(), now()"
    " FROM monitoring.household h, generate_series(2024, 2025) y WHERE h.id::text < '80';"
    "ANALYZE monitoring.household; ANALYZE monitoring.income;";
static const char figures[] =
    "INSERT INTO monitoring.archive_rollup (level, owner_division, measure, key, day, households, "
    "members, monitored, eliminated, unconfirmed, findings)"
    " SELECT l.level, l.code, 'all', '', date '2026-01-01' + d, 1, 3, 0, 0, 0, 0"
    " FROM (SELECT DISTINCT (6 - a.n)::smallint AS level, a.code FROM monitoring.household h, "
    "LATERAL unnest(zeren.self_and_above(h.owner_division)) WITH ORDINALITY AS a (code, n)) AS l, "
    "generate_series(0, 9) d;"
    "ANALYZE monitoring.archive_rollup;";

/* The caller sees all that is there: no list is leaked by its order. */
static const char *search(const struct plans *p, const char *caller, const char *const (*values)[2])
{
    be(p, caller);
    const char *all[16][2] = {{"scope_lo", arena_printf(p->arena, "'%s'", caller)},
                              {"scope_hi", arena_printf(p->arena, "'%s~'", caller)},
                              {"today", "'2026-11-22'"},
                              {"limit", "51"},
                              {"caller_may_minor_read", "'false'"},
                              {"caller_may_health_read", "'false'"}};
    size_t n = 6;
    for (; (*values)[0] != NULL; values++, n++) {
        all[n][0] = (*values)[0];
        all[n][1] = (*values)[1];
    }
    return what_runs(
        p, plan_of(p, stmt_page_form(p->forms, &SQL_household_search, (struct stmt_order){0}),
                   (const char *const(*)[2])all));
}

/* M-190, M-193: one pair or one flag leads, in order of village; nothing is read whole, nor sorted
 * but the few that a county has of a token, which may come either way. */
Test(plans, households_are_found_along_one_token_at_every_level, .timeout = 300)
{
    static const char *const callers[] = {"43", "4300", "430077", "430077001", "430077001012"};
    static const char *const asked[][2][2] = {{{"text", "'计划湾7组'"}, {NULL, NULL}},
                                              {{"text", "'赵丠'"}, {NULL, NULL}},
                                              {{"open_findings", "'error'"}, {NULL, NULL}}};
    struct plans p = begin_plans(sql_monitoring_all, "monitoring",
                                 (const char *const[]){households, tokens, NULL});
    for (size_t i = 0; i < sizeof callers / sizeof *callers; i++) {
        for (size_t k = 0; k < sizeof asked / sizeof *asked; k++) {
            const char *plan = search(&p, callers[i], asked[k]);
            bool few = strlen(callers[i]) >= strlen("430077");
            cr_expect(strstr(plan, "household_token_idx") != NULL &&
                          strstr(plan, "Seq Scan on household") == NULL &&
                          (few || strstr(plan, "Sort") == NULL),
                      "%s of %s:\n%s", asked[k][0][1], callers[i], plan);
        }
    }
    end_plans(&p);
}

Test(plans, incomes_are_listed_by_an_index_at_every_level, .timeout = 300)
{
    /* clang-format off */
    static const struct wanted lists[] = {
        {&SQL_income_list, NULL, {NULL}, "43", "income_owner_division_idx", "Sort"},
        {&SQL_income_list, NULL, {NULL}, "430077", "income_owner_division_idx", NULL},
        {&SQL_income_list, NULL, {"year", "2025"}, "43", "income_owner_division_idx", "Sort"},
        {&SQL_income_list, NULL, {"within", "'430077000000'"}, "43", "income_owner_division_idx", NULL},
        {&SQL_income_list, NULL, {"household_id", "md5('h5')::uuid"}, "43", "income_year_key", NULL},
        {&SQL_income_list, "id", {NULL}, "43", "income_pkey", "Sort"},
    };
    /* clang-format on */
    struct plans p = begin_plans(sql_monitoring_all, "monitoring",
                                 (const char *const[]){households, incomes, NULL});
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        expect_index(&p, &lists[i]);
    end_plans(&p);
}

/* M-196: figures of a division are its own rows and those of the divisions next below. */
Test(plans, figures_read_what_is_kept_of_their_level, .timeout = 300)
{
    static const char *const callers[] = {"43", "430077"};
    struct plans p = begin_plans(sql_monitoring_all, "monitoring",
                                 (const char *const[]){households, figures, NULL});
    for (size_t i = 0; i < sizeof callers / sizeof *callers; i++) {
        be(&p, callers[i]);
        const char *plan =
            what_runs(&p, plan_of(&p, stmt_form(p.forms, &SQL_archive_figures),
                                  (const char *const[][2]){
                                      {"scope_lo", arena_printf(p.arena, "'%s'", callers[i])},
                                      {"scope_hi", arena_printf(p.arena, "'%s~'", callers[i])},
                                      {"by", "'division'"},
                                      {"today", "'2026-11-22'"},
                                      {"now", "'2026-11-22T00:00:00Z'"},
                                      {NULL, NULL}}));
        cr_expect(strstr(plan, "archive_rollup_pkey") != NULL &&
                      strstr(plan, "Seq Scan on archive_rollup") == NULL &&
                      strstr(plan, " on household ") == NULL,
                  "%s:\n%s", callers[i], plan);
    }
    end_plans(&p);
}

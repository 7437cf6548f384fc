/* tests/db/test_plans_cadence.c - obligations are listed and counted by an index at every level of
 * caller, and what meets one is looked for by its own index: 20,000 of them in 250 counties. */
#include "plans.h"
#include "sql_registry.h"

static const char *const fill =
    "INSERT INTO registry.organisation (id, owner_division, name, kind, created_at)"
    " SELECT md5('o' || n)::uuid, '43' || lpad(n::text, 4, '0') || '000000', '计划单位' || n, "
    "'department', now() FROM generate_series(1, 250) n;"
    "INSERT INTO registry.obligation (id, owner_division, at_division, rule_id, rule_code, "
    "subject, "
    "subject_id, post_id, organisation_id, action, action_codes, duties, period, period_start, "
    "period_end, due_on, grace_work_days, needed, created_at)"
    " SELECT md5('b' || n)::uuid, o.owner_division, o.owner_division, r.id, r.code, 'post', "
    "md5('p' || n % 2000)::uuid, md5('p' || n % 2000)::uuid, o.id, 'visit', '{}', '{}', 'month', "
    "m, "
    "m + 27, m + 27, 0, 1, now() FROM generate_series(1, 20000) n JOIN registry.organisation o ON "
    "o.id = md5('o' || (1 + n % 250))::uuid, LATERAL (SELECT (date '2026-01-01' + (n / 2000) * "
    "interval '1 month')::date AS m) AS x, registry.cadence_rule r WHERE r.code = 'leader_check' "
    "AND "
    "r.owner_division = '000000000000';"
    "INSERT INTO registry.obligation_rollup SELECT up.code, up.code <> o.owner_division, d.by_day, "
    "lines, rule_code, period_start, due_on, grace_work_days, 'infinity', 'infinity', 'infinity', "
    "'infinity', count(*) FROM registry.obligation o, (VALUES (true), (false)) AS d (by_day), "
    "unnest(registry.divisions_above(o.owner_division) || o.owner_division::text) AS up (code) "
    "WHERE o.created_at = now() GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 ON CONFLICT DO NOTHING;"
    "ANALYZE registry.obligation; ANALYZE registry.organisation; ANALYZE "
    "registry.obligation_rollup;";

Test(plans, obligations_are_listed_by_an_index_at_every_level, .timeout = 300)
{
    /* clang-format off */
    static const struct wanted lists[] = {
        {&SQL_obligation_list, NULL, {NULL}, "430077", "obligation_owner_division_idx", NULL},
        {&SQL_obligation_list, NULL, {NULL}, "43", "obligation_due_on_idx", "Sort Key"},
        {&SQL_obligation_list, NULL, {"division", "'430077000000'"}, "43", "obligation_owner_division_idx", NULL},
        {&SQL_obligation_list, NULL, {"organisation_id", "md5('o5')::uuid"}, "43", "obligation_organisation_id_idx", NULL},
        {&SQL_obligation_list, NULL, {"post_id", "md5('p5')::uuid"}, "43", "obligation_once_key", NULL},
        {&SQL_obligation_list, NULL, {"subject_id", "md5('p5')::uuid"}, "43", "obligation_once_key", NULL},
        {&SQL_obligation_list, NULL, {"due_from", "'2026-06-01'"}, "43", "obligation_due_on_idx", "Sort Key"},
    };
    /* clang-format on */
    struct plans p = begin_plans(sql_registry_all, "registry",
                                 (const char *const[]){WITHOUT_TRIGGERS, fill, NULL});
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        expect_index(&p, &lists[i]);
    static const char *const askers[][2] = {
        {"430077", "'state'"}, {"43", "'state'"}, {"", "'period'"}, {"430077", "'division'"}};
    for (size_t i = 0; i < sizeof askers / sizeof *askers; i++) {
        be(&p, askers[i][0]);
        const char *lo = arena_printf(p.arena, "'%s'", askers[i][0]);
        const char *hi = arena_printf(p.arena, "'%s~'", askers[i][0]);
        const char *plan = what_runs(&p, plan_of(&p, stmt_form(p.forms, &SQL_obligation_rollup),
                                                 (const char *const[][2]){{"scope_lo", lo},
                                                                          {"scope_hi", hi},
                                                                          {"today", "'2026-11-22'"},
                                                                          {"by", askers[i][1]},
                                                                          {NULL, NULL}}));
        cr_expect(strstr(plan, "obligation_rollup_pkey") != NULL &&
                      strstr(plan, "Seq Scan on obligation") == NULL,
                  "rollup of %s by %s:\n%s", askers[i][0], askers[i][1], plan);
    }
    end_plans(&p);
}

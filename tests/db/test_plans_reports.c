/* tests/db/test_plans_reports.c - lists of periodic reports and figures are served by an index at
 * every level of caller: 30,000 reports and 20,000 meetings in 500 counties. */
#include "plans.h"
#include "sql_registry.h"

static const char *const fill =
    "INSERT INTO registry.organisation (id, owner_division, name, kind, created_at)"
    " SELECT md5('ro' || n)::uuid, '43' || lpad(n::text, 4, '0') || '000000', '报告单位' || n, "
    "'government', now() FROM generate_series(1, 500) n;"
    "INSERT INTO registry.document (id, owner_division, title, issuer, issued_on, kind, "
    "valid_from, created_at) VALUES (md5('rd')::uuid, '430000000000', '细则', '省委', "
    "'2020-01-01', 'local_rule', '2020-01-01', now());"
    "INSERT INTO registry.document_clause (id, owner_division, document_id, position, number, "
    "text) VALUES (md5('rc')::uuid, '430000000000', md5('rd')::uuid, 1, '一', '报告');"
    "INSERT INTO registry.report_form (id, owner_division, code, title, period, level, "
    "asked_by_organisation_id, clause_id, valid_from, created_at)"
    " VALUES (md5('rf')::uuid, '430000000000', 'plan_monthly', '月报', 'month', 3, "
    "md5('ro1')::uuid, md5('rc')::uuid, '2020-01-01', now());"
    "INSERT INTO registry.periodic_report (id, owner_division, at_division, form_id, "
    "organisation_id, to_division, period_start, period_end, cut_on, created_at)"
    " SELECT md5('rr' || n || '.' || m)::uuid, o.owner_division, o.owner_division, "
    "md5('rf')::uuid, o.id, '430000000000', s.day, s.day + 27, s.day + 27, now()"
    " FROM generate_series(1, 500) n JOIN registry.organisation o ON o.id = md5('ro' || n)::uuid,"
    " generate_series(0, 59) m, LATERAL (SELECT (date '2021-01-01' + make_interval(months => "
    "m))::date AS day) s;"
    "INSERT INTO registry.meeting (id, owner_division, at_division, organisation_id, kind, "
    "held_on, subject, recorded_by, created_at)"
    " SELECT md5('rm' || n)::uuid, o.owner_division, o.owner_division, o.id, 'dispatch', date "
    "'2024-01-01' + n % 700, '调度会', o.id, now()"
    " FROM generate_series(1, 20000) n JOIN registry.organisation o ON o.id = md5('ro' || (1 + n "
    "% 500))::uuid;"
    "ANALYZE registry.periodic_report; ANALYZE registry.meeting;";

static void periodic_reports_are_listed(const struct plans *p)
{
    /* clang-format off */
    static const struct wanted lists[] = {
        {&SQL_periodic_report_list, NULL, {NULL}, "430077", "periodic_report_owner_division_idx", NULL},
        {&SQL_periodic_report_list, NULL, {NULL}, "43", "periodic_report_period_start_idx", NULL},
        {&SQL_periodic_report_list, NULL, {"division", "'430077000000'"}, "43", "periodic_report_owner_division_idx", NULL},
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        expect_index(p, &lists[i]);
}

/* a figure reads the division it is of, whoever asks. */
static void figures_read_the_division_alone(const struct plans *p)
{
    be(p, "43");
    PGresult *r = PQexec(p->pg, "EXPLAIN (COSTS OFF) SELECT count(*) FROM registry.meeting m WHERE "
                                "registry.below(m.owner_division, '430077000000')"
                                " AND m.held_on >= '2025-01-01' AND m.held_on < '2025-02-01'");
    const char *plan = "";
    for (int i = 0; i < PQntuples(r); i++)
        plan = arena_printf(p->arena, "%s%s\n", plan, PQgetvalue(r, i, 0));
    PQclear(r);
    cr_expect(strstr(plan, "meeting_owner_division_idx") != NULL &&
                  strstr(plan, "registry.code_prefix") == NULL,
              "%s", plan);
}

Test(plans, reports_and_figures_are_served_by_an_index_at_every_level, .timeout = 300)
{
    struct plans p = begin_plans(sql_registry_all, "registry",
                                 (const char *const[]){WITHOUT_TRIGGERS, fill, NULL});
    periodic_reports_are_listed(&p);
    figures_read_the_division_alone(&p);
    end_plans(&p);
}

/* tests/db/test_plans_rules.c - findings are listed by an index at every level of caller: 24,000 in
 * as many households of 400 counties, one in eight of them open. */
#include "plans.h"
#include "sql_monitoring.h"

static const char *const fill =
    "ALTER TABLE monitoring.member DISABLE TRIGGER USER;"
    "ALTER TABLE monitoring.finding DISABLE TRIGGER USER;"
    "INSERT INTO monitoring.household (id, owner_division, at_division, household_type, "
    "head_member_id, recorded_at, created_at)"
    " SELECT md5('h' || n)::uuid, v.code, v.code, 'general', md5('m' || n)::uuid, now(), now()"
    "   FROM generate_series(1, 24000) n, LATERAL (SELECT '43' || lpad((1 + n % 400)::text, 4, "
    "'0') || lpad((1 + n / 400 % 10)::text, 3, '0') || lpad((n / 4000)::text, 3, '0') "
    "AS code) v;"
    "INSERT INTO monitoring.finding (household_id, owner_division, rule, severity, detail, "
    "pointer, facts_digest, found_on, status, resolved_on, created_at)"
    " SELECT h.id, h.owner_division, CASE WHEN get_byte(uuid_send(h.id), 1) < 3 THEN '1_11_001' "
    "ELSE '3_11_010' END, 'alert', 'x', '/x', '0', '2026-01-01', "
    "CASE WHEN get_byte(uuid_send(h.id), 0) < 32 THEN 'open' ELSE 'resolved' END, "
    "CASE WHEN get_byte(uuid_send(h.id), 0) < 32 THEN NULL ELSE date '2026-02-01' END, now() FROM "
    "monitoring.household h;"
    "ANALYZE monitoring.household; ANALYZE monitoring.finding;";

Test(plans, findings_are_listed_by_an_index_at_every_level, .timeout = 300)
{
    /* clang-format off */
    static const struct wanted lists[] = {
        {&SQL_finding_list, NULL, {NULL}, "43", "finding_owner_division_idx", "Sort Key"},
        {&SQL_finding_list, NULL, {NULL}, "430077", "finding_owner_division_idx", NULL},
        {&SQL_finding_list, NULL, {NULL}, "430077003005", "finding_owner_division_idx", "Sort Key"},
        {&SQL_finding_list, NULL, {"status", "'open'"}, "43", "finding_", NULL},
        {&SQL_finding_list, NULL, {"status", "'open'"}, "430077", "finding_", NULL},
        {&SQL_finding_list, NULL, {"within", "'430077000000'"}, "43", "finding_owner_division_idx", NULL},
        {&SQL_finding_list, NULL, {"household_id", "md5('h7')::uuid"}, "43", "finding_household_id_idx", NULL},
        {&SQL_finding_list, "id", {NULL}, "43", "finding_pkey", "Sort Key"},
    };
    /* clang-format on */
    struct plans p =
        begin_plans(sql_monitoring_all, "monitoring", (const char *const[]){fill, NULL});
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        expect_index(&p, &lists[i]);
    end_plans(&p);
}

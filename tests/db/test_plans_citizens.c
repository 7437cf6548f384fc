/* tests/db/test_plans_citizens.c - how PostgreSQL runs the lists of requests to correct and of
 * records handed out, and the pass that brings sealed columns under new keys, among 20,000 of each:
 * no table is read whole for a page or a step. */
#include "plans.h"
#include "sql_monitoring.h"

TestSuite(plans_citizens, .timeout = 300);

static const char *const fills[] = {
    "INSERT INTO monitoring.household (id, owner_division, at_division, household_type, "
    "head_member_id, recorded_at, created_at) SELECT md5('h' || n)::uuid, d.code, d.code, "
    "'general', md5('m' || n)::uuid, now(), now() FROM generate_series(1, 20000) AS n, LATERAL "
    "(SELECT '4313' || lpad((1 + n % 20)::text, 2, '0') || '001' || lpad((1 + n % 30)::text, 3, "
    "'0') AS code) AS d",
    "INSERT INTO monitoring.member (id, household_id, owner_division, at_division, name, "
    "certificate_kind, relation, joined_on, joined_how, confirmation, recorded_at, created_at) "
    "SELECT h.head_member_id, h.id, h.owner_division, h.owner_division, '某人', 'none', 'head', "
    "'2020-01-01', 'registered', 'none', now(), now() FROM monitoring.household h",
    "INSERT INTO monitoring.correction (id, owner_division, at_division, household_id, asked_on, "
    "what, due_on, status, created_at, corrected_record, corrected_version) SELECT "
    "gen_random_uuid(), h.owner_division, h.owner_division, h.id, '2026-01-05', '住址有误', "
    "'2026-01-26', CASE WHEN h.n % 20 = 0 THEN 'received' ELSE 'corrected' END, timestamptz "
    "'2026-01-05' + h.n * interval '1 min', CASE WHEN h.n % 20 > 0 THEN 'household' END, CASE WHEN "
    "h.n % 20 > 0 THEN 2 END FROM (SELECT x.*, row_number() OVER () AS n FROM monitoring.household "
    "x) AS h",
    "INSERT INTO monitoring.record_print (id, owner_division, household_id, asked_by_member_id, "
    "reason, issuer_organisation_id, year, position, number, household_version, printed_on, "
    "printed_by_account, created_at) SELECT gen_random_uuid(), h.owner_division, h.id, "
    "h.head_member_id, '本人查阅', md5('o')::uuid, 2026, h.n, '告知', 1, '2026-01-05', "
    "md5('a')::uuid, timestamptz '2026-01-05' + h.n * interval '1 min' FROM (SELECT x.*, "
    "row_number() OVER () AS n FROM monitoring.household x) AS h",
    "ANALYZE monitoring.household, monitoring.member, monitoring.correction, "
    "monitoring.record_print",
    NULL,
};

Test(plans_citizens, lists_and_steps_walk_an_index)
{
    /* clang-format off */
    static const struct wanted lists[] = {
        {&SQL_correction_list, NULL, {NULL}, "431302001012", "correction_owner_division_idx", NULL},
        {&SQL_correction_list, NULL, {NULL}, "43", "correction_created_at_idx", "Sort Key: c."},
        {&SQL_correction_list, NULL, {"household_id", "md5('h5')::uuid"}, "43", "correction_household_id_idx", NULL},
        {&SQL_correction_list, NULL, {"due_by", "'2026-02-01'"}, "431302", "correction_received_idx", NULL},
        {&SQL_record_print_list, NULL, {NULL}, "431302001012", "record_print_owner_division_idx", NULL},
        {&SQL_record_print_list, NULL, {NULL}, "43", "record_print_created_at_idx", "Sort Key:"},
        {&SQL_record_print_list, NULL, {"household_id", "md5('h5')::uuid"}, "43", "record_print_household_id_idx", NULL},
    };
    /* clang-format on */
    static const char *const keys[][2] = {{"after", "md5('h5')::uuid"},
                                          {"column", "'monitoring.member.id_number'"},
                                          {"key_id", "'\\x0111111111'"},
                                          {"lookup_id", "'\\x22222222'"},
                                          {"batch", "20"},
                                          {NULL, NULL}};
    const struct stmt *const steps[] = {&SQL_household_sealed_find, &SQL_member_sealed_find,
                                        &SQL_version_sealed_find, &SQL_correction_sealed_find};
    static const char *const walked[] = {"household_pkey", "member_pkey", "archive_version_pkey",
                                         "correction_pkey"};
    struct plans p = begin_plans(sql_monitoring_all, "monitoring", fills);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        expect_index(&p, &lists[i]);
    be(&p, "");
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        const char *plan = plan_of(&p, stmt_form(p.forms, steps[i]), keys);
        cr_expect(strstr(plan, walked[i]) != NULL, "%s: %s", steps[i]->name, plan);
    }
    end_plans(&p);
}

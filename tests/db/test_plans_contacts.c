/* tests/db/test_plans_contacts.c - lists of contacts, visits and settlements, and coverage, are
 * served by an index at every level of caller: 20,000 visits in 250 counties. */
#include "plans.h"
#include "sql_registry.h"

static const char *const fill =
    "INSERT INTO registry.organisation (id, owner_division, name, kind, created_at)"
    " SELECT md5('o' || n)::uuid, '43' || lpad(n::text, 4, '0') || '000000', '计划单位' || n, "
    "'department', now() FROM generate_series(1, 250) n;"
    "INSERT INTO registry.settlement (id, owner_division, kind, name, valid_from, created_at)"
    " SELECT md5('s' || n)::uuid, '43' || lpad((1 + n % 250)::text, 4, '0') || '001' || "
    "lpad((n % 90)::text, 3, '0'), 'natural_village', '计划湾' || n, '2020-01-01', now()"
    " FROM generate_series(1, 5000) n;"
    "INSERT INTO registry.visit (id, owner_division, at_division, post_id, organisation_id, "
    "post_title, organisation_name, visited_on, purpose, settlement_id, household_id, created_at)"
    " SELECT md5('v' || n)::uuid, s.owner_division, s.owner_division, md5('p' || n % 2000)::uuid, "
    "md5('o' || (1 + n % 250))::uuid, '岗', '单位', date '2025-01-01' + n % 600, 'coverage', s.id, "
    "md5('h' || n % 15000)::uuid, now()"
    " FROM generate_series(1, 20000) n JOIN registry.settlement s ON s.id = md5('s' || (1 + n % "
    "5000))::uuid;"
    "INSERT INTO registry.visited SELECT 2025, 'settlement', "
    "'00000000-0000-0000-0000-000000000000', '43' || lpad((1 + n % 250)::text, 4, '0') || '001' || "
    "lpad((n % 90)::text, 3, '0'), md5('s' || n)::uuid, 1 FROM generate_series(1, 40000) n;"
    "INSERT INTO registry.contact (id, thread_id, owner_division, at_division, kind, post_id, "
    "organisation_name, starts_on, created_at)"
    " SELECT md5('c' || n)::uuid, md5('c' || n)::uuid, '43' || lpad((1 + n % 250)::text, 4, '0') "
    "|| "
    "'001' || lpad((n % 90)::text, 3, '0'), '43' || lpad((1 + n % 250)::text, 4, '0') || '001' || "
    "lpad((n % 90)::text, 3, '0'), 'station', md5('p' || n)::uuid, '单位', date '2020-01-01' + n % "
    "2000, now() FROM generate_series(1, 5000) n;"
    "ANALYZE registry.settlement; ANALYZE registry.visit; ANALYZE registry.visited; "
    "ANALYZE registry.contact;";

static void lists_are_served(const struct plans *p)
{
    /* clang-format off */
    static const struct wanted lists[] = {
        {&SQL_visit_list, NULL, {NULL}, "430077", "visit_owner_division_idx", NULL},
        {&SQL_visit_list, NULL, {NULL}, "43", "visit_visited_on_idx", "Sort Key: v."},
        {&SQL_visit_list, NULL, {"division", "'430077001012'"}, "43", "visit_owner_division_idx", NULL},
        {&SQL_visit_list, NULL, {"within", "'430077000000'"}, "43", "visit_owner_division_idx", NULL},
        {&SQL_visit_list, NULL, {"post_id", "md5('p5')::uuid"}, "43", "visit_post_id_idx", NULL},
        {&SQL_visit_list, NULL, {"household_id", "md5('h5')::uuid"}, "43", "visit_household_id_idx", NULL},
        {&SQL_contact_list, NULL, {NULL}, "430077", "contact_owner_division_idx", NULL},
        {&SQL_contact_list, NULL, {NULL}, "43", "contact_starts_on_idx", "Sort Key: c."},
        {&SQL_contact_list, NULL, {"post_id", "md5('p5')::uuid"}, "43", "contact_post_id_idx", NULL},
        {&SQL_settlement_list, NULL, {NULL}, "430077", "settlement_owner_division_idx", NULL},
        {&SQL_settlement_list, NULL, {NULL}, "43", "settlement_name_idx", "Sort Key: s."},
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        expect_index(p, &lists[i]);
}

/* Coverage reads what is kept of the division and no visit, whoever asks. */
static void coverage_reads_what_is_kept(const struct plans *p)
{
    static const char *const callers[] = {"43", "430077"};
    for (size_t i = 0; i < sizeof callers / sizeof *callers; i++) {
        be(p, callers[i]);
        const char *plan = plan_of(p, stmt_form(p->forms, &SQL_coverage_get),
                                   (const char *const[][2]){{"division", "'430077000000'"},
                                                            {"year", "'2025'"},
                                                            {"today", "'2026-11-22'"},
                                                            {NULL, NULL}});
        cr_expect(strstr(plan, "visited_pkey") != NULL &&
                      strstr(plan, "Seq Scan on visited") == NULL &&
                      strstr(plan, " on visit ") == NULL,
                  "%s:\n%s", callers[i], plan);
    }
}

Test(plans, contacts_and_coverage_are_served_by_an_index_at_every_level, .timeout = 300)
{
    struct plans p = begin_plans(sql_registry_all, "registry",
                                 (const char *const[]){WITHOUT_TRIGGERS, fill, NULL});
    lists_are_served(&p);
    coverage_reads_what_is_kept(&p);
    end_plans(&p);
}

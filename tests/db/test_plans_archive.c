/* tests/db/test_plans_archive.c - households and members are listed by an index at every level of
 * caller: 24,000 households and as many members in 40 counties, entered village by village. */
#include "plans.h"
#include "sql_monitoring.h"

static const char *const fill =
    "ALTER TABLE monitoring.member DISABLE TRIGGER USER;"
    "INSERT INTO monitoring.household (id, owner_division, at_division, household_number, "
    "settlement_id, household_type, object_type, risks, no_labour, head_member_id, "
    "head_name, head_birth_on, member_count, recorded_at, created_at)"
    " SELECT md5('h' || n)::uuid, v.code, v.code, 'P' || n, md5('s' || n % 10000)::uuid, CASE WHEN "
    "n % 8 = 0 THEN 'lifted' ELSE 'general' END, CASE WHEN n % 150 = 0 THEN '3' END,"
    " CASE WHEN n % 150 = 0 THEN '{01}'::text[] ELSE '{}' END, n % 200 = 0, md5('m' || n)::uuid, "
    "'计划' || n, date '1950-01-01' + n % 20000, 1, now(), now()"
    "   FROM generate_series(0, 23999) n, LATERAL (SELECT '43' || lpad((1 + n / 600)::text, 4, "
    "'0') || lpad((1 + n / 120 % 5)::text, 3, '0') || lpad((n / 20 % 6)::text, 3, '0') AS code) v;"
    "INSERT INTO monitoring.member (id, household_id, owner_division, at_division, name, birth_on, "
    "certificate_kind, joined_on, joined_how, confirmation, recorded_at, created_at)"
    " SELECT h.head_member_id, h.id, h.owner_division, h.at_division, h.head_name, "
    "h.head_birth_on, 'none', '2020-01-01', 'registered', 'none', now(), now() FROM "
    "monitoring.household h;"
    "ANALYZE monitoring.household; ANALYZE monitoring.member;";

#define COUNTY "430027"
#define TOWN "430027003"
#define VILLAGE "430027003005"

Test(plans, households_are_listed_by_an_index_at_every_level, .timeout = 300)
{
    /* clang-format off */
    static const struct wanted lists[] = {
        {&SQL_household_list, NULL, {NULL}, "", "household_owner_division_idx", "Sort Key"},
        {&SQL_household_list, NULL, {NULL}, "43", "household_owner_division_idx", "Sort Key"},
        {&SQL_household_list, NULL, {NULL}, "4300", "household_owner_division_idx", "Sort Key"},
        {&SQL_household_list, NULL, {NULL}, COUNTY, "household_owner_division_idx", "Sort Key"},
        {&SQL_household_list, NULL, {NULL}, TOWN, "household_owner_division_idx", "Sort Key"},
        {&SQL_household_list, NULL, {NULL}, VILLAGE, "household_owner_division_idx", "Sort Key"},
        {&SQL_household_list, "head_name", {"by_name", "true"}, "43", "household_head_name_idx", "Sort Key"},
        {&SQL_household_list, "head_name", {"by_name", "true"}, "4300", "household_head_name_idx", "Sort Key"},
        {&SQL_household_list, "head_name", {"by_name", "true"}, COUNTY, "household_county_name_idx", "Sort Key"},
        {&SQL_household_list, "head_name", {"by_name", "true"}, TOWN, "household_town_name_idx", "Sort Key"},
        {&SQL_household_list, "head_name", {"by_name", "true"}, VILLAGE, "household_", NULL},
        {&SQL_household_list, "id", {NULL}, "43", "household_pkey", "Sort Key"},
        {&SQL_household_list, NULL, {"within", "'430027000000'"}, "43", "household_owner_division_idx", "Sort Key"},
        {&SQL_household_list, NULL, {"division", "'430027003005'"}, "43", "household_owner_division_idx", "Sort Key"},
        {&SQL_household_list, NULL, {"object_type", "'3'"}, "43", "household_watched_idx", "Sort Key"},
        {&SQL_household_list, NULL, {"eliminated", "false"}, "43", "household_watched_idx", "Sort Key"},
        {&SQL_household_list, NULL, {"risk", "'01'"}, "43", "household_watched_idx", NULL},
        {&SQL_household_list, NULL, {"no_labour", "true"}, "43", "household_no_labour_idx", "Sort Key"},
        {&SQL_household_list, NULL, {"household_type", "'lifted'"}, "43", "household_lifted_idx", "Sort Key"},
        {&SQL_household_list, NULL, {"household_number", "'P77'"}, "43", "household_number_key", NULL},
        {&SQL_household_list, NULL, {"settlement_id", "md5('s7')::uuid"}, "43", "household_settlement_id_idx", NULL},
        {&SQL_household_list, NULL, {"ids", "ARRAY[md5('h7')::uuid]"}, "43", "household_pkey", NULL},
    };
    /* clang-format on */
    struct plans p =
        begin_plans(sql_monitoring_all, "monitoring", (const char *const[]){fill, NULL});
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        expect_index(&p, &lists[i]);
    end_plans(&p);
}

Test(plans, members_are_listed_by_an_index_at_every_level, .timeout = 300)
{
    /* clang-format off */
    static const struct wanted lists[] = {
        {&SQL_member_list, NULL, {NULL}, "43", "member_owner_division_idx", "Sort Key"},
        {&SQL_member_list, NULL, {NULL}, COUNTY, "member_owner_division_idx", "Sort Key"},
        {&SQL_member_list, NULL, {NULL}, TOWN, "member_owner_division_idx", "Sort Key"},
        {&SQL_member_list, NULL, {NULL}, VILLAGE, "member_owner_division_idx", "Sort Key"},
        {&SQL_member_list, "name", {"by_name", "true"}, "43", "member_name_idx", "Sort Key"},
        {&SQL_member_list, "name", {"by_name", "true"}, COUNTY, "member_county_name_idx", "Sort Key"},
        {&SQL_member_list, "name", {"by_name", "true"}, VILLAGE, "member_", NULL},
        {&SQL_member_list, "id", {NULL}, "43", "member_pkey", "Sort Key"},
        {&SQL_member_list, NULL, {"within", "'430027003000'"}, "43", "member_owner_division_idx", "Sort Key"},
        {&SQL_member_list, NULL, {"household_id", "md5('h7')::uuid"}, "43", "member_household_id_idx", NULL},
        {&SQL_member_list, NULL, {"confirmation", "'unconfirmed'"}, "43", "member_unconfirmed_idx", NULL},
        {&SQL_member_list, NULL, {"living", "false"}, "43", "member_left_idx", NULL},
    };
    /* clang-format on */
    struct plans p =
        begin_plans(sql_monitoring_all, "monitoring", (const char *const[]){fill, NULL});
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        expect_index(&p, &lists[i]);
    end_plans(&p);
}

/* The next page begins where this one ended, without walking there; a prefix is a span of the
 * index, however many names there are. */
Test(plans, the_next_page_and_a_prefix_of_a_name_are_spans_of_an_index, .timeout = 300)
{
    struct plans p =
        begin_plans(sql_monitoring_all, "monitoring", (const char *const[]){fill, NULL});
    be(&p, "43");
    const char *deep = plan_of(
        &p, stmt_page_form(p.forms, &SQL_household_list, (struct stmt_order){.after_cursor = true}),
        (const char *const[][2]){{"scope_lo", "'43'"},
                                 {"scope_hi", "'43~'"},
                                 {"today", "'2026-11-22'"},
                                 {"limit", "51"},
                                 {"after_sort", "'430027003005'"},
                                 {"after_key", "'00000000-0000-7000-8000-000000000000'"},
                                 {NULL, NULL}});
    cr_expect(strstr(deep, "household_owner_division_idx") != NULL &&
                  strstr(deep, "ROW(") != NULL && strstr(deep, "Sort Key") == NULL,
              "next page:\n%s", deep);
    const struct stmt_form *by_name =
        stmt_page_form(p.forms, &SQL_household_list,
                       (struct stmt_order){.sort = "head_name", .after_cursor = true});
    const char *named =
        plan_of(&p, by_name,
                (const char *const[][2]){{"scope_lo", "'43'"},
                                         {"scope_hi", "'43~'"},
                                         {"today", "'2026-11-22'"},
                                         {"limit", "51"},
                                         {"by_name", "true"},
                                         {"after_sort", "'计划77'"},
                                         {"after_key", "'00000000-0000-7000-8000-000000000000'"},
                                         {NULL, NULL}});
    cr_expect(strstr(named, "Index Cond: ((ROW(") != NULL && strstr(named, "Sort Key") == NULL,
              "next page by name:\n%s", named);
    const char *prefix =
        plan_of(&p, stmt_page_form(p.forms, &SQL_member_list, (struct stmt_order){.sort = "name"}),
                (const char *const[][2]){{"scope_lo", "'43'"},
                                         {"scope_hi", "'43~'"},
                                         {"today", "'2026-11-22'"},
                                         {"limit", "51"},
                                         {"by_name", "true"},
                                         {"name_prefix", "'计划77'"},
                                         {NULL, NULL}});
    cr_expect(strstr(prefix, "member_name_idx") != NULL && strstr(prefix, "Index Cond") != NULL &&
                  strstr(prefix, "Sort Key") == NULL,
              "prefix:\n%s", prefix);
    end_plans(&p);
}

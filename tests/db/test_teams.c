/* tests/db/test_teams.c - what work teams have in SQL: how long leave is and who decides on
 * it, what is wanting as of a day, and that lists and gaps are served by an index
 * at every level of caller: 10,000 teams of 20,000 members in 500 counties. */
#include "plans.h"
#include "sql_registry.h"

TestSuite(teams, .timeout = 120);

static const char *one(PGconn *pg, const char *sql)
{
    static char value[4096];
    PGresult *r = PQexec(pg, sql);
    cr_assert_eq(PQresultStatus(r), PGRES_TUPLES_OK, "%s: %s", sql, PQerrorMessage(pg));
    (void)snprintf(value, sizeof value, "%s", PQntuples(r) > 0 ? PQgetvalue(r, 0, 0) : "");
    PQclear(r);
    return value;
}

static PGconn *begin(void)
{
    PGconn *pg = PQconnectdb(getenv("ZEREN_TEST_DB"));
    run(pg, "BEGIN; SET LOCAL search_path = registry, identity_pub, zeren");
    return pg;
}

static const struct {
    const char *sql, *wanted;
} leave_cases[] = {
    {"leave_days('2026-06-10', '2026-06-10', 'calendar_days')", "1"},
    {"leave_days('2026-06-10', '2026-06-12', 'calendar_days')", "3"},
    {"leave_days('2026-12-30', '2027-01-02', 'calendar_days')", "4"},
    {"leave_days('2026-06-12', '2026-06-15', 'work_days')", "2"}, /* Friday to Monday */
    {"leave_days('2026-06-13', '2026-06-14', 'work_days')", "0"}, /* a weekend */
    {"leave_days('2026-06-18', '2026-06-22', 'work_days')", "2"}, /* 端午: the 19th to the 21st */
    {"leave_level('431302006003', 1, 2026)", "4"},
    {"leave_level('431302006003', 3, 2026)", "4"},
    {"leave_level('431302006003', 4, 2026)", "3"},
    {"leave_level('431302006003', 366, 2026)", "3"},
    {"leave_level('431302006003', 367, 2026)", "2"},
    {"leave_level('431321100001', 4, 2026)", "4"}, /* a county of its own setting */
    {"leave_level('431321100001', 4, 2025)", "3"}, /* of that year alone */
    {"level_of('000000000000')", "0"},
    {"level_of('430000000000')", "1"},
    {"level_of('431300000000')", "2"},
    {"level_of('431310000000')", "3"},
    {"level_of('431302100000')", "4"},
    {"level_of('431302100200')", "5"},
};

Test(teams, leave_is_counted_and_goes_to_the_level_that_its_length_asks_for)
{
    PGconn *pg = begin();
    run(pg, "INSERT INTO zeren.setting (key, division, year, value, assumed, source) VALUES "
            "('registry.leave_town_days', '431321000000', 2026, '5', true, 'test')");
    for (size_t i = 0; i < sizeof leave_cases / sizeof *leave_cases; i++) {
        char sql[256];
        (void)snprintf(sql, sizeof sql, "SELECT %s", leave_cases[i].sql);
        cr_expect_str_eq(one(pg, sql), leave_cases[i].wanted, "%s", leave_cases[i].sql);
    }
    PQfinish(pg);
}

Test(teams, work_days_beyond_the_calendar_are_refused)
{
    PGconn *pg = begin();
    PGresult *r = PQexec(pg, "SELECT leave_days('2198-01-01', '2198-01-05', 'work_days')");
    cr_expect_str_eq(PQresultErrorField(r, PG_DIAG_SQLSTATE), "ZR006");
    PQclear(r);
    PQfinish(pg);
}

/* A division of its own, so that others' villages do not stand in it. */
static const char *const village =
    "INSERT INTO registry.division (id, code, owner_division, name, level, valid_from)"
    " SELECT gen_random_uuid(), c, c, '村', 5, '2020-01-01' FROM unnest(ARRAY['998877001001', "
    "'998877001002']) c;"
    "INSERT INTO registry.village_kind (id, owner_division, kind, valid_from, valid_to, created_at)"
    " VALUES (gen_random_uuid(), '998877001001', 'lifted', '2026-01-01', '2026-07-01', now()),"
    " (gen_random_uuid(), '998877001001', 'key_village', '2026-01-01', 'infinity', now()),"
    " (gen_random_uuid(), '998877001002', 'red_beautiful', '2026-01-01', 'infinity', now())";
#define GAPS(day)                                                                                  \
    "SELECT coalesce(string_agg(kind || ' ' || owner_division, ',' ORDER BY kind, "                \
    "owner_division), '') FROM team_gaps('998877', '998877~', '" day "')"

Test(teams, a_village_needs_a_team_as_the_nearest_rule_of_its_kinds_says)
{
    PGconn *pg = begin();
    run(pg, village);
    cr_expect_str_eq(one(pg, GAPS("2025-12-31")), "");
    cr_expect_str_eq(one(pg, GAPS("2026-01-01")),
                     "village_without_team 998877001001,village_without_team 998877001002");
    run(pg, "INSERT INTO village_kind_rule (owner_division, kind, needs_team, position, source) "
            "VALUES ('998877000000', 'key_village', false, 1, 'test'), "
            "('998877000000', 'red_beautiful', false, 3, 'test')");
    cr_expect_str_eq(one(pg, GAPS("2026-06-30")), "village_without_team 998877001001");
    cr_expect_str_eq(one(pg, GAPS("2026-07-01")), "", "only what the county asks for is left");
    run(pg, "INSERT INTO village_kind_rule (owner_division, kind, needs_team, position, source) "
            "VALUES ('998877001002', 'red_beautiful', true, 3, 'test')");
    cr_expect_str_eq(one(pg, GAPS("2026-07-01")), "village_without_team 998877001002");
    PQfinish(pg);
}

Test(teams, two_of_a_thing_at_once_are_refused_by_the_tables)
{
    static const char *const twice[] = {
        "INSERT INTO village_kind (id, owner_division, kind, valid_from, created_at) VALUES "
        "(gen_random_uuid(), '998877001001', 'key_village', '2027-01-01', now())",
        "INSERT INTO team_village (owner_division, team_id, starts_on) SELECT '998877001001', id, "
        "'2026-03-01' FROM team WHERE owner_division = '998877001000'",
        "INSERT INTO team_member (id, owner_division, team_id, post_id, role, starts_on, "
        "created_at) SELECT gen_random_uuid(), owner_division, team_id, post_id, role, "
        "'2026-05-01', now() FROM team_member WHERE owner_division = '998877001001'",
        "INSERT INTO leave (id, owner_division, team_member_id, post_id, starts_on, ends_on, days, "
        "unit, approver_level, reason, requested_by, requested_account, created_at) SELECT "
        "gen_random_uuid(), owner_division, id, post_id, '2026-06-12', '2026-06-20', 9, "
        "'calendar_days', 3, 'x', post_id, post_id, now() FROM team_member WHERE owner_division = "
        "'998877001001'",
    };
    PGconn *pg = begin();
    run(pg, village);
    run(pg, "INSERT INTO team (id, owner_division, name, starts_on, created_at) VALUES "
            "(md5('t')::uuid, '998877001000', '队', '2026-01-01', now());"
            "INSERT INTO team_village (owner_division, team_id, starts_on) VALUES ('998877001001', "
            "md5('t')::uuid, '2026-01-01');"
            "INSERT INTO team_member (id, owner_division, team_id, post_id, role, starts_on, "
            "created_at) VALUES (md5('m')::uuid, '998877001001', md5('t')::uuid, md5('p')::uuid, "
            "'team_member', '2026-01-01', now());"
            "INSERT INTO leave (id, owner_division, team_member_id, post_id, starts_on, ends_on, "
            "days, unit, approver_level, reason, requested_by, requested_account, created_at) "
            "VALUES (md5('l')::uuid, '998877001001', md5('m')::uuid, md5('p')::uuid, '2026-06-10', "
            "'2026-06-12', 3, 'calendar_days', 4, 'x', md5('p')::uuid, md5('a')::uuid, now())");
    for (size_t i = 0; i < sizeof twice / sizeof *twice; i++) {
        run(pg, "SAVEPOINT s");
        PGresult *r = PQexec(pg, twice[i]);
        cr_expect_str_eq(PQresultErrorField(r, PG_DIAG_SQLSTATE), "23P01", "%s: %s", twice[i],
                         PQresultErrorMessage(r));
        PQclear(r);
        run(pg, "ROLLBACK TO s");
    }
    PQfinish(pg);
}

/* ---- plans ---- */

static const char *const fill =
    "INSERT INTO registry.organisation (id, owner_division, name, kind, created_at)"
    " SELECT md5('o' || n)::uuid, '43' || lpad(n::text, 4, '0') || '000000', '计划单位' || n, "
    "'work_group', now() FROM generate_series(1, 500) n;"
    "INSERT INTO registry.village_kind (id, owner_division, kind, valid_from, created_at)"
    " SELECT md5('k' || n)::uuid, '43' || lpad((1 + n % 500)::text, 4, '0') || '001' || "
    "lpad((n / 500)::text, 3, '0'), 'lifted', '2020-01-01', now() + n * interval '1 s'"
    " FROM generate_series(1, 10000) n;"
    "INSERT INTO registry.team (id, owner_division, name, sending_organisation_id, starts_on, "
    "created_at) SELECT md5('t' || n)::uuid, '43' || lpad((1 + n % 500)::text, 4, '0') || "
    "'001000', '计划队' || n, md5('o' || (1 + n % 500))::uuid, '2020-01-01', now() + n * interval "
    "'1 s' FROM generate_series(1, 10000) n;"
    "INSERT INTO registry.team_village (owner_division, team_id, starts_on)"
    " SELECT k.owner_division, md5('t' || n)::uuid, '2020-01-01' FROM generate_series(1, 10000) n "
    "JOIN registry.village_kind k ON k.id = md5('k' || n)::uuid;"
    "INSERT INTO registry.team_member (id, owner_division, team_id, post_id, role, starts_on, "
    "created_at) SELECT md5('m' || n)::uuid, k.owner_division, md5('t' || 1 + n % 10000)::uuid, "
    "md5('p' || n)::uuid, 'team_member', '2020-01-01', now() + n * interval '1 s' FROM "
    "generate_series(1, 20000) n JOIN registry.village_kind k ON k.id = md5('k' || 1 + n % "
    "10000)::uuid;"
    "INSERT INTO registry.leave (id, owner_division, team_member_id, post_id, starts_on, ends_on, "
    "days, unit, approver_level, reason, requested_by, requested_account, created_at) SELECT "
    "md5('l' || n)::uuid, m.owner_division, m.id, m.post_id, date '2025-01-01' + n % 600, date "
    "'2025-01-01' + n % 600 + 1, 2, 'calendar_days', 4, 'x', m.post_id, m.post_id, now() FROM "
    "generate_series(1, 10000) n JOIN registry.team_member m ON m.id = md5('m' || n)::uuid;"
    "INSERT INTO registry.work_group (id, owner_division, organisation_id, kind, title, starts_on, "
    "created_at) SELECT md5('g' || n)::uuid, '43' || lpad(n::text, 4, '0') || '000000', md5('o' "
    "|| n)::uuid, 'special_group', '计划专班', '2020-01-01', now() FROM generate_series(1, 500) n;"
    "INSERT INTO registry.meeting (id, owner_division, at_division, group_id, organisation_id, "
    "kind, held_on, subject, recorded_by, created_at) SELECT md5('e' || n)::uuid, '43' || "
    "lpad((1 + n % 500)::text, 4, '0') || '000000', '43' || lpad((1 + n % 500)::text, 4, '0') || "
    "'000000', md5('g' || 1 + n % 500)::uuid, md5('o' || 1 + n % 500)::uuid, 'dispatch', date "
    "'2025-01-01' + n % 600, '计划', md5('p' || n)::uuid, now() FROM generate_series(1, 10000) n;"
    "ANALYZE registry.village_kind; ANALYZE registry.team; ANALYZE registry.team_village; ANALYZE "
    "registry.team_member; ANALYZE registry.leave; ANALYZE registry.work_group; ANALYZE "
    "registry.meeting;";

Test(teams, lists_are_served_by_an_index_at_every_level)
{
    static const struct wanted lists[] = {
        {&SQL_team_list, NULL, {NULL}, "430077", "team_owner_division_idx", NULL},
        {&SQL_team_list, NULL, {NULL}, "43", "team_created_at_idx", "Sort Key"},
        {&SQL_team_list, NULL, {"village", "'430077001012'"}, "43", "team_village_", NULL},
        {&SQL_team_member_list, NULL, {NULL}, "430077", "team_member_owner_division_idx", NULL},
        {&SQL_team_member_list, NULL, {NULL}, "43", "team_member_created_at_idx", "Sort Key"},
        {&SQL_team_member_list,
         NULL,
         {"team_id", "md5('t7')::uuid"},
         "43",
         "team_member_team_id_idx",
         NULL},
        {&SQL_village_kind_list, NULL, {NULL}, "430077", "village_kind_o", NULL},
        {&SQL_village_kind_list, NULL, {NULL}, "43", "village_kind_created_at_idx", "Sort Key"},
        {&SQL_leave_list, NULL, {NULL}, "430077", "leave_owner_division_idx", NULL},
        {&SQL_leave_list, NULL, {NULL}, "43", "leave_starts_on_idx", "Sort Key"},
        {&SQL_meeting_list, NULL, {NULL}, "430077", "meeting_owner_division_idx", NULL},
        {&SQL_meeting_list, NULL, {NULL}, "43", "meeting_held_on_idx", "Sort Key"},
        {&SQL_meeting_list,
         NULL,
         {"group_id", "md5('g7')::uuid"},
         "43",
         "meeting_group_id_idx",
         NULL},
    };
    struct plans p = begin_plans(sql_registry_all, "registry", (const char *const[]){fill, NULL});
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        expect_index(&p, &lists[i]);
    end_plans(&p);
}

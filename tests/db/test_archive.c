/* tests/db/test_archive.c - what triggers keep of households and members (M-022, M-042), and what
 * constraints refuse, whoever writes. */
#include "support.h"

#define HOME "md5('archive home')::uuid"
#define HEAD "md5('archive head')::uuid"
#define WIFE "md5('archive wife')::uuid"

static PGconn *begin_archive(void)
{
    PGconn *pg = PQconnectdb(getenv("ZEREN_TEST_DB"));
    run(pg, "BEGIN; SET LOCAL search_path = monitoring, zeren;"
            "SET LOCAL zeren.scope = '{[\"431399\",\"431399~\")}'");
    run(pg, "INSERT INTO monitoring.household (id, owner_division, at_division, household_type, "
            "head_member_id, recorded_at, created_at) VALUES (" HOME
            ", '431399001001', '431399001001', 'general', " HEAD ", now(), now());"
            "INSERT INTO monitoring.member (id, household_id, owner_division, at_division, name, "
            "birth_on, certificate_kind, relation, joined_on, joined_how, confirmation, "
            "recorded_at, created_at) VALUES "
            "(" HEAD ", " HOME ", '431399001001', '431399001001', '赵甲', '1970-01-01', 'none', "
            "'head', '2020-01-01', 'registered', 'none', now(), now()),"
            "(" WIFE ", " HOME ", '431399001001', '431399001001', '钱乙', '1972-01-01', 'none', "
            "'spouse', '2020-01-01', 'registered', 'none', now(), now())");
    return pg;
}

static void expect_shown(PGconn *pg, const char *wanted)
{
    PGresult *r =
        PQexec(pg, "SELECT head_name || ' ' || head_birth_on || ' ' || member_count || ' ' "
                   "|| version FROM monitoring.household WHERE id = " HOME);
    cr_expect_str_eq(PQgetvalue(r, 0, 0), wanted);
    PQclear(r);
}

static long count_of(PGconn *pg, const char *select)
{
    PGresult *r = PQexec(pg, select);
    cr_assert_eq(PQresultStatus(r), PGRES_TUPLES_OK, "%s", PQerrorMessage(pg));
    long n = strtol(PQgetvalue(r, 0, 0), NULL, 10);
    PQclear(r);
    return n;
}

static void expect_refused(PGconn *pg, const char *sql, const char *constraint)
{
    run(pg, "SAVEPOINT before");
    PGresult *r = PQexec(pg, sql);
    const char *name = PQresultErrorField(r, PG_DIAG_CONSTRAINT_NAME);
    cr_expect(name != NULL && strcmp(name, constraint) == 0, "%s: %s", constraint,
              PQresultErrorMessage(r));
    PQclear(r);
    run(pg, "ROLLBACK TO before");
}

Test(archive, a_household_shows_its_head_and_how_many_live_there, .timeout = 120)
{
    PGconn *pg = begin_archive();
    expect_shown(pg, "赵甲 1970-01-01 2 1");
    run(pg, "UPDATE monitoring.member SET name = '赵丙' WHERE id = " HEAD);
    expect_shown(pg, "赵丙 1970-01-01 2 1");
    run(pg, "UPDATE monitoring.member SET left_on = '2026-01-01', left_how = 'marriage' WHERE id "
            "= " WIFE);
    expect_shown(pg, "赵丙 1970-01-01 1 1");
    run(pg, "UPDATE monitoring.member SET left_on = NULL, left_how = NULL WHERE id = " WIFE);
    run(pg, "UPDATE monitoring.household SET head_member_id = " WIFE " WHERE id = " HOME);
    expect_shown(pg, "钱乙 1972-01-01 2 1");
    run(pg, "DELETE FROM monitoring.member WHERE id = " HEAD);
    expect_shown(pg, "钱乙 1972-01-01 1 1");
    PQfinish(pg);
}

/* M-042: one row a version, when it rises, with the row as it was and until when it was so. */
Test(archive, every_version_is_kept_by_whatever_way_it_rises, .timeout = 120)
{
    PGconn *pg = begin_archive();
    run(pg,
        "UPDATE monitoring.household SET address = '一组', version = version + 1, recorded_at = "
        "recorded_at + interval '1 hour' WHERE id = " HOME);
    run(pg, "UPDATE monitoring.member SET name = '钱丁', version = version + 1, recorded_at = "
            "recorded_at + interval '1 hour', reason = '更正' WHERE household_id = " HOME);
    run(pg, "UPDATE monitoring.member SET confirmation = 'none' WHERE household_id = " HOME);
    cr_expect_eq(count_of(pg, "SELECT count(*) FROM monitoring.archive_version v WHERE "
                              "v.household_id = " HOME " AND v.version = 1 AND v.recorded_until = "
                              "v.recorded_at + interval '1 hour'"),
                 3);
    cr_expect_eq(count_of(pg, "SELECT count(*) FROM monitoring.archive_version v WHERE "
                              "v.record = 'member' AND v.record_id = " WIFE
                              " AND v.body ->> 'name' = '钱乙' AND v.reason IS NULL"),
                 1);
    PQfinish(pg);
}

#define FACT_ON(day, path)                                                                         \
    "SELECT count(*) FROM monitoring.facts_of(ARRAY[" HOME "::uuid], '" day                        \
    "') AS f WHERE f.facts::jsonb #>> " path
#define FACT(path) FACT_ON("2026-06-10", path)
#define MARKED(day) FACT("'{household,eliminated_marked_on}' = '" day "'")
#define CAME(is) FACT("'{household,eliminated_came}' = '" is "'")

/* Somebody records it as eliminated, or takes that back. */
static void mark(PGconn *pg, bool eliminated, const char *at)
{
    char sql[256];
    (void)snprintf(sql, sizeof sql,
                   "UPDATE monitoring.household SET eliminated = %s, eliminated_on = NULL, version "
                   "= version + 1, recorded_at = '%s+08', source = 'form' WHERE id = " HOME,
                   eliminated ? "true" : "false", at);
    run(pg, sql);
}

/* M-112: since when an elimination is recorded, and D17: which day that was. */
Test(archive, an_elimination_counts_from_the_day_it_was_recorded_on, .timeout = 120)
{
    PGconn *pg = begin_archive();
    run(pg, "UPDATE monitoring.household SET created_at = '2026-01-01 12:00+08', recorded_at = "
            "'2026-01-01 12:00+08' WHERE id = " HOME);
    run(pg, "UPDATE monitoring.household SET object_type = '3', identified_on = '2024-01-01', "
            "eliminated = true, eliminated_on = '2025-01-01', version = version + 1, recorded_at = "
            "'2026-06-02 01:00+08' WHERE id = " HOME);
    run(pg, "UPDATE monitoring.household SET address = '二组', version = version + 1, recorded_at "
            "= '2026-06-09 01:00+08' WHERE id = " HOME);
    run(pg, "INSERT INTO monitoring.three_guarantees (id, household_id, owner_division, "
            "at_division, year, stage, water_unsafe, recorded_at, created_at) SELECT "
            "gen_random_uuid(), h.id, h.owner_division, h.at_division, 2026, 'yearly', true, "
            "'2026-06-03 01:00+08', now() FROM monitoring.household h WHERE h.id = " HOME);
    cr_expect_eq(count_of(pg, MARKED("2026-06-02")), 1);
    cr_expect_eq(count_of(pg, FACT("'{three_guarantees,0,recorded_on}' = '2026-06-03'")), 1);
    cr_expect_eq(count_of(pg, CAME("false")), 1);
    mark(pg, false, "2026-06-10 12:00");
    mark(pg, true, "2026-07-10 12:00");
    cr_expect_eq(count_of(pg, MARKED("2026-07-10")), 1);
    PQfinish(pg);
}

/* M-112: taken back by a slip and put right it goes on where it stopped; toggling gains nothing. */
Test(archive, an_elimination_taken_back_by_a_slip_is_what_it_was, .timeout = 120)
{
    PGconn *pg = begin_archive();
    run(pg, "UPDATE monitoring.household SET created_at = '2026-01-01 12:00+08', recorded_at = "
            "'2026-01-01 12:00+08', object_type = '3', identified_on = '2024-01-01' WHERE id "
            "= " HOME);
    mark(pg, true, "2026-03-01 12:00");
    cr_expect_eq(count_of(pg, MARKED("2026-03-01")), 1);
    mark(pg, false, "2026-05-01 12:00");
    cr_expect_eq(count_of(pg, FACT_ON("2026-05-08", "'{household,eliminated_marked_on}' = "
                                                    "'2026-03-08'")),
                 1, "as it would be if it were put right that day");
    cr_expect_eq(count_of(pg, FACT_ON("2026-05-09", "'{household,eliminated_marked_on}' = "
                                                    "'2026-05-09'")),
                 1, "it is no slip any more");
    mark(pg, true, "2026-05-02 12:00");
    cr_expect_eq(count_of(pg, MARKED("2026-03-02")), 1, "the day of the slip does not count");
    mark(pg, false, "2026-05-10 12:00");
    run(pg, "UPDATE monitoring.household SET address = '三组', version = version + 1, recorded_at "
            "= '2026-05-12 12:00+08' WHERE id = " HOME);
    mark(pg, true, "2026-05-16 12:00");
    cr_expect_eq(count_of(pg, MARKED("2026-03-08")), 1, "seven days together");
    mark(pg, false, "2026-05-20 12:00");
    mark(pg, true, "2026-05-20 12:01");
    cr_expect_eq(count_of(pg, MARKED("2026-05-08")), 1,
                 "of all that is longer than a slip the time between the pieces counts");
    for (int day = 10; day <= 28; day += 6) { /* out of it but for a minute in six days */
        char at[32];
        (void)snprintf(at, sizeof at, "2026-06-%02d 12:00", day);
        mark(pg, true, at);
        (void)snprintf(at, sizeof at, "2026-06-%02d 12:01", day);
        mark(pg, false, at);
    }
    mark(pg, true, "2026-07-04 12:00");
    cr_expect_eq(count_of(pg, MARKED("2026-07-04")), 1, "marked anew, judged anew");
    PQfinish(pg);
}

/* M-112: what came out of a table as eliminated is history still when a slip is put right. */
Test(archive, an_imported_elimination_outlives_a_slip, .timeout = 120)
{
    PGconn *pg = begin_archive();
    run(pg, "UPDATE monitoring.household SET created_at = '2026-01-01 12:00+08', recorded_at = "
            "'2026-01-01 12:00+08', object_type = '3', identified_on = '2020-01-01', eliminated = "
            "true, source = 'import' WHERE id = " HOME);
    cr_expect_eq(count_of(pg, CAME("true")), 1);
    mark(pg, false, "2026-06-01 12:00");
    cr_expect_eq(count_of(pg, FACT_ON("2026-06-02", "'{household,eliminated_came}' = 'true'")), 1);
    mark(pg, true, "2026-06-02 12:00");
    cr_expect_eq(count_of(pg, MARKED("2026-01-02")), 1);
    cr_expect_eq(count_of(pg, CAME("true")), 1);
    mark(pg, false, "2026-07-01 12:00");
    mark(pg, true, "2026-07-20 12:00");
    cr_expect_eq(count_of(pg, MARKED("2026-07-20")), 1);
    cr_expect_eq(count_of(pg, CAME("false")), 1);
    PQfinish(pg);
}

/* M-112: who is entered without it and marked later does not come so, however soon. */
Test(archive, what_was_marked_after_it_came_did_not_come_so, .timeout = 120)
{
    PGconn *pg = begin_archive();
    run(pg, "UPDATE monitoring.household SET created_at = '2026-06-01 12:00+08', recorded_at = "
            "'2026-06-01 12:00+08', object_type = '3', identified_on = '2020-01-01', source = "
            "'import' WHERE id = " HOME);
    mark(pg, true, "2026-06-03 12:00");
    cr_expect_eq(count_of(pg, MARKED("2026-06-03")), 1);
    cr_expect_eq(count_of(pg, CAME("false")), 1);
    PQfinish(pg);
}

Test(archive, what_does_not_fit_is_refused_whoever_writes, .timeout = 120)
{
    PGconn *pg = begin_archive();
    static const struct {
        const char *set, *constraint;
    } households[] =
        {
            {"object_type = '1'", "household_object_type_check"},
            {"lifted_class = 'stable'", "household_lifted_class_check"},
            {"risks = '{1,2,3,4,5,6}'", "household_risks_check"},
            {"eliminated = true", "household_eliminated_check"},
            {"eliminated = true, object_type = '3'", "household_identified_check"},
            {"eliminated_on = '2026-01-01'", "household_eliminated_on_check"},
            {"status = 'ended'", "household_ended_check"},
            {"extension = '[]'", "household_extension_check"},
        },
      members[] = {
          {"certificate_kind = 'id_card'", "member_id_number_check"},
          {"left_on = '2026-01-01'", "member_left_check"},
          {"left_on = '2019-01-01', left_how = 'death'", "member_period_check"},
          {"left_on = '1950-01-01', left_how = 'death', joined_how = 'registered', "
           "joined_on = (created_at AT TIME ZONE 'Asia/Shanghai')::date",
           "member_left_born_check"},
          {"joined_on = '1950-01-01'", "member_born_check"},
          {"confirmation = 'confirmed'", "member_confirmed_check"},
          {"work_place = '431302006000'", "member_work_place_check"},
          {"follows_id = id", "member_follows_check"},
      };
    char sql[256];
    for (size_t i = 0; i < sizeof households / sizeof *households; i++) {
        (void)snprintf(sql, sizeof sql, "UPDATE monitoring.household SET %s WHERE id = " HOME,
                       households[i].set);
        expect_refused(pg, sql, households[i].constraint);
    }
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        (void)snprintf(sql, sizeof sql, "UPDATE monitoring.member SET %s WHERE id = " WIFE,
                       members[i].set);
        expect_refused(pg, sql, members[i].constraint);
    }
    PQfinish(pg);
}

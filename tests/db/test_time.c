/* tests/db/test_time.c - deadlines as SQL counts them, items told one level up, and
 * notices out of the feed, run as the worker runs them: its role, the country's scope. */
#include "sql_registry.h"
#include "support.h"

TestSuite(time, .timeout = 120);

/* The first value of the last statement, as the registry's worker, in the country's scope. */
static const char *worker_sql(const char *sql)
{
    static char value[1024];
    char all[4096];
    PGconn *pg = PQconnectdb(test_db("registry_worker"));
    (void)snprintf(all, sizeof all, "SET zeren.scope = '{[\"\",\"~\")}'; %s", sql);
    PGresult *r = PQexec(pg, all);
    cr_assert_eq(PQresultStatus(r), PGRES_TUPLES_OK, "%s: %s", sql, PQerrorMessage(pg));
    (void)snprintf(value, sizeof value, "%s", PQgetvalue(r, 0, 0));
    PQclear(r);
    PQfinish(pg);
    return value;
}

/* Runs, as somebody, SQL about the records of one test: {} stands for the test's own eight
 * hexadecimal digits. */
static const char *of_test(const char *(*as)(const char *), unsigned test, const char *sql)
{
    char text[4096];
    size_t n = 0;
    for (const char *at = sql; *at != '\0'; at++) {
        cr_assert(n + 9 < sizeof text);
        if (at[0] == '{' && at[1] == '}') {
            n += (size_t)snprintf(text + n, 9, "%08x", test);
            at++;
        } else {
            text[n++] = *at;
        }
    }
    text[n] = '\0';
    return as(text);
}

/* A county with a government (with a leader of each duty), a department and a town; a list in force
 * with an item of the department and one of the town, both due on 2025-09-30. */
static void make_county(unsigned test)
{
    (void)of_test(
        super_sql, test,
        "INSERT INTO registry.organisation (id, owner_division, name, kind, created_at)"
        " VALUES ('{}-0000-7000-8000-000000000001', '431302000000', '{} gov',"
        " 'government', now()), ('{}-0000-7000-8000-000000000002', '431302000000',"
        " '{} department', 'department', now()), ('{}-0000-7000-8000-000000000003',"
        " '431302006000', '{} town', 'town', now());"
        "INSERT INTO identity.post (id, owner_division, organisation_id, title, duty,"
        " created_at) VALUES ('{}-0000-7000-8000-000000000011', '431302000000',"
        " '{}-0000-7000-8000-000000000001', 'deputy', 'direct', now()),"
        " ('{}-0000-7000-8000-000000000012', '431302000000',"
        " '{}-0000-7000-8000-000000000001', 'head', 'first_responsible', now());"
        "INSERT INTO registry.duty_list (id, owner_division, year, title, edition,"
        " status, created_at) VALUES ('{}-0000-7000-8000-000000000021',"
        " '431302000000', 2000 + ('x{}'::bit(32)::int % 190), 'list', 1, 'in_force', now());"
        "INSERT INTO registry.task (id, owner_division, duty_list_id, number, position,"
        " title) VALUES ('{}-0000-7000-8000-000000000031', '431302000000',"
        " '{}-0000-7000-8000-000000000021', '1', 1, 'task');");
    (void)of_test(super_sql, test,
                  "INSERT INTO registry.item (id, owner_division, at_division, duty_list_id,"
                  " task_id, title, lead_organisation_id, starts_on, due_on, measure, target,"
                  " unit_of_measure, created_at) SELECT ('{}-0000-7000-8000-00000000004' ||"
                  " n)::uuid, d, d, '{}-0000-7000-8000-000000000021',"
                  " '{}-0000-7000-8000-000000000031', 'item ' || n,"
                  " ('{}-0000-7000-8000-00000000000' || n)::uuid, '2025-01-06', '2025-09-30',"
                  " 'value', 1, 'x', now() FROM (VALUES (2, '431302000000'), (3, '431302006000'))"
                  " AS v (n, d);");
}

static int escalations(unsigned test, const char *day)
{
    char sql[256];
    (void)snprintf(sql, sizeof sql, "SELECT registry.escalate('%s', now())", day);
    (void)worker_sql(sql);
    return atoi(of_test(super_sql, test,
                        "SELECT count(*) FROM registry.escalation WHERE item_id::text LIKE '{}%'"));
}

Test(time, work_days_pass_over_holidays)
{
    cr_expect_str_eq(super_sql("SELECT zeren.due_after('2025-09-30', 1, 'work_days')"),
                     "2025-10-09");
    cr_expect_str_eq(super_sql("SELECT zeren.due_after('2025-09-30', 3, 'work_days')"),
                     "2025-10-11"); /* a Saturday that is worked */
    cr_expect_str_eq(super_sql("SELECT zeren.due_after('2025-09-30', 1, 'calendar_days')"),
                     "2025-10-01");
    cr_expect_str_eq(super_sql("SELECT zeren.due_after('2025-10-01', 0, 'work_days')"),
                     "2025-10-01");
}

Test(time, a_day_and_its_distance_agree)
{
    cr_expect_str_eq(super_sql("SELECT count(*) FROM zeren.calendar_day d, generate_series(1, 12) n"
                               " WHERE d.day BETWEEN '2024-12-01' AND '2025-11-30'"
                               " AND zeren.work_days_between(d.day, zeren.due_after(d.day, n,"
                               " 'work_days')) <> n"),
                     "0");
    cr_expect_str_eq(super_sql("SELECT count(*) FROM zeren.calendar_day d WHERE d.day BETWEEN"
                               " '2025-01-02' AND '2025-11-30' AND zeren.days_within(d.day, d.day +"
                               " 30, 'work_days') <> (SELECT count(*) FROM zeren.calendar_day w"
                               " WHERE w.is_work AND w.day >= d.day AND w.day < d.day + 30)"),
                     "0");
}

/* */
Test(time, a_year_without_calendar_has_no_work_days)
{
    char sql[512];
    (void)snprintf(sql, sizeof sql,
                   "DO $$ BEGIN PERFORM zeren.due_after((SELECT max(day) FROM zeren.calendar_day),"
                   " 1, 'work_days'); RAISE 'not refused'; EXCEPTION WHEN SQLSTATE 'ZR006' THEN "
                   "NULL; END $$");
    (void)super_sql(sql);
    cr_expect_str_eq(super_sql("SELECT zeren.due_or_null(max(day), 1, 'work_days') IS NULL FROM"
                               " zeren.calendar_day"),
                     "t");
}

Test(time, the_light_of_an_item_is_that_of_its_deadline)
{
    cr_expect_str_eq(
        super_sql("SELECT count(*) FROM zeren.calendar_day d, generate_series(-75, 75) n WHERE"
                  " d.day BETWEEN '2024-12-20' AND '2025-03-10' AND registry.item_light("
                  "'431302000000', d.day + n, d.day, NULL) IS DISTINCT FROM zeren.light(d.day + n,"
                  " d.day, NULL, registry.amber_work_days('431302000000', d.day + n),"
                  " registry.grace_work_days('431302000000', d.day + n))"),
        "0");
    (void)super_sql("DO $$ BEGIN UPDATE zeren.setting SET value = '31' WHERE key ="
                    " 'registry.amber_work_days'; RAISE 'not refused'; EXCEPTION WHEN"
                    " check_violation THEN NULL; END $$");
}

Test(time, levels_above)
{
    cr_expect_str_eq(super_sql("SELECT registry.division_above('431302006003', 1)"),
                     "431302006000");
    cr_expect_str_eq(super_sql("SELECT registry.division_above('431302000000', 1)"),
                     "431300000000");
    cr_expect_str_eq(super_sql("SELECT registry.division_above('110000000000', 1)"),
                     "000000000000");
    cr_expect_str_eq(super_sql("SELECT registry.division_above('431302000000', 9)"),
                     "000000000000");
    cr_expect_str_eq(super_sql("SELECT registry.level_above('431302000000', 'department', 1)"),
                     "431302000000");
    cr_expect_str_eq(super_sql("SELECT registry.level_above('431302006000', 'town', 1)"),
                     "431302000000");
}

Test(time, late_items_are_told_one_level_up_step_by_step_and_once)
{
    unsigned test = 0x5ca1a7e0;
    make_county(test);
    cr_expect_eq(escalations(test, "2025-10-10"), 0); /* two work days late: nothing yet */
    cr_expect_eq(escalations(test, "2025-10-11"), 2);
    cr_expect_eq(escalations(test, "2025-10-13"), 2);
    cr_expect_eq(escalations(test, "2025-10-20"), 2); /* nine */
    cr_expect_eq(escalations(test, "2025-10-21"), 4);
    cr_expect_eq(escalations(test, "2025-10-22"), 4);
    cr_expect_str_eq(
        of_test(super_sql, test,
                "SELECT string_agg(step || ' ' || on_day || ' ' || late_work_days || ' ' ||"
                " to_division, '; ' ORDER BY step) FROM registry.escalation"
                " WHERE item_id = '{}-0000-7000-8000-000000000042'"),
        "1 2025-10-11 3 431302000000; 2 2025-10-21 10 431302000000");
    cr_expect_str_eq(of_test(super_sql, test,
                             "SELECT count(*) FROM registry.escalation WHERE item_id::text LIKE"
                             " '{}%' AND (CASE step WHEN 1 THEN"
                             " '{}-0000-7000-8000-000000000011' ELSE"
                             " '{}-0000-7000-8000-000000000012' END)::uuid = ANY (to_post_ids)"),
                     "4");
    cr_expect_str_eq(of_test(super_sql, test,
                             "SELECT count(*) FROM registry.outbox WHERE record = 'escalation' AND"
                             " record_id IN (SELECT id FROM registry.escalation WHERE"
                             " item_id::text LIKE '{}%')"),
                     "4");
}

Test(time, what_is_done_or_paused_is_not_told)
{
    unsigned test = 0x5ca1a7e1;
    make_county(test);
    (void)of_test(super_sql, test,
                  "UPDATE registry.item SET done_on = '2025-10-09' WHERE id ="
                  " '{}-0000-7000-8000-000000000042'; INSERT INTO registry.item_pause (id,"
                  " owner_division, item_id, from_on, reason, paused_by, created_at) VALUES"
                  " ('{}-0000-7000-8000-000000000051', '431302006000',"
                  " '{}-0000-7000-8000-000000000043', '2025-09-29', 'flood',"
                  " '{}-0000-7000-8000-000000000011', now()); UPDATE registry.item SET pauses = 1,"
                  " paused_on = '2025-09-29' WHERE id = '{}-0000-7000-8000-000000000043'");
    cr_expect_eq(escalations(test, "2025-11-28"), 0);
}

/* An event of the record, as the sequencer writes it. */
static void announce(unsigned test, const char *verb, const char *kind, const char *id)
{
    char sql[512];
    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO registry.event (seq, at, verb, kind, id, version, owner_division)"
                   " SELECT last_seq + 100 + (SELECT count(*) FROM registry.event), now(), '%s',"
                   " '%s', '{}-0000-7000-8000-%s', 1, '431302000000' FROM registry.feed",
                   verb, kind, id);
    (void)of_test(super_sql, test, sql);
}

static int notices(unsigned test)
{
    (void)worker_sql("SELECT registry.tell_notices(0, 9000000)");
    return atoi(of_test(super_sql, test,
                        "SELECT count(*) FROM registry.notice WHERE record_id::text LIKE '{}%'"));
}

Test(time, notices_are_told_once_a_record_verb_and_day)
{
    unsigned test = 0x5ca1a7e2;
    make_county(test);
    cr_expect_eq(notices(test), 0);
    announce(test, "pause_item", "item", "000000000042");
    cr_expect_eq(notices(test), 1);
    cr_expect_eq(notices(test), 1);
    announce(test, "pause_item", "item", "000000000042");
    announce(test, "update_item", "item", "000000000042"); /* nobody is told of that */
    cr_expect_eq(notices(test), 1);
    announce(test, "resume_item", "item", "000000000042");
    announce(test, "pause_item", "item", "000000000043");
    cr_expect_eq(notices(test), 3);
    cr_expect_str_eq(of_test(super_sql, test,
                             "SELECT owner_division || ' ' || text FROM registry.notice WHERE"
                             " record_id = '{}-0000-7000-8000-000000000043'"),
                     "431302006000 时限暂停：item 3");
}

Test(time, an_escalation_is_told_to_the_lead_and_to_the_posts_above)
{
    unsigned test = 0x5ca1a7e3;
    make_county(test);
    cr_expect_eq(escalations(test, "2025-10-11"), 2);
    (void)of_test(super_sql, test,
                  "INSERT INTO registry.event (seq, at, verb, kind, id, version, owner_division)"
                  " SELECT f.last_seq + 5000 + row_number() OVER (), now(), 'escalate',"
                  " 'escalation', e.id, 1, e.owner_division FROM registry.feed f,"
                  " registry.escalation e WHERE e.item_id::text LIKE '{}%'");
    (void)worker_sql("SELECT registry.tell_notices(0, 9000000)");
    cr_expect_str_eq(
        of_test(super_sql, test,
                "SELECT string_agg(left(n.text, 9) || ' ' || n.owner_division || ' ' || (n.post_id"
                " IS NULL), '; ' ORDER BY n.text, n.owner_division) FROM registry.notice n JOIN"
                " registry.escalation e ON e.id = n.record_id WHERE e.item_id::text LIKE '{}%' AND"
                " (n.post_id IS NULL OR n.post_id = '{}-0000-7000-8000-000000000011')"),
        "下级事项逾期，请督 431302000000 false; 下级事项逾期，请督 431302000000 false;"
        " 逾期事项已报告上一 431302000000 true; 逾期事项已报告上一 431302006000 true");
}

/* */
Test(time, old_notices_go)
{
    unsigned test = 0x5ca1a7e4;
    make_county(test);
    announce(test, "pause_item", "item", "000000000042");
    announce(test, "pause_item", "item", "000000000043");
    cr_expect_eq(notices(test), 2);
    (void)of_test(super_sql, test,
                  "UPDATE registry.notice SET at = now() - interval '181 days' WHERE"
                  " record_id = '{}-0000-7000-8000-000000000042'");
    PGconn *pg = PQconnectdb(test_db("registry_worker"));
    PQclear(PQexec(pg, "SET zeren.scope = '{[\"\",\"~\")}'; SET search_path = registry, zeren"));
    const char *now = "now";
    PGresult *r = PQexecParams(pg, SQL_notice_forget.text, 1, NULL, &now, NULL, NULL, 0);
    cr_expect_eq(PQresultStatus(r), PGRES_TUPLES_OK, "%s", PQerrorMessage(pg));
    PQclear(r);
    PQfinish(pg);
    cr_expect_str_eq(of_test(super_sql, test,
                             "SELECT string_agg(right(record_id::text, 2), ',') FROM"
                             " registry.notice WHERE record_id::text LIKE '{}%'"),
                     "43");
}

/* tests/db/test_cadence.c - what the worker makes of the rules of the cadence, run as it runs it:
 * its role, the country's scope. Any year of 2004 to 2026 and any rule, two
 * workers at once, one that dies, and what is told. */
#include "cadence.h"
#include "cadence_rules.h"

TestSuite(cadence, .timeout = 300);

/* All rules that may be enabled, over every year: each subject owes one thing a period, due inside
 * it, and the second time nothing is made. */
Test(cadence, any_rule_over_any_year, .init = begin, .fini = end)
{
    PGresult *rules = PQexec(
        worker, "SELECT r.code, r.period, r.due_month_day FROM cadence_rule r JOIN fact_kind k ON"
                " k.kind = r.action WHERE r.owner_division = '000000000000' AND k.recorded");
    cr_assert_geq(PQntuples(rules), 25);
    for (int i = 0; i < PQntuples(rules); i++) {
        const char *code = PQgetvalue(rules, i, 0);
        const char *due = PQgetisnull(rules, i, 2) ? NULL : PQgetvalue(rules, i, 2);
        enum cadence_period p = CADENCE_PERIODS;
        cr_assert(cadence_period_parse(PQgetvalue(rules, i, 1), &p));
        adopt(code, "2004-01-01");
        struct cadence_span s = cadence_span_of(p, due, (struct date){2004, 1, 1});
        int subjects = make(worker, code, &s), periods = 0, made = subjects;
        for (; s.start.year <= 2026; periods++) {
            int again = make(worker, code, &s);
            made += again;
            cr_assert(periods == 0 ? again == 0 : again == subjects, "%s: %d", code, again);
            if (periods % 8 == i % 8)
                cr_assert_eq(make(worker, code, &s), 0, "%s is made twice", code);
            s = cadence_span_of(p, due, cadence_next(&s));
        }
        char text[512];
        (void)snprintf(
            text, sizeof text,
            "SELECT count(*) FROM registry.obligation o WHERE o.rule_code = '%s' AND "
            "o.owner_division LIKE"
            " '{}%%' AND o.due_on BETWEEN o.period_start AND o.period_end AND o.period_start >="
            " '2004-01-01'",
            code);
        cr_assert_eq(atoi(sql(text)), made, "%s", code);
        cr_assert_eq(made, subjects * periods, "%s: %d of %d subjects in %d periods", code, made,
                     subjects, periods);
    }
    PQclear(rules);
    /* who is there: a leader's link, a unit's link, two leaders, a group, a department, a
     * committee, a county and its town */
    static const char *const wanted[][2] = {
        {"leader_visit", "1"},      {"helper_research", "1"},       {"leader_check", "2"},
        {"group_dispatch", "1"},    {"leading_group_meeting", "0"}, {"department_list", "1"},
        {"congress_report", "1"},   {"annual_report", "2"},         {"year_end_report", "1"},
        {"town_lead_research", "0"}};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        char text[256];
        (void)snprintf(text, sizeof text,
                       "SELECT count(DISTINCT subject_id) FROM registry.obligation WHERE rule_code "
                       "= '%s' AND owner_division LIKE '{}%%'",
                       wanted[i][0]);
        cr_expect_str_eq(sql(text), wanted[i][1], "%s", wanted[i][0]);
    }
    cr_expect_str_eq(sql("SELECT count(*) FROM registry.obligation o WHERE o.rule_code = "
                         "'model_town' AND o.owner_division LIKE '{}%'"
                         " AND extract(year FROM o.period_start)::integer % 2 = 1"),
                     "0");
}

/* whatever the days of hand-overs and visits, every visit of whoever held the link that day
 * counts for one month, and no other counts. */
Test(cadence, hand_overs_lose_and_double_nothing, .init = begin, .fini = end)
{
    unsigned seed = 20260122;
    adopt("leader_visit", "2004-01-01");
    for (int round = 0; round < 12; round++) {
        int year = 2004 + next_of(&seed, 23), wanted = 0, holder = 0;
        int32_t first = date_to_days((struct date){(int16_t)year, 1, 1}), at = first;
        int32_t last = date_to_days((struct date){(int16_t)year, 12, 31});
        (void)sql("DELETE FROM registry.visit WHERE owner_division LIKE '{}%'; DELETE FROM "
                  "registry.contact WHERE thread_id = '{}00-0000-7000-8000-000000000031' AND id <> "
                  "thread_id;"
                  "UPDATE registry.contact SET ends_on = 'infinity' WHERE id = "
                  "'{}00-0000-7000-8000-000000000031'");
        struct cadence_span s =
            cadence_span_of(CADENCE_MONTH, NULL, (struct date){(int16_t)year, 1, 1});
        for (int m = 0; m < 12; m++) {
            (void)make(worker, "leader_visit", &s);
            s = cadence_span_of(CADENCE_MONTH, NULL, cadence_next(&s));
        }
        while (
            at <=
            last) { /* who holds the link changes after 1 to 60 days; visits in between by both */
            int32_t until = at + 1 + next_of(&seed, 60);
            char text[1600], day[11];
            for (int v = 0; v < 4; v++) {
                int32_t on_day = at + next_of(&seed, (int)(until - at));
                int who = next_of(&seed, 2);
                if (on_day > last)
                    continue;
                wanted += who == holder;
                date_format(date_from_days(on_day), day);
                (void)snprintf(
                    text, sizeof text,
                    "INSERT INTO registry.visit (id, owner_division, at_division, post_id, "
                    "organisation_id, post_title, organisation_name,"
                    " visited_on, purpose, created_at) VALUES (gen_random_uuid(), '{}001001', "
                    "'{}001001',"
                    " '{}00-0000-7000-8000-00000000001%d', '{}00-0000-7000-8000-000000000001', "
                    "'x', 'y', '%s', 'contact', now())",
                    who + 1, day);
                (void)sql(text);
            }
            date_format(date_from_days(until), day);
            holder = 1 - holder;
            (void)snprintf(text, sizeof text,
                           "UPDATE registry.contact SET ends_on = '%s' WHERE thread_id = "
                           "'{}00-0000-7000-8000-000000000031' AND ends_on = 'infinity';"
                           "INSERT INTO registry.contact (id, thread_id, owner_division, "
                           "at_division, kind, post_id, organisation_name, starts_on, created_at)"
                           " VALUES (gen_random_uuid(), '{}00-0000-7000-8000-000000000031', "
                           "'{}001001', '{}001001', 'charge',"
                           " '{}00-0000-7000-8000-00000000001%d', 'gov', '%s', now())",
                           day, holder + 1, day);
            (void)sql(text);
            at = until;
        }
        char text[512];
        (void)snprintf(
            text, sizeof text,
            "SELECT sum((registry.obligation_met(o, 'infinity')).done) FROM registry.obligation o "
            "WHERE o.rule_code = 'leader_visit'"
            " AND o.owner_division LIKE '{}%%' AND extract(year FROM o.period_start) = %d",
            year);
        cr_assert_eq(atoi(sql(text)), wanted, "round %d, year %d: %s of %d", round, year, sql(text),
                     wanted);
        (void)snprintf(text, sizeof text,
                       "SELECT count(*) FROM registry.obligation o WHERE o.rule_code = "
                       "'leader_visit' AND o.owner_division LIKE '{}%%'"
                       " AND extract(year FROM o.period_start) = %d",
                       year);
        cr_assert_str_eq(sql(text), "12");
    }
}

/* what a disabled rule would have asked for is not owed later, a nearer rule takes
 * the place of one above, and what is owed stays. */
Test(cadence, a_rule_counts_while_it_is_enabled_and_the_nearest_one, .init = begin, .fini = end)
{
    struct cadence_span s = cadence_span_of(CADENCE_QUARTER, NULL, (struct date){2024, 1, 1});
    adopt("leader_research", "2024-01-01");
    cr_expect_eq(make(worker, "leader_research", &s), 2);
    (void)sql("UPDATE registry.cadence_rule SET enabled_from = '2024-05-10', count = 3 WHERE "
              "owner_division = '{}000000'");
    s = cadence_span_of(CADENCE_QUARTER, NULL, (struct date){2024, 4, 1});
    cr_expect_eq(make(worker, "leader_research", &s), 0);
    s = cadence_span_of(CADENCE_QUARTER, NULL, (struct date){2024, 7, 1});
    cr_expect_eq(make(worker, "leader_research", &s), 2);
    cr_expect_str_eq(sql("SELECT string_agg(DISTINCT period_start || ' ' || needed, ', ' ORDER BY "
                         "period_start || ' ' || needed) FROM registry.obligation"
                         " WHERE owner_division LIKE '{}%'"),
                     "2024-01-01 1, 2024-07-01 3");
    adopt("annual_report",
          "2024-01-01"); /* of the county and its town; the town has its own, disabled */
    (void)sql("INSERT INTO registry.cadence_rule SELECT md5('{}town')::uuid, '{}001000', code, "
              "title, subject, subject_codes, levels, action, action_codes, duties, count, period,"
              " due_month_day, grace_work_days, NULL, source, assumed, '2024-01-01', 'infinity', "
              "'disabled', '-infinity', 1, now() FROM registry.cadence_rule WHERE id ="
              " md5('{}annual_report')::uuid");
    s = cadence_span_of(CADENCE_YEAR, NULL, (struct date){2024, 1, 1});
    cr_expect_eq(make(worker, "annual_report", &s), 1);
}

/* A worker that dies in the middle leaves nothing; one beside it waits, and makes what is left. */
Test(cadence, two_workers_and_one_that_dies_make_each_once, .init = begin, .fini = end)
{
    struct cadence_span s = cadence_span_of(CADENCE_TWO_MONTHS, NULL, (struct date){2024, 1, 1});
    PGconn *dying = as_worker(), *other = as_worker();
    adopt("leader_check", "2024-01-01");
    run(dying, "BEGIN");
    cr_expect_eq(make(dying, "leader_check", &s), 2);
    PQfinish(dying);
    run(other, "BEGIN");
    cr_expect_eq(make(other, "leader_check", &s), 2);
    char text[512];
    fill_in(text, sizeof text,
            "SELECT make_obligations(md5('{}leader_check')::uuid, '2024-01-01', '2024-02-29', "
            "'2024-02-29', now(), 1000)");
    cr_assert(PQsendQuery(worker, text));
    run(other, "COMMIT");
    PGresult *r = PQgetResult(worker);
    cr_expect_str_eq(PQgetvalue(r, 0, 0), "0");
    PQclear(r);
    cr_expect_null(PQgetResult(worker));
    PQfinish(other);
    cr_expect_str_eq(sql("SELECT count(*) || ' ' || (SELECT count(*) FROM "
                         "registry.obligation_watch WHERE owner_division LIKE '{}%') || ' ' ||"
                         " (SELECT count(*) FROM registry.outbox WHERE record = 'obligation' AND "
                         "owner_division LIKE '{}%') FROM registry.obligation"
                         " WHERE owner_division LIKE '{}%'"),
                     "2 2 2");
}

/* what is not named is worked from Monday to Friday, counted on from the day before; for the
 * whole country, or not at all. */
Test(cadence, the_calendar_of_a_year_goes_on_from_the_last)
{
    static const char load[] =
        "INSERT INTO zeren.calendar_year (year, source) VALUES (2027, 'notice'); INSERT INTO "
        "zeren.calendar_day SELECT w.day, w.is_work, w.work_seq, w.note FROM "
        "registry.calendar_wanted(2027, '[{\"day\": \"2027-01-01\", \"kind\": \"rest\"}, {\"day\": "
        "\"2027-01-03\", \"kind\": \"work\"}]') AS w";
    PGconn *pg = PQconnectdb(test_db("registry_service"));
    run(pg, "SET search_path = registry; SET zeren.scope = '{[\"\",\"~\")}'; BEGIN");
    run(pg, load);
    cr_expect_eq(on(pg, "SELECT zeren.work_days_between('2026-12-31', '2027-01-03')"), 1);
    cr_expect_eq(on(pg, "SELECT zeren.work_days_between('2027-01-03', '2027-01-09')"), 5);
    cr_expect_eq(on(pg, "SELECT count(*) FROM zeren.calendar_day WHERE day > '2026-12-31'"), 365);
    run(pg, "ROLLBACK; SET zeren.scope = '{[\"43\",\"43~\")}'");
    PGresult *r = PQexec(pg, load);
    cr_expect_str_eq(PQresultErrorField(r, PG_DIAG_SQLSTATE), "42501");
    PQclear(r);
    r = PQexec(pg, "SELECT * FROM registry.check_calendar(2027, '[]', '2026-11-22')");
    cr_expect_str_eq(PQresultErrorField(r, PG_DIAG_SQLSTATE), "ZR007");
    PQclear(r);
    PQfinish(pg);
}

static PGconn *loader(void)
{
    PGconn *pg = PQconnectdb(test_db("registry_service"));
    run(pg, "SET search_path = registry; SET zeren.scope = '{[\"\",\"~\")}'");
    return pg;
}

/* every day of the last year named as it is, but one, which is over the day after. */
Test(cadence, what_is_over_stays)
{
    static const char over[] =
        "SELECT coalesce(string_agg(f.n - extract(doy FROM d.other) || f.code, ','), 'none') FROM "
        "(SELECT make_date(max(year)::integer, 6, 15) AS other FROM zeren.calendar_year) AS d, "
        "LATERAL (SELECT jsonb_agg(jsonb_build_object('n', extract(doy FROM c.day)::integer, "
        "'day', "
        "c.day, 'kind', CASE WHEN c.is_work = (c.day <> d.other) THEN 'work' ELSE 'rest' END)) AS "
        "rows FROM zeren.calendar_day c WHERE date_trunc('year', c.day) = date_trunc('year', "
        "d.other)) AS g, LATERAL check_calendar(extract(year FROM d.other)::integer, g.rows, "
        "d.other + %d) AS f WHERE f.n IS NOT NULL";
    static const char *const want[] = {"none", "0is_over"};
    PGconn *pg = loader();
    for (int days = 0; days < 2; days++) {
        char text[1000];
        (void)snprintf(text, sizeof text, over, days);
        PGresult *r = PQexec(pg, text);
        cr_assert_eq(PQresultStatus(r), PGRES_TUPLES_OK, "%s", PQerrorMessage(pg));
        cr_expect_str_eq(PQgetvalue(r, 0, 0), want[days]);
        PQclear(r);
    }
    PQfinish(pg);
}

static bool somebody_waits(void)
{
    for (int tries = 0; tries < 3000; tries++) {
        if (strcmp(super_sql("SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = "
                             "l.database WHERE d.datname = current_database() AND l.locktype = "
                             "'advisory' AND NOT l.granted"),
                   "0") != 0)
            return true;
        (void)usleep(10000);
    }
    return false;
}

/* who loads the same year meanwhile waits, and then finds it there. */
Test(cadence, two_loads_of_one_year_are_one)
{
    char check[300], load[600];
    char year[8];
    (void)snprintf(year, sizeof year, "%s",
                   super_sql("SELECT max(year) + 1 FROM zeren.calendar_year"));
    (void)snprintf(check, sizeof check, "SELECT code FROM check_calendar(%s, '[]', '2026-11-22')",
                   year);
    (void)snprintf(
        load, sizeof load,
        "INSERT INTO zeren.calendar_day SELECT w.day, w.is_work, w.work_seq, w.note FROM "
        "calendar_wanted(%s, '[]') AS w; INSERT INTO zeren.calendar_year VALUES (%s, 'x')",
        year, year);
    PGconn *one = loader(), *other = loader();
    run(one, "BEGIN");
    cr_assert_geq(on(one, check), 365);
    cr_assert(PQsendQuery(other, check));
    bool waited = somebody_waits();
    run(one, load);
    run(one, "COMMIT");
    PGresult *r = PQgetResult(other);
    bool found = PQntuples(r) == 1 && strcmp(PQgetvalue(r, 0, 0), "0") == 0;
    (void)snprintf(load, sizeof load,
                   "DELETE FROM zeren.calendar_day WHERE day >= '%s-01-01'; DELETE FROM "
                   "zeren.calendar_year WHERE year = %s",
                   year, year);
    (void)super_sql(load);
    cr_expect(waited, "the second load does not wait for the first");
    cr_expect(found, "the second load finds days to enter");
    PQclear(r);
    PQfinish(other);
    PQfinish(one);
}

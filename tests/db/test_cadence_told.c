/* tests/db/test_cadence_told.c - what the worker tells of obligations: a reminder,
 * that one is late, one level up, each once, by whichever worker; and the figures that are kept
 * equal a recount, whatever came, changed and went. */
#include "cadence.h"
#include "cadence_rules.h"
#include "plans.h"
#include "sql_registry.h"

TestSuite(cadence_told, .timeout = 120);

static int tend(PGconn *pg, const char *day)
{
    char text[128];
    (void)snprintf(text, sizeof text, "SELECT tend_obligations('%s', now(), 1000)", day);
    return on(pg, text);
}

static void visit(const char *day, int leader)
{
    char text[512];
    (void)snprintf(
        text, sizeof text,
        "INSERT INTO registry.visit (id, owner_division, at_division, post_id, organisation_id,"
        " post_title, organisation_name, visited_on, purpose, created_at) VALUES"
        " (gen_random_uuid(), '{}001001', '{}001001', '{}00-0000-7000-8000-00000000001%d',"
        " '{}00-0000-7000-8000-000000000001', 'x', 'y', '%s', 'secret_check', now())",
        leader, day);
    (void)sql(text);
}

static int count_of(const char *what)
{
    char text[512];
    (void)snprintf(text, sizeof text, "SELECT count(*) FROM registry.%s", what);
    return atoi(sql(text));
}

/* Two leaders owe a check by the last of February 2025; one makes it. */
Test(cadence_told, each_is_told_once, .init = begin, .fini = end)
{
    struct cadence_span s = cadence_span_of(CADENCE_TWO_MONTHS, NULL, (struct date){2025, 1, 1});
    adopt("leader_check", "2025-01-01");
    cr_assert_eq(make(worker, "leader_check", &s), 2);
    (void)tend(worker, "2025-02-20");
    cr_expect_eq(count_of("notice WHERE owner_division LIKE '{}%' AND verb = 'remind_obligation'"),
                 0);
    (void)tend(worker, "2025-02-21"); /* five work days before */
    cr_expect_eq(count_of("notice WHERE owner_division LIKE '{}%' AND verb = 'remind_obligation'"),
                 2);
    visit("2025-02-25", 1);
    (void)tend(worker, "2025-02-28");
    cr_expect_eq(
        count_of("obligation WHERE owner_division LIKE '{}%' AND late_told_on IS NOT NULL"), 0);
    (void)tend(worker, "2025-03-02"); /* a Sunday: no work day has passed */
    cr_expect_eq(
        count_of("obligation WHERE owner_division LIKE '{}%' AND late_told_on IS NOT NULL"), 0);
    (void)tend(worker, "2025-03-03");
    cr_expect_eq(count_of("obligation WHERE owner_division LIKE '{}%' AND late_told_on = "
                          "'2025-03-03' AND version = 2"),
                 1);
    cr_expect_eq(count_of("escalation WHERE owner_division LIKE '{}%'"), 0);
    (void)tend(worker, "2025-03-05"); /* the third work day behind */
    cr_expect_eq(count_of("escalation WHERE owner_division LIKE '{}%' AND step = 1 AND to_division "
                          "= left('{}', 4) || '00000000'"),
                 1);
    PGconn *other = as_worker();
    run(worker, "BEGIN");
    cr_expect_geq(tend(worker, "2025-04-30"), 1);
    cr_expect_eq(
        on(other, "SELECT count(*) FROM (SELECT tend_obligations('2025-04-30', now(), 0)) AS x"),
        1);
    run(worker, "COMMIT");
    cr_expect_eq(count_of("escalation WHERE owner_division LIKE '{}%'"), 2);
    (void)tend(other, "2025-06-30");
    PQfinish(other);
    cr_expect_eq(count_of("escalation WHERE owner_division LIKE '{}%'"), 2);
    cr_expect_eq(count_of("notice WHERE owner_division LIKE '{}%'"), 2);
    cr_expect_eq(count_of("obligation_watch WHERE owner_division LIKE '{}%'"), 0);
    cr_expect_eq(
        count_of("audit_log WHERE owner_division LIKE '{}%' AND verb = 'tell_late_obligation'"), 1);
}

static void fold(void)
{
    while (on(worker, "SELECT fold_obligations(7)") > 0)
        ;
}

/* The figures kept, and the obligations counted anew: of each division alone and below it, by month
 * and by day. */
static const char *const recount =
    "WITH o AS (SELECT o.*, x.by_day, up.code, coalesce((registry.obligation_met(o, "
    "'infinity')).met_on, 'infinity') AS met, coalesce(o.released_on, 'infinity') AS gone FROM "
    "registry.obligation o, unnest(ARRAY[o.owner_division::text, left(o.owner_division, 9) || "
    "'000', left(o.owner_division, 6) || '000000']) AS up (code), (VALUES (true), (false)) AS x "
    "(by_day) WHERE o.owner_division LIKE '{}%'), anew AS (SELECT DISTINCT o.* FROM o), counted AS "
    "(SELECT code, code <> owner_division, by_day, lines, rule_code, period_start, due_on, "
    "registry.month_end(met), registry.month_end(gone), CASE WHEN by_day THEN met ELSE "
    "registry.month_end(met) END, CASE WHEN by_day THEN gone ELSE registry.month_end(gone) END, "
    "count(*) FROM anew GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), kept AS (SELECT "
    "owner_division::text, below, by_day, lines, rule_code, period_start, due_on, met_month, "
    "released_month, met_on, released_on, n::bigint FROM registry.obligation_rollup WHERE "
    "owner_division LIKE '{}%') SELECT count(*) FROM ((TABLE kept EXCEPT TABLE counted) UNION ALL "
    "(TABLE counted EXCEPT TABLE kept)) AS d";

/* A year of four rules, in which records come, move and go, and a link ends. */
static void live_a_year(void)
{
    unsigned seed = 7;
    struct cadence_span s = cadence_span_of(CADENCE_MONTH, NULL, (struct date){2025, 1, 1});
    struct cadence_span year = cadence_span_of(CADENCE_YEAR, "06-10", s.start);
    (void)make(worker, "leader_research", &year);
    for (int m = 0; m < 12; m++) {
        struct cadence_span two = cadence_span_of(CADENCE_TWO_MONTHS, NULL, s.start);
        struct cadence_span three = cadence_span_of(CADENCE_QUARTER, NULL, s.start);
        (void)make(worker, "leader_visit", &s);
        (void)make(worker, "leader_check", &two);
        (void)make(worker, "helper_research", &three);
        for (int v = 0; v < 3; v++) {
            char day[11];
            date_format(date_from_days(date_to_days(s.start) + next_of(&seed, 28)), day);
            visit(day, 1 + next_of(&seed, 2));
        }
        if (m % 3 == 1)
            (void)sql("DELETE FROM registry.visit WHERE id = (SELECT id FROM registry.visit WHERE "
                      "owner_division LIKE '{}%' ORDER BY visited_on DESC LIMIT 1)");
        if (m == 5)
            (void)sql("UPDATE registry.visit SET visited_on = visited_on + 40, purpose = "
                      "'research', organisation_id = '{}00-0000-7000-8000-000000000002'"
                      " WHERE owner_division LIKE '{}%' AND visited_on < '2025-04-01'");
        if (m == 7)
            (void)sql("UPDATE registry.contact SET ends_on = '2025-07-15' WHERE id = "
                      "'{}00-0000-7000-8000-000000000031'");
        if (m == 9)
            (void)tend(worker, "2025-10-15");
        if (m % 2 == 0)
            fold();
        s = cadence_span_of(CADENCE_MONTH, NULL, cadence_next(&s));
    }
    static const char *const june[] = {"2025-06-05", "2025-06-06", "2025-06-09"};
    for (size_t n = 0; n < 3; n++) {
        visit(june[n], 5);
        visit(n < 2 ? june[n] : "2025-06-20", 4); /* three were due on the 10th */
    }
    (void)sql("UPDATE registry.obligation SET status = 'released', released_on = '2025-04-20' "
              "WHERE subject_id = '{}00-0000-7000-8000-000000000014' AND period_start = "
              "'2025-03-01'");
    fold();
}

/* Two leaders of a town, and a rule whose year may be met behind the day it is due. */
static void adopt_all(void)
{
    (void)sql("INSERT INTO identity.post (id, owner_division, organisation_id, title, duty, "
              "created_at) SELECT ('{}00-0000-7000-8000-00000000001' || n)::uuid, '{}001000', "
              "'{}00-0000-7000-8000-000000000001', 'leader ' || n, 'contact_leader', '2003-01-01' "
              "FROM generate_series(4, 5) AS n");
    adopt("leader_visit", "2025-01-01");
    adopt("leader_check", "2025-01-01");
    adopt("helper_research", "2025-01-01");
    adopt("leader_research", "2025-01-01");
    (void)sql("UPDATE registry.cadence_rule SET levels = ARRAY[]::smallint[] WHERE id = "
              "md5('{}leader_check')::uuid");
    (void)sql("UPDATE registry.cadence_rule SET levels = ARRAY[]::smallint[], period = 'year', "
              "due_month_day = "
              "'06-10', count = 3, action_codes = ARRAY['secret_check'] WHERE id = "
              "md5('{}leader_research')::uuid");
}

/* Ends of months for which the figure of reports is another than what is counted one by one. */
static const char wrong_figures[] =
    "SELECT count(*) FROM generate_series(timestamp '2025-02-01', '2026-01-01', '1 month') AS m (d)"
    " WHERE registry.figure_obligations_met('{}000000', NULL, '2025-01-01', m.d::date) <> (SELECT "
    "count(*) FROM registry.obligation o WHERE registry.below(o.owner_division, '{}000000') AND "
    "o.due_on >= '2025-01-01' AND o.due_on < m.d AND (o.released_on IS NULL OR o.released_on >= "
    "m.d) AND (registry.obligation_met(o, m.d::date - 1)).met_on IS NOT NULL)";
static const char figure_of_year[] =
    "SELECT registry.figure_obligations_met('{}000000', NULL, '2025-01-01', '2026-01-01')";

/* Of what is folded, of what is not, and of one unit. */
Test(cadence_told, figures_of_reports_are_exact_before_they_are_folded, .init = begin, .fini = end)
{
    adopt_all();
    live_a_year();
    int met = atoi(sql(figure_of_year));
    cr_expect_gt(met, 3);
    cr_expect_str_eq(sql(wrong_figures), "0");
    (void)sql("DELETE FROM registry.visit WHERE owner_division LIKE '{}%' AND visited_on < "
              "'2026-01-01'");
    cr_expect_gt(count_of("fact_delta WHERE division LIKE '{}%'"), 0);
    cr_expect_lt(atoi(sql(figure_of_year)), met);
    cr_expect_str_eq(sql(wrong_figures), "0");
}

Test(cadence_told, figures_equal_a_recount, .init = begin, .fini = end)
{
    adopt_all();
    live_a_year();
    cr_expect_str_eq(sql(recount), "0");
    cr_expect_str_eq(
        sql("SELECT sum(n) FROM registry.obligation_rollup WHERE owner_division LIKE "
            "'{}%' AND by_day AND NOT below"),
        sql("SELECT count(*) FROM registry.obligation WHERE owner_division LIKE '{}%'"));
    cr_expect_gt(count_of("obligation_rollup WHERE by_day AND met_on < 'infinity' AND "
                          "owner_division LIKE '{}%'"),
                 3);
    cr_expect_gt(count_of("obligation_rollup WHERE below AND owner_division LIKE '{}%'"), 3);
    cr_expect_eq(count_of("obligation_rollup WHERE n <= 0"), 0);
}

/* What the route answers, as "key open met late met_late released;…". */
static const char *answer(const struct plans *p, const char *by, const char *day, const char *in)
{
    const struct stmt_form *f = stmt_form(p->forms, &SQL_obligation_rollup);
    const char *above = arena_printf(p->arena, "%s~", county);
    const char *const given[][2] = {{"by", by},
                                    {"as_of", day},
                                    {"division", in},
                                    {"due_from", "2025-01-01"},
                                    {"today", "2025-01-01"},
                                    {"due_until", "2025-12-31"},
                                    {"scope_lo", county},
                                    {"scope_hi", above},
                                    {NULL, NULL}};
    const char *values[32] = {NULL};
    for (unsigned i = 0; i < f->n_params; i++)
        for (size_t v = 0; given[v][0] != NULL; v++)
            values[i] = strcmp(given[v][0], f->params[i]) == 0 ? given[v][1] : values[i];
    PGresult *r = PQexecParams(p->pg, f->text, (int)f->n_params, NULL, values, NULL, NULL, 0);
    cr_assert_eq(PQresultStatus(r), PGRES_TUPLES_OK, "%s", PQerrorMessage(p->pg));
    const char *found = super_sql(arena_printf(
        p->arena,
        "SELECT string_agg(concat_ws(' ', g->>'key', g->>'open', g->>'met', g->>'late', "
        "g->>'met_late', g->>'released'), ';' ORDER BY g->>'key' COLLATE \"C\") FROM "
        "json_array_elements($q$%s$q$::json->'groups') AS g",
        PQgetvalue(r, 0, 0)));
    PQclear(r);
    return arena_strdup(p->arena, found);
}

static const char *recounted(const struct plans *p, const char *by, const char *day, const char *in)
{
    return sql(arena_printf(
        p->arena,
        "SELECT string_agg(concat_ws(' ', k, a, b, c, d, e), ';' ORDER BY k COLLATE \"C\") FROM "
        "(SELECT CASE '%s' WHEN 'division' THEN s.owner_division WHEN 'rule' THEN s.rule WHEN "
        "'period' THEN s.period_start::text ELSE s.state END AS k, count(*) FILTER (WHERE s.state "
        "= 'open') AS a, count(*) FILTER (WHERE s.state = 'met') AS b, count(*) FILTER (WHERE "
        "s.state = 'late') AS c, count(*) FILTER (WHERE s.state = 'met_late') AS d, count(*) "
        "FILTER (WHERE s.state = 'released') AS e FROM registry.obligation o, LATERAL "
        "registry.obligation_as_shown(o, '%s') AS s WHERE o.owner_division LIKE '{}%%' AND "
        "registry.below(o.owner_division, coalesce(%s, '{}000000')) AND o.due_on BETWEEN "
        "'2025-01-01' AND '2025-12-31' AND o.period_start <= '%s' GROUP BY 1) AS x",
        by, day, in == NULL ? "NULL" : arena_printf(p->arena, "'%s'", in), day));
}

Test(cadence_told, every_day_is_answered_as_a_recount_of_it, .init = begin, .fini = end)
{
    static const char *const groupings[] = {"state", "rule", "period", "division"};
    static const char *const days[] = {"2025-01-31", "2025-02-14", "2025-04-01", "2025-04-24",
                                       "2025-06-09", "2025-06-19", "2025-06-20", "2025-07-15",
                                       "2025-09-30", "2025-11-06", "2025-12-31", "2026-03-03"};
    char town[32];
    fill_in(town, sizeof town, "{}001000");
    adopt_all();
    live_a_year();
    struct plans p = begin_plans(sql_registry_all, "registry", (const char *const[]){NULL});
    county[6] = '\0';
    be(&p, county);
    for (size_t d = 0; d < sizeof days / sizeof *days; d++)
        for (size_t g = 0; g < 8; g++) {
            const char *by = groupings[g / 2], *in = g % 2 == 0 ? NULL : town;
            const char *found = answer(&p, by, days[d], in);
            cr_expect_str_eq(found, recounted(&p, by, days[d], in), "%s by %s: %s", days[d], by,
                             found);
        }
    cr_expect_not_null(strstr(answer(&p, "state", "2025-06-20", NULL), "met_late"));
    end_plans(&p);
}

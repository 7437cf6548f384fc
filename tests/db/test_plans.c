/* tests/db/test_plans.c - lists are served by an index at every level of caller (charter D4):
 * 20,000 items in 250 counties, and the plans that the forms get under the caller's scope, with
 * custom plans as the engine asks for them. All in one transaction that is rolled back. */
#include "plans.h"
#include "sql_engine.h"
#include "sql_identity.h"
#include "sql_registry.h"

#include <time.h>

static const char *const fill =
    "INSERT INTO registry.organisation (id, owner_division, name, kind, created_at)"
    " SELECT md5('o' || n)::uuid, '43' || lpad(n::text, 4, '0') || '000000', '计划单位' || n, "
    "'department', now() FROM generate_series(1, 250) n;"
    "INSERT INTO registry.duty_list (id, owner_division, year, title, created_at)"
    " SELECT md5('l' || n)::uuid, '43' || lpad(n::text, 4, '0') || '000000', 2190, '计划', now() "
    "FROM generate_series(1, 250) n;"
    "INSERT INTO registry.task (id, owner_division, duty_list_id, number, position, title)"
    " SELECT md5('t' || n)::uuid, '43' || lpad((1 + n % 250)::text, 4, '0') || '000000', md5('l' "
    "|| (1 + n % 250))::uuid, n::text, n, '计划'"
    " FROM generate_series(1, 20000) n;"
    "INSERT INTO registry.item (id, owner_division, at_division, duty_list_id, task_id, title, "
    "lead_organisation_id, starts_on, due_on, measure, target,"
    " unit_of_measure, created_at)"
    " SELECT md5('i' || n)::uuid, t.owner_division, t.owner_division, t.duty_list_id, t.id, "
    "'计划', md5('o' || (1 + n % 250))::uuid,"
    " '2190-01-01', date '2190-01-01' + n % 360, 'value', 1, '个', now() FROM generate_series(1, "
    "20000) n JOIN registry.task t ON t.id = md5('t' || n)::uuid;"
    "INSERT INTO registry.division (id, code, owner_division, name, level, valid_from)"
    " SELECT md5('d' || n)::uuid, '44' || lpad(n::text, 10, '0'), '44' || lpad(n::text, 10, '0'), "
    "'计划村' || n, 5, '2020-01-01'"
    " FROM generate_series(1, 10000) n;"
    "ANALYZE registry.item; ANALYZE registry.task; ANALYZE registry.organisation; ANALYZE "
    "registry.division; ANALYZE registry.duty_list;";

Test(plans, lists_are_served_by_an_index_at_every_level, .timeout = 300)
{
    struct plans p = begin_plans(sql_registry_all, "registry",
                                 (const char *const[]){WITHOUT_TRIGGERS, fill, NULL});
    const struct stmt_form *items = stmt_page_form(p.forms, &SQL_item_list, (struct stmt_order){0});
    const struct stmt_form *next =
        stmt_page_form(p.forms, &SQL_item_list, (struct stmt_order){.after_cursor = true});
    const struct stmt_form *divisions =
        stmt_page_form(p.forms, &SQL_division_list, (struct stmt_order){0});

    be(&p, "430077");
    const char *county = plan_of(
        &p, items,
        (const char *const[][2]){
            {"scope_lo", "'430077'"}, {"scope_hi", "'430077~'"}, {"limit", "51"}, {NULL, NULL}});
    cr_expect(strstr(county, "Seq Scan on item") == NULL &&
                  strstr(county, "item_due_on_idx") != NULL,
              "county:\n%s", county);

    be(&p, "43");
    const char *const province_values[][2] = {
        {"scope_lo", "'43'"},
        {"scope_hi", "'43~'"},
        {"limit", "51"},
        {"after_sort", "'2190-06-01'"},
        {"after_key", "'00000000-0000-7000-8000-000000000000'"},
        {NULL, NULL}};
    const char *province = plan_of(&p, items, province_values);
    cr_expect(strstr(province, "item_order_idx") != NULL && strstr(province, "Sort") == NULL,
              "province:\n%s", province);
    const char *deep = plan_of(&p, next, province_values);
    cr_expect(strstr(deep, "item_order_idx") != NULL && strstr(deep, "Index Cond: (ROW(") != NULL &&
                  strstr(deep, "Sort") == NULL,
              "next page:\n%s", deep);

    const char *prefix = plan_of(&p, divisions,
                                 (const char *const[][2]){{"today", "'2026-06-30'"},
                                                          {"name_prefix", "'计划村4321'"},
                                                          {"limit", "51"},
                                                          {NULL, NULL}});
    cr_expect(strstr(prefix, "division_name_idx") != NULL, "prefix search:\n%s", prefix);

    /* By code, of many at once: the key's index, not the one that periods are kept apart by. */
    const char *named = plan_of(&p, stmt_form(p.forms, &SQL_division_unknown),
                                (const char *const[][2]){{"codes", "'{440000000001,440000000002}'"},
                                                         {"valid_from", "'2026-06-30'"},
                                                         {NULL, NULL}});
    cr_expect(strstr(named, "division_pkey") != NULL, "by code:\n%s", named);
    end_plans(&p);
}

/* Of this month alone, on whichever of its days this is. */
#define OF_MONTH(days) "date_trunc('month', now()) + interval '" days " days'"
#define OF_A_DAY                                                                                   \
    {"from", OF_MONTH("10")},                                                                      \
    {                                                                                              \
        "until", OF_MONTH("11")                                                                    \
    }
static const char *const fill_audit =
    "INSERT INTO registry.audit_log (at, account_id, post_id, verb, record, record_id, version,"
    " owner_division, body) SELECT date_trunc('month', now()) + n * interval '1 minute', "
    "md5('a' || n % 200)::uuid,"
    " md5('p' || n % 300)::uuid, 'v' || n % 20, 'item', md5('r' || n)::uuid, 1,"
    " '43' || lpad((n % 500)::text, 4, '0') || '000000', '{}' FROM generate_series(1, 30000) n;"
    "ANALYZE registry.audit_log;";

/* No filter of the audit log reads all of it: what has no index has a time. */
Test(plans, the_audit_log_is_searched_by_an_index_or_in_a_bounded_time, .timeout = 300)
{
    static const struct {
        const char *values[5][2], *wanted;
    } searches[] = {
        {{{"record_id", "md5('r5')::uuid"}}, "_record_id_idx"},
        {{{"account_id", "md5('a5')::uuid"}, OF_A_DAY}, "Index Cond: ((at >="},
        {{OF_A_DAY}, "Index Cond: ((at >="},
        {{{"verb_wanted", "'rare'"}, OF_A_DAY}, "Index Cond: ((at >="},
        {{{"post_id", "md5('p5')::uuid"}, OF_A_DAY}, "Index Cond: ((at >="},
        {{{"owner_division", "'430077000000'"}, OF_A_DAY}, "Index Cond: ((at >="},
    };
    struct plans p = begin_plans(sql_engine_all, "registry",
                                 (const char *const[]){WITHOUT_TRIGGERS, fill_audit, NULL});
    run(p.pg, "SET LOCAL zeren.auditing = 'on'");
    be(&p, "43");
    char filled[64]; /* months to come are empty, and may be read whole */
    const time_t now = time(NULL);
    struct tm utc;
    (void)strftime(filled, sizeof filled, "Seq Scan on audit_log_%Y_%m", gmtime_r(&now, &utc));
    for (size_t i = 0; i < sizeof searches / sizeof *searches; i++) {
        const char *values[9][2] = {{"scope_lo", "'43'"}, {"scope_hi", "'43~'"}, {"limit", "51"}};
        for (size_t v = 0; v < 5; v++) {
            values[3 + v][0] = searches[i].values[v][0];
            values[3 + v][1] = searches[i].values[v][1];
        }
        const char *plan = plan_of(
            &p, stmt_page_form(p.forms, &SQL_audit_list, (struct stmt_order){.descending = true}),
            (const char *const(*)[2])values);
        cr_expect(strstr(plan, searches[i].wanted) != NULL && strstr(plan, filled) == NULL,
                  "%s:\n%s", searches[i].values[0][0], plan);
    }
    end_plans(&p);
}

static const char *const fill_persons =
    "INSERT INTO identity.person (id, owner_division, name, created_at)"
    " SELECT md5('n' || n)::uuid, '43' || lpad((n % 500)::text, 4, '0') || '000000',"
    " chr(19968 + n % 400) || '计划' || n, now() FROM generate_series(1, 20000) n;"
    "ANALYZE identity.person;";

/* Names sort as the database does; their beginnings are searched by the index that sorts by code
 * point, at every level of caller. */
Test(plans, persons_are_found_by_the_beginning_of_a_name, .timeout = 300)
{
    struct plans p =
        begin_plans(sql_identity_all, "identity", (const char *const[]){fill_persons, NULL});
    const struct stmt_form *persons =
        stmt_page_form(p.forms, &SQL_person_list, (struct stmt_order){0});
    static const char *const callers[] = {"", "43", "430077"};
    for (size_t i = 0; i < sizeof callers / sizeof *callers; i++) {
        be(&p, callers[i]);
        const char *plan = plan_of(
            &p, persons,
            (const char *const[][2]){{"name_prefix", "'一计划4'"}, {"limit", "51"}, {NULL, NULL}});
        cr_expect(strstr(plan, "person_name_idx") != NULL && strstr(plan, "Seq Scan") == NULL,
                  "\"%s\":\n%s", callers[i], plan);
    }
    end_plans(&p);
}

static const char *const fill_lists =
    "INSERT INTO registry.organisation (id, owner_division, name, kind, created_at)"
    " SELECT md5('o' || n)::uuid, '43' || lpad(n::text, 4, '0') || '000000', '计划单位' || n,"
    " 'department', now() FROM generate_series(1, 250) n;"
    "INSERT INTO registry.job (id, owner_division, kind, account_id, post_id, session_id,"
    " permissions, scope, scope_lines, ancestors, not_before, created_at) SELECT"
    " md5('j' || n)::uuid, '43' || lpad((1 + n % 250)::text, 4, '0') || '000000', 'plan',"
    " md5('a' || n % 900)::uuid, md5('p')::uuid, md5('s')::uuid, '{}', '{}', '', '', now(),"
    " now() - n * interval '1 second'"
    " FROM generate_series(1, 20000) n;"
    "INSERT INTO registry.file (id, owner_division, name, size, sha256, created_by, created_at)"
    " SELECT md5('f' || n)::uuid, '43' || lpad((1 + n % 250)::text, 4, '0') || '000000', '计划', 1,"
    " md5('s' || n) || md5('t' || n), md5('p')::uuid, now() - n * interval '1 second'"
    " FROM generate_series(1, 20000) n;"
    "INSERT INTO registry.batch (id, owner_division, kind, title, file_id, staged_by, staged_post,"
    " stage_job, created_at) SELECT md5('b' || n)::uuid,"
    " '43' || lpad((1 + n % 250)::text, 4, '0') || '000000', 'organisations', '计划',"
    " md5('f' || n)::uuid, md5('a')::uuid, md5('p')::uuid, md5('b' || n)::uuid,"
    " now() - n * interval '1 second' FROM generate_series(1, 10000) n;"
    "ANALYZE registry.job; ANALYZE registry.file; ANALYZE registry.batch;";

/* The lists of what comes, runs and is staged: a county's by its division, in order; none reads a
 * whole table, whoever asks. */
Test(plans, jobs_files_and_batches_are_listed_by_an_index, .timeout = 300)
{
    struct plans p = begin_plans(sql_engine_all, "registry",
                                 (const char *const[]){WITHOUT_TRIGGERS, fill_lists, NULL});
    static const struct {
        const struct stmt *list;
        const char *table;
    } lists[] = {{&SQL_job_list, "job"}, {&SQL_file_list, "file"}, {&SQL_batch_list, "batch"}};
    static const char *const callers[][3] = {{"430077", "'430077'", "'430077~'"},
                                             {"43", "'43'", "'43~'"}};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        for (size_t c = 0; c < 2; c++) {
            be(&p, callers[c][0]);
            const char *plan =
                plan_of(&p, stmt_page_form(p.forms, lists[i].list, (struct stmt_order){0}),
                        (const char *const[][2]){{"scope_lo", callers[c][1]},
                                                 {"scope_hi", callers[c][2]},
                                                 {"sees_all", "'true'"},
                                                 {"kinds", "'{organisations}'"},
                                                 {"limit", "51"},
                                                 {NULL, NULL}});
            cr_expect(strstr(plan, arena_printf(p.arena, "Seq Scan on %s", lists[i].table)) ==
                              NULL &&
                          strstr(plan, "_idx") != NULL,
                      "%s of %s:\n%s", lists[i].table, callers[c][0], plan);
        }
    }
    end_plans(&p);
}

/* Fewer than `fill` has: enough for an index to be worth its while. */
static const char *const fill_few =
    "INSERT INTO registry.organisation (id, owner_division, name, kind, created_at)"
    " SELECT md5('o' || n)::uuid, '43' || lpad(n::text, 4, '0') || '000000', '计划单位' || n,"
    " 'department', now() FROM generate_series(1, 500) n;"
    "INSERT INTO registry.duty_list (id, owner_division, year, title, created_at)"
    " SELECT md5('l' || n)::uuid, '43' || lpad(n::text, 4, '0') || '000000', 2190, '计划', now()"
    " FROM generate_series(1, 500) n;"
    "INSERT INTO registry.task (id, owner_division, duty_list_id, number, position, title)"
    " SELECT md5('t' || n)::uuid, '43' || lpad((1 + n % 500)::text, 4, '0') || '000000',"
    " md5('l' || (1 + n % 500))::uuid, n::text, n, '计划' FROM generate_series(1, 10000) n;"
    "INSERT INTO registry.item (id, owner_division, at_division, duty_list_id, task_id, title,"
    " lead_organisation_id, starts_on, due_on, measure, target, unit_of_measure, created_at)"
    " SELECT md5('i' || n)::uuid, t.owner_division, t.owner_division, t.duty_list_id, t.id, '计划',"
    " md5('o' || (1 + n % 500))::uuid, '2190-01-01', date '2190-01-01' + n % 360, 'value', 1, '个',"
    " now() FROM generate_series(1, 10000) n JOIN registry.task t ON t.id = md5('t' || n)::uuid;"
    "ANALYZE registry.item; ANALYZE registry.task; ANALYZE registry.organisation;";

static const char *const fill_duties =
    "UPDATE registry.duty_list SET status = 'in_force' WHERE year = 2190;"
    "INSERT INTO registry.report (id, owner_division, at_division, item_id, organisation_id,"
    " reported_on, value, status, reported_by, created_at) SELECT md5('r' || n)::uuid,"
    " i.owner_division, i.at_division, i.id, i.lead_organisation_id, '2190-01-02', 1,"
    " CASE n % 50 WHEN 0 THEN 'submitted' ELSE 'confirmed' END, md5('p')::uuid,"
    " timestamptz '2190-01-02' FROM generate_series(1, 10000) n"
    " JOIN registry.item i ON i.id = md5('i' || n)::uuid;"
    "INSERT INTO registry.urging (id, owner_division, at_division, issuer_organisation_id,"
    " issuer_post_id, issuer_name, addressee_organisation_id, matter, issued_on, answer_work_days,"
    " answer_by, status, answered_at, created_at) SELECT md5('u' || n)::uuid,"
    " '43' || lpad((1 + n % 500)::text, 4, '0') || '000000',"
    " '43' || lpad((1 + n % 500)::text, 4, '0') || '000000', md5('o' || (1 + (n + 1) % 500))::uuid,"
    " md5('p')::uuid, '计划', md5('o' || (1 + n % 500))::uuid, '计划', '2026-01-05', 5,"
    " date '2026-01-12' + n % 90, (ARRAY['issued', 'answered', 'accepted'])[1 + n % 3],"
    " CASE n % 3 WHEN 0 THEN NULL ELSE timestamptz '2026-01-08' END,"
    " now() - n * interval '1 second' FROM generate_series(1, 10000) n;"
    "INSERT INTO registry.escalation (id, owner_division, item_id, step, rule_id, on_day, due_on,"
    " late_work_days, to_division, to_post_ids, created_at) SELECT md5('e' || n)::uuid,"
    " i.owner_division, i.id, 1, (SELECT id FROM registry.escalation_rule LIMIT 1), '2026-01-05',"
    " '2026-01-04', 1, '430000000000', '{}', now() - n * interval '1 second'"
    " FROM generate_series(1, 10000) n JOIN registry.item i ON i.id = md5('i' || n)::uuid;"
    "INSERT INTO registry.file (id, owner_division, name, size, sha256, created_by, created_at)"
    " VALUES (md5('f')::uuid, '430077000000', '计划', 1, md5('s') || md5('t'), md5('p')::uuid,"
    " now());"
    "INSERT INTO registry.paper (id, owner_division, template, issuer_organisation_id, year,"
    " position, number, record, record_id, file_id, pages, made_on, created_by, created_at)"
    " SELECT md5('w' || n)::uuid, '43' || lpad((1 + n % 500)::text, 4, '0') || '000000',"
    " 'reminder', md5('o' || (1 + n % 500))::uuid, 2190, n, n::text, 'item', md5('i' || n)::uuid,"
    " md5('f')::uuid, 1, '2026-01-05', md5('p')::uuid, now() - n * interval '1 second'"
    " FROM generate_series(1, 10000) n;"
    "INSERT INTO registry.notice (owner_division, organisation_id, kind, record_id, verb, on_day,"
    " at, text, seq) SELECT '43' || lpad((1 + n % 500)::text, 4, '0') || '000000',"
    " md5('o' || (1 + n % 500))::uuid, 'report', md5('r' || n)::uuid, 'confirm_report',"
    " '2026-01-05', now() - n * interval '1 second', '计划', n FROM generate_series(1, 20000) n;"
    "ANALYZE registry.duty_list; ANALYZE registry.report; ANALYZE registry.urging;"
    " ANALYZE registry.escalation; ANALYZE registry.paper; ANALYZE registry.notice;";

/* Lists of what was urged, told and printed: none reads a whole table, whoever asks and however. */
static void urgings_escalations_and_papers(const struct plans *p)
{
    static const struct {
        const struct stmt *list;
        const char *table, *filter, *value;
    } lists[] = {{&SQL_urging_list, "urging", NULL, NULL},
                 {&SQL_urging_list, "urging", "addressee_organisation_id", "md5('o77')::uuid"},
                 {&SQL_urging_list, "urging", "issuer_organisation_id", "md5('o77')::uuid"},
                 {&SQL_escalation_list, "escalation", NULL, NULL},
                 {&SQL_escalation_list, "escalation", "item_id", "md5('i77')::uuid"},
                 {&SQL_paper_list, "paper", NULL, NULL},
                 {&SQL_paper_list, "paper", "record_id", "md5('i77')::uuid"}};
    static const char *const callers[][3] = {{"430077", "'430077'", "'430077~'"},
                                             {"43", "'43'", "'43~'"}};
    for (size_t i = 0; i < 2 * sizeof lists / sizeof *lists; i++) {
        const char *const *caller = callers[i % 2], *filter = lists[i / 2].filter;
        be(p, caller[0]);
        const char *plan =
            plan_of(p, stmt_page_form(p->forms, lists[i / 2].list, (struct stmt_order){0}),
                    (const char *const[][2]){{"scope_lo", caller[1]},
                                             {"scope_hi", caller[2]},
                                             {"today", "'2026-06-30'"},
                                             {"limit", "51"},
                                             {filter == NULL ? "none" : filter, lists[i / 2].value},
                                             {NULL, NULL}});
        const char *whole = arena_printf(p->arena, "Seq Scan on %s", lists[i / 2].table);
        cr_expect(strstr(plan, whole) == NULL && strstr(plan, "Index Scan") != NULL,
                  "%s by %s of %s:\n%s", lists[i / 2].table, filter == NULL ? "scope" : filter,
                  caller[0], plan);
    }
}

/* What waits for one unit, and what it was told, among all that wait and all that was told. */
static void worklist_and_inbox(const struct plans *p)
{
    static const char *const whole[] = {"Seq Scan on item ",  "Seq Scan on report",
                                        "Seq Scan on urging", "Seq Scan on milestone",
                                        "Seq Scan on notice", NULL};
    static const struct stmt *const lists[] = {&SQL_worklist_list, &SQL_inbox_list};
    static const char *const callers[] = {"430077", "43"};
    for (size_t i = 0; i < 4; i++) {
        be(p, callers[i % 2]);
        const char *plan = plan_of(
            p,
            stmt_page_form(p->forms, lists[i / 2], (struct stmt_order){.descending = i / 2 == 1}),
            (const char *const[][2]){{"caller_organisation", "md5('o77')::uuid"},
                                     {"caller_post", "md5('p77')::uuid"},
                                     {"caller_account", "md5('a77')::uuid"},
                                     {"own_permissions",
                                      "'{report.write,report.confirm,urging.answer,urging.issue,"
                                      "duty_list.approve,duty_list.file}'"},
                                     {"today", "'2026-06-30'"},
                                     {"limit", "51"},
                                     {NULL, NULL}});
        plan = what_runs(p, plan);
        for (const char *const *w = whole; *w != NULL; w++)
            cr_expect_null(strstr(plan, *w), "%s of %s:\n%s", *w, callers[i % 2], plan);
    }
}

/* Both have the same rows to plan for. */
Test(plans, what_was_urged_told_and_waits_is_read_by_an_index, .timeout = 300)
{
    struct plans p =
        begin_plans(sql_registry_all, "registry",
                    (const char *const[]){WITHOUT_TRIGGERS, fill_few, fill_duties, NULL});
    urgings_escalations_and_papers(&p);
    plan_as(&p, sql_identity_all, "identity");
    worklist_and_inbox(&p);
    end_plans(&p);
}

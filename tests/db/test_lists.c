/* tests/db/test_lists.c - what the database itself keeps right of lists, their editions and work
 * orders: numbers, ids of copies, weights, one telling of a deadline, the day a target is reached
 * . Each in a transaction that is never committed. */
#include "support.h"

TestSuite(lists, .timeout = 120);

/* Two units of a county; a list superseded by its revision, with a task and an item in both, of
 * which the second goes on from the first. */
static const char *const county =
    "BEGIN; SET LOCAL zeren.scope = '{[\"431302\",\"431302~\")}';"
    "INSERT INTO registry.organisation (id, owner_division, name, kind, created_at) VALUES"
    " (md5('lists gov')::uuid, '431302000000', 'lists gov', 'government', now()),"
    " (md5('lists dep')::uuid, '431302000000', 'lists dep', 'department', now());"
    "INSERT INTO registry.duty_list (id, owner_division, organisation_id, year, title, edition,"
    " status, revises_id, reason, created_at) VALUES (md5('list 1')::uuid, '431302000000',"
    " md5('lists gov')::uuid, 2190, 'list', 1, 'superseded', NULL, NULL, now()),"
    " (md5('list 2')::uuid, '431302000000', md5('lists gov')::uuid, 2190, 'list', 2, 'in_force',"
    " md5('list 1')::uuid, 'why', now());"
    "INSERT INTO registry.task (id, owner_division, duty_list_id, number, position, title,"
    " origin_id) VALUES (md5('task 1')::uuid, '431302000000', md5('list 1')::uuid, '07', 1, 't',"
    " NULL), (md5('task 2')::uuid, '431302000000', md5('list 2')::uuid, '07', 1, 't',"
    " md5('task 1')::uuid);"
    "INSERT INTO registry.item (id, owner_division, at_division, duty_list_id, task_id, title,"
    " lead_organisation_id, starts_on, due_on, measure, target, unit_of_measure, weight, origin_id,"
    " created_at) VALUES (md5('item 1')::uuid, '431302000000', '431302000000',"
    " md5('list 1')::uuid, md5('task 1')::uuid, 'i', md5('lists dep')::uuid, '2025-01-06',"
    " '2025-09-30', 'value', 10, 'km', 60, NULL, now() - interval '1 day'),"
    " (md5('item 2')::uuid, '431302000000', '431302000000', md5('list 2')::uuid,"
    " md5('task 2')::uuid, 'i', md5('lists dep')::uuid, '2025-01-06', '2025-09-30', 'value', 8,"
    " 'km', 60, md5('item 1')::uuid, now());";

/* The first value of the last statement, behind that county. */
static const char *told(const char *sql)
{
    static char value[1024];
    static char all[16384];
    PGconn *pg = PQconnectdb(getenv("ZEREN_TEST_DB"));
    (void)snprintf(all, sizeof all, "%s%s", county, sql);
    PGresult *r = PQexec(pg, all);
    cr_assert_eq(PQresultStatus(r), PGRES_TUPLES_OK, "%s: %s", sql, PQerrorMessage(pg));
    (void)snprintf(value, sizeof value, "%s", PQntuples(r) > 0 ? PQgetvalue(r, 0, 0) : "");
    PQclear(r);
    PQfinish(pg);
    return value;
}

#define ORDERS(n)                                                                                  \
    "SELECT string_agg(w.position::text, ' ' ORDER BY w.position) FROM generate_series(1, " n      \
    ") AS g, LATERAL registry.issue_work_order(jsonb_build_object('id', gen_random_uuid(),"        \
    " 'addressee_organisation_id', md5('lists dep')::uuid, 'matter', 'm' || g, 'due_on',"          \
    " '2027-06-30'), md5('lists gov')::uuid, md5('post')::uuid, '2026-06-01', now()) AS w"

Test(lists, orders_are_numbered_one_by_one_and_what_is_undone_takes_no_number)
{
    cr_expect_str_eq(told(ORDERS("3")), "1 2 3");
    cr_expect_str_eq(
        told(ORDERS("2") "; SAVEPOINT s; " ORDERS("2") "; ROLLBACK TO s; " ORDERS("1")), "3");
    cr_expect_str_eq(told(ORDERS("1") "; SELECT number FROM registry.work_order WHERE"
                                      " issuer_organisation_id = md5('lists gov')::uuid"),
                     "指令〔2026〕1号");
    cr_expect_str_eq(told(ORDERS("2") "; SELECT count(*) FROM registry.record_step s JOIN"
                                      " registry.work_order w ON w.id = s.record_id WHERE"
                                      " w.issuer_organisation_id = md5('lists gov')::uuid AND"
                                      " s.verb = 'issue' AND s.position = w.version"),
                     "2");
}

Test(lists, a_copy_has_an_id_of_its_own_that_is_known_beforehand)
{
    cr_expect_str_eq(told("SELECT registry.copy_id(md5('a')::uuid, md5('l')::uuid) ="
                          " registry.copy_id(md5('a')::uuid, md5('l')::uuid)"),
                     "t");
    cr_expect_str_eq(told("SELECT count(DISTINCT registry.copy_id(md5('a' || n % 50)::uuid,"
                          " md5('l' || n / 50)::uuid)) FROM generate_series(0, 4999) n"),
                     "5000");
    cr_expect_str_eq(told("SELECT count(*) FROM generate_series(1, 200) n WHERE"
                          " registry.copy_id(md5('a' || n)::uuid, md5('l')::uuid)::text"
                          " !~ '^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-'"),
                     "0");
}

Test(lists, weights_of_a_task_add_up_or_the_task_is_named)
{
    static const char asked[] = "SELECT coalesce(registry.badly_weighted_task("
                                "md5('list 2')::uuid), 'none')";
    static const struct {
        const char *change, *wanted;
    } cases[] = {
        {"", "07"},
        {"UPDATE registry.item SET weight = 100;", "none"},
        {"UPDATE registry.item SET weight = 99.9999;", "07"},
        {"UPDATE registry.item SET weight = NULL;", "none"},
        {"INSERT INTO registry.item SELECT (jsonb_populate_record(i, jsonb_build_object('id',"
         " md5('item 3'), 'weight', 40, 'origin_id', NULL, 'lead_organisation_id',"
         " md5('lists gov')))).* FROM registry.item i WHERE id = md5('item 2')::uuid;",
         "none"},
        {"INSERT INTO registry.item SELECT (jsonb_populate_record(i, jsonb_build_object('id',"
         " md5('item 3'), 'weight', NULL, 'origin_id', NULL, 'lead_organisation_id',"
         " md5('lists gov')))).* FROM registry.item i WHERE id = md5('item 2')::uuid;",
         "07"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char sql[1024];
        (void)snprintf(sql, sizeof sql, "%s%s", cases[i].change, asked);
        cr_expect_str_eq(told(sql), cases[i].wanted, "%s", cases[i].change);
    }
}

#define ESCALATE(item, due)                                                                        \
    "INSERT INTO registry.escalation (id, owner_division, item_id, step, rule_id, on_day, due_on," \
    " late_work_days, to_division, to_post_ids, created_at) SELECT gen_random_uuid(),"             \
    " '431302000000', md5('" item "')::uuid, r.step, r.id, '2025-10-15', '" due "', 4,"            \
    " '431302000000', '{}', now() FROM registry.escalation_rule r WHERE r.owner_division ="        \
    " '000000000000' AND r.step = 1;"
#define TOLD_OF_ITEM_2                                                                             \
    "SELECT count(*) FROM registry.escalation WHERE item_id = md5('item 2')::uuid"

Test(lists, a_deadline_that_stays_is_told_one_level_up_once)
{
    cr_expect_str_eq(told(ESCALATE("item 2", "2025-09-30") TOLD_OF_ITEM_2), "1");
    cr_expect_str_eq(
        told(ESCALATE("item 1", "2025-09-30") ESCALATE("item 2", "2025-09-30") TOLD_OF_ITEM_2),
        "0");
    cr_expect_str_eq(
        told(ESCALATE("item 1", "2025-09-30") ESCALATE("item 2", "2025-12-31") TOLD_OF_ITEM_2),
        "1");
}

#define CONFIRMED(item, day, value)                                                                \
    "INSERT INTO registry.report (id, owner_division, at_division, item_id, organisation_id,"      \
    " reported_on, value, status, reported_by, decided_by, decided_at, created_at) VALUES"         \
    " (gen_random_uuid(), '431302000000', '431302000000', md5('" item "')::uuid,"                  \
    " md5('lists dep')::uuid, '" day "', " value                                                   \
    ", 'confirmed', md5('p')::uuid, md5('p')::uuid, now(), now());"
#define DONE(item)                                                                                 \
    "SELECT coalesce(registry.value_done_on(i, NULL, NULL, NULL)::text, 'open')"                   \
    " FROM registry.item i WHERE i.id = md5('" item "')::uuid"

Test(lists, what_was_confirmed_in_a_former_edition_counts_in_the_next_and_not_the_other_way)
{
    cr_expect_str_eq(told(CONFIRMED("item 1", "2025-05-31", "8") DONE("item 2")), "2025-05-31");
    cr_expect_str_eq(told(CONFIRMED("item 1", "2025-05-31", "8") DONE("item 1")), "open");
    cr_expect_str_eq(told(CONFIRMED("item 2", "2025-05-31", "10") DONE("item 1")), "open");
    cr_expect_str_eq(told(CONFIRMED("item 1", "2025-05-31", "9")
                              CONFIRMED("item 2", "2025-06-30", "7") DONE("item 2")),
                     "open");
    cr_expect_str_eq(told("UPDATE registry.item SET unit_of_measure = 'm' WHERE id ="
                          " md5('item 2')::uuid;" CONFIRMED("item 1", "2025-05-31", "8")
                              DONE("item 2")),
                     "open");
}

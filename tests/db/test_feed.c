/* tests/db/test_feed.c - the feed in the database: what statements announce, how the sequencer
 * numbers it, that every announced kind is known, and that a page costs its own scope only. */
#include "sql_engine.h"
#include "sql_feed.h"
#include "sql_identity.h"
#include "sql_monitoring.h"
#include "sql_registry.h"
#include "support.h"

TestSuite(feed, .timeout = 120);

/* --- kinds --- */

static void expect_kind(const char *service, const char *kind, const char *statement)
{
    char sql[256];
    (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM %s.feed_kind WHERE kind = '%s'", service,
                   kind);
    cr_expect_str_eq(super_sql(sql), "1", "%s announces %s, which %s.feed_kind lacks", statement,
                     kind, service);
}

/* The kinds that a CTE also_changed or also_announced selects: SELECT 'item' … */
static void expect_also(const char *service, const struct stmt *st, const char *cte)
{
    const char *at = strstr(st->text, cte), *end = NULL;
    int depth = 1;
    if (at == NULL)
        return;
    at += strlen(cte);
    for (end = at; *end != '\0' && depth > 0; end++)
        depth += *end == '(' ? 1 : *end == ')' ? -1 : 0;
    for (at = strstr(at, "SELECT '"); at != NULL && at < end; at = strstr(at + 1, "SELECT '")) {
        char kind[64] = {0};
        size_t n = strcspn(at + 8, "'");
        cr_assert_lt(n, sizeof kind);
        memcpy(kind, at + 8, n);
        expect_kind(service, kind, st->name);
    }
}

static void expect_kinds(const char *service, const struct stmt *const *all)
{
    for (; *all != NULL; all++) {
        if ((*all)->kind != STMT_WRITE)
            continue;
        expect_kind(service, (*all)->record, (*all)->name);
        expect_also(service, *all, "also_changed AS (");
        expect_also(service, *all, "also_announced AS (");
    }
}

Test(feed, every_kind_that_is_announced_is_known)
{
    expect_kinds("registry", sql_registry_all);
    expect_kinds("identity", sql_identity_all);
    expect_kinds("monitoring", sql_monitoring_all);
}

Test(feed, every_kind_has_a_permission_and_the_class_of_its_table)
{
    static const char sql[] =
        "WITH declared (schema, name, class) AS (VALUES "
#define X(schema, table, class) "('" #schema "','" #table "','" #class "'),"
#include "tables.def"
#undef X
        "(NULL,NULL,NULL)), known AS (SELECT 'registry' AS schema, k.* FROM registry.feed_kind k"
        " UNION ALL SELECT 'identity', k.* FROM identity.feed_kind k UNION ALL"
        " SELECT 'monitoring', k.* FROM monitoring.feed_kind k), permitted (code) AS (VALUES "
#define X(name, code, prose) "('" code "'),"
#include "permissions.def"
#undef X
        "(NULL)) SELECT coalesce(string_agg(k.schema || '.' || k.kind, ' '), '') FROM known k"
        " LEFT JOIN declared d ON d.schema = k.schema AND d.name = k.kind"
        " WHERE (d.class IN ('scoped', 'upward', 'reference') AND d.class <> k.class)"
        " OR k.permission NOT IN (SELECT coalesce(code, 'signed_in') FROM permitted)"
        " OR k.label !~ '[一-龥]'";
    cr_assert_str_eq(super_sql(sql), "");
}

/* --- what statements announce --- */

Test(feed, statements_of_records_with_lines_say_so)
{
    for (const struct stmt *const *st = sql_registry_all; *st != NULL; st++) {
        char sql[256];
        if ((*st)->kind != STMT_WRITE)
            continue;
        (void)snprintf(sql, sizeof sql,
                       "SELECT count(*) FROM pg_attribute WHERE attrelid = "
                       "to_regclass('registry.%s') AND attname = 'lines' AND NOT attisdropped",
                       (*st)->record);
        cr_expect_eq(strcmp(super_sql(sql), "1") == 0, (*st)->lined,
                     "%s: lined is said where the record's table has lines, and nowhere else",
                     (*st)->name);
    }
}

static const char moves[] =
    "-- name: move :write organisation shown_division\n"
    "UPDATE organisation SET owner_division = :division::text, version = version + 1"
    " WHERE id = :id::uuid RETURNING id, owner_division, name, version\n"
    "-- name: move_item :write item lined\n"
    "UPDATE item SET lines = :lines::text[], version = version + 1"
    " WHERE id = :id::uuid RETURNING id, owner_division, lines, version\n"
    "-- name: remove :write milestone lined\n"
    "WITH gone AS (DELETE FROM milestone WHERE item_id = :id::uuid RETURNING *), changed AS"
    " (SELECT id, owner_division, lines, 1 AS version FROM gone)\n";

static const char ID[] = "01960000-0000-7000-8000-0000000000aa";

static const char *value_of(const char *name, const char *const (*values)[2])
{
    for (; (*values)[0] != NULL; values++) {
        if (strcmp((*values)[0], name) == 0)
            return (*values)[1];
    }
    return NULL;
}

static void write_by(const char *name, const char *const (*given)[2])
{
    struct arena *a = arena_create(16 << 20);
    struct test_sql s = test_sql(a, moves);
    struct pool_options o = test_pool_options(1);
    struct pool *pool = pool_create(&o);
    struct err err = {.code = ERR_NONE};
    const struct stmt_form *f = test_form(&s, name);
    const char *values[40] = {NULL};
    struct rows *rows = NULL;
    struct claim none = {.key = NULL};
    struct tx t = {.pool = pool, .arena = a, .scope = "{[\"43\",\"43~\")}", .lines = ""};
    for (unsigned i = 0; i < f->n_params; i++) {
        values[i] = value_of(f->params[i], given);
        if (strcmp(f->params[i], "now") == 0)
            values[i] = "2026-05-01T00:00:00Z";
        if (strcmp(f->params[i], "verb") == 0)
            values[i] = name;
        if (strcmp(f->params[i], "id") == 0)
            values[i] = ID;
    }
    cr_assert(tx_write(&t, &none, 200, f, values, &rows, &err), "%s %s", err.sqlstate, err.cause);
    cr_assert_null(strstr(rows_text(rows, 0, 0), "lines"), "the answer shows lines: %s",
                   rows_text(rows, 0, 0));
    tx_end(&t);
    pool_destroy(&pool);
    arena_destroy(&a);
}

static const char fill_one[] =
    "INSERT INTO registry.organisation (id, owner_division, name,"
    " kind, created_at) VALUES ('01960000-0000-7000-8000-0000000000aa', '431302000000', '迁出',"
    " 'other', now());"
    "INSERT INTO registry.duty_list (id, owner_division, year, title, created_at) VALUES"
    " ('01960000-0000-7000-8000-0000000000aa', '431302000000', 2191, '迁', now());"
    "INSERT INTO registry.task (id, owner_division, duty_list_id, number, position, title) VALUES"
    " ('01960000-0000-7000-8000-0000000000aa', '431302000000',"
    " '01960000-0000-7000-8000-0000000000aa', '1', 1, '迁');"
    "INSERT INTO registry.item (id, owner_division, at_division, lines, duty_list_id, task_id,"
    " title, lead_organisation_id, starts_on, due_on, measure, created_at) VALUES"
    " ('01960000-0000-7000-8000-0000000000aa', '431302000000', '431302000000', '{water}',"
    " '01960000-0000-7000-8000-0000000000aa', '01960000-0000-7000-8000-0000000000aa', '迁',"
    " '01960000-0000-7000-8000-0000000000aa', '2026-01-01', '2026-12-31', 'milestone', now());"
    "INSERT INTO registry.milestone (owner_division, lines, item_id, position, name, due_on) "
    "VALUES"
    " ('431302000000', '{water}', '01960000-0000-7000-8000-0000000000aa', 1, '一', '2026-06-30')";
static const char clear_one[] =
    "DELETE FROM registry.milestone WHERE item_id = '01960000-0000-7000-8000-0000000000aa';"
    "DELETE FROM registry.item WHERE id = '01960000-0000-7000-8000-0000000000aa';"
    "DELETE FROM registry.task WHERE id = '01960000-0000-7000-8000-0000000000aa';"
    "DELETE FROM registry.duty_list WHERE id = '01960000-0000-7000-8000-0000000000aa';"
    "DELETE FROM registry.organisation WHERE id = '01960000-0000-7000-8000-0000000000aa';"
    "DELETE FROM registry.outbox WHERE verb IN ('move', 'move_item', 'remove')";

static const char told[] =
    "SELECT string_agg(concat_ws(' ', record, version, owner_division, lines, left_division,"
    " left_lines, deleted), '; ' ORDER BY id) FROM registry.outbox"
    " WHERE verb IN ('move', 'move_item', 'remove')";

Test(feed, what_changes_hands_is_announced_with_whose_it_was)
{
    super_sql(fill_one);
    write_by("move", (const char *const[][2]){{"division", "431321000000"}, {NULL, NULL}});
    write_by("move", (const char *const[][2]){{"division", "431321000000"}, {NULL, NULL}});
    write_by("move_item", (const char *const[][2]){{"lines", "{fire}"}, {NULL, NULL}});
    write_by("remove", (const char *const[][2]){{NULL, NULL}});
    char seen[1024];
    (void)snprintf(seen, sizeof seen, "%s", super_sql(told));
    super_sql(clear_one);
    cr_assert_str_eq(seen, "organisation 2 431321000000 {} 431302000000 {} f;"
                           " organisation 3 431321000000 {} {} f;"
                           " item 2 431302000000 {fire} 431302000000 {water} f;"
                           " milestone 1 431302000000 {water} {} t");
}

/* --- the sequencer --- */

static const char *sequence(PGconn *pg, const char *floor, const char *batch)
{
    static char answer[128];
    struct arena *a = arena_create(1 << 20);
    const struct stmt *st = &SQL_feed_sequence;
    const char *values[2] = {NULL};
    for (unsigned i = 0; i < st->n_params; i++)
        values[i] = strcmp(st->params[i], "floor") == 0 ? floor : batch;
    PGresult *r = PQexecParams(pg, st->text, (int)st->n_params, NULL, values, NULL, NULL, 0);
    cr_assert_eq(PQresultStatus(r), PGRES_TUPLES_OK, "%s", PQerrorMessage(pg));
    (void)snprintf(answer, sizeof answer, "%s %s", PQgetvalue(r, 0, 0), PQgetvalue(r, 0, 2));
    PQclear(r);
    arena_destroy(&a);
    return answer;
}

/* By the worker's own role, in a transaction that is rolled back. */
Test(feed, the_sequencer_numbers_in_order_and_tells_first_who_is_left)
{
    PGconn *pg = PQconnectdb(getenv("ZEREN_TEST_DB"));
    run(pg, "BEGIN; SET LOCAL search_path = registry, zeren;"
            "UPDATE feed SET last_seq = 500; DELETE FROM event;"
            "INSERT INTO outbox (id, at, verb, record, record_id, version, owner_division, lines,"
            " left_division, left_lines, deleted, trace_id)"
            " OVERRIDING SYSTEM VALUE SELECT 9000000000000000 + n, now(), 'v' || n, CASE n WHEN 3 "
            "THEN 'division' WHEN 4 THEN 'organisation' ELSE"
            " 'item' END, md5('r' || n)::uuid, n, '431302000000', '{a}', CASE n WHEN 2 THEN "
            "'431321000000' END, '{b}', n = 5, NULL FROM generate_series(1, 5) n;"
            "SET LOCAL ROLE registry_worker");
    cr_expect_str_eq(sequence(pg, "9000000000000000", "3"), "3 504");
    cr_expect_str_eq(sequence(pg, "9000000000000000", "10"), "2 506");
    cr_expect_str_eq(sequence(pg, "9000000000000000", "10"), "0 ");
    PGresult *r = PQexec(
        pg, "SELECT string_agg(concat_ws(' ', seq, version, kind, owner_division, lines, has_left,"
            " deleted, upward, everywhere, in_county), ';' ORDER BY seq) FROM event");
    cr_expect_str_eq(PQgetvalue(r, 0, 0), "501 1 item 431302000000 {a} f f f f 431302;"
                                          "502 2 item 431321000000 {b} t f f f 431321;"
                                          "503 2 item 431302000000 {a} f f f f 431302;"
                                          "504 3 division 431302000000 {a} f f f t 431302;"
                                          "505 4 organisation 431302000000 {a} f f t f 431302;"
                                          "506 5 item 431302000000 {a} f t f f 431302");
    PQclear(r);
    run(pg, "ROLLBACK");
    PQfinish(pg);
}

/* --- a page's cost --- */

static long buffers(PGconn *pg, const char *scope, const char *ancestors)
{
    char sql[512];
    (void)snprintf(sql, sizeof sql,
                   "SELECT set_config('zeren.scope', '%s', true), set_config('zeren.lines', '',"
                   " true), set_config('zeren.ancestors', '%s', true)",
                   scope, ancestors);
    run(pg, sql);
    run(pg, "EXECUTE page(5000, '{item,organisation}', 100)"); /* catalogues are read once */
    PGresult *r = PQexec(pg, "EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF)"
                             " EXECUTE page(5000, '{item,organisation}', 100)");
    cr_assert_eq(PQresultStatus(r), PGRES_TUPLES_OK, "%s", PQerrorMessage(pg));
    long n = -1;
    for (int i = 0; i < PQntuples(r) && n < 0; i++) {
        const char *at = strstr(PQgetvalue(r, i, 0), "Buffers: shared hit=");
        n = at == NULL ? n : strtol(at + 20, NULL, 10);
    }
    for (int i = 0; i < PQntuples(r); i++)
        cr_expect_null(strstr(PQgetvalue(r, i, 0), "Seq Scan on event"), "%s", PQgetvalue(r, i, 0));
    PQclear(r);
    cr_assert_geq(n, 0);
    return n;
}

static void add_events(PGconn *pg, int from, int upto, const char *division)
{
    char sql[1024];
    (void)snprintf(
        sql, sizeof sql,
        "INSERT INTO event (seq, at, verb, kind, id, version, owner_division, upward)"
        " SELECT n, now(), 'v', CASE n %% 2 WHEN 0 THEN 'item' ELSE 'organisation' END,"
        " md5(n::text)::uuid, 1, %s, n %% 2 = 1 FROM generate_series(%d, %d) n;" EVERY_ROW_COUNTS
        "; ANALYZE event",
        division, from, upto);
    run(pg, sql);
}

/* A county's, a town's and a prefecture's page cost the same beside 4,000 and beside 120,000 events
 * of others, whether they stand before or behind its own. */
Test(feed, a_page_costs_its_own_scope_only)
{
    static const char *const scopes[][2] = {
        {"{[\"430077\",\"430077~\")}", "{430000000000,430000000000}"},
        {"{[\"430077001\",\"430077001~\")}", "{430077000000,430000000000}"},
        {"{[\"4399\",\"4399~\")}", "{430000000000}"},
        {"{[\"430077001005\",\"430077001005~\"),[\"430088\",\"430088~\")}", "{430000000000}"}};
    static const char others[] = "'43' || lpad((1000 + n % 500)::text, 4, '0') || '000000'";
    static const char own[] = "(ARRAY['430077000000', '430077001000', '439901000000',"
                              " '430088000000', '430077001005'])[1 + n % 5]";
    PGconn *pg = PQconnectdb(getenv("ZEREN_TEST_DB"));
    run(pg, "BEGIN; SET LOCAL search_path = registry, zeren; SET LOCAL plan_cache_mode ="
            " force_generic_plan; DELETE FROM event; UPDATE feed SET last_seq = 400000");
    add_events(pg, 1, 9000, others);
    add_events(pg, 200000, 202000, own);
    run(pg, "PREPARE page(bigint, text[], integer) AS SELECT e.seq FROM event_page($1, $2, $3) e;"
            "SET LOCAL ROLE registry_service");
    long before[4], behind[4];
    for (size_t i = 0; i < 4; i++)
        before[i] = buffers(pg, scopes[i][0], scopes[i][1]);
    run(pg, "RESET ROLE");
    add_events(pg, 9001, 110000, others);
    add_events(pg, 300000, 310000, others);
    run(pg, "SET LOCAL ROLE registry_service");
    for (size_t i = 0; i < 4; i++) {
        behind[i] = buffers(pg, scopes[i][0], scopes[i][1]);
        cr_expect_leq(behind[i], before[i] + before[i] / 2 + 20, "%s: %ld buffers, then %ld",
                      scopes[i][0], before[i], behind[i]);
    }
    run(pg, "ROLLBACK");
    PQfinish(pg);
}

/* E-003: what is planned for a page grows neither with the divisions above nor with a block beside
 * the one that is read. */
Test(feed, a_step_of_a_page_takes_one_block_and_few_branches)
{
    cr_expect_str_eq(
        super_sql(
            "SELECT set_config('zeren.scope', '{[\"431302006003\",\"431302006003~\")}', "
            "false), set_config('zeren.ancestors', '{000000000000,430000000000,"
            "431300000000,431302000000,431302006000}', false);"
            "SELECT regexp_count(b, 'registry\\.event') || ' ' || regexp_count(b, 'v\\.seq >= "
            "1000000 AND v\\.seq <= 1999999') FROM zeren.event_branches('registry', 999999, "
            "1999999, 'ASC') AS b"),
        "3 3");
}

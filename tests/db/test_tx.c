/* tests/db/test_tx.c - the promises of a trip and of a transaction, against a database: scope, one
 * effect under one key, nothing written by a change of nothing, and lost connections. */
#include <pthread.h>

#include "core/uuid.h"
#include "support.h"

static const char statements[] =
    "-- name: names :rows\n"
    "SELECT name, line FROM organisation WHERE owner_division = :division ORDER BY name;\n"
    "-- name: division_count :view\n"
    "SELECT count(*) AS n FROM organisation WHERE owner_division = :division;\n"
    "-- name: add :write organisation\n"
    "INSERT INTO organisation (id, owner_division, name, kind, created_at)\n"
    "SELECT :new_id::uuid, :division, :name, 'department', :now::timestamptz\n"
    "RETURNING id, owner_division, name, kind, version;\n"
    "-- name: add_shown :write organisation shown_division\n"
    "INSERT INTO organisation (id, owner_division, name, kind, created_at)\n"
    "SELECT :new_id::uuid, :division, :name, 'department', :now::timestamptz\n"
    "RETURNING id, owner_division, name, version;\n"
    "-- name: add_two :write organisation\n"
    "WITH changed AS (\n"
    "  INSERT INTO organisation (id, owner_division, name, kind, created_at)\n"
    "  SELECT :new_id::uuid, :division, :name, 'department', :now::timestamptz\n"
    "  RETURNING id, owner_division, name, version\n"
    "), also_changed(kind, id, version, owner_division, body) AS (\n"
    "  SELECT 'post', c.id, 7, c.owner_division, '{\"more\":true}'::jsonb FROM changed c\n"
    ")\n"
    "-- name: rename :write organisation\n"
    "UPDATE organisation SET name = :name, version = version + 1\n"
    " WHERE id = :id AND version = :version::integer\n"
    "RETURNING id, owner_division, name, version;\n"
    "-- name: force_two :write duty_list\n"
    "INSERT INTO duty_list (id, owner_division, year, title, edition, status, created_at)\n"
    "SELECT CASE e WHEN 1 THEN :new_id::uuid ELSE gen_random_uuid() END, :division, 2026, :name, "
    "e,\n"
    "       'in_force', :now::timestamptz\n"
    "  FROM generate_series(1, 2) AS e\n"
    "RETURNING id, owner_division, version;\n"
    "-- name: die :exec\n"
    "SELECT pg_terminate_backend(pg_backend_pid());\n"
    "-- name: die_once :view\n"
    "SELECT CASE WHEN zeren_test.first_time(:division) THEN "
    "pg_terminate_backend(pg_backend_pid())\n"
    "       ELSE false END AS ended;\n"
    "-- name: forget :exec\n"
    "DEALLOCATE ALL;\n"
    "-- name: pid :rows\n"
    "SELECT pg_backend_pid();\n"
    "-- name: listed :page\n"
    "-- sort: name, id\n"
    "SELECT id, name, current_setting('plan_cache_mode') AS mode FROM organisation\n"
    " WHERE owner_division = :division\n";

static struct arena *arena;
static struct pool *pool;
static struct test_sql sql;
static struct err err;

static const char county[] = "431302000000";
static const char own_county[] = "{[\"431302\",\"431302~\")}";
static const char other_county[] = "{[\"431321\",\"431321~\")}";

static void setup(void)
{
    arena = arena_create(16 << 20);
    struct pool_options o = test_pool_options(2);
    pool = pool_create(&o);
    sql = test_sql(arena, statements);
    err_clear(&err);
}

static void teardown(void)
{
    pool_destroy(&pool);
    arena_destroy(&arena);
}

TestSuite(tx, .init = setup, .fini = teardown, .timeout = 30);

static struct tx tx_of(const char *scope)
{
    return (struct tx){.pool = pool, .arena = arena, .scope = scope, .lines = ""};
}

static const char *new_id(void)
{
    char text[UUID_TEXT];
    cr_assert(uuid_new(clock_now(), text));
    return arena_strdup(arena, text);
}

/* Values by parameter name, in pairs that NULL ends. */
static const char *const *bind(const struct stmt_form *f, const char *const *pairs)
{
    const char **values = arena_array(arena, const char *, f->n_params + 1);
    for (unsigned i = 0; i < f->n_params; i++) {
        for (const char *const *p = pairs; *p != NULL; p += 2) {
            if (strcmp(f->params[i], p[0]) == 0)
                values[i] = p[1];
        }
    }
    return values;
}

#define ACCOUNT "018f0000-0000-7000-8000-0000000000aa"

struct change {
    const char *form, *id, *name, *division, *key, *version;
};

static bool change(struct tx *t, const struct change *c, struct rows **ret)
{
    const struct stmt_form *f = test_form(&sql, c->form);
    const char *const pairs[] = {"new_id",
                                 c->id,
                                 "id",
                                 c->id,
                                 "name",
                                 c->name,
                                 "division",
                                 c->division == NULL ? county : c->division,
                                 "version",
                                 c->version == NULL ? "1" : c->version,
                                 "now",
                                 "2026-05-01T00:00:00Z",
                                 "caller_account",
                                 ACCOUNT,
                                 "verb",
                                 "add_organisation",
                                 "request_id",
                                 "r-1",
                                 "idempotency_key",
                                 c->key == NULL ? "" : c->key,
                                 "location_prefix",
                                 "/api/v1/registry/organisations/",
                                 NULL};
    struct claim claim = {.account = ACCOUNT, .key = c->key, .digest = "d1"};
    return tx_write(t, &claim, 201, f, bind(f, pairs), ret, &err);
}

static const char *count(const char *table, const char *column, const char *value)
{
    return arena_strdup(
        arena, super_sql(arena_printf(arena, "SELECT count(*) FROM registry.%s WHERE %s = '%s'",
                                      table, column, value)));
}

static const char *seen(const char *scope, const char *lines)
{
    struct tx t = tx_of(scope);
    t.lines = lines;
    struct rows *r;
    const char *const values[] = {county};
    cr_assert(tx_run(&t, test_form(&sql, "division_count"), values, &r, &err), "%s", err.cause);
    return rows_text(r, 0, 0);
}

Test(tx, scope_holds_for_one_trip_only)
{
    struct rows *r;
    struct tx t = tx_of(own_county);
    cr_assert(change(&t, &(struct change){.form = "add", .id = new_id(), .name = new_id()}, &r),
              "%s", err.cause);
    cr_assert_str_neq(seen(own_county, ""), "{\"n\":0}");
    cr_assert_str_eq(seen(other_county, ""), "{\"n\":0}");
    cr_assert_str_eq(seen("{}", ""), "{\"n\":0}");
    cr_assert_str_neq(seen(own_county, ""), "{\"n\":0}");
}

Test(tx, null_is_null)
{
    struct rows *r;
    struct tx t = tx_of(own_county);
    cr_assert(change(&t, &(struct change){.form = "add", .id = new_id(), .name = new_id()}, &r));
    const char *const values[] = {county};
    cr_assert(tx_run(&t, test_form(&sql, "names"), values, &r, &err));
    cr_assert_not_null(rows_text(r, 0, 0));
    cr_assert_null(rows_text(r, 0, 1));
    cr_assert_gt(t.rows, 0);
    cr_assert_null(t.conn);
}

Test(tx, write_leaves_audit_outbox_and_answer)
{
    const char *id = new_id(), *key = new_id();
    struct rows *r;
    struct tx t = tx_of(own_county);
    cr_assert(change(&t, &(struct change){.form = "add", .id = id, .name = id, .key = key}, &r),
              "%s", err.cause);
    const char *body = arena_printf(
        arena, "{\"id\":\"%s\",\"name\":\"%s\",\"kind\":\"department\",\"version\":1}", id, id);
    cr_assert_str_eq(rows_text(r, 0, 0), body);
    cr_assert_str_eq(rows_text(r, 0, 1), "1");
    cr_assert_str_eq(rows_text(r, 0, 2), id);
    cr_assert_str_eq(count("audit_log", "record_id", id), "1");
    cr_assert_str_eq(count("outbox", "record_id", id), "1");
    cr_assert_str_eq(
        super_sql(arena_printf(arena,
                               "SELECT concat_ws(' ', verb, record, version,"
                               " owner_division, request_id, account_id, body->>'name')"
                               " FROM registry.audit_log WHERE record_id = '%s'",
                               id)),
        arena_printf(arena, "add_organisation organisation 1 %s r-1 %s %s", county, ACCOUNT, id));

    struct stored_answer a;
    struct claim claim = {.account = ACCOUNT, .key = key, .digest = "d1"};
    cr_assert(tx_stored(&t, &claim, &a, &err));
    cr_assert_eq(a.status, 201);
    cr_assert_str_eq(a.body, body);
    cr_assert_str_eq(a.etag, "\"1\"");
    cr_assert_str_eq(a.location, arena_printf(arena, "/api/v1/registry/organisations/%s", id));
    cr_assert_str_eq(a.digest, "d1");
}

Test(tx, shown_division_stays_in_the_answer)
{
    const char *id = new_id();
    struct rows *r;
    struct tx t = tx_of(own_county);
    cr_assert(change(&t, &(struct change){.form = "add_shown", .id = id, .name = id}, &r), "%s",
              err.cause);
    cr_assert_not_null(strstr(rows_text(r, 0, 0), "\"owner_division\":\"431302000000\""));
}

Test(tx, key_works_once)
{
    const char *key = new_id(), *first = new_id(), *second = new_id();
    struct rows *r;
    struct tx t = tx_of(own_county);
    cr_assert(
        change(&t, &(struct change){.form = "add", .id = first, .name = first, .key = key}, &r));
    cr_assert_not(
        change(&t, &(struct change){.form = "add", .id = second, .name = second, .key = key}, &r));
    cr_assert_eq(err.code, ERR_KEY_IN_USE);
    cr_assert_str_eq(count("organisation", "id", second), "0");
    cr_assert_str_eq(count("audit_log", "record_id", second), "0");
}

Test(tx, also_changed_is_audited_too)
{
    const char *id = new_id();
    struct rows *r;
    struct tx t = tx_of(own_county);
    cr_assert(change(&t, &(struct change){.form = "add_two", .id = id, .name = id}, &r), "%s",
              err.cause);
    cr_assert_str_eq(count("audit_log", "record_id", id), "2");
    cr_assert_str_eq(count("outbox", "record_id", id), "2");
    cr_assert_str_eq(super_sql(arena_printf(arena,
                                            "SELECT record || version || (body->>'more')"
                                            " FROM registry.audit_log WHERE record_id = '%s'"
                                            " AND record = 'post'",
                                            id)),
                     "post7true");
}

Test(tx, change_of_nothing_writes_nothing)
{
    const char *id = new_id(), *key = new_id();
    struct rows *r;
    struct tx t = tx_of(own_county);
    cr_assert(change(&t, &(struct change){.form = "add", .id = id, .name = id}, &r));
    struct change stale = {.form = "rename", .id = id, .name = "other", .key = key, .version = "9"};
    cr_assert_not(change(&t, &stale, &r));
    cr_assert_eq(err.code, ERR_NOT_FOUND);
    cr_assert_str_eq(count("audit_log", "record_id", id), "1");
    cr_assert_str_eq(count("outbox", "record_id", id), "1");
    cr_assert_str_eq(count("idempotency", "key", key), "0");
}

Test(tx, foreign_division_is_out_of_scope)
{
    const char *id = new_id();
    struct rows *r;
    struct tx t = tx_of(other_county);
    cr_assert_not(change(&t, &(struct change){.form = "add", .id = id, .name = id}, &r));
    cr_assert_eq(err.code, ERR_OUT_OF_SCOPE);
    cr_assert_str_eq(err.sqlstate, "42501");
}

Test(tx, duplicate_names_its_field)
{
    const char *name = new_id();
    struct rows *r;
    struct tx t = tx_of(own_county);
    cr_assert(change(&t, &(struct change){.form = "add", .id = new_id(), .name = name}, &r));
    cr_assert_not(change(&t, &(struct change){.form = "add", .id = new_id(), .name = name}, &r));
    cr_assert_eq(err.code, ERR_DUPLICATE);
    cr_assert_str_eq(err.field, "name");
}

Test(tx, deferred_constraint_fails_the_call)
{
    const char *id = new_id(), *key = new_id();
    struct rows *r;
    struct tx t = tx_of("{[\"50\",\"50~\")}");
    struct change c = {
        .form = "force_two", .id = id, .name = "list", .division = "500100000000", .key = key};
    cr_assert_not(change(&t, &c, &r));
    cr_assert_eq(err.code, ERR_STATE, "%s", err.cause);
    cr_assert_str_eq(count("duty_list", "id", id), "0");
    cr_assert_str_eq(count("idempotency", "key", key), "0");
}

Test(tx, validation_answers_and_writes_nothing)
{
    const char *id = new_id(), *key = new_id();
    struct rows *r;
    struct tx t = tx_of(own_county);
    t.validate_only = true;
    cr_assert(change(&t, &(struct change){.form = "add", .id = id, .name = id, .key = key}, &r),
              "%s", err.cause);
    cr_assert_str_eq(rows_text(r, 0, 2), id);
    cr_assert_str_eq(count("organisation", "id", id), "0");
    cr_assert_str_eq(count("idempotency", "key", key), "0");
}

Test(tx, validation_finds_deferred_constraints)
{
    struct rows *r;
    struct tx t = tx_of("{[\"50\",\"50~\")}");
    t.validate_only = true;
    struct change c = {
        .form = "force_two", .id = new_id(), .name = "list", .division = "500100000000"};
    cr_assert_not(change(&t, &c, &r));
    cr_assert_eq(err.code, ERR_STATE, "%s", err.cause);
}

Test(tx, forgotten_statements_are_prepared_again)
{
    struct rows *r;
    struct tx t = tx_of(own_county);
    const char *id = new_id();
    cr_assert_not_null(seen(own_county, ""));
    cr_assert(tx_run(&t, test_form(&sql, "forget"), NULL, &r, &err), "%s", err.cause);
    cr_assert_not_null(seen(own_county, ""));
    cr_assert(tx_run(&t, test_form(&sql, "forget"), NULL, &r, &err), "%s", err.cause);
    cr_assert(change(&t, &(struct change){.form = "add", .id = id, .name = id}, &r), "%s",
              err.cause);
}

static void kill_idle(void)
{
    struct tx t = tx_of(own_county);
    struct rows *r;
    cr_assert(tx_run(&t, test_form(&sql, "pid"), NULL, &r, &err), "%s", err.cause);
    (void)super_sql(
        arena_printf(arena, "SELECT pg_terminate_backend(%s, 2000)", rows_text(r, 0, 0)));
}

Test(tx, idle_connection_may_die_before_a_read)
{
    kill_idle();
    cr_assert_not_null(seen(own_county, ""));
}

Test(tx, idle_connection_may_die_before_a_write)
{
    const char *id = new_id();
    struct rows *r;
    struct tx t = tx_of(own_county);
    kill_idle();
    cr_assert(change(&t, &(struct change){.form = "add", .id = id, .name = id}, &r), "%s",
              err.cause);
    kill_idle();
    cr_assert(tx_begin(&t, NULL, &err), "%s", err.cause);
    tx_end(&t);
}

Test(tx, write_lost_on_the_way_is_of_unknown_outcome)
{
    struct rows *r;
    struct tx t = tx_of(own_county);
    cr_assert_not(tx_run(&t, test_form(&sql, "die"), NULL, &r, &err));
    cr_assert_eq(err.code, ERR_UNKNOWN_OUTCOME);
    cr_assert_not_null(seen(own_county, ""), "the pool goes on");
}

Test(tx, read_lost_on_the_way_is_read_again)
{
    (void)super_sql("CREATE SCHEMA IF NOT EXISTS zeren_test;"
                    "GRANT USAGE ON SCHEMA zeren_test TO PUBLIC;"
                    "CREATE SEQUENCE IF NOT EXISTS zeren_test.times;"
                    "SELECT setval('zeren_test.times', 1, false);"
                    "GRANT ALL ON SEQUENCE zeren_test.times TO PUBLIC;"
                    "CREATE OR REPLACE FUNCTION zeren_test.first_time(text) RETURNS boolean"
                    " LANGUAGE sql VOLATILE AS"
                    " $$ SELECT nextval('zeren_test.times') = 1 $$");
    struct rows *r;
    struct tx t = tx_of(own_county);
    const char *const values[] = {county};
    cr_assert(tx_run(&t, test_form(&sql, "die_once"), values, &r, &err), "%s", err.cause);
    cr_assert_str_eq(rows_text(r, 0, 0), "{\"ended\":false}");
    (void)super_sql("DROP SCHEMA zeren_test CASCADE");
}

Test(tx, transaction_keeps_what_is_committed)
{
    const char *kept = new_id(), *dropped = new_id(), *key = new_id();
    struct rows *r;
    struct tx t = tx_of(own_county);
    struct claim claim = {.account = ACCOUNT, .key = key, .digest = "d1"};
    cr_assert(tx_begin(&t, &claim, &err), "%s", err.cause);
    const char *const values[] = {county};
    cr_assert(tx_run(&t, test_form(&sql, "names"), values, &r, &err));
    cr_assert(change(&t, &(struct change){.form = "add", .id = kept, .name = kept, .key = key}, &r),
              "%s", err.cause);
    cr_assert(tx_commit(&t, &err), "%s", err.cause);
    cr_assert_null(t.conn);
    struct stored_answer a;
    cr_assert(tx_stored(&t, &claim, &a, &err));
    cr_assert_eq(a.status, 201);

    cr_assert(tx_begin(&t, NULL, &err));
    cr_assert(change(&t, &(struct change){.form = "add", .id = dropped, .name = dropped}, &r));
    tx_end(&t);
    tx_end(&t);
    cr_assert_str_eq(count("organisation", "id", kept), "1");
    cr_assert_str_eq(count("organisation", "id", dropped), "0");
    cr_assert_not(tx_begin(&t, &claim, &err));
    cr_assert_eq(err.code, ERR_KEY_IN_USE);
    cr_assert_null(t.conn);
}

Test(tx, commit_after_a_refusal_is_no_commit)
{
    const char *id = new_id();
    struct rows *r;
    struct tx t = tx_of(own_county);
    struct err ignored = {.code = ERR_NONE};
    cr_assert(tx_begin(&t, NULL, &err));
    cr_assert(change(&t, &(struct change){.form = "add", .id = id, .name = id}, &r));
    cr_assert_not(change(&t, &(struct change){.form = "add", .id = id, .name = id}, &r));
    cr_assert_not(tx_commit(&t, &ignored));
    cr_assert_str_eq(count("organisation", "id", id), "0");
}

Test(tx, transaction_validates_without_writing)
{
    const char *id = new_id();
    struct rows *r;
    struct tx t = tx_of("{[\"50\",\"50~\")}");
    t.validate_only = true;
    cr_assert(tx_begin(&t, NULL, &err));
    struct change two = {.form = "force_two", .id = id, .name = "list", .division = "500100000000"};
    cr_assert(change(&t, &two, &r), "%s", err.cause);
    cr_assert_not(tx_commit(&t, &err));
    cr_assert_eq(err.code, ERR_STATE);
    err_clear(&err);
    t.scope = own_county;
    cr_assert(tx_begin(&t, NULL, &err));
    cr_assert(change(&t, &(struct change){.form = "add", .id = id, .name = id}, &r));
    cr_assert(tx_commit(&t, &err), "%s", err.cause);
    cr_assert_str_eq(count("organisation", "id", id), "0");
}

Test(tx, running_call_holds_its_key)
{
    const char *id = new_id(), *key = new_id();
    struct rows *r;
    struct tx running = tx_of(own_county), t = tx_of(own_county);
    struct claim claim = {.account = ACCOUNT, .key = key, .digest = "d1"};
    struct stored_answer a;
    cr_assert(tx_begin(&running, &claim, &err));
    cr_assert_not(
        change(&t, &(struct change){.form = "add", .id = id, .name = id, .key = key}, &r));
    cr_assert_eq(err.code, ERR_KEY_IN_USE);
    err_clear(&err);
    cr_assert(tx_stored(&t, &claim, &a, &err));
    cr_assert_eq(a.status, 0);
    tx_end(&running);
    cr_assert(change(&t, &(struct change){.form = "add", .id = id, .name = id, .key = key}, &r));
}

Test(tx, conflict_can_be_stored)
{
    const char *key = new_id();
    struct tx t = tx_of(own_county);
    struct claim claim = {.account = ACCOUNT, .key = key, .digest = "d2"};
    struct stored_answer conflict = {.status = 409, .body = "{}"}, a;
    cr_assert(tx_store(&t, &claim, &conflict, &err), "%s", err.cause);
    cr_assert(tx_stored(&t, &claim, &a, &err));
    cr_assert_eq(a.status, 409);
    cr_assert_str_eq(a.body, "{}");
    cr_assert_null(a.etag);
    cr_assert_str_eq(a.digest, "d2");
}

Test(tx, pages_follow_their_order)
{
    char division[] = "431302900000";
    static const char *const names[] = {"b", "d", "a", "c"};
    const char *ids[4];
    struct rows *r;
    struct tx t = tx_of(own_county);
    for (int i = 0; i < 4; i++) {
        ids[i] = new_id();
        struct change c = {.form = "add", .id = ids[i], .name = names[i], .division = division};
        (void)change(&t, &c, &r);
        err_clear(&err);
    }
    const struct stmt *st = test_stmt(&sql, "listed");
    const struct stmt_form *f = stmt_page_form(sql.set, st, (struct stmt_order){.sort = NULL});
    const char *const first[] = {division, "2"};
    cr_assert(tx_run(&t, f, first, &r, &err), "%s", err.cause);
    cr_assert_eq(rows_count(r), 2);
    cr_assert_str_eq(rows_text(r, 1, 1), "b");
    cr_assert_not_null(strstr(rows_text(r, 0, 0), "force_custom_plan"));
    f = stmt_page_form(sql.set, st, (struct stmt_order){"name", false, true});
    const char *const next[] = {division, rows_text(r, 1, 1), rows_text(r, 1, 2), "9"};
    cr_assert(tx_run(&t, f, next, &r, &err), "%s", err.cause);
    cr_assert_eq(rows_count(r), 2);
    cr_assert_str_eq(rows_text(r, 0, 1), "c");
    f = stmt_page_form(sql.set, st, (struct stmt_order){"id", true, false});
    cr_assert(tx_run(&t, f, first, &r, &err), "%s", err.cause);
    const char *const last[] = {division, rows_text(r, 1, 2), "9"};
    f = stmt_page_form(sql.set, st, (struct stmt_order){"id", true, true});
    cr_assert(tx_run(&t, f, last, &r, &err), "%s", err.cause);
    cr_assert_eq(rows_count(r), 2);
    cr_assert_null(stmt_page_form(sql.set, st, (struct stmt_order){"kind", false, false}));
}

Test(tx, custom_plan_is_forced_inside_a_transaction_too)
{
    struct rows *r;
    struct tx t = tx_of(own_county);
    cr_assert(change(&t, &(struct change){.form = "add", .id = new_id(), .name = new_id()}, &r));
    cr_assert(tx_begin(&t, NULL, &err));
    const char *const values[] = {county, "1"};
    const struct stmt_form *f =
        stmt_page_form(sql.set, test_stmt(&sql, "listed"), (struct stmt_order){.sort = NULL});
    cr_assert(tx_run(&t, f, values, &r, &err), "%s", err.cause);
    cr_assert_not_null(strstr(rows_text(r, 0, 0), "force_custom_plan"));
    tx_end(&t);
}

Test(tx, shape_tells_columns_and_parameters)
{
    struct tx t = tx_of(own_county);
    struct stmt_shape shape;
    cr_assert(tx_describe(&t, test_form(&sql, "names"), &shape, &err), "%s", err.cause);
    cr_assert_eq(shape.n_columns, 2);
    cr_assert_str_eq(shape.column_names[1], "line");
    cr_assert_eq(shape.n_params, 1);
    cr_assert_eq(shape.param_types[0], 25); /* text */
    cr_assert(tx_describe(&t, test_form(&sql, "names"), &shape, &err), "again: %s", err.cause);
}

struct submission {
    struct arena *arena;
    const char *id, *key, *body;
    bool won, told;
};

static void *submit(void *arg)
{
    struct submission *s = arg;
    struct tx t = {.pool = pool, .arena = s->arena, .scope = own_county, .lines = ""};
    struct err e = {.code = ERR_NONE};
    struct claim claim = {.account = ACCOUNT, .key = s->key, .digest = "d1"};
    const struct stmt_form *f = test_form(&sql, "add");
    const char **values = arena_array(s->arena, const char *, f->n_params);
    for (unsigned i = 0; i < f->n_params; i++) {
        const char *n = f->params[i];
        values[i] = strcmp(n, "new_id") == 0 || strcmp(n, "name") == 0 ? s->id
                    : strcmp(n, "division") == 0                       ? county
                    : strcmp(n, "now") == 0                            ? "2026-05-01T00:00:00Z"
                    : strcmp(n, "caller_account") == 0                 ? ACCOUNT
                    : strcmp(n, "verb") == 0                           ? "add"
                    : strcmp(n, "idempotency_key") == 0                ? s->key
                                                                       : NULL;
    }
    struct rows *r;
    s->won = tx_write(&t, &claim, 201, f, values, &r, &e);
    struct stored_answer a;
    if (s->won) {
        s->body = rows_text(r, 0, 0);
    } else if (e.code == ERR_KEY_IN_USE) {
        err_clear(&e);
        s->told = tx_stored(&t, &claim, &a, &e) && a.status == 201;
        s->body = a.body;
    }
    return NULL;
}

Test(tx, sixty_four_at_once_have_one_effect)
{
    enum { N = 64 };
    struct submission s[N];
    pthread_t threads[N];
    const char *id = new_id(), *key = new_id();
    for (int i = 0; i < N; i++) {
        s[i] = (struct submission){.arena = arena_create(1 << 20), .id = id, .key = key};
        cr_assert_eq(pthread_create(&threads[i], NULL, submit, &s[i]), 0);
    }
    int won = 0, told = 0;
    for (int i = 0; i < N; i++) {
        (void)pthread_join(threads[i], NULL);
        won += s[i].won;
        told += s[i].told;
        cr_assert_not_null(s[i].body);
        cr_assert_str_eq(s[i].body, s[0].body);
    }
    cr_assert_eq(won, 1);
    cr_assert_eq(told, N - 1);
    cr_assert_str_eq(count("organisation", "id", id), "1");
    cr_assert_str_eq(count("audit_log", "record_id", id), "1");
    for (int i = 0; i < N; i++)
        arena_destroy(&s[i].arena);
}

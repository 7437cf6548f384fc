/* tests/db/test_tx_lost.c - the promises of a transaction and of a trip whose connection dies; keys
 * that run, conflicts that are kept, pages, and sixty-four at once, against a database. */
#include <pthread.h>

#include "tx_support.h"

TestSuite(tx_lost, .init = setup, .fini = teardown, .timeout = 120);

static void kill_idle(void)
{
    struct tx t = tx_of(own_county);
    struct rows *r;
    cr_assert(tx_run(&t, test_form(&sql, "pid"), NULL, &r, &err), "%s", err.cause);
    (void)super_sql(
        arena_printf(arena, "SELECT pg_terminate_backend(%s, 2000)", rows_text(r, 0, 0)));
}

Test(tx_lost, idle_connection_may_die_before_a_read)
{
    kill_idle();
    cr_assert_not_null(seen(own_county, ""));
}

Test(tx_lost, idle_connection_may_die_before_a_write)
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

Test(tx_lost, write_lost_on_the_way_is_of_unknown_outcome)
{
    struct rows *r;
    struct tx t = tx_of(own_county);
    cr_assert_not(tx_run(&t, test_form(&sql, "die"), NULL, &r, &err));
    cr_assert_eq(err.code, ERR_UNKNOWN_OUTCOME);
    cr_assert_not_null(seen(own_county, ""), "the pool goes on");
}

Test(tx_lost, read_lost_on_the_way_is_read_again)
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

Test(tx_lost, transaction_keeps_what_is_committed)
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

Test(tx_lost, commit_after_a_refusal_is_no_commit)
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

Test(tx_lost, transaction_validates_without_writing)
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

Test(tx_lost, running_call_holds_its_key)
{
    const char *id = new_id(), *key = new_id();
    struct rows *r;
    struct tx running = tx_of(own_county), t = tx_of(own_county);
    struct claim claim = {.account = ACCOUNT, .key = key, .digest = "d1"};
    struct stored_answer a;
    struct pool_options o = test_pool_options(2);
    o.lock_ms = 500;
    pool_destroy(&pool);
    running.pool = t.pool = pool = pool_create(&o);
    cr_assert(tx_begin(&running, &claim, &err), "%s", err.cause);
    cr_assert_not(
        change(&t, &(struct change){.form = "add", .id = id, .name = id, .key = key}, &r));
    cr_assert_eq(err.code, ERR_KEY_IN_USE);
    err_clear(&err);
    cr_assert(tx_stored(&t, &claim, &a, &err));
    cr_assert_eq(a.status, 0);
    tx_end(&running);
    cr_assert(change(&t, &(struct change){.form = "add", .id = id, .name = id, .key = key}, &r));
}

Test(tx_lost, conflict_can_be_stored)
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

Test(tx_lost, pages_follow_their_order)
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

Test(tx_lost, custom_plan_is_forced_inside_a_transaction_too)
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

Test(tx_lost, shape_tells_columns_and_parameters)
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

Test(tx_lost, sixty_four_at_once_have_one_effect)
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

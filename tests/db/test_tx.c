/* tests/db/test_tx.c - the promises of a trip, against a database: scope, one effect under one key,
 * nothing written by a change of nothing. Lost connections and transactions: test_tx_lost.c. */
#include "tx_support.h"

TestSuite(tx, .init = setup, .fini = teardown, .timeout = 120);

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

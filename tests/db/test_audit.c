/* tests/db/test_audit.c - the audit tables: what is masked, an audit_log of before brought up to
 * date, months made and dropped. Each test is rolled back. */
#include "support.h"

TestSuite(audit, .timeout = 120);

static PGconn *begin(void)
{
    PGconn *pg = PQconnectdb(getenv("ZEREN_TEST_DB"));
    PQclear(PQexec(pg, "SET client_min_messages TO warning; BEGIN"));
    return pg;
}

/* The first value, or the SQLSTATE of a refusal. */
static const char *value(PGconn *pg, const char *sql)
{
    static char text[2048];
    PGresult *r = PQexec(pg, sql);
    const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
    (void)snprintf(text, sizeof text, "%s%s%s", state == NULL ? "" : state,
                   state == NULL ? "" : " ",
                   state != NULL      ? message
                   : PQntuples(r) > 0 ? PQgetvalue(r, 0, 0)
                                      : "");
    PQclear(r);
    return text;
}

static void end(PGconn *pg)
{
    PQclear(PQexec(pg, "ROLLBACK"));
    PQfinish(pg);
}

#define cr_is(pg, sql, expected) cr_expect_str_eq(value(pg, sql), expected, "%s", value(pg, sql))

Test(audit, named_members_are_masked)
{
    PGconn *pg = begin();
    cr_is(pg,
          "SELECT zeren.masked('{\"name\": \"欧阳甲\", \"age\": 3, \"phone\": \"\\\\x01ab\", "
          "\"note\": \"甲\"}',"
          " '{name,age,phone,absent}')",
          "{\"age\": \"******\", \"name\": \"欧***\", \"note\": \"甲\", \"phone\": \"******\"}");
    cr_is(pg, "SELECT zeren.masked('{\"name\": null, \"x\": \"\"}', '{name,x}')",
          "{\"x\": \"\", \"name\": null}");
    /* Of a value list, whose words have each their own first letter. */
    cr_is(pg, "SELECT zeren.masked('{\"is\": \"moved_out\", \"of\": \"13\"}', '{is,of}')",
          "{\"is\": \"******\", \"of\": \"******\"}");
    end(pg);
}

/* A row of a table whose author did not think of audit keeps its key material to itself. */
Test(audit, a_row_of_before_shows_no_key_material)
{
    PGconn *pg = begin();
    cr_is(pg,
          "SELECT zeren.before_image('{\"id\": 1, \"password_hash\": \"$argon2id$\", "
          "\"name_digest\": \"ab\","
          " \"phone_cipher\": null, \"seed\": \"\\\\xdead\", \"name\": \"甲乙\", \"salted\": "
          "true}', '{name}')",
          "{\"id\": 1, \"name\": \"甲***\", \"seed\": \"******\", \"salted\": true, "
          "\"name_digest\": \"******\","
          " \"phone_cipher\": null, \"password_hash\": \"******\"}");
    cr_is(pg, "SELECT zeren.before_image(NULL, '{}') IS NULL", "t");
    end(pg);
}

static void old_table(PGconn *pg)
{
    const char *refused = value(
        pg,
        "CREATE SCHEMA old; CREATE ROLE old_owner; CREATE ROLE old_service; CREATE ROLE old_worker;"
        " GRANT old_owner TO CURRENT_USER; ALTER SCHEMA old OWNER TO old_owner; SET ROLE old_owner;"
        " CREATE TABLE old.audit_log (id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT "
        "audit_log_pkey"
        " PRIMARY KEY, at timestamptz NOT NULL, account_id uuid, post_id uuid, verb text NOT NULL,"
        " record text NOT NULL, record_id uuid NOT NULL, version integer NOT NULL,"
        " owner_division zeren.division_code NOT NULL, request_id text, body jsonb NOT NULL);"
        " CALL zeren.classify('old.audit_log', 'private');"
        " RESET ROLE; INSERT INTO old.audit_log (at, verb, record, record_id, version, "
        "owner_division,"
        " body) SELECT now() + n * interval '20 days', 'v', 'item', gen_random_uuid(), 1,"
        " '431302000000', jsonb_build_object('n', n) FROM unnest('{-40,-20,-30,5,-1}'::integer[]) "
        "AS n;"
        " SET ROLE old_owner");
    cr_assert_str_empty(refused, "%s", refused);
}

Test(audit, a_log_of_before_is_taken_over_whole)
{
    PGconn *pg = begin();
    old_table(pg);
    cr_is(pg, "CALL zeren.equip_audit('old')", "");
    cr_is(pg, "CALL zeren.equip_audit('old')", ""); /* again harmless */
    cr_is(pg,
          "RESET ROLE; SELECT string_agg(id || ':' || (body ->> 'n'), ' ' ORDER BY id) FROM "
          "old.audit_log",
          "1:-40 2:-20 3:-30 4:5 5:-1");
    cr_is(
        pg,
        "SELECT bool_and(recorded_at <= now() AND recorded_at >= before) FROM (SELECT recorded_at,"
        " lag(recorded_at, 1, '-infinity') OVER (ORDER BY id) AS before FROM old.audit_log) AS r",
        "t");
    cr_is(pg, "SELECT count(*) FROM old.audit_log_default", "0");
    cr_is(pg,
          "INSERT INTO old.audit_log (at, verb, record, record_id, version, owner_division, body) "
          "VALUES"
          " (now(), 'v', 'item', gen_random_uuid(), 1, '431302000000', '{}') RETURNING id",
          "6");
    end(pg);
}

static const char *const insert_old =
    "INSERT INTO registry.audit_log (at, recorded_at, verb, record, record_id, version, "
    "owner_division,"
    " body) VALUES (now(), '2020-05-10', 'v', 'item', gen_random_uuid(), 1, '431302000000', '{}')";

Test(audit, a_row_of_no_month_is_kept_and_moved_when_its_month_is_made)
{
    PGconn *pg = begin();
    cr_is(pg, insert_old, "");
    cr_is(pg, "SELECT count(*) FROM registry.audit_log_default WHERE recorded_at = '2020-05-10'",
          "1");
    cr_is(pg, "SET ROLE zeren_audit; SELECT registry.make_audit_months(2) > 0", "t");
    cr_is(pg, "RESET ROLE; SELECT count(*) FROM registry.audit_log_2020_05", "1");
    cr_is(pg, "SELECT count(*) FROM registry.audit_log WHERE recorded_at = '2020-05-10'", "1");
    cr_is(pg,
          "SELECT relrowsecurity AND relforcerowsecurity FROM pg_class WHERE relname = "
          "'audit_log_2020_05'",
          "t");
    end(pg);
}

/* sealed, anchored and old enough, all three. */
Test(audit, a_month_goes_when_all_of_it_is_sealed_anchored_and_old)
{
    PGconn *pg = begin();
    cr_is(pg, insert_old, "");
    cr_is(pg, "SET ROLE zeren_audit; SELECT registry.make_audit_months(1) > 0", "t");
    cr_is(pg, "SELECT count(*) FROM registry.audit_months_due(1000000)", "0");
    cr_is(
        pg,
        "INSERT INTO registry.audit_seal (seq, key_id, oldest, newest, ids, row_digests, prev, mac)"
        " SELECT 999999, '11111111', recorded_at, recorded_at, ARRAY[id], decode(repeat('00', 32), "
        "'hex'),"
        " decode(repeat('00', 32), 'hex'), decode(repeat('00', 32), 'hex') FROM registry.audit_log"
        " WHERE recorded_at = '2020-05-10'",
        "");
    cr_is(pg, "SELECT count(*) FROM registry.audit_months_due(999998)", "0"); /* no anchor has it */
    cr_is(pg, "SELECT registry.audit_months_due(999999)", "2020-05-01");
    cr_is(pg, "SELECT registry.drop_audit_month('2020-05-01', 999999)", "t");
    cr_is(pg, "SELECT count(*) FROM registry.audit_log WHERE recorded_at = '2020-05-10'", "0");
    end(pg);
}

Test(audit, no_setting_makes_it_less_than_six_months)
{
    PGconn *pg = begin();
    cr_is(pg, "UPDATE zeren.setting SET value = '182' WHERE key = 'audit.retention_days'", "");
    cr_is(pg, "SET ROLE zeren_audit; SELECT registry.audit_months_due(1)",
          "P0001 audit.retention_days is 182: audit rows are kept for six months at least");
    end(pg);
}

Test(audit, a_service_sees_rows_only_when_the_engine_says_auditing)
{
    PGconn *pg = begin();
    cr_is(pg, insert_old, "");
    cr_is(pg,
          "SET ROLE registry_service; SET LOCAL zeren.scope = '{[\"4313\",\"4313~\")}';"
          " SELECT count(*) > 0 FROM registry.audit_log",
          "f");
    cr_is(pg, "SET LOCAL zeren.auditing = 'on'; SELECT count(*) > 0 FROM registry.audit_log", "t");
    cr_is(pg,
          "SET LOCAL zeren.scope = '{[\"4314\",\"4314~\")}'; SELECT count(*) > 0 FROM "
          "registry.audit_log",
          "f");
    end(pg);
}

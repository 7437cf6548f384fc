/* tests/db/test_rights.c - who may give what (identity.check_confer), and the three kinds of
 * administrator that the database keeps apart, also when two transactions give at once. Run as the
 * service's own role; all but the concurrent tests are rolled back. */
#include <poll.h>

#include "support.h"

TestSuite(rights, .timeout = 120);

#define ID(name) "md5('rights " name "')::uuid"
#define POST(name, role, ranges, lines)                                                            \
    "INSERT INTO identity.post (id, owner_division, organisation_id, title, duty, role, ranges, "  \
    "scope_lines, created_at) VALUES (" ID(name) ", '431302000000', gen_random_uuid(), 'rights "   \
                                                 "" name "', 'staff', " role ", '" ranges          \
                                                 "', " lines ", now());"

/* clang-format off */
static const char fixture[] =
    "INSERT INTO identity.person (id, owner_division, name, citizen_id_hash, created_at) VALUES (" ID("person") ", '431302000000', '甲', '\\xa1', now()),"
    " (" ID("giver") ", '431302000000', '乙', '\\xa2', now()),"
    " (" ID("elsewhere") ", '431321000000', '甲', '\\xa1', now()), (" ID("unknown") ", '431302000000', '丙', NULL, now());"
    "INSERT INTO identity.account (id, login, kind, person_id, owner_division) VALUES"
    " (" ID("account") ", 'rights.account', 'person', " ID("person") ", '431302000000'),"
    " (" ID("second") ", 'rights.second', 'person', " ID("person") ", '431302000000'),"
    " (" ID("machine") ", 'rights.machine', 'machine', NULL, '431302000000'),"
    " (" ID("lone") ", 'rights.lone', 'person', NULL, '431302000000'),"
    " (" ID("caller") ", 'rights.caller', 'person', " ID("giver") ", '431302000000');"
    "INSERT INTO identity.role (code, label, owner_division)"
    " VALUES ('rights_small', 'x', '431302000000'), ('rights_other', 'x', '431321000000');"
    "INSERT INTO identity.role_permission (role, permission, owner_division) VALUES ('rights_small', 'post.read', '431302000000');"
    POST("system", "'system_admin'", "{431302}", "NULL")
    POST("security", "'security_admin'", "{431302}", "NULL")
    POST("audit", "'audit_admin'", "{431302}", "NULL")
    POST("office", "'county_office'", "{431302}", "NULL")
    POST("small", "'rights_small'", "{431302}", "NULL")
    POST("line", "'security_admin'", "{431302}", "'{water}'")
    POST("empty", "NULL", "{}", "NULL");
/* clang-format on */

static const char remove_all[] =
    "DELETE FROM identity.holder WHERE post_id IN (SELECT id FROM identity.post WHERE title LIKE "
    "'rights %');"
    "DELETE FROM identity.account_post WHERE post_id IN (SELECT id FROM identity.post WHERE title "
    "LIKE 'rights %');"
    "DELETE FROM identity.account WHERE login LIKE 'rights.%';"
    "DELETE FROM identity.post WHERE title LIKE 'rights %';"
    "DELETE FROM identity.person WHERE id IN (" ID("elsewhere") ", " ID("unknown") ", " ID(
        "person") ", " ID("giver") ");"
                                   "DELETE FROM identity.role_permission WHERE role LIKE "
                                   "'rights\\_%';"
                                   "DELETE FROM identity.role WHERE code LIKE 'rights\\_%'";

static const char within[] = "SET LOCAL ROLE identity_service; SET LOCAL search_path = identity, "
                             "registry_pub, zeren; SELECT "
                             "set_config('zeren.scope', '{[\"431302\",\"431302~\")}', true), "
                             "set_config('zeren.ancestors', "
                             "'{000000000000,430000000000,431300000000}', true)";

/* The tests share names, and Criterion runs them beside each other: one at a time. */
static PGconn *in_turn(void)
{
    PGconn *pg = PQconnectdb(getenv("ZEREN_TEST_DB"));
    run(pg, "SELECT pg_advisory_lock(7007)");
    run(pg, remove_all);
    return pg;
}

static PGconn *begin(void)
{
    PGconn *pg = in_turn();
    run(pg, "BEGIN");
    run(pg, fixture);
    run(pg, within);
    return pg;
}

static void end(PGconn *pg)
{
    run(pg, "ROLLBACK");
    PQfinish(pg);
}

/* Runs `sql` and undoes it; `state` is the SQLSTATE it must be refused with, or "" for none. */
static void expect(PGconn *pg, const char *sql, const char *state)
{
    run(pg, "SAVEPOINT tried");
    PGresult *r = PQexec(pg, sql);
    const char *got = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    cr_expect_str_eq(got == NULL ? "" : got, state, "%.300s: %s %s", sql, got == NULL ? "" : got,
                     PQresultErrorMessage(r));
    PQclear(r);
    run(pg, "ROLLBACK TO tried");
}

#define AS_OWNER(sql)                                                                              \
    "SET LOCAL ROLE postgres; " sql "; SET LOCAL ROLE identity_service" /* as a deployment begins  \
                                                                         */
#define HOLD(post, person, from, until)                                                            \
    "INSERT INTO holder (id, owner_division, post_id, person_id, starts_on, ends_on, created_at) " \
    "VALUES (gen_random_uuid(), '431302000000', " ID(post) ", " ID(person) ", '" from "', '" until \
                                                                           "', now())"
#define ATTACH(account, post)                                                                      \
    "INSERT INTO account_post (account_id, post_id) VALUES (" ID(account) ", " ID(post) ")"

Test(rights, nobody_holds_posts_of_two_kinds_on_any_day)
{
    PGconn *pg = begin();
    run(pg, HOLD("system", "person", "2030-01-01", "2031-01-01"));
    expect(pg, HOLD("security", "person", "2030-12-31", "infinity"), "ZR003");
    expect(pg, HOLD("security", "person", "2020-01-01", "infinity"), "ZR003");
    expect(pg, HOLD("audit", "person", "2020-01-01", "2030-01-02"), "ZR003");
    expect(pg, HOLD("security", "person", "2031-01-01", "infinity"), "");
    expect(pg, HOLD("audit", "person", "2020-01-01", "2030-01-01"), "");
    expect(pg, HOLD("office", "person", "2030-01-01", "infinity"), "");
    expect(pg, HOLD("security", "giver", "2030-01-01", "infinity"), "");
    end(pg);
}

Test(rights, an_account_is_not_let_act_in_posts_of_two_kinds)
{
    PGconn *pg = begin();
    expect(pg, ATTACH("lone", "system"), "ZR003"); /* whose, nobody knows */
    run(pg, AS_OWNER(ATTACH("lone", "system")));
    expect(pg, AS_OWNER(ATTACH("lone", "security")), "ZR003");
    expect(pg, ATTACH("lone", "office"), "");
    run(pg, HOLD("audit", "person", "2035-01-01", "infinity"));
    expect(pg, ATTACH("account", "security"), "ZR003");
    expect(pg, ATTACH("second", "system"), "ZR003"); /* another account of the same person */
    expect(pg, ATTACH("caller", "security"), "");
    run(pg, ATTACH("second", "office"));
    end(pg);
}

Test(rights, a_role_is_not_given_to_a_post_whose_holder_is_another_administrator)
{
    PGconn *pg = begin();
    run(pg, HOLD("system", "person", "2030-01-01", "infinity"));
    run(pg, HOLD("empty", "person", "2032-01-01", "2032-02-01"));
    expect(pg,
           "UPDATE post SET role = 'security_admin', ranges = '{431302}' WHERE id = " ID("empty"),
           "ZR003");
    expect(pg, "UPDATE post SET role = 'system_admin', ranges = '{431302}' WHERE id = " ID("empty"),
           "");
    expect(pg,
           "UPDATE post SET role = 'county_office', ranges = '{431302}' WHERE id = " ID("empty"),
           "");
    end(pg);
}

#define ALLOW(role, permission, use, grant)                                                        \
    "INSERT INTO role_permission (role, permission, owner_division, may_use, may_grant) VALUES "   \
    "('" role "', '" permission "', '431302000000', " use ", " grant ")"

Test(rights, a_role_makes_an_administrator_of_one_kind)
{
    PGconn *pg = begin();
    run(pg, ALLOW("rights_small", "audit.read", "true", "false"));
    expect(pg, ALLOW("rights_small", "account.write", "true", "false"), "ZR003");
    expect(pg, ALLOW("rights_small", "account.write", "false", "true"), "");
    run(pg, ALLOW("rights_small", "account.write", "false", "true"));
    expect(pg,
           "UPDATE role_permission SET may_use = true WHERE role = 'rights_small' AND permission = "
           "'account.write'",
           "ZR003");
    end(pg);
}

Test(rights, a_role_does_not_grow_into_a_second_kind_under_its_holders)
{
    PGconn *pg = begin();
    run(pg, HOLD("small", "person", "2030-01-01", "infinity"));
    run(pg, HOLD("system", "person", "2030-01-01", "infinity"));
    expect(pg, ALLOW("rights_small", "audit.read", "true", "false"), "ZR003");
    expect(pg, ALLOW("rights_small", "audit.read", "false", "true"), "");
    expect(pg, ALLOW("rights_small", "account.write", "true", "false"), "");
    end(pg);
}

Test(rights, an_account_does_not_become_a_persons_who_is_another_administrator)
{
    PGconn *pg = begin();
    run(pg, HOLD("system", "person", "2030-01-01", "infinity"));
    run(pg, AS_OWNER(ATTACH("lone", "audit")));
    expect(pg, "UPDATE account SET person_id = " ID("person") " WHERE id = " ID("lone"), "ZR003");
    expect(pg, "UPDATE account SET person_id = " ID("giver") " WHERE id = " ID("lone"), "");
    end(pg);
}

Test(rights, a_machine_is_no_administrator)
{
    PGconn *pg = begin();
    expect(pg, ATTACH("machine", "audit"), "ZR003");
    run(pg, ATTACH("machine", "empty"));
    expect(pg, "UPDATE post SET role = 'audit_admin', ranges = '{431302}' WHERE id = " ID("empty"),
           "ZR003");
    expect(pg,
           "UPDATE post SET role = 'county_office', ranges = '{431302}' WHERE id = " ID("empty"),
           "");
    run(pg, ATTACH("machine", "small"));
    expect(pg, ALLOW("rights_small", "session.end", "true", "false"), "ZR003");
    expect(pg, ALLOW("rights_small", "session.end", "false", "true"), "");
    end(pg);
}

Test(rights, a_machine_is_nobody_and_a_person_with_posts_becomes_none)
{
    PGconn *pg = begin();
    expect(pg, "UPDATE account SET person_id = " ID("person") " WHERE id = " ID("machine"),
           "23514");
    expect(pg, "UPDATE account SET kind = 'machine' WHERE id = " ID("account"), "23514");
    run(pg, AS_OWNER(ATTACH("lone", "audit")));
    expect(pg, "UPDATE account SET kind = 'device' WHERE id = " ID("lone"), "ZR003");
    end(pg);
}

#define NUMBER(hash) "citizen_id_hash = " hash ", human_id = human_of(ARRAY[" hash "::bytea])"

/* One ID number in two divisions: two records, one human being. */
Test(rights, nobody_is_administrator_of_two_kinds_by_two_records)
{
    PGconn *pg = begin();
    run(pg, HOLD("system", "person", "2030-01-01", "infinity"));
    expect(pg, HOLD("security", "elsewhere", "2030-01-01", "infinity"), "ZR003");
    expect(pg, HOLD("security", "elsewhere", "2020-01-01", "2030-01-01"), "");
    expect(pg, HOLD("security", "giver", "2030-01-01", "infinity"), "");
    run(pg, HOLD("empty", "elsewhere", "2030-01-01", "infinity"));
    expect(pg, "UPDATE post SET role = 'audit_admin', ranges = '{431302}' WHERE id = " ID("empty"),
           "ZR003");
    run(pg, HOLD("audit", "giver", "2030-01-01", "infinity"));
    expect(pg, "UPDATE person SET " NUMBER("'\\xa1'") " WHERE id = " ID("giver"), "ZR003");
    expect(pg, "UPDATE person SET " NUMBER("'\\xa3'") " WHERE id = " ID("giver"), "");
    end(pg);
}

Test(rights, who_a_number_is_holds_while_keys_rotate)
{
    PGconn *pg = begin();
    run(pg, HOLD("system", "person", "2030-01-01", "infinity"));
    /* entered under the next key, while the other record is under the one before */
    run(pg, "INSERT INTO person (id, owner_division, name, citizen_id_hash, human_id, created_at) "
            "SELECT " ID("rotated") ", '431302000000', '甲', '\\xb1', "
                                    "human_of('{\"\\\\xb1\",\"\\\\xa1\"}'), now()");
    expect(pg, HOLD("security", "rotated", "2030-01-01", "infinity"), "ZR003");
    run(pg, "UPDATE person SET citizen_id_hash = '\\xb1' WHERE id = " ID("person")); /* resealed */
    expect(pg, HOLD("security", "rotated", "2030-01-01", "infinity"), "ZR003");
    run(pg, "INSERT INTO person (id, owner_division, name, citizen_id_hash, created_at) VALUES "
            "(" ID("two") ", '431302000000', '丁', '\\xc1', now()), (" ID(
                "three") ", "
                         "'431302000000', '丁', '\\xc1', now())");
    run(pg, HOLD("audit", "two", "2030-01-01", "infinity"));
    expect(pg, HOLD("security", "three", "2030-01-01", "infinity"), "ZR003");
    end(pg);
}

Test(rights, an_administrators_number_is_on_record)
{
    PGconn *pg = begin();
    expect(pg, HOLD("system", "unknown", "2030-01-01", "infinity"), "ZR003");
    expect(pg, HOLD("office", "unknown", "2030-01-01", "infinity"), "");
    run(pg, HOLD("system", "person", "2030-01-01", "infinity"));
    expect(pg,
           "UPDATE person SET citizen_id_hash = NULL, human_id = human_of(NULL) WHERE id = " ID(
               "person"),
           "ZR003");
    end(pg);
}

Test(rights, nobody_gives_themselves_rights_by_another_record)
{
    PGconn *pg = begin();
    run(pg, HOLD("small", "elsewhere", "2030-01-01", "infinity"));
    expect(pg, "SELECT refuse_own_post(" ID("small") ", " ID("account") ", " ID("office") ")",
           "ZR007");
    expect(pg, "SELECT refuse_own_post(" ID("small") ", " ID("caller") ", " ID("office") ")", "");
    end(pg);
}

#define CONFER(role, ranges, lines, by)                                                            \
    "SELECT check_confer('431302000000', " role ", " ranges ", " lines ", " ID(by) ")"

Test(rights, nobody_gives_more_than_they_hold)
{
    PGconn *pg = begin();
    expect(pg, CONFER("'county_office'", "'{431302}'", "NULL", "security"), "");
    expect(pg, CONFER("'security_admin'", "'{431302006}'", "NULL", "security"), "");
    expect(pg, CONFER("'rights_small'", "'{431302,431302006}'", "'{water}'", "security"), "");
    expect(pg, CONFER("'county_office'", "'{\"\"}'", "NULL", "security"), "ZR007");
    expect(pg, CONFER("'county_office'", "'{4313}'", "NULL", "security"), "ZR007");
    expect(pg, CONFER("'county_office'", "'{431302,431321}'", "NULL", "security"), "ZR007");
    for (const char *const *wrong =
             (const char *const[]){"'{}'", "'{43130}'", "'{431302~}'", "'{431302%}'", "NULL",
                                   "'{NULL}'", "'{\" 431302\"}'", "'{43_3}'", NULL};
         *wrong != NULL; wrong++) {
        char sql[512];
        (void)snprintf(sql, sizeof sql, CONFER("'county_office'", "%s::text[]", "NULL", "security"),
                       *wrong);
        expect(pg, sql, "ZR005");
    }
    expect(pg, CONFER("'county_office'", "'{431302}'", "NULL", "line"), "ZR007");
    expect(pg, CONFER("'county_office'", "'{431302}'", "'{water,forest}'", "line"), "ZR007");
    expect(pg, CONFER("'county_office'", "'{431302}'", "'{}'", "line"), "ZR005");
    expect(pg, CONFER("'county_office'", "'{431302}'", "'{water}'", "line"), "");
    expect(pg, CONFER("'county_office'", "'{431302}'", "NULL", "system"), "ZR007");
    expect(pg, CONFER("'county_office'", "'{431302}'", "NULL", "audit"), "ZR007");
    expect(pg, CONFER("'town_office'", "'{431302006}'", "NULL", "office"), "");
    expect(pg, CONFER("'security_admin'", "'{431302}'", "NULL", "office"), "ZR007");
    expect(pg, CONFER("'county_office'", "'{431302}'", "NULL", "nobody"), "ZR007");
    end(pg);
}

Test(rights, a_role_is_given_in_its_division_and_below)
{
    PGconn *pg = begin();
    expect(pg, CONFER("'rights_other'", "'{431302}'", "NULL", "security"), "ZR005");
    expect(pg, CONFER("'rights_none'", "'{431302}'", "NULL", "security"), "ZR005");
    run(pg, "UPDATE role SET owner_division = '431302006000' WHERE code = 'rights_small'");
    expect(pg, CONFER("'rights_small'", "'{431302}'", "NULL", "security"), "ZR005");
    end(pg);
}

/* A token may have less than its post: an API token's ranges, access for a time. */
Test(rights, what_the_call_may_reach_bounds_what_it_gives)
{
    PGconn *pg = begin();
    run(pg, "SELECT set_config('zeren.scope', '{[\"431302006\",\"431302006~\")}', true)");
    expect(pg, CONFER("'county_office'", "'{431302}'", "NULL", "security"), "ZR007");
    expect(pg, CONFER("'county_office'", "'{431302006}'", "NULL", "security"), "");
    run(pg, "SELECT set_config('zeren.lines', '{water}', true)");
    expect(pg, CONFER("'county_office'", "'{431302006}'", "NULL", "security"), "ZR007");
    end(pg);
}

Test(rights, a_check_leaves_the_scope_as_it_was)
{
    PGconn *pg = begin();
    run(pg, CONFER("'county_office'", "'{431302}'", "NULL", "security"));
    run(pg, "SELECT refuse_own_post(" ID("office") ", " ID("caller") ", " ID("security") ")");
    run(pg, HOLD("system", "person", "2030-01-01", "infinity"));
    expect(pg,
           "SELECT 1 / (current_setting('zeren.scope') = '{[\"431302\",\"431302~\")}')::integer",
           "");
    end(pg);
}

Test(rights, nobody_gives_themselves)
{
    PGconn *pg = begin();
    run(pg, HOLD("security", "giver", "2030-01-01", "infinity"));
    expect(pg, "SELECT refuse_own_post(" ID("security") ", " ID("caller") ", " ID("small") ")",
           "ZR007");
    expect(pg, "SELECT refuse_own_post(" ID("small") ", " ID("caller") ", " ID("small") ")",
           "ZR007");
    expect(pg,
           "SELECT check_holding(" ID("office") ", " ID("giver") ", " ID("caller") ", " ID(
               "security") ")",
           "ZR007");
    expect(pg,
           "SELECT check_holding(" ID("empty") ", " ID("giver") ", " ID("caller") ", " ID(
               "security") ")",
           "");
    expect(pg,
           "SELECT check_role('security_admin', '{post.read}', '{}', NULL, " ID("caller") ", " ID(
               "security") ")",
           "ZR007");
    end(pg);
}

/* ---- two at once ---- */

static PGconn *turn;

static void setup(void)
{
    turn = in_turn();
    run(turn, fixture);
}

static void teardown(void)
{
    run(turn, remove_all);
    PQfinish(turn);
}

static PGconn *act(void)
{
    PGconn *pg = PQconnectdb(getenv("ZEREN_TEST_DB"));
    run(pg, "BEGIN");
    run(pg, within);
    return pg;
}

/* Is an answer there within 300 ms? */
static bool answered(PGconn *pg)
{
    struct pollfd p = {.fd = PQsocket(pg), .events = POLLIN};
    while (PQisBusy(pg)) {
        if (poll(&p, 1, 300) <= 0 || !PQconsumeInput(pg))
            return false;
    }
    return true;
}

/* `second` waits for `first` and is refused with `state` once that is committed. */
static void one_after_the_other(const char *first, const char *second, const char *state)
{
    PGconn *one = act(), *other = act();
    run(one, first);
    cr_assert(PQsendQuery(other, second));
    cr_expect_not(answered(other), "%.200s did not wait", second);
    run(one, "COMMIT");
    PGresult *r = PQgetResult(other);
    const char *got = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    cr_expect_str_eq(got == NULL ? "" : got, state, "%.200s: %s", second, PQresultErrorMessage(r));
    PQclear(r);
    PQfinish(one);
    PQfinish(other);
}

Test(rights, two_halves_of_an_administrator_are_not_given_at_once, .init = setup, .fini = teardown)
{
    one_after_the_other(HOLD("system", "person", "2030-01-01", "infinity"),
                        ATTACH("account", "security"), "ZR003");
}

Test(rights, two_roles_are_not_given_to_a_holder_of_two_posts_at_once, .init = setup,
     .fini = teardown)
{
    run(turn, "SET search_path = identity, zeren;" HOLD(
                  "small", "person", "2030-01-01", "infinity") ";" HOLD("empty", "person",
                                                                        "2030-01-01", "infinity"));
    one_after_the_other(
        "UPDATE post SET role = 'system_admin', ranges = '{431302}' WHERE id = " ID("empty"),
        "UPDATE post SET role = 'audit_admin' WHERE id = " ID("small"), "ZR003");
}

Test(rights, a_role_does_not_grow_between_check_and_gift, .init = setup, .fini = teardown)
{
    one_after_the_other(ALLOW("rights_small", "session.end", "true", "false"),
                        CONFER("'rights_small'", "'{431302}'", "NULL", "office"), "ZR007");
}

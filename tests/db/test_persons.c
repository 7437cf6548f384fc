/* tests/db/test_persons.c - who is registered where, run as the service and its worker run it, in a
 * transaction that is never committed: two look-up keys side by side (M-130), leaving, following,
 * correcting and deleting (M-132), the order of confirming (M-134), freed numbers (M-135), and what
 * time settles (M-138, M-147). */
#include "support.h"

TestSuite(persons, .timeout = 120);

#define HERE "431302006003"
#define THERE "431321100001"
#define ACCOUNT "01990000-0000-7000-8000-0000000000aa"

static PGconn *pg;

static const char *sql(const char *text)
{
    static char value[1024];
    PGresult *r = PQexec(pg, text);
    ExecStatusType status = PQresultStatus(r);
    cr_assert(status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK, "%.300s: %s", text,
              PQerrorMessage(pg));
    (void)snprintf(value, sizeof value, "%s", PQntuples(r) > 0 ? PQgetvalue(r, 0, 0) : "");
    PQclear(r);
    return value;
}

/* Statements of pg_temp: household(n, division), enter(n, household n, hashes, may locate), and
 * what is asked again and again. Ids are md5 of a letter and the number. */
static const char *const helpers =
    "CREATE FUNCTION pg_temp.id(room text, n integer) RETURNS uuid LANGUAGE sql RETURN md5(room || "
    "n)::uuid;"
    "CREATE FUNCTION pg_temp.household(n integer, division text) RETURNS void LANGUAGE plpgsql AS "
    "$$ BEGIN"
    " INSERT INTO monitoring.household (id, owner_division, at_division, household_type, "
    "head_member_id, recorded_at, created_at) VALUES (pg_temp.id('h', n), division, division, "
    "'general', pg_temp.id('m', -n), now(), now());"
    " INSERT INTO monitoring.member (id, household_id, owner_division, at_division, name, "
    "certificate_kind, relation, joined_on, joined_how, confirmation, recorded_at, created_at)"
    " VALUES (pg_temp.id('m', -n), pg_temp.id('h', n), division, division, '户主', 'none', 'head', "
    "'2026-01-01', 'registered', 'none', now(), now()); END $$;"
    "CREATE FUNCTION pg_temp.put(n integer, h integer, hash bytea, confirmed text, entered "
    "timestamptz, former uuid) RETURNS void LANGUAGE sql AS $$"
    " INSERT INTO monitoring.member (id, household_id, owner_division, at_division, name, "
    "certificate_kind, id_number, id_number_hash, relation, joined_on, joined_how, follows_id, "
    "confirmation, recorded_at, created_at) SELECT pg_temp.id('m', n), x.id, x.owner_division, "
    "x.owner_division, '某人' || n, 'id_card', '\\x01', hash, 'sibling', '2026-01-01', "
    "'registered', former, confirmed, entered, entered FROM monitoring.household x WHERE x.id = "
    "pg_temp.id('h', h) $$;"
    "CREATE FUNCTION pg_temp.enter(n integer, h integer, hashes bytea[], may boolean, entered "
    "timestamptz) RETURNS text LANGUAGE plpgsql AS $$ DECLARE said text; BEGIN said := "
    "monitoring.enter_person(pg_temp.id('m', n), (SELECT owner_division FROM monitoring.household "
    "WHERE id = pg_temp.id('h', h)), hashes, may, '" ACCOUNT "', 'id_number', entered);"
    " PERFORM pg_temp.put(n, h, hashes[1], said, entered, NULL); RETURN said; END $$;"
    "CREATE FUNCTION pg_temp.leave(n integer, how text) RETURNS void LANGUAGE sql AS $$ UPDATE "
    "monitoring.member SET left_on = '2026-06-01', left_how = how, version = version + 1 WHERE id "
    "= pg_temp.id('m', n) $$;"
    "CREATE FUNCTION pg_temp.state(n integer) RETURNS text LANGUAGE sql AS $$ SELECT "
    "m.confirmation || ' ' || coalesce((SELECT string_agg(c.status, ',' ORDER BY c.created_at) "
    "FROM monitoring.person_claim c WHERE c.member_id = m.id), '-') FROM monitoring.member m WHERE "
    "m.id = pg_temp.id('m', n) $$;"
    "CREATE FUNCTION pg_temp.whose(h bytea) RETURNS text LANGUAGE sql AS $$ SELECT "
    "k.member_id::text || CASE WHEN k.died THEN ' died' ELSE '' END FROM monitoring.person_key k "
    "WHERE k.hash = h $$;"
    "CREATE FUNCTION pg_temp.settle() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN SET CONSTRAINTS "
    "ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED; RETURN monitoring.confirm_persons(500, '{}', "
    "now()); "
    "END $$;";

static void begin(void)
{
    pg = PQconnectdb(getenv("ZEREN_TEST_DB"));
    run(pg, "BEGIN; SET LOCAL search_path = monitoring, registry_pub, identity_pub, zeren");
    run(pg, helpers);
    run(pg, "SELECT set_config('zeren.scope', '{[\"\",\"~\")}', true); SET LOCAL ROLE "
            "monitoring_worker");
    run(pg, "SELECT pg_temp.household(1, '" HERE "'), pg_temp.household(2, '" THERE
            "'), pg_temp.household(3, '" THERE "')");
}

static void end(void)
{
    PQfinish(pg);
}

#define expect(text, wanted) cr_expect_str_eq(sql("SELECT " text), wanted, "%s", text)
#define HASH(n) "'\\x0000000" #n "aa'::bytea"
#define OLD(n) "'\\x0000000" #n "bb'::bytea"

Test(persons, first_entered_is_confirmed_and_the_others_claim, .init = begin, .fini = end)
{
    expect("pg_temp.enter(1, 2, ARRAY[" HASH(1) "], false, now() - interval '1 minute')",
           "unconfirmed");
    expect("pg_temp.enter(2, 1, ARRAY[" HASH(1) "], false, now() - interval '2 minutes')",
           "unconfirmed");
    expect("pg_temp.enter(3, 3, ARRAY[" HASH(1) "], false, now())", "unconfirmed");
    expect("pg_temp.settle()", "3");
    expect("pg_temp.state(2)", "confirmed -");
    expect("pg_temp.state(1)", "unconfirmed open");
    expect("pg_temp.state(3)", "unconfirmed open");
    expect("pg_temp.settle()", "0");
    run(pg, "RESET ROLE");
    expect("jsonb_array_length(a.body -> 'claims') || ' of ' || (a.body ->> 'members') FROM "
           "monitoring.audit_log a WHERE a.verb = 'confirm_persons' AND a.body -> 'claims' @> "
           "(SELECT jsonb_agg(jsonb_build_object('id', c.id)) FROM monitoring.person_claim c "
           "WHERE c.household_id IN (pg_temp.id('h', 2), pg_temp.id('h', 3)))",
           "2 of 1");
}

#define AUDITED                                                                                    \
    "(SELECT count(*) || ' ' || coalesce(string_agg(a.verb || ' ' || a.record || ' ' || "          \
    "a.owner_division, ',' ORDER BY a.id), '-') FROM monitoring.audit_log a WHERE a.recorded_at "  \
    "= now())"

/* M-139: numbers of audit rows rise for everybody, so there are as many whatever was found; they
 * are the province's. */
Test(persons, audit_rows_tell_nobody_below_the_province, .init = begin, .fini = end)
{
    static char won[256], left[256];
    run(pg, "RESET ROLE; GRANT SELECT ON monitoring.audit_log TO monitoring_worker; CREATE POLICY "
            "look ON monitoring.audit_log FOR SELECT TO monitoring_worker USING (true); SET LOCAL "
            "ROLE monitoring_worker");
    run(pg, "SAVEPOINT s");
    expect("pg_temp.enter(2, 1, ARRAY[" HASH(1) "], false, now())", "unconfirmed");
    expect("pg_temp.settle()", "1");
    (void)snprintf(won, sizeof won, "%s", sql("SELECT " AUDITED));
    cr_expect_str_eq(won, "1 confirm_persons person_check 430000000000");
    run(pg, "SELECT pg_temp.leave(2, 'moved_out')");
    run(pg, "SET CONSTRAINTS ALL IMMEDIATE");
    (void)snprintf(left, sizeof left, "%s", sql("SELECT " AUDITED));
    run(pg, "ROLLBACK TO s");
    expect("monitoring.take_person(pg_temp.id('m', 9), '" THERE "', ARRAY[" HASH(1) "], now())",
           "t");
    expect("pg_temp.enter(2, 1, ARRAY[" HASH(1) "], false, now())", "unconfirmed");
    expect("pg_temp.settle()", "1");
    expect("pg_temp.state(2)", "unconfirmed open");
    cr_expect_str_eq(sql("SELECT " AUDITED), won);
    run(pg, "SELECT pg_temp.leave(2, 'moved_out')");
    run(pg, "SET CONSTRAINTS ALL IMMEDIATE");
    expect("pg_temp.state(2)", "unconfirmed withdrawn");
    cr_expect_str_eq(sql("SELECT " AUDITED), left);
}

/* A holder of person.locate is first or refused; twice in one transaction is for the household's
 * unique key to say. */
Test(persons, locating_takes_or_refuses, .init = begin, .fini = end)
{
    expect("pg_temp.enter(1, 1, ARRAY[" HASH(1) "], true, now())", "confirmed");
    run(pg, "SAVEPOINT s");
    PGresult *r = PQexec(pg, "SELECT pg_temp.enter(2, 1, ARRAY[" HASH(1) "], true, now())");
    cr_expect_str_eq(PQresultErrorField(r, PG_DIAG_CONSTRAINT_NAME), "member_once_key");
    PQclear(r);
    run(pg, "ROLLBACK TO s");
    run(pg, "INSERT INTO monitoring.person_look (account_id, at) SELECT '" ACCOUNT
            "', now() FROM generate_series(2, zeren.setting_value('monitoring.locate_per_hour', "
            "'000000000000', 0)::integer)");
    /* the last question is set aside; until it has told nothing it counts, and no longer than a
     * request lasts */
    expect("monitoring.take_look('" ACCOUNT "', now(), false) IS NULL", "f");
    expect("monitoring.take_look('" ACCOUNT "', now(), false) IS NULL", "t");
    expect("coalesce(monitoring.locate_person(ARRAY[" HASH(1) "], '" ACCOUNT "', now()), false)",
           "f");
    expect("monitoring.take_look('" ACCOUNT "', now() + interval '6 minutes', false) IS NULL", "f");
}

/* M-130: who waits under one of two keys, in however many hashes, waits until there is one under
 * each. */
Test(persons, whoever_waits_is_looked_up_under_every_key, .init = begin, .fini = end)
{
    expect("pg_temp.enter(1, 1, ARRAY[" HASH(1) "], false, now() - interval '1 hour')",
           "unconfirmed");
    expect("pg_temp.settle()", "1");
    expect("pg_temp.enter(2, 2, ARRAY['\\x00000002aa'::bytea, '\\x00000002bb'], false, now())",
           "unconfirmed");
    static const char *const both = "ARRAY['\\x00000001'::bytea, '\\x00000002']";
    char text[256];
    (void)snprintf(text, sizeof text, "SELECT monitoring.confirm_persons(500, %s, now())", both);
    cr_expect_str_eq(sql(text), "0");
    run(pg, "UPDATE monitoring.person_check SET hashes = hashes || " HASH(
                1) " WHERE member_id = pg_temp.id('m', 2)");
    cr_expect_str_eq(sql(text), "1");
    expect("pg_temp.state(2)", "unconfirmed open");
}

/* M-130: the ring writes under a new key; what is registered under the former one is found. */
Test(persons, two_lookup_keys_stand_side_by_side, .init = begin, .fini = end)
{
    expect("pg_temp.enter(1, 1, ARRAY[" OLD(1) "], false, now() - interval '1 hour')",
           "unconfirmed");
    expect("pg_temp.settle()", "1");
    expect("pg_temp.enter(2, 2, ARRAY[" HASH(1) ", " OLD(1) "], false, now())", "unconfirmed");
    expect("pg_temp.enter(3, 3, ARRAY[" OLD(2) "], false, now())", "unconfirmed");
    expect(
        "pg_temp.enter(4, 2, ARRAY[" HASH(2) ", " OLD(2) "], false, now() - interval '1 second')",
        "unconfirmed");
    run(pg, "UPDATE monitoring.member SET id_number_hash = " HASH(
                1) " WHERE id = pg_temp.id('m', 1)"); /* a reseal: its version stays */
    /* under a key that they have no hash of, nobody is confirmed */
    expect("monitoring.confirm_persons(500, ARRAY['\\xffffffff'::bytea], now())", "0");
    expect("pg_temp.settle()", "3");
    expect("pg_temp.state(1)", "confirmed -");
    expect("pg_temp.state(2)", "unconfirmed open");
    expect("pg_temp.state(3) || pg_temp.state(4)", "unconfirmed openconfirmed -");
    expect("pg_temp.whose(" HASH(1) ") = pg_temp.whose(" OLD(1) ")", "t");
    /* the next rotation takes the oldest hash away */
    run(pg, "UPDATE monitoring.member SET id_number_hash = '\\x0000000acc' WHERE id = "
            "pg_temp.id('m', 1)");
    expect("pg_temp.whose(" OLD(1) ") IS NULL AND pg_temp.whose(" HASH(
               1) ") = "
                  "pg_temp.whose('\\x0000000acc')",
           "t");
}

Test(persons, leaving_frees_and_death_keeps, .init = begin, .fini = end)
{
    expect("pg_temp.enter(1, 1, ARRAY[" HASH(1) "], false, now() - interval '1 hour')",
           "unconfirmed");
    expect("pg_temp.enter(2, 2, ARRAY[" HASH(1) "], false, now() - interval '2 seconds')",
           "unconfirmed");
    expect("pg_temp.settle()", "2");
    run(pg, "SELECT pg_temp.leave(1, 'death')");
    expect("pg_temp.settle()", "0");
    expect("pg_temp.whose(" HASH(1) ") LIKE '% died'", "t");
    /* the end was a mistake, and was a move: M-135, the claim is confirmed */
    run(pg, "UPDATE monitoring.member SET left_on = NULL, left_how = NULL, version = version + 1 "
            "WHERE id = pg_temp.id('m', 1)");
    expect("pg_temp.state(1) || pg_temp.whose(" HASH(1) ")",
           sql("SELECT 'confirmed -' || pg_temp.id('m', 1)"));
    run(pg, "SELECT pg_temp.leave(1, 'moved_out')");
    expect("pg_temp.settle()", "1");
    expect("pg_temp.state(2)", "confirmed confirmed");
    /* back again: now somebody else is that person */
    run(pg, "UPDATE monitoring.member SET left_on = NULL, left_how = NULL, version = version + 1 "
            "WHERE id = pg_temp.id('m', 1)");
    expect("pg_temp.settle()", "1");
    expect("pg_temp.state(1)", "unconfirmed open");
    /* a claim ends with its membership */
    run(pg, "SELECT pg_temp.leave(1, 'error')");
    expect("pg_temp.settle()", "0");
    expect("pg_temp.state(1)", "unconfirmed withdrawn");
}

/* M-132: who died is registered so under a number that is corrected afterwards, and who died before
 * the worker came. */
Test(persons, a_corrected_number_of_who_died_stays_registered, .init = begin, .fini = end)
{
    expect("pg_temp.enter(1, 1, ARRAY[" HASH(1) "], false, now())", "unconfirmed");
    expect("pg_temp.settle()", "1");
    run(pg, "SELECT pg_temp.leave(1, 'death')");
    expect("pg_temp.settle()", "0");
    run(pg, "UPDATE monitoring.member SET confirmation = monitoring.correct_person(id, "
            "owner_division, ARRAY[" HASH(2) "], false, NULL, 'id_number', now()), id_number_hash "
                                             "= " HASH(2) ", version = version + 1 WHERE id = "
                                                          "pg_temp.id('m', 1)");
    expect("pg_temp.settle()", "1");
    expect("pg_temp.whose(" HASH(1) ") IS NULL", "t");
    expect("pg_temp.whose(" HASH(2) ") LIKE '% died'", "t");
    expect("pg_temp.state(1)", "confirmed -");
    expect("pg_temp.enter(2, 2, ARRAY[" HASH(2) "], false, now())", "unconfirmed");
    expect("pg_temp.enter(3, 3, ARRAY[" HASH(3) "], false, now())", "unconfirmed");
    run(pg, "SELECT pg_temp.leave(3, 'death')");
    expect("pg_temp.settle()", "2");
    expect("pg_temp.state(2)", "unconfirmed open");
    expect("pg_temp.whose(" HASH(3) ") LIKE '% died'", "t");
    /* the number of who died was somebody else's: no claim, since nobody is to be moved */
    run(pg, "UPDATE monitoring.member SET confirmation = monitoring.correct_person(id, "
            "owner_division, ARRAY[" HASH(2) "], false, NULL, 'id_number', now()), id_number_hash "
                                             "= " HASH(2) ", version = version + 1 WHERE id = "
                                                          "pg_temp.id('m', 3)");
    expect("pg_temp.settle()", "1");
    expect("pg_temp.state(3)", "unconfirmed -");
}

/* M-139: as many events whether somebody is registered elsewhere or not, and of kinds that holders
 * of person.locate alone read. */
Test(persons, events_are_as_many_whatever_was_found, .init = begin, .fini = end)
{
    static const char told[] =
        "(SELECT count(*) FROM monitoring.outbox o JOIN monitoring.feed_kind k ON k.kind = "
        "o.record "
        "AND k.permission = 'person.locate' WHERE o.xmin = pg_current_xact_id()::xid) || ' of ' || "
        "(SELECT count(*) FROM monitoring.outbox o WHERE o.xmin = pg_current_xact_id()::xid)";
    char text[512];
    (void)snprintf(text, sizeof text, "SELECT %s", told);
    static const char *const wanted[] = {"1 of 1", "2 of 2", "3 of 3"};
    for (int n = 1; n <= 3; n++) { /* the first is confirmed, the others are claims */
        char enter[128];
        (void)snprintf(enter, sizeof enter,
                       "SELECT pg_temp.enter(%d, %d, ARRAY[" HASH(1) "], false, now())", n, n);
        run(pg, enter);
        expect("pg_temp.settle()", "1");
        run(pg, "RESET ROLE");
        cr_expect_str_eq(sql(text), wanted[n - 1], "entry %d", n);
        run(pg, "SET LOCAL ROLE monitoring_worker");
    }
    static const char *const left[] = {"4 of 4", "5 of 5"};
    for (int n = 2; n >= 1; n--) { /* with a claim, and without */
        char leave[128];
        (void)snprintf(leave, sizeof leave,
                       "SELECT pg_temp.leave(%d, 'error'); SET CONSTRAINTS ALL IMMEDIATE; SET "
                       "CONSTRAINTS ALL DEFERRED",
                       n);
        run(pg, leave);
        run(pg, "RESET ROLE");
        cr_expect_str_eq(sql(text), left[2 - n], "leaving %d", n);
        run(pg, "SET LOCAL ROLE monitoring_worker");
    }
}

/* Split, merged, moved: before or behind the former row's end, checked or not, with its claim. */
Test(persons, who_follows_takes_the_number_along, .init = begin, .fini = end)
{
    expect("pg_temp.enter(1, 1, ARRAY[" HASH(1) "], false, now())", "unconfirmed");
    expect("pg_temp.settle()", "1");
    run(pg, "SELECT pg_temp.leave(1, 'split')");
    run(pg, "SELECT pg_temp.put(2, 2, " HASH(
                1) ", monitoring.follow_person(pg_temp.id('m', 1), pg_temp.id('m', 2), '" THERE
                   "', pg_temp.id('h', 2), ARRAY[" HASH(1) "], now()), now(), pg_temp.id('m', 1))");
    expect("pg_temp.settle()", "0");
    expect(
        "pg_temp.state(2) || (SELECT division FROM monitoring.person_key WHERE hash = " HASH(1) ")",
        "confirmed -" THERE);
    expect("pg_temp.enter(3, 3, ARRAY[" HASH(1) "], false, now())", "unconfirmed");
    expect("pg_temp.settle()", "1");
    run(pg, "SELECT pg_temp.leave(3, 'merged'); SELECT pg_temp.put(4, 1, " HASH(
                1) ", monitoring.follow_person(pg_temp.id('m', 3), pg_temp.id('m', 4), '" HERE
                   "', pg_temp.id('h', 1), ARRAY[" HASH(1) "], now()), now(), pg_temp.id('m', 3))");
    expect("pg_temp.settle()", "0");
    expect("pg_temp.state(4)", "unconfirmed open");
    expect("owner_division FROM monitoring.person_claim WHERE member_id = pg_temp.id('m', 4)",
           HERE);
}

Test(persons, another_number_frees_the_former, .init = begin, .fini = end)
{
    expect("pg_temp.enter(1, 1, ARRAY[" HASH(1) "], false, now())", "unconfirmed");
    expect("pg_temp.settle()", "1");
    static const char *const correct =
        "UPDATE monitoring.member SET confirmation = monitoring.correct_person(id, owner_division, "
        "ARRAY[%s], false, NULL, 'id_number', now()), id_number_hash = %s, version = version + 1 "
        "WHERE id = pg_temp.id('m', 1)";
    char text[512];
    (void)snprintf(text, sizeof text, correct, HASH(1), HASH(1));
    run(pg, text);
    expect("pg_temp.state(1)", "confirmed -");
    (void)snprintf(text, sizeof text, correct, HASH(2), HASH(2));
    run(pg, text);
    expect("pg_temp.state(1) || coalesce(pg_temp.whose(" HASH(1) "), ' free')",
           "unconfirmed - free");
    expect("pg_temp.settle()", "1");
    expect("pg_temp.state(1)", "confirmed -");
    /* whoever writes another number and says nothing */
    run(pg, "UPDATE monitoring.member SET id_number_hash = " HASH(
                3) ", version = version + 1 WHERE id = pg_temp.id('m', 1)");
    expect("pg_temp.state(1) || coalesce(pg_temp.whose(" HASH(2) "), ' free')",
           "unconfirmed - free");
    run(pg, "UPDATE monitoring.member SET id_number = NULL, id_number_hash = NULL, "
            "certificate_kind = 'none', version = version + 1 WHERE id = pg_temp.id('m', 1)");
    expect("pg_temp.state(1) || (SELECT count(*) FROM monitoring.person_check)", "none -0");
}

Test(persons, what_is_deleted_is_freed, .init = begin, .fini = end)
{
    expect("pg_temp.enter(1, 1, ARRAY[" HASH(1) "], false, now())", "unconfirmed");
    expect("pg_temp.enter(2, 2, ARRAY[" HASH(1) "], false, now())", "unconfirmed");
    expect("pg_temp.settle()", "2");
    run(pg, "DELETE FROM monitoring.member WHERE id = (SELECT member_id FROM "
            "monitoring.person_key WHERE hash = " HASH(1) ")");
    expect("pg_temp.settle()", "1");
    expect("count(*) FROM monitoring.member WHERE confirmation = 'confirmed' AND id IN "
           "(pg_temp.id('m', 1), pg_temp.id('m', 2))",
           "1");
}

/* M-138, M-147. */
Test(persons, time_settles_what_nobody_goes_on_with, .init = begin, .fini = end)
{
    run(pg, "INSERT INTO monitoring.person_claim (id, owner_division, household_id, created_at) "
            "VALUES (pg_temp.id('c', 1), '" HERE
            "', pg_temp.id('h', 1), now() - interval '91 days'), (pg_temp.id('c', 2), '" HERE
            "', pg_temp.id('h', 1), now() - interval '89 days')");
    expect("monitoring.forget_claims(now(), 100)", "1");
    expect("string_agg(status, ' ' ORDER BY created_at) FROM monitoring.person_claim WHERE "
           "owner_division = '" HERE "' AND id IN (pg_temp.id('c', 1), pg_temp.id('c', 2))",
           "expired open");
    run(pg, "RESET ROLE");
    run(pg,
        "INSERT INTO monitoring.transfer (id, counterpart_id, owner_division, side, asked_by, "
        "kind, from_division, to_division, household_id, reason, answer_by, asked_account, "
        "asked_post, created_at) SELECT pg_temp.id(s.side, 1), pg_temp.id(s.other, 1), s.owner, "
        "s.side, 'giving', 'household', '" HERE "', '" THERE
        "', pg_temp.id('h', 1), '搬迁', '2026-06-30', '" ACCOUNT "', '" ACCOUNT
        "', now() FROM (VALUES ('giving', 'receiving', '" HERE "'), ('receiving', 'giving', '" THERE
        "')) AS s (side, other, owner)");
    run(pg, "INSERT INTO monitoring.transfer_pair (id, from_division, to_division) VALUES "
            "(pg_temp.id('giving', 1), '" HERE "', '" THERE "')");
    run(pg, "SET LOCAL ROLE monitoring_worker");
    expect("monitoring.expire_transfers('2026-06-30', now(), 100)", "0");
    expect("monitoring.expire_transfers('2026-07-01', now(), 100)", "2");
    expect("string_agg(DISTINCT status, ' ') FROM monitoring.transfer WHERE household_id = "
           "pg_temp.id('h', 1)",
           "expired");
}

/* M-145: every table with a household's rows and a division goes with it, or is said not to. */
Test(persons, whatever_hangs_on_a_household_moves, .init = begin, .fini = end)
{
    cr_expect_str_eq(
        super_sql(
            "SELECT coalesce(string_agg(c.relname, ' ' ORDER BY c.relname), '') FROM pg_class c"
            " WHERE c.relnamespace = 'monitoring'::regnamespace AND c.relkind IN ('r', 'p')"
            " AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = "
            "'household_id' AND NOT a.attisdropped)"
            " AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = "
            "'owner_division' AND NOT a.attisdropped)"
            " AND c.relname NOT IN (SELECT name FROM monitoring.moved_table) AND c.relname NOT IN "
            "('transfer', 'household_token')"), /* of both sides; kept by triggers */
        "");
}

/* M-144: an acceptance sees its two divisions, and nothing else, and leaves the caller's scope. */
Test(persons, an_acceptance_sees_exactly_its_two_divisions, .init = begin, .fini = end)
{
    run(pg, "SELECT pg_temp.household(4, '431302006001')");
    run(pg, "RESET ROLE");
    run(pg, "INSERT INTO monitoring.transfer_pair (id, from_division, to_division) VALUES "
            "(pg_temp.id('t', 1), '" HERE "', '" THERE "')");
    run(pg, "SET LOCAL ROLE monitoring_service");
    run(pg, "SELECT set_config('zeren.scope', '{[\"431302\",\"431302~\")}', true)");
    static const char *const both =
        "SELECT monitoring.look_at_both(ROW(pg_temp.id('t', 1), pg_temp.id('u', 1), '" HERE
        "', 'giving', 'giving', 'household', 'requested', '" HERE "', '" THERE
        "', NULL, NULL, NULL, NULL, NULL, 'x', '2026-01-01', NULL, NULL, pg_temp.id('a', 1), "
        "pg_temp.id('a', 1), now(), 1)::monitoring.transfer)";
    cr_expect_str_eq(sql(both), "{[\"431302\",\"431302~\")}");
    expect("string_agg(DISTINCT owner_division, ' ' ORDER BY owner_division) FROM "
           "monitoring.household",
           HERE " " THERE);
    run(pg, "SELECT monitoring.look_within('{[\"431302\",\"431302~\")}')");
    expect("count(*) FROM monitoring.household WHERE owner_division = '" THERE "'", "0");
}

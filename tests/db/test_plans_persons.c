/* tests/db/test_plans_persons.c - lists of claims and transfers are served by an index at every
 * level of caller, and who waits to be confirmed is read in order: 30,000 rows of each in 500
 * counties. And who waits is confirmed by look-ups alone, whatever is thought of tables that are
 * full now and empty in a minute. */
#include "plans.h"
#include "sql_monitoring.h"

static const char *const fill =
    "INSERT INTO monitoring.person_claim (id, owner_division, household_id, created_at)"
    " SELECT md5('c' || n)::uuid, '43' || lpad((1 + n % 500)::text, 4, '0') || '001' || "
    "lpad((n % 90)::text, 3, '0'), md5('h' || n)::uuid, timestamptz '2026-01-01' + n * interval '1 "
    "minute' FROM generate_series(1, 30000) n;"
    "INSERT INTO monitoring.transfer (id, counterpart_id, owner_division, side, asked_by, kind, "
    "status, from_division, to_division, household_id, claim_id, reason, answer_by, asked_account, "
    "asked_post, created_at)"
    " SELECT md5('t' || n)::uuid, md5('u' || n)::uuid, d.code, 'giving', 'giving', 'household', "
    "'accepted', d.code, d.code, md5('h' || n)::uuid, md5('c' || n)::uuid, '搬迁', '2026-06-30', "
    "md5('a')::uuid, md5('p')::uuid, timestamptz '2026-01-01' + n * interval '1 minute'"
    " FROM generate_series(1, 30000) n, LATERAL (SELECT '43' || lpad((1 + n % 500)::text, 4, '0') "
    "|| '001' || lpad((n % 90)::text, 3, '0') AS code) d;"
    "INSERT INTO monitoring.person_check (member_id, hashes, recorded_at) SELECT md5('w' || "
    "n)::uuid, ARRAY[decode(md5('x' || n), 'hex')], now() - n * interval '1 second' FROM "
    "generate_series(1, 30000) n;"
    "ANALYZE monitoring.person_claim; ANALYZE monitoring.transfer; ANALYZE "
    "monitoring.person_check;";

Test(plans, claims_and_transfers_are_listed_by_an_index_at_every_level, .timeout = 300)
{
    /* clang-format off */
    static const struct wanted lists[] = {
        {&SQL_claim_list, NULL, {NULL}, "430077001012", "person_claim_owner_division_idx", NULL},
        {&SQL_claim_list, NULL, {NULL}, "430077", "person_claim_owner_division_idx", NULL},
        {&SQL_claim_list, NULL, {NULL}, "43", "person_claim_created_at_idx", "Sort Key: c."},
        {&SQL_claim_list, NULL, {"household_id", "md5('h5')::uuid"}, "43", "person_claim_household_id_idx", NULL},
        {&SQL_claim_list, NULL, {"member_id", "md5('m5')::uuid"}, "43", "person_claim_member_id_idx", NULL},
        {&SQL_transfer_list, NULL, {NULL}, "430077", "transfer_owner_division_idx", NULL},
        {&SQL_transfer_list, NULL, {NULL}, "43", "transfer_created_at_idx", "Sort Key: t."},
        {&SQL_transfer_list, NULL, {"household_id", "md5('h5')::uuid"}, "43", "transfer_household_id_idx", NULL},
        {&SQL_transfer_list, NULL, {"claim_id", "md5('c5')::uuid"}, "43", "transfer_claim_id_idx", NULL},
    };
    /* clang-format on */
    struct plans p =
        begin_plans(sql_monitoring_all, "monitoring", (const char *const[]){fill, NULL});
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        expect_index(&p, &lists[i]);
    be(&p, "");
    const char *plan =
        plan_of(&p, stmt_form(p.forms, &SQL_person_waiting),
                (const char *const[][2]){{"now", "'2026-11-22T00:00:00Z'"}, {NULL, NULL}});
    cr_expect(strstr(plan, "person_check_recorded_at_idx") != NULL, "%s", plan);
    end_plans(&p);
}

/* 6,000 wait, every other of whom is registered elsewhere, in tables that are thought to be empty
 * though they have pages: as they were when they were last looked at. */
static const char *const waiting[] = {
    WITHOUT_TRIGGERS,
    "INSERT INTO monitoring.household (id, owner_division, at_division, household_type, "
    "head_member_id, recorded_at, created_at) SELECT md5('wh' || n)::uuid, '430077001012', "
    "'430077001012', 'general', md5('wm' || n)::uuid, now(), now() FROM generate_series(1, 6000) n;"
    "INSERT INTO monitoring.member (id, household_id, owner_division, at_division, name, "
    "certificate_kind, id_number, id_number_hash, joined_on, joined_how, confirmation, source, "
    "recorded_at, created_at) SELECT md5('wm' || n)::uuid, md5('wh' || n)::uuid, '430077001012', "
    "'430077001012', '赵', 'id_card', '\\x01', decode('00000001' || md5('x' || n), 'hex'), "
    "'2020-01-01', 'registered', 'unconfirmed', 'import', now(), now() FROM generate_series(1, "
    "6000) n;"
    "INSERT INTO monitoring.person_check (member_id, hashes, recorded_at) SELECT m.id, "
    "ARRAY[m.id_number_hash], m.recorded_at FROM monitoring.member m WHERE m.name = '赵' AND "
    "m.confirmation = 'unconfirmed';"
    "INSERT INTO monitoring.person_key (hash, member_id, division, confirmed_at) SELECT "
    "decode('00000001' || md5('x' || 2 * n), 'hex'), md5('other' || n)::uuid, '430077001012', "
    "now() FROM generate_series(1, 3000) n;"
    "UPDATE pg_class SET relpages = 10, reltuples = 0 WHERE relnamespace = "
    "'monitoring'::regnamespace AND relname IN ('person_check', 'person_key', 'person_claim', "
    "'person_claim_hash'); "
    "UPDATE pg_class SET relpages = 1000, reltuples = 60000 WHERE relnamespace = "
    "'monitoring'::regnamespace AND relname IN ('member', 'household');",
    NULL};

static const char *one_text(PGconn *pg, const char *sql)
{
    static char text[64];
    PGresult *r = PQexec(pg, sql);
    cr_assert_eq(PQresultStatus(r), PGRES_TUPLES_OK, "%s", PQerrorMessage(pg));
    (void)snprintf(text, sizeof text, "%s", PQgetvalue(r, 0, 0));
    PQclear(r);
    return text;
}

/* M-134. */
Test(plans, who_waits_is_looked_up_by_keys_whatever_is_thought_of_sizes, .timeout = 300)
{
    struct plans p = begin_plans(sql_monitoring_all, "monitoring", waiting);
    be(&p, "");
    run(p.pg, "RESET ROLE; CREATE TEMP TABLE before AS SELECT relname, seq_tup_read, "
              "idx_tup_fetch FROM pg_stat_xact_user_tables WHERE schemaname = 'monitoring'; "
              "SET LOCAL ROLE monitoring_worker");
    cr_expect_str_eq(one_text(p.pg, "SELECT monitoring.confirm_persons(500, "
                                    "ARRAY['\\x00000001'::bytea], now())"),
                     "500");
    run(p.pg, "RESET ROLE");
    cr_expect_str_eq(
        one_text(p.pg, "SELECT string_agg(x.relname || ' ' || s || ' ' || f, ', ') FROM (SELECT "
                       "relname, a.seq_tup_read - coalesce(b.seq_tup_read, 0) AS s, "
                       "a.idx_tup_fetch - coalesce(b.idx_tup_fetch, 0) AS f FROM "
                       "pg_stat_xact_user_tables a LEFT JOIN before b USING (relname) WHERE "
                       "a.schemaname = 'monitoring' AND a.relname IN ('person_check', "
                       "'person_key', 'person_claim', 'person_claim_hash', 'member', "
                       "'household')) AS x WHERE x.s > 0 OR x.f > 5500"),
        "", "read whole (table, by scans, by keys)");
    end_plans(&p);
}

/* tests/db/cadence.h - what the tests of the cadence share: a county of a test's own with leaders,
 * links, a group and units, rules that it goes by, and the worker's statements. */
#ifndef ZEREN_TESTS_DB_CADENCE_H
#define ZEREN_TESTS_DB_CADENCE_H

#include <unistd.h>

#include "cadence_rules.h"
#include "support.h"

/* A county of the test's own, 99nnnn: its code's first six digits, neither pair of them 00, and ids
 * that begin with them. */
static char county[16];
static PGconn *worker;

static inline PGconn *as_worker(void)
{
    PGconn *pg = PQconnectdb(test_db("registry_worker"));
    run(pg, "SET zeren.scope = '{[\"\",\"~\")}'; SET search_path = registry");
    return pg;
}

/* Copies SQL, {} standing for the county's six digits. */
static inline void fill_in(char *out, size_t size, const char *sql)
{
    size_t n = 0;
    for (const char *at = sql; *at != '\0'; at++) {
        cr_assert(n + 8 < size);
        if (at[0] == '{' && at[1] == '}') {
            memcpy(out + n, county, 6);
            n += 6;
            at++;
        } else {
            out[n++] = *at;
        }
    }
    out[n] = '\0';
}

/* The first value, as superuser or on a connection. */
static inline const char *sql(const char *text)
{
    static char all[8192];
    fill_in(all, sizeof all, text);
    return super_sql(all);
}

static inline int on(PGconn *pg, const char *text)
{
    char all[4096];
    fill_in(all, sizeof all, text);
    PGresult *r = PQexec(pg, all);
    cr_assert_eq(PQresultStatus(r), PGRES_TUPLES_OK, "%s: %s", all, PQerrorMessage(pg));
    int n = atoi(PQgetvalue(r, 0, 0));
    PQclear(r);
    return n;
}

/* A county with a government, a department, a group and its unit, two leaders, and a village that
 * the first leader and the department are linked to, all there since 2003. */
static inline void begin(void)
{
    unsigned own = (unsigned)getpid();
    (void)snprintf(county, sizeof county, "99%02u%02u", own / 99 % 99 + 1, own % 99 + 1);
    worker = as_worker();
    (void)sql(
        "INSERT INTO registry.division (id, code, owner_division, name, level, parent_code, "
        "valid_from)"
        " VALUES (gen_random_uuid(), '{}000000', '{}000000', 'county', 3, NULL, '2003-01-01'),"
        " (gen_random_uuid(), '{}001000', '{}001000', 'town', 4, '{}000000', '2003-01-01'),"
        " (gen_random_uuid(), '{}001001', '{}001001', 'village', 5, '{}001000', '2003-01-01');"
        "INSERT INTO registry.organisation (id, owner_division, name, kind, created_at) VALUES"
        " ('{}00-0000-7000-8000-000000000001', '{}000000', 'gov', 'government', '2003-01-01'),"
        " ('{}00-0000-7000-8000-000000000002', '{}000000', 'dep', 'department', '2003-01-01'),"
        " ('{}00-0000-7000-8000-000000000003', '{}000000', 'grp', 'work_group', '2003-01-01'),"
        " ('{}00-0000-7000-8000-000000000004', '{}000000', 'cpc', 'party_committee', "
        "'2003-01-01');");
    (void)sql(
        "INSERT INTO identity.post (id, owner_division, organisation_id, title, duty, created_at)"
        " SELECT ('{}00-0000-7000-8000-00000000001' || n)::uuid, '{}000000',"
        " '{}00-0000-7000-8000-000000000001', 'leader ' || n, 'contact_leader', '2003-01-01'"
        " FROM generate_series(1, 2) AS n;"
        "INSERT INTO identity.post (id, owner_division, organisation_id, title, duty, created_at)"
        " VALUES ('{}00-0000-7000-8000-000000000013', '{}000000',"
        " '{}00-0000-7000-8000-000000000001', 'deputy', 'direct', '2003-01-01');"
        "INSERT INTO registry.work_group (id, owner_division, organisation_id, kind, title, "
        "starts_on,"
        " created_at) VALUES ('{}00-0000-7000-8000-000000000021', '{}000000',"
        " '{}00-0000-7000-8000-000000000003', 'special_group', 'grp', '2003-01-01', '2003-01-01');"
        "INSERT INTO registry.contact (id, thread_id, owner_division, at_division, kind, post_id,"
        " organisation_id, organisation_name, starts_on, created_at) VALUES"
        " ('{}00-0000-7000-8000-000000000031', '{}00-0000-7000-8000-000000000031', '{}001001',"
        " '{}001001', 'charge', '{}00-0000-7000-8000-000000000011', NULL, 'gov', '2003-01-01', "
        "now()),"
        " ('{}00-0000-7000-8000-000000000032', '{}00-0000-7000-8000-000000000032', '{}001001',"
        " '{}001001', 'assist', NULL, '{}00-0000-7000-8000-000000000002', 'dep', '2003-01-01', "
        "now());");
}

static inline void end(void)
{
    PQfinish(worker);
    (void)sql("DELETE FROM registry.obligation_watch WHERE owner_division LIKE '{}%';"
              "DELETE FROM registry.escalation WHERE owner_division LIKE '{}%';"
              "DELETE FROM registry.obligation WHERE owner_division LIKE '{}%';"
              "DELETE FROM registry.cadence_rule WHERE owner_division LIKE '{}%'; SELECT 1");
}

/* Puts the county under a model's rule from a day on. */
static inline void adopt(const char *code, const char *from)
{
    char text[1024];
    (void)snprintf(
        text, sizeof text,
        "INSERT INTO registry.cadence_rule SELECT md5('{}%s')::uuid, '{}000000', code, title,"
        " subject, subject_codes, levels, action, action_codes, duties, count, period,"
        " due_month_day, grace_work_days, NULL, source, assumed, '%s', 'infinity', 'enabled', "
        "'-infinity', 1,"
        " now() FROM registry.cadence_rule WHERE code = '%s' AND owner_division ="
        " '000000000000'",
        code, from, code);
    (void)sql(text);
}

/* As the worker makes one period of the county's rule. */
static inline int make(PGconn *pg, const char *code, const struct cadence_span *s)
{
    char text[512], start[11], last[11], due[11];
    date_format(s->start, start);
    date_format(s->end, last);
    date_format(s->due, due);
    (void)snprintf(text, sizeof text,
                   "SELECT make_obligations(md5('{}%s')::uuid, '%s', '%s', '%s', now(), 1000)",
                   code, start, last, due);
    return on(pg, text);
}

/* The next of a simple sequence of numbers, for days that nobody chose. */
static inline int next_of(unsigned *seed, int below)
{
    *seed = *seed * 1103515245u + 12345u;
    return (int)(*seed / 65536u % (unsigned)below);
}

#endif

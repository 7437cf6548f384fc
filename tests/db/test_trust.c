/* tests/db/test_trust.c - revocations as a service reads them: each once, however many there are,
 * and none lost whose transaction began long before it commits. */
#include <time.h>
#include <unistd.h>

#include "auth/trust.h"
#include "support.h"

TestSuite(trust, .timeout = 300);

enum { MANY = 50000, POLL_MS = 50 };

struct watched {
    PGconn *pg;
    struct pool *pool;
    struct trust *trust;
};

static struct trust_stats stats(const struct watched *w)
{
    struct trust_stats s;
    trust_stats(w->trust, &s);
    return s;
}

static void wait_for_polls(const struct watched *w, uint64_t n)
{
    uint64_t until = stats(w).polls + n;
    for (int i = 0; i < 5000 && stats(w).polls < until; i++)
        (void)usleep(10000);
    cr_assert_geq(stats(w).polls, until);
}

/* Criterion runs tests beside each other: one at a time, and from nothing. */
static struct watched watch(void)
{
    struct pool_options o = test_pool_options(2);
    struct watched w = {.pg = PQconnectdb(getenv("ZEREN_TEST_DB"))};
    o.application_name = "registry/trust";
    run(w.pg, "SELECT pg_advisory_lock(7008)");
    run(w.pg, "TRUNCATE identity.revocation");
    w.pool = pool_create(&o);
    w.trust = trust_create(&(struct trust_options){
        .pool = w.pool,
        .poll_ms = POLL_MS,
        .stale_ms = 1000,
        .cache_tokens = 16,
        .lookups = w.pool,
        .flood = {.per_s = 1000, .all_per_s = 1000, .wait_ms = 1, .waits = 8}});
    wait_for_polls(&w, 2);
    return w;
}

static void unwatch(struct watched *w)
{
    trust_destroy(&w->trust);
    pool_destroy(&w->pool);
    run(w->pg, "TRUNCATE identity.revocation");
    PQfinish(w->pg);
}

#define REVOKE(many, at)                                                                           \
    "INSERT INTO identity.revocation (subject_id, kind, epoch, at) SELECT gen_random_uuid(), "     \
    "'account', 2, " at " FROM generate_series(1, " many ")"

/* Of the processor, by this process: what others do to the machine is not in it. */
static int64_t worked_us(void)
{
    struct timespec t;
    cr_assert_eq(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t), 0);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Polls cost what is new: behind fifty thousand, twenty of them cost less than those five times
 * over. */
Test(trust, fifty_thousand_revocations_are_read_once)
{
    struct watched w = watch();
    int64_t began = worked_us();
    run(w.pg, REVOKE("50000", "now()"));
    wait_for_polls(&w, 2);
    int64_t once = worked_us() - began;
    cr_expect_eq(stats(&w).revocations, MANY);
    began = worked_us();
    wait_for_polls(&w, 20);
    int64_t behind = worked_us() - began;
    cr_expect_lt(behind, 5 * once, "%ld us for all, %ld us behind it", (long)once, (long)behind);
    cr_expect_eq(stats(&w).revocations, MANY);
    cr_expect_eq(stats(&w).poll_failures, 0);
    unwatch(&w);
}

/* Its rows are older than what was read since, by number and by time. */
Test(trust, a_revocation_that_commits_late_is_read)
{
    struct watched w = watch();
    PGconn *late = PQconnectdb(getenv("ZEREN_TEST_DB"));
    run(late, "BEGIN");
    run(late, REVOKE("3", "now()"));
    for (int i = 0; i < 5; i++) {
        run(w.pg, REVOKE("1", "now()"));
        wait_for_polls(&w, 2);
    }
    cr_expect_eq(stats(&w).revocations, 5);
    run(late, "COMMIT");
    wait_for_polls(&w, 2);
    cr_expect_eq(stats(&w).revocations, 8);
    PQfinish(late);
    unwatch(&w);
}

/* Writers all the time, each transaction as long as it likes. */
Test(trust, none_is_lost_among_many_writers)
{
    struct watched w = watch();
    PGconn *writers[8];
    for (size_t i = 0; i < 8; i++) {
        writers[i] = PQconnectdb(getenv("ZEREN_TEST_DB"));
        run(writers[i], "BEGIN");
    }
    unsigned seed = 1, written = 0;
    for (; written < 400; written++) {
        PGconn *pg = writers[(seed = seed * 1103515245U + 12345U) >> 16 & 7];
        run(pg, REVOKE("1", "now()"));
        if ((seed >> 20 & 3) == 0)
            run(pg, "COMMIT; BEGIN");
        (void)usleep(3000);
    }
    for (size_t i = 0; i < 8; i++) {
        run(writers[i], "COMMIT");
        PQfinish(writers[i]);
    }
    wait_for_polls(&w, 2);
    cr_expect_eq(stats(&w).revocations, (int)written);
    unwatch(&w);
}

/* A server that went back, or another one, counts transactions anew: what it writes bears numbers
 * that the last snapshot counts as seen. Where the connection broke everything is read. */
Test(trust, a_server_that_counts_anew_is_read_whole)
{
    struct watched w = watch();
    run(w.pg, "BEGIN; SET LOCAL session_replication_role = replica;"
              "INSERT INTO identity.revocation (subject_id, kind, epoch, at, written_by) VALUES "
              "(gen_random_uuid(), 'account', 2, now(), '3'); COMMIT");
    wait_for_polls(&w, 2);
    cr_expect_eq(stats(&w).revocations, 0, "the number is one that was seen");
    run(w.pg, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
              "application_name = 'registry/trust' AND pid <> pg_backend_pid()");
    wait_for_polls(&w, 3);
    cr_expect_eq(stats(&w).revocations, 1);
    cr_expect_eq(stats(&w).poll_failures, 0, "the poll itself went on, on a new connection");
    unwatch(&w);
}

/* A poll is a read: whose connection ends on its way is read again, and nothing is out of date. */
Test(trust, a_poll_whose_connection_ends_is_read_again)
{
    struct watched w = watch();
    PGconn *holder = PQconnectdb(getenv("ZEREN_TEST_DB"));
    const char *const waiting = "SELECT count(*) FROM pg_stat_activity WHERE application_name = "
                                "'registry/trust' AND wait_event_type = 'Lock'";
    run(holder, "BEGIN; LOCK TABLE identity.revocation IN ACCESS EXCLUSIVE MODE");
    for (int i = 0; i < 5000 && strcmp(super_sql(waiting), "1") != 0; i++)
        (void)usleep(10000);
    run(w.pg, "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE "
              "application_name = 'registry/trust' AND wait_event_type = 'Lock'");
    run(holder, "COMMIT");
    wait_for_polls(&w, 2);
    cr_expect_eq(stats(&w).poll_failures, 0);
    PQfinish(holder);
    unwatch(&w);
}

/* A role's change is one row, however many accounts act by it. */
Test(trust, a_role_of_many_accounts_is_one_revocation)
{
    struct watched w = watch();
    run(w.pg, "BEGIN; SELECT set_config('zeren.scope', '{[\"\",\"~\")}', true);"
              "DELETE FROM identity.role_permission WHERE role = 'inspector' AND permission = "
              "'report.read'; COMMIT");
    wait_for_polls(&w, 2);
    cr_expect_eq(stats(&w).revocations, 1);
    cr_expect_str_eq(super_sql("SELECT kind || ' ' || role FROM identity.revocation"),
                     "role inspector");
    run(w.pg, "INSERT INTO identity.role_permission (role, permission) VALUES ('inspector', "
              "'report.read')");
    unwatch(&w);
}

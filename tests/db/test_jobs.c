/* tests/db/test_jobs.c - jobs against a database: chunks under the submitter's scope, going on
 * after a worker's death, failures that pass and that do not, cancelling, schedules (J-001 to
 * J-006, J-013). */
#include <unistd.h>

#include "core/clock.h"
#include "jobs/job.h"
#include "sql_jobs.h"
#include "support.h"

TestSuite(jobs, .timeout = 120);

static const char statements[] =
    "-- name: seen :rows\n"
    "SELECT zeren.scope()::text, current_user, :caller_account, :scope_lo, :scope_hi, :job_id\n";

static struct arena *arena;
static struct pool *pool;
static struct test_sql sql;
static struct stmt_set *set;

static struct err err;

/* What the toy's chunks saw and should do. */
static char scope[200];
static int chunks, fail_at;
static enum err_code fail_with;
static bool closed;

static void close_toy(void *state)
{
    closed = state != NULL;
}

/* Five rows of work, one a chunk; each reports its row. */
static bool toy_chunk(struct job_run *r, enum job_step *ret, struct err *e)
{
    static int marker;
    static const char *const none[] = {NULL};
    struct rows *rows = NULL;
    int at = r->position == NULL ? 0 : atoi(r->position);
    if (!job_query(r, test_stmt(&sql, "seen"), none, &rows, e))
        return false;
    (void)snprintf(scope, sizeof scope, "%s %s %s", rows_text(rows, 0, 0), rows_text(rows, 0, 1),
                   rows_text(rows, 0, 3));
    chunks++;
    r->state = &marker;
    if (!job_report(r, arena_printf(r->arena, "[{\"row\":%d,\"outcome\":\"created\"}]", at + 1), e))
        return false;
    if (fail_at == chunks)
        return err_set(e, fail_with, NULL, "%s", "as the test wants it");
    r->total = 5;
    r->done = at + 1;
    r->next_position = arena_printf(r->arena, "%d", at + 1);
    *ret = at + 1 == 5 ? JOB_DONE : JOB_MORE;
    r->result = *ret == JOB_DONE ? "{\"rows\":5}" : NULL;
    return true;
}

static const struct job_kind kinds[] = {{.name = "toy", .chunk = toy_chunk, .close = close_toy},
                                        {.name = NULL}};

/* The test's statements and those of jobs, as a worker has them. */
static struct stmt_set *with_jobs(void)
{
    const struct stmt *all[20] = {NULL};
    size_t n = 0;
    for (; n < sql.list.n; n++)
        all[n] = sql.list.items[n];
    for (size_t i = 0; sql_jobs_all[i] != NULL; i++)
        all[n++] = sql_jobs_all[i];
    struct stmt_set *made = stmt_set_create(arena, all, &err);
    cr_assert_not_null(made, "%s", err.cause);
    return made;
}

/* Whose jobs these are: an account in a post of a role, by an API token or under an access for a
 * time where a test wants it. */
#define ID(name) "md5('jobs " name "')::uuid"
/* clang-format off */
static const char maker[] =
    "DELETE FROM identity.api_token WHERE id = " ID("session") "; DELETE FROM identity.session WHERE id = " ID("session") ";"
    "INSERT INTO identity.role (code, label, owner_division) VALUES ('jobs_role', 'x', '431302000000') ON CONFLICT (code) DO NOTHING;"
    "INSERT INTO identity.role_permission (role, permission, owner_division) VALUES ('jobs_role', 'organisation.read', '431302000000'),"
    " ('jobs_role', 'job.schedule', '431302000000') ON CONFLICT (role, permission) DO NOTHING;"
    "INSERT INTO identity.account (id, login, kind, owner_division) VALUES (" ID("account") ", 'jobs.maker', 'machine', '431302000000')"
    " ON CONFLICT (id) DO UPDATE SET disabled = false;"
    "INSERT INTO identity.post (id, owner_division, organisation_id, title, duty, role, ranges, created_at) VALUES (" ID("post") ", '431302000000',"
    " gen_random_uuid(), 'jobs', 'staff', 'jobs_role', '{431302,431321}', now())"
    " ON CONFLICT (id) DO UPDATE SET role = 'jobs_role', ranges = '{431302,431321}', scope_lines = NULL;"
    "INSERT INTO identity.account_post (account_id, post_id) VALUES (" ID("account") ", " ID("post") ") ON CONFLICT DO NOTHING;";
/* clang-format on */

static void setup(void)
{
    (void)super_sql(maker);
    arena = arena_create(16 << 20);
    struct pool_options o = test_pool_options(3);
    o.conninfo = test_db("registry_worker");
    pool = pool_create(&o);
    sql = test_sql(arena, statements);
    err_clear(&err);
    set = with_jobs();
    chunks = fail_at = 0;
    closed = false;
    (void)super_sql("DELETE FROM registry.job");
    (void)super_sql("DELETE FROM registry.schedule");
}

static void teardown(void)
{
    pool_destroy(&pool);
    arena_destroy(&arena);
}

static struct jobs *worker(void)
{
    struct jobs *j =
        jobs_create(&(struct jobs_options){.pool = pool, .kinds = kinds, .statements = set}, &err);
    cr_assert_not_null(j, "%s", err.cause);
    return j;
}

#define NEW_JOB                                                                                    \
    "INSERT INTO registry.job (id, owner_division, kind, account_id, post_id, session_id, "        \
    "permissions, scope, scope_lines, ancestors, not_before, created_at) VALUES "                  \
    "(gen_random_uuid(), '431302000000', 'toy', " ID("account") ", " ID("post") ", " ID(           \
        "session") ", '{organisation.read}', '%s', '%s', '', now() - interval '1 second', now())"

static void submit_in(const char *in_scope, const char *in_lines)
{
    char text[1000];
    (void)snprintf(text, sizeof text, NEW_JOB, in_scope, in_lines);
    (void)super_sql(text);
}

static void submit(void)
{
    submit_in("{[\"431302\",\"431302~\")}", "");
}

static const char *job_says(const char *column)
{
    char text[200];
    (void)snprintf(text, sizeof text, "SELECT coalesce(%s::text, '-') FROM registry.job", column);
    return super_sql(text);
}

static void run_all(struct jobs *j)
{
    for (int i = 0; i < 40 && jobs_step(j); i++)
        continue;
}

#define SAYS(column, text)                                                                         \
    cr_assert_str_eq(job_says(column), text, "%s: %s", column, job_says(column))

/* J-001. */
Test(jobs, runs_in_chunks_under_the_scope_of_who_asked, .init = setup, .fini = teardown)
{
    submit();
    struct jobs *j = worker();
    run_all(j);
    SAYS("status", "done");
    SAYS("done", "5");
    SAYS("total", "5");
    SAYS("result", "{\"rows\": 5}");
    SAYS("lease_owner", "-");
    cr_assert_eq(chunks, 5);
    cr_assert(closed, "the kind's state is closed");
    cr_assert_str_eq(scope, "{[431302,431302~)} registry_worker 431302");
    cr_assert_str_eq(
        super_sql("SELECT string_agg(row::text, ',' ORDER BY row) FROM registry.job_row"),
        "1,2,3,4,5");
    jobs_destroy(&j);
}

/* J-002, J-003. */
Test(jobs, a_dead_workers_job_goes_on_at_its_chunk_once, .init = setup, .fini = teardown)
{
    submit();
    struct jobs *dead = worker(), *heir = worker();
    for (int i = 0; i < 3; i++)
        cr_assert(jobs_step(dead)); /* claim, two chunks */
    SAYS("position", "2");
    cr_assert_not(jobs_step(heir), "the lease is held");
    (void)super_sql("UPDATE registry.job SET lease_until = now() - interval '1 second'");
    cr_assert(jobs_step(heir));
    cr_assert(jobs_step(dead), "the chunk of a lost job is undone");
    SAYS("position", "2");
    run_all(heir);
    SAYS("status", "done");
    cr_assert_str_eq(super_sql("SELECT count(*) || ' ' || sum(row) FROM registry.job_row"), "5 15");
    jobs_destroy(&dead);
    jobs_destroy(&heir);
}

/* J-005. */
Test(jobs, a_failure_that_passes_is_put_off, .init = setup, .fini = teardown)
{
    submit();
    struct jobs *j = worker();
    fail_at = 3;
    fail_with = ERR_BUSY;
    run_all(j);
    SAYS("status", "queued");
    SAYS("error_code", "busy");
    SAYS("position", "2");
    cr_assert_str_eq(super_sql("SELECT (not_before > now())::text FROM registry.job"), "true");
    (void)super_sql("UPDATE registry.job SET not_before = now() - interval '1 second'");
    run_all(j);
    SAYS("status", "done");
    SAYS("error_code", "-");
    cr_assert_str_eq(super_sql("SELECT count(*) FROM registry.job_row"), "5");
    jobs_destroy(&j);
}

Test(jobs, a_failure_that_passes_not_often_enough_ends_it, .init = setup, .fini = teardown)
{
    submit();
    struct jobs *j = worker();
    fail_with = ERR_BUSY;
    for (int i = 0; i < 5; i++) {
        fail_at = chunks + 1;
        run_all(j);
        (void)super_sql("UPDATE registry.job SET not_before = now() - interval '1 second'");
    }
    SAYS("status", "failed");
    SAYS("attempts", "5");
    jobs_destroy(&j);
}

Test(jobs, a_failure_that_does_not_pass_ends_it, .init = setup, .fini = teardown)
{
    submit();
    struct jobs *j = worker();
    fail_at = 4;
    fail_with = ERR_INVALID;
    run_all(j);
    SAYS("status", "failed");
    SAYS("error_code", "invalid");
    SAYS("error_detail", "as the test wants it");
    SAYS("done", "3");
    jobs_destroy(&j);
}

/* J-004. */
Test(jobs, a_cancelled_job_ends_behind_its_chunk, .init = setup, .fini = teardown)
{
    submit();
    struct jobs *j = worker();
    for (int i = 0; i < 3; i++)
        cr_assert(jobs_step(j));
    (void)super_sql("UPDATE registry.job SET status = 'cancelling'");
    run_all(j);
    SAYS("status", "cancelled");
    SAYS("done", "3");
    jobs_destroy(&j);
}

Test(jobs, a_worker_that_stops_gives_its_job_back, .init = setup, .fini = teardown)
{
    submit();
    struct jobs *j = worker();
    cr_assert(jobs_step(j) && jobs_step(j));
    jobs_release(j);
    SAYS("status", "queued");
    SAYS("position", "1");
    jobs_destroy(&j);
}

static void new_schedule(void)
{
    (void)super_sql(
        "INSERT INTO registry.schedule (id, owner_division, kind, rule, account_id, post_id, "
        "session_id, permissions, scope, scope_lines, ancestors, next_at, created_at) VALUES "
        "(gen_random_uuid(), '431302000000', 'toy', 'every 1m', " ID("account") ", " ID(
            "post") ", " ID("session") ", '{job.schedule,organisation.read}', "
                                       "'{[\"431302\",\"431302~\")}', '', '', now() - interval '1 "
                                       "second', now())");
}

/* J-006. */
Test(jobs, a_schedule_starts_one_job_at_a_time, .init = setup, .fini = teardown)
{
    new_schedule();
    struct jobs *j = worker();
    cr_assert(jobs_keep(j));
    cr_assert_not(jobs_keep(j), "its next time is a minute away");
    (void)super_sql("UPDATE registry.schedule SET next_at = now() - interval '1 second'");
    cr_assert_not(jobs_keep(j), "the last one waits still");
    cr_assert_str_eq(super_sql("SELECT count(*) FROM registry.job"), "1");
    run_all(j);
    (void)super_sql("UPDATE registry.schedule SET next_at = now() - interval '1 second'");
    cr_assert(jobs_keep(j));
    cr_assert_str_eq(super_sql("SELECT count(*) FROM registry.job"), "2");
    jobs_destroy(&j);
}

/* J-013: behind the calendar's end it waits, and nothing is started; when the calendar has that day
 * it goes on by itself. */
Test(jobs, a_schedule_by_work_days_waits_where_the_calendar_ends, .init = setup, .fini = teardown)
{
    if (!clock_set_today((struct date){2150, 6, 30}))
        return;
    new_schedule();
    (void)super_sql("UPDATE registry.schedule SET rule = 'workday 08:30', next_at = '2150-06-29'");
    struct jobs *j = worker();
    (void)jobs_keep(j);
    cr_assert_str_eq(super_sql("SELECT next_at FROM registry.schedule"), "infinity");
    (void)super_sql("DELETE FROM registry.job");
    cr_assert_not(jobs_keep(j));
    cr_assert_str_eq(super_sql("SELECT next_at FROM registry.schedule"), "infinity");
    cr_assert(clock_set_today((struct date){2025, 9, 30}));
    cr_assert_not(jobs_keep(j));
    cr_assert_str_eq(super_sql("SELECT next_at BETWEEN '2025-09-30' AND '2025-10-10' FROM "
                               "registry.schedule"),
                     "t");
    jobs_destroy(&j);
}

/* ---- the maker's rights ---- */

/* clang-format off */
#define NEW_TOKEN(ends, revoked)                                                                                                                    \
    "INSERT INTO identity.api_token (id, account_id, post_id, name, digest, permissions, ranges, expires_at, revoked_at, created_at) VALUES ("       \
    ID("session") ", " ID("account") ", " ID("post") ", 'x', '\\x01', '{organisation.read}', '{431302}', " ends ", " revoked ", now())"
#define NEW_ACCESS(permissions, ends, ended)                                                                                                        \
    "WITH g AS (INSERT INTO identity.access_grant (id, owner_division, post_id, permissions, reason, starts_at, ends_at, granted_by, ended_at, created_at)" \
    " VALUES (gen_random_uuid(), '431302000000', " ID("post") ", '" permissions "', 'x', now() - interval '2 days', " ends ", gen_random_uuid(), " ended \
    ", now()) RETURNING id) INSERT INTO identity.session (id, account_id, post_id, access_grant_id, created_at, expires_at, ended_at)"               \
    " SELECT " ID("session") ", " ID("account") ", " ID("post") ", g.id, now(), now(), now() FROM g"
#define YESTERDAY "now() - interval '1 day'"
#define TOMORROW "now() + interval '1 day'"

/* How a right ends, and what the job then says; NULL: it has not ended. */
static const struct { const char *change, *says; } ends[] = {
    {"SELECT 1", NULL},
    {"UPDATE identity.account SET disabled = true WHERE id = " ID("account"), "The account is disabled."},
    {"DELETE FROM identity.account_post WHERE account_id = " ID("account"), "The account may no longer act in that post."},
    {"UPDATE identity.post SET role = NULL, ranges = '{}' WHERE id = " ID("post"), "The account may no longer act in that post."},
    {"DELETE FROM identity.role_permission WHERE role = 'jobs_role' AND permission = 'organisation.read'",
     "The account no longer has the permission organisation.read."},
    {"UPDATE identity.post SET ranges = '{431321}' WHERE id = " ID("post"), "The division is no longer in the scope of the account."},
    {"UPDATE identity.post SET ranges = '{431302006}' WHERE id = " ID("post"), "The division is no longer in the scope of the account."},
    {NEW_TOKEN(TOMORROW, "NULL"), NULL},
    {NEW_TOKEN(YESTERDAY, "NULL"), "The API token has ended."},
    {NEW_TOKEN(TOMORROW, YESTERDAY), "The API token has ended."},
    {NEW_ACCESS("{organisation.read}", TOMORROW, "NULL"), NULL},
    {NEW_ACCESS("{organisation.read}", YESTERDAY, "NULL"), "The access for a time has ended."},
    {NEW_ACCESS("{organisation.read}", TOMORROW, YESTERDAY), "The access for a time has ended."},
    {NEW_ACCESS("{duty_list.read}", TOMORROW, "NULL"), "The account no longer has the permission organisation.read."},
};
/* clang-format on */

/* J-008. */
Test(jobs, a_job_whose_maker_lost_the_right_ends, .init = setup, .fini = teardown)
{
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        (void)super_sql(maker);
        (void)super_sql("DELETE FROM registry.job");
        submit();
        (void)super_sql(ends[i].change);
        chunks = 0;
        struct jobs *j = worker();
        run_all(j);
        cr_expect_str_eq(job_says("error_detail"), ends[i].says == NULL ? "-" : ends[i].says,
                         "%s: %s", ends[i].change, job_says("error_detail"));
        cr_expect_str_eq(job_says("coalesce(error_code, status)"),
                         ends[i].says == NULL ? "done" : "right_lost", "%s", ends[i].change);
        cr_expect_eq(chunks, ends[i].says == NULL ? 5 : 0, "%s", ends[i].change);
        jobs_destroy(&j);
    }
    (void)super_sql(maker);
}

/* J-008: within a second, and what is done stays done. */
Test(jobs, a_right_lost_between_chunks_ends_it, .init = setup, .fini = teardown)
{
    submit();
    struct jobs *j = worker();
    for (int i = 0; i < 3; i++)
        cr_assert(jobs_step(j));
    (void)super_sql("UPDATE identity.account SET disabled = true WHERE id = " ID("account"));
    (void)usleep(1100000);
    run_all(j);
    SAYS("status", "failed");
    SAYS("error_code", "right_lost");
    SAYS("done", "2");
    SAYS("lease_owner", "-");
    jobs_destroy(&j);
    (void)super_sql(maker);
}

#define TWO_COUNTIES "{[\"431302\",\"431302~\"),[\"431321\",\"431321~\")}"

/* J-009: it is run in what is the maker's now, and never in more than it was asked for. */
Test(jobs, a_job_runs_in_what_is_its_makers_now, .init = setup, .fini = teardown)
{
    submit_in(TWO_COUNTIES, "{water,road}");
    (void)super_sql("UPDATE identity.post SET ranges = '{431302,4303}', scope_lines = "
                    "'{road,school}' WHERE id = " ID("post"));
    struct jobs *j = worker();
    run_all(j);
    SAYS("status", "done");
    cr_assert_str_eq(scope, "{[431302,431302~)} registry_worker 431302", "%s", scope);
    SAYS("scope", "{[431302,431302~)}");
    SAYS("scope_lines", "{road}");
    SAYS("ancestors", "{000000000000,430000000000,431300000000}");
    jobs_destroy(&j);
    (void)super_sql(maker);
}

Test(jobs, a_job_that_began_in_more_does_not_go_on_in_less, .init = setup, .fini = teardown)
{
    submit_in(TWO_COUNTIES, "");
    struct jobs *j = worker(), *heir = worker();
    for (int i = 0; i < 3; i++)
        cr_assert(jobs_step(j));
    (void)super_sql("UPDATE identity.post SET ranges = '{431302}' WHERE id = " ID("post"));
    (void)super_sql("UPDATE registry.job SET lease_until = now() - interval '1 second'");
    run_all(heir);
    SAYS("error_code", "right_lost");
    SAYS("error_detail", "The scope that the work began in is no longer whole.");
    SAYS("done", "2");
    jobs_destroy(&j);
    jobs_destroy(&heir);
    (void)super_sql(maker);
}

/* J-010. */
Test(jobs, a_schedule_whose_maker_lost_the_right_is_stopped, .init = setup, .fini = teardown)
{
    static const char says[] =
        "SELECT enabled || ' ' || coalesce(error_code || ': ' || error_detail, '-') || ' ' || "
        "version || ' ' || (SELECT count(*) FROM registry.job) || ' ' || (SELECT count(*) FROM "
        "registry.audit_log l WHERE l.record_id = s.id AND l.verb = 'stop_schedule' AND l.before "
        "->> 'enabled' = 'true') FROM registry.schedule s";
    new_schedule();
    (void)super_sql("DELETE FROM identity.role_permission WHERE role = 'jobs_role' AND permission "
                    "= 'job.schedule'");
    struct jobs *j = worker();
    cr_assert_not(jobs_keep(j));
    cr_assert_str_eq(
        super_sql(says),
        "false right_lost: The account no longer has the permission job.schedule. 2 0 1", "%s",
        super_sql(says));
    cr_assert_not(jobs_keep(j), "once");
    (void)super_sql(maker);
    (void)super_sql("UPDATE registry.schedule SET enabled = true, error_code = NULL");
    cr_assert(jobs_keep(j));
    jobs_destroy(&j);
}

/* clang-format off */
static const struct { const char *rule, *after, *next; } runs[] = { /* by the clock of Asia/Shanghai */
    {"every 15m",          "2026-06-30 10:00", "2026-06-30 10:15"},
    {"every 2h",           "2026-06-30 23:00", "2026-07-01 01:00"},
    {"daily 02:00",        "2026-06-30 01:59", "2026-06-30 02:00"},
    {"daily 02:00",        "2026-06-30 02:00", "2026-07-01 02:00"},
    {"workday 08:30",      "2026-04-30 09:00", "2026-05-06 08:30"}, /* 劳动节 */
    {"workday 08:30",      "2026-02-13 09:00", "2026-02-14 08:30"}, /* 调休 */
    {"weekly mon 08:30",   "2026-06-29 08:00", "2026-06-29 08:30"},
    {"weekly mon 08:30",   "2026-06-29 09:00", "2026-07-06 08:30"},
    {"weekly sun 23:59",   "2026-06-29 09:00", "2026-07-05 23:59"},
    {"monthly 5 09:00",    "2026-06-30 10:00", "2026-07-05 09:00"},
    {"monthly 28 09:00",   "2026-01-28 09:00", "2026-02-28 09:00"},
    {"yearly 01-05 09:00", "2026-06-30 10:00", "2027-01-05 09:00"},
    {"yearly 02-28 09:00", "2028-02-27 10:00", "2028-02-28 09:00"},
    {"monthly 31 09:00",   "2026-06-30 10:00", "-"},
    {"weekly mo 09:00",    "2026-06-30 10:00", "-"},
    {"daily 24:00",        "2026-06-30 10:00", "-"},
    {"daily 02:00 02:00",  "2026-06-30 10:00", "-"},
    {"every 0m",           "2026-06-30 10:00", "-"},
    {"every day",          "2026-06-30 10:00", "-"},
    {"",                   "2026-06-30 10:00", "-"},
    {"workday 08:30",      "2050-06-30 10:00", "-"},
};
/* clang-format on */

Test(jobs, a_rule_names_its_next_time)
{
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        char text[300];
        (void)snprintf(text, sizeof text,
                       "SELECT coalesce(to_char(zeren.next_run('%s', '%s+08') AT TIME ZONE "
                       "'Asia/Shanghai', 'YYYY-MM-DD HH24:MI'), '-')",
                       runs[i].rule, runs[i].after);
        const char *next = super_sql(text);
        cr_assert_str_eq(next, runs[i].next, "%s behind %s: %s", runs[i].rule, runs[i].after, next);
    }
}

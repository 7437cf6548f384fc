/* tests/db/test_pool.c - a bounded pool: never more connections than its size, first come first
 * served, refusals in time, and a database that goes away and comes back. */
#include <pthread.h>
#include <time.h>

#include "core/clock.h"
#include "support.h"

static struct pool *pool;
static struct err err;

static void open_pool(int size, int acquire_ms)
{
    struct pool_options o = test_pool_options(size);
    o.acquire_ms = acquire_ms;
    pool = pool_create(&o);
    cr_assert_not_null(pool);
}

static void teardown(void)
{
    pool_destroy(&pool);
    cr_assert_null(pool);
}

TestSuite(pool, .fini = teardown, .timeout = 120);

static void pause_ms(long ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    (void)nanosleep(&t, NULL);
}

static struct pool_stats stats(void)
{
    struct pool_stats s;
    pool_stats(pool, &s);
    return s;
}

Test(pool, opens_what_is_used_and_reuses_it)
{
    open_pool(3, 60000);
    cr_assert_eq(stats().open, 0);
    struct conn *a = pool_acquire(pool, &err);
    cr_assert_not_null(a, "%s", err.cause);
    cr_assert_eq(stats().busy, 1);
    pool_release(pool, a);
    for (int i = 0; i < 5; i++) {
        struct conn *again = pool_acquire(pool, &err);
        cr_assert_eq(again, a, "the one used last");
        pool_release(pool, again);
    }
    cr_assert_eq(stats().opened, 1);
    cr_assert_eq(stats().acquired, 6);
    cr_assert_eq(stats().busy, 0);
}

Test(pool, refuses_in_time_when_all_are_lent)
{
    open_pool(1, 3000);
    struct conn *a = pool_acquire(pool, &err);
    cr_assert_not_null(a, "%s", err.cause);
    int64_t start = clock_ticks_us();
    cr_assert_null(pool_acquire(pool, &err));
    int64_t waited = clock_ticks_us() - start;
    cr_assert_eq(err.code, ERR_BUSY);
    cr_assert_geq(waited, 2990 * 1000);
    cr_assert_lt(waited, 60 * 1000 * 1000);
    cr_assert_eq(stats().timeouts, 1);
    cr_assert_eq(stats().waiting, 0);
    pool_release(pool, a);
}

enum { WAITERS = 5 };
static int served[WAITERS], n_served;
static pthread_mutex_t served_lock = PTHREAD_MUTEX_INITIALIZER;

static void *wait_turn(void *arg)
{
    struct err e = {.code = ERR_NONE};
    struct conn *c = pool_acquire(pool, &e);
    (void)pthread_mutex_lock(&served_lock);
    served[n_served++] = *(int *)arg;
    (void)pthread_mutex_unlock(&served_lock);
    pool_release(pool, c);
    return NULL;
}

Test(pool, serves_in_order_of_coming)
{
    open_pool(1, 60000);
    struct conn *a = pool_acquire(pool, &err);
    pthread_t threads[WAITERS];
    int names[WAITERS];
    for (int i = 0; i < WAITERS; i++) {
        names[i] = i;
        (void)pthread_create(&threads[i], NULL, wait_turn, &names[i]);
        while (stats().waiting != i + 1)
            pause_ms(1);
    }
    pool_release(pool, a);
    for (int i = 0; i < WAITERS; i++)
        (void)pthread_join(threads[i], NULL);
    for (int i = 0; i < WAITERS; i++)
        cr_expect_eq(served[i], i);
}

static void *work(void *arg)
{
    int *most = arg;
    for (int i = 0; i < 50; i++) {
        struct err e = {.code = ERR_NONE};
        struct conn *c = pool_acquire(pool, &e);
        cr_assert_not_null(c, "%s", e.cause);
        int busy = stats().busy;
        *most = busy > *most ? busy : *most;
        pool_release(pool, c);
    }
    return NULL;
}

Test(pool, never_lends_more_than_its_size)
{
    enum { THREADS = 12 };
    open_pool(3, 60000);
    pthread_t threads[THREADS];
    int most[THREADS] = {0};
    for (int i = 0; i < THREADS; i++)
        (void)pthread_create(&threads[i], NULL, work, &most[i]);
    for (int i = 0; i < THREADS; i++) {
        (void)pthread_join(threads[i], NULL);
        cr_expect_leq(most[i], 3);
    }
    cr_assert_leq(stats().opened, 3);
    cr_assert_eq(stats().acquired, THREADS * 50);
}

Test(pool, old_connections_are_replaced)
{
    struct pool_options o = test_pool_options(1);
    o.lifetime_s = 1;
    pool = pool_create(&o);
    pool_release(pool, pool_acquire(pool, &err));
    pause_ms(1100);
    pool_release(pool, pool_acquire(pool, &err));
    cr_assert_eq(stats().opened, 2);
}

Test(pool, says_when_there_is_no_database)
{
    struct pool_options o = test_pool_options(2);
    o.conninfo = "host=/tmp/nowhere dbname=zeren user=registry_service";
    o.acquire_ms = 3000;
    pool = pool_create(&o);
    cr_assert_null(pool_acquire(pool, &err));
    cr_assert_eq(err.code, ERR_DB_DOWN);
    cr_assert_str_not_empty(err.cause);
    cr_assert_gt(stats().failed, 1, "it tried more than once");
    pause_ms(350);
    int64_t start = clock_ticks_us();
    for (int i = 0; i < 20; i++) {
        err_clear(&err);
        cr_assert_null(pool_acquire(pool, &err));
        cr_assert_eq(err.code, ERR_DB_DOWN);
    }
    cr_assert_lt(clock_ticks_us() - start, 30 * 1000 * 1000, "nobody waits for what is known");
    cr_assert_lt(stats().failed, 40, "nor tries without pause");
}

Test(pool, bad_settings_are_ours)
{
    struct pool_options o = test_pool_options(1);
    o.conninfo = "dbname=zeren";
    o.acquire_ms = 100;
    pool = pool_create(&o);
    cr_assert_null(pool_acquire(pool, &err));
    cr_assert_eq(err.code, ERR_INTERNAL);
}

Test(pool, readiness_survives_a_killed_backend)
{
    struct pool_options o = test_pool_options(1);
    o.application_name = "registry/ready";
    pool = pool_create(&o);
    cr_assert(pool_ready(pool, &err), "%s", err.cause);
    (void)super_sql("SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity"
                    " WHERE application_name = 'registry/ready'");
    cr_assert(pool_ready(pool, &err), "%s", err.cause);
    cr_assert_eq(stats().opened, 2);
    cr_assert_eq(stats().busy, 0);
}

/* The settings that change what a statement means, whatever the environment says. */
Test(pool, settings_are_pinned)
{
    (void)setenv("PGTZ", "Asia/Tokyo", 1);
    (void)setenv("PGDATESTYLE", "German", 1);
    (void)setenv("PGOPTIONS", "-c statement_timeout=1", 1);
    (void)setenv("PGAPPNAME", "other", 1);
    struct pool_options o = test_pool_options(1);
    o.statement_ms = 50000;
    o.lock_ms = 7500;
    pool = pool_create(&o);
    struct arena *arena = arena_create(1 << 20);
    struct test_sql s = test_sql(
        arena, "-- name: settings :rows\n"
               "SELECT concat_ws(' ', current_setting('TimeZone'), current_setting('DateStyle'),"
               " current_setting('statement_timeout'), current_setting('lock_timeout'),"
               " current_setting('idle_in_transaction_session_timeout'),"
               " current_setting('application_name'), current_setting('client_encoding'),"
               " current_setting('search_path'))");
    struct tx t = {.pool = pool, .arena = arena, .scope = "{}", .lines = ""};
    struct rows *r;
    cr_assert(tx_run(&t, test_form(&s, "settings"), NULL, &r, &err), "%s", err.cause);
    cr_assert_str_eq(rows_text(r, 0, 0),
                     "UTC ISO, MDY 50s 7500ms 50s registry/test UTF8 registry, zeren");
    arena_destroy(&arena);
}

/* tests/db/test_work.c - the engine of a worker's tasks: steps again when there is more, later when
 * one failed, a stop that waits for the step under way; and a consumer of the feed (E-007), run by
 * two workers at once. */
#include "work/work.h"

#include <stdatomic.h>
#include <unistd.h>

#include "core/clock.h"
#include "feed/consumer.h"
#include "sql_feed.h"
#include "support.h"

TestSuite(work, .timeout = 120);

/* --- the engine --- */

static atomic_int steps, active, slow_done;

static enum work_result count_to_five(struct work_step *s)
{
    int *n = s->state;
    atomic_fetch_add(&steps, 1);
    work_count(s, 1);
    return ++*n < 5 ? WORK_FULL : WORK_NONE;
}

static enum work_result fail(struct work_step *s)
{
    atomic_fetch_add(&steps, 1);
    err_set(&s->err, ERR_DB_DOWN, NULL, "%s", "");
    return WORK_FAILED;
}

static enum work_result be_slow(struct work_step *s)
{
    atomic_store(&active, 1);
    for (int i = 0; i < 100 && !work_stopping(s); i++)
        usleep(10000);
    usleep(100000);
    atomic_store(&slow_done, 1);
    return WORK_NONE;
}

static struct work *start(const struct work_task *task)
{
    static const struct work_task *tasks[2];
    struct err err = {.code = ERR_NONE};
    tasks[0] = task;
    struct work *w = work_start(&(struct work_options){.tasks = tasks, .service = "test"}, &err);
    cr_assert_not_null(w);
    return w;
}

static void wait_for_steps(int n)
{
    for (int i = 0; i < 30000 && atomic_load(&steps) < n; i++)
        usleep(1000);
    cr_assert_geq(atomic_load(&steps), n);
}

static bool five_are_done(struct work *w)
{
    struct arena *a = arena_create(1 << 20);
    struct buf out;
    buf_init(&out, a, 1 << 16);
    work_metrics(w, &out);
    bool done = strstr(buf_text(&out), "done_total{service=\"test\",task=\"t\"} 5\n") != NULL;
    arena_destroy(&a);
    return done;
}

Test(work, a_step_with_more_to_do_is_followed_at_once_and_one_without_waits)
{
    static const struct work_task t = {
        .name = "t", .step = count_to_five, .idle_ms = 60000, .state_size = sizeof(int)};
    struct work *w = start(&t);
    wait_for_steps(5);
    for (int i = 0; i < 30000 && !five_are_done(w); i++)
        usleep(1000);
    cr_expect(five_are_done(w));
    work_stop(&w); /* does not wait for the minute */
    cr_expect_eq(atomic_load(&steps), 5);
    cr_expect_null(w);
}

Test(work, a_step_that_failed_is_tried_again_after_pauses_that_grow)
{
    static const struct work_task t = {.name = "t", .step = fail, .idle_ms = 1};
    int64_t began = clock_ticks_us();
    struct work *w = start(&t);
    wait_for_steps(4); /* after 0, 100, 300 and 700 ms */
    work_stop(&w);
    cr_expect_geq(clock_ticks_us() - began, 690 * 1000);
}

Test(work, a_stop_waits_for_the_step_under_way)
{
    static const struct work_task t = {.name = "t", .step = be_slow, .idle_ms = 1};
    struct work *w = start(&t);
    while (atomic_load(&active) == 0)
        usleep(1000);
    work_stop(&w);
    cr_expect_eq(atomic_load(&slow_done), 1);
}

/* --- a consumer --- */

/* Counts what it is given where its place is kept, in the transaction that moves it. */
static const char counting[] =
    "-- name: count_events :exec\n"
    "UPDATE feed_consumer SET seq = seq + (SELECT count(*) FROM event WHERE in_country = ''"
    " AND seq > :after::bigint AND seq <= :upto::bigint AND kind = 'item') WHERE name = "
    "'test_sum'\n";

/* As in a process of its own: its pool, its forms. */
static struct work *start_worker(struct arena *a, struct pool **ret_pool,
                                 const struct work_task *task)
{
    struct pool_options o = test_pool_options(2);
    o.conninfo = test_db("registry_worker");
    *ret_pool = pool_create(&o);
    const struct work_task **tasks = arena_array(a, const struct work_task *, 2);
    struct err err = {.code = ERR_NONE};
    const struct stmt *const apply = ((const struct consumer *)task->arg)->apply;
    const struct stmt **all = arena_array(a, const struct stmt *, 20);
    size_t n = 0;
    while (sql_feed_all[n] != NULL) {
        all[n] = sql_feed_all[n];
        n++;
    }
    all[n] = apply;
    tasks[0] = task;
    struct stmt_set *forms = stmt_set_create(a, all, &err);
    cr_assert_not_null(forms, "%s", err.cause);
    struct work *w = work_start(
        &(struct work_options){
            .pool = *ret_pool, .forms = forms, .tasks = tasks, .service = "test"},
        &err);
    cr_assert_not_null(w);
    return w;
}

Test(work, E_007_a_consumer_gets_every_event_once_whoever_runs_it)
{
    super_sql("UPDATE registry.feed SET last_seq = 900300; INSERT INTO registry.event (seq, at,"
              " verb, kind, id, version, owner_division) SELECT 900000 + n, now(), 'v',"
              " CASE n % 3 WHEN 0 THEN 'report' ELSE 'item' END, md5(n::text)::uuid, 1,"
              " '431302000000' FROM generate_series(1, 300) n;"
              "INSERT INTO registry.feed_consumer (name, seq) VALUES ('test_sum', 0),"
              " ('test_place', 900000)");
    struct arena *a = arena_create(16 << 20);
    struct test_sql s = test_sql(a, counting);
    struct stmt apply = *test_stmt(&s, "count_events");
    const struct consumer c = {
        .name = "test_place", .kinds = "{item}", .apply = &apply, .batch = 7};
    const struct work_task t = {.name = "c", .step = feed_consume, .idle_ms = 20, .arg = &c};
    struct pool *pools[2];
    struct work *one = start_worker(a, &pools[0], &t), *two = start_worker(a, &pools[1], &t);
    const char *place = "";
    for (int i = 0; i < 2000 && strcmp(place, "900300") != 0; i++) {
        usleep(20000);
        place = super_sql("SELECT seq FROM registry.feed_consumer WHERE name = 'test_place'");
    }
    work_stop(&one);
    work_stop(&two);
    char sum[32];
    (void)snprintf(sum, sizeof sum, "%s",
                   super_sql("SELECT seq FROM registry.feed_consumer WHERE name = 'test_sum'"));
    pool_destroy(&pools[0]);
    pool_destroy(&pools[1]);
    arena_destroy(&a);
    super_sql("DELETE FROM registry.feed_consumer WHERE name ~ '^test_'; DELETE FROM"
              " registry.event WHERE seq > 900000; UPDATE registry.feed SET last_seq = 0");
    cr_assert_str_eq(sum, "200", "two thirds of three hundred");
}

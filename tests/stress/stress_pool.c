/* tests/stress/stress_pool.c - a hundred threads on four connections, some of which are ended by
 * the server, under ThreadSanitizer: no connection is lent twice, none is lost, nobody waits for
 * ever. Needs ZEREN_TEST_DB, a superuser's conninfo; without one it does nothing. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "db/stmt.h"
#include "db/tx.h"

enum { THREADS = 100, CONNECTIONS = 4, SECONDS = 4 };

/* Says which backend answered, and under which scope. */
static const struct stmt who = {
    .name = "stress_who",
    .kind = STMT_ROWS,
    .text = "SELECT pg_backend_pid()::text, current_setting('zeren.scope', true), "
            "pg_sleep(0.001)::text",
    .index = 0,
};
static const struct stmt end_one = {
    .name = "stress_end_one",
    .kind = STMT_ROWS,
    .text = "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity WHERE application_name = "
            "'stress_pool' ORDER BY random() LIMIT 1",
    .index = 1,
};
static const struct stmt *const statements[] = {&who, &end_one, NULL};

static struct {
    struct pool *pool, *axe;
    struct stmt_set *set;
    struct arena *arena;
    atomic_bool stop;
    atomic_ulong done, refused, wrong;
} stress;

static bool ask(struct pool *pool, const struct stmt *st, const char *scope, bool *ret_own_scope)
{
    struct arena *a = arena_create(1024 * 1024);
    struct tx tx = {.pool = pool, .arena = a, .scope = scope, .lines = ""};
    struct rows *rows = NULL;
    struct err err = {0};
    bool done = tx_run(&tx, stmt_form(stress.set, st), NULL, &rows, &err);
    if (done && st == &who)
        *ret_own_scope = rows_count(rows) == 1 && strcmp(rows_text(rows, 0, 1), scope) == 0;
    tx_end(&tx);
    arena_destroy(&a);
    return done;
}

static void *worker(void *arg)
{
    char scope[64];
    (void)snprintf(scope, sizeof scope, "{[\"%06u\",\"%06u~\")}", (unsigned)(uintptr_t)arg,
                   (unsigned)(uintptr_t)arg);
    while (!atomic_load(&stress.stop)) {
        bool own = true;
        bool done = ask(stress.pool, &who, scope, &own);
        atomic_fetch_add(done ? &stress.done : &stress.refused, 1);
        if (!own)
            atomic_fetch_add(&stress.wrong, 1);
    }
    return NULL;
}

static struct pool *open_pool(const char *conninfo, const char *name, int size)
{
    return pool_create(&(struct pool_options){.conninfo = conninfo,
                                              .search_path = "zeren",
                                              .application_name = name,
                                              .size = size,
                                              .acquire_ms = 2000,
                                              .statement_ms = 5000,
                                              .lock_ms = 5000,
                                              .lifetime_s = 600});
}

static int verdict(void)
{
    struct pool_stats s;
    pool_stats(stress.pool, &s);
    printf("%lu done, %lu refused, %lu under another's scope; %d open, %d busy, %d waiting\n",
           atomic_load(&stress.done), atomic_load(&stress.refused), atomic_load(&stress.wrong),
           s.open, s.busy, s.waiting);
    bool good = atomic_load(&stress.done) > THREADS && atomic_load(&stress.wrong) == 0 &&
                atomic_load(&stress.refused) * 10 < atomic_load(&stress.done) && s.busy == 0 &&
                s.waiting == 0 && s.open <= CONNECTIONS;
    return good ? 0 : 1;
}

int main(void)
{
    pthread_t threads[THREADS];
    struct err err = {0};
    const char *conninfo = getenv("ZEREN_TEST_DB");
    if (conninfo == NULL) {
        puts("skipped: ZEREN_TEST_DB is not set");
        return 0;
    }
    stress.arena = arena_create(1024 * 1024);
    stress.set = stmt_set_create(stress.arena, statements, &err);
    stress.pool = open_pool(conninfo, "stress_pool", CONNECTIONS);
    stress.axe = open_pool(conninfo, "stress_axe", 1);
    if (stress.set == NULL || stress.pool == NULL || stress.axe == NULL)
        return 2;
    for (uintptr_t i = 0; i < THREADS; i++) {
        if (pthread_create(&threads[i], NULL, worker, (void *)i) != 0)
            return 2;
    }
    for (int i = 0; i < SECONDS * 10; i++) {
        bool ignored;
        usleep(100000);
        (void)ask(stress.axe, &end_one, "{}", &ignored);
    }
    atomic_store(&stress.stop, true);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    int status = verdict();
    pool_destroy(&stress.pool);
    pool_destroy(&stress.axe);
    arena_destroy(&stress.arena);
    return status;
}

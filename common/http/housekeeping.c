/* common/http/housekeeping.c - one thread that forgets old rows in small batches. A failure is
 * logged and tried again the next minute: nothing waits for it. */
#include "http/housekeeping.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "core/log.h"
#include "db/tx.h"
#include "files/collect.h"
#include "sql_engine.h"

#include "core/banned.h"

enum {
    EVERY_S = 60,
    SET_MEMORY = 4 * 1024 * 1024,
    RUN_MEMORY = 1024 * 1024,
    STACK_BYTES = 256 * 1024,
    VALUES_MAX = 8 /* parameters of one statement */
};

struct housekeeping {
    struct pool *worker;
    char hours[24];
    struct arena *forms, *run;
    const struct stmt *const *own; /* of the service; NULL: none */
    struct stmt_set *engine_set, *own_set;
    struct collector *files; /* NULL: the service keeps none */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t stop_asked;
    bool stop;
};

/* The values of a statement's parameters, by their names. */
static void fill(const struct housekeeping *h, const struct stmt_form *f, const char *now,
                 const char **values)
{
    for (unsigned i = 0; i < f->n_params && i < VALUES_MAX; i++)
        values[i] = strcmp(f->params[i], "now") == 0 ? now : h->hours;
}

/* One batch; `ret_n` is how many rows it removed. */
static bool forget_batch(struct housekeeping *h, const struct stmt_form *f, long *ret_n,
                         struct err *err)
{
    char now[32];
    const char *values[VALUES_MAX] = {NULL};
    struct rows *rows = NULL;
    struct tx tx = {.pool = h->worker, .arena = h->run, .scope = "{}", .lines = ""};
    clock_format(clock_now(), now);
    fill(h, f, now, values);
    bool ok = tx_run(&tx, f, values, &rows, err);
    const char *n = ok && rows_count(rows) == 1 ? rows_text(rows, 0, 0) : NULL;
    *ret_n = n == NULL ? 0 : strtol(n, NULL, 10);
    tx_end(&tx);
    arena_reset(h->run);
    return ok;
}

static bool must_stop(struct housekeeping *h)
{
    pthread_mutex_lock(&h->lock);
    bool stop = h->stop;
    pthread_mutex_unlock(&h->lock);
    return stop;
}

/* Batch by batch, until there is none left. */
static void forget_by(struct housekeeping *h, const struct stmt_form *f)
{
    long n = 0, sum = 0;
    struct err err = {0};
    do {
        if (!forget_batch(h, f, &n, &err)) {
            log_event(ERR_LEVEL_WARN, "job", "cause",
                      err.cause[0] == '\0' ? err_class(err.code)->code : err.cause);
            return;
        }
        sum += n;
    } while (n > 0 && !must_stop(h));
    if (sum == 0)
        return;
    struct log_line l;
    log_begin(&l, ERR_LEVEL_INFO, "job");
    log_text(&l, "name", f->name);
    log_int(&l, "count", sum);
    log_end(&l);
}

static void log_collected(const char *what, long n)
{
    struct log_line l;
    if (n == 0)
        return;
    log_begin(&l, ERR_LEVEL_INFO, "job");
    log_text(&l, "name", what);
    log_int(&l, "count", n);
    log_end(&l);
}

static void collect_files(struct housekeeping *h)
{
    struct err err = {0};
    struct files_collected n;
    if (h->files == NULL)
        return;
    if (!files_collect(h->files, &n, &err))
        log_event(ERR_LEVEL_WARN, "job", "cause",
                  err.cause[0] == '\0' ? err_class(err.code)->code : err.cause);
    log_collected("files_expired", n.expired);
    log_collected("files_strays", n.strays);
    log_collected("files_blobs", n.blobs);
    log_collected("files_lost", n.lost);
}

static void forget_all(struct housekeeping *h)
{
    forget_by(h, stmt_form(h->engine_set, &SQL_idempotency_forget));
    for (size_t i = 0; h->own != NULL && h->own[i] != NULL && !must_stop(h); i++)
        forget_by(h, stmt_form(h->own_set, h->own[i]));
    collect_files(h);
}

/* False when told to stop. */
static bool wait_a_minute(struct housekeeping *h)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += EVERY_S;
    pthread_mutex_lock(&h->lock);
    int waited = 0;
    while (!h->stop && waited == 0)
        waited = pthread_cond_timedwait(&h->stop_asked, &h->lock, &until);
    bool go_on = !h->stop;
    pthread_mutex_unlock(&h->lock);
    return go_on;
}

static void *work(void *arg)
{
    struct housekeeping *h = arg;
    while (wait_a_minute(h))
        forget_all(h);
    return NULL;
}

static bool start_thread(struct housekeeping *h)
{
    pthread_attr_t attr;
    pthread_condattr_t monotonic;
    pthread_mutex_init(&h->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&h->stop_asked, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    bool ok = pthread_create(&h->thread, &attr, work, h) == 0;
    pthread_attr_destroy(&attr);
    return ok;
}

static void release(struct housekeeping *h)
{
    files_collector_destroy(&h->files);
    arena_destroy(&h->forms);
    arena_destroy(&h->run);
    free(h);
}

static bool make_forms(struct housekeeping *h, struct err *err)
{
    if (h->forms == NULL || h->run == NULL)
        return err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
    h->engine_set = stmt_set_create(h->forms, sql_engine_all, err);
    if (h->engine_set == NULL || h->own == NULL)
        return h->engine_set != NULL;
    h->own_set = stmt_set_create(h->forms, h->own, err);
    return h->own_set != NULL;
}

struct housekeeping *housekeeping_start(struct pool *worker, int64_t idempotency_hours,
                                        const struct stmt *const *forget,
                                        const struct file_store *files, struct err *err)
{
    struct housekeeping *h = calloc(1, sizeof *h);
    if (h == NULL) {
        err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
        return NULL;
    }
    h->worker = worker;
    h->own = forget;
    snprintf(h->hours, sizeof h->hours, "%lld", (long long)idempotency_hours);
    h->forms = arena_create(SET_MEMORY);
    h->run = arena_create(RUN_MEMORY);
    if (files != NULL)
        h->files = files_collector_create(worker, files, err);
    if ((files == NULL || h->files != NULL) && make_forms(h, err)) {
        if (start_thread(h))
            return h;
        err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
    }
    release(h);
    return NULL;
}

void housekeeping_stop(struct housekeeping **h)
{
    if (*h == NULL)
        return;
    pthread_mutex_lock(&(*h)->lock);
    (*h)->stop = true;
    pthread_cond_signal(&(*h)->stop_asked);
    pthread_mutex_unlock(&(*h)->lock);
    pthread_join((*h)->thread, NULL);
    pthread_cond_destroy(&(*h)->stop_asked);
    pthread_mutex_destroy(&(*h)->lock);
    release(*h);
    *h = NULL;
}

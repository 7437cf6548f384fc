/* common/work/work.c - see work.h. A task that fails is logged and tried again; it never ends its
 * process, and never holds another task up. */
#include "work/work.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/log.h"

#include "core/banned.h"

enum {
    STEP_MEMORY = 64 * 1024 * 1024,
    STACK_BYTES = 512 * 1024,
    FIRST_PAUSE_MS = 100,
    LONGEST_PAUSE_MS = 10000
};

struct work_thread {
    struct work *work;
    const struct work_task *task;
    struct arena *arena;
    void *state;
    pthread_t id;
    bool started;
    int pause_ms; /* after the last failure; 0: there was none */
    atomic_int_fast64_t steps, failures, done, gauges[2];
};

struct work {
    struct work_options o;
    pthread_mutex_t lock;
    pthread_cond_t stop_asked;
    bool stop;
    size_t n;
    struct work_thread *threads;
};

static bool must_stop(struct work *w)
{
    pthread_mutex_lock(&w->lock);
    bool stop = w->stop;
    pthread_mutex_unlock(&w->lock);
    return stop;
}

bool work_stopping(const struct work_step *s)
{
    return must_stop(s->thread->work);
}

void work_count(struct work_step *s, int64_t done)
{
    atomic_fetch_add(&s->thread->done, done);
}

void work_gauge(struct work_step *s, size_t i, int64_t value)
{
    atomic_store(&s->thread->gauges[i], value);
}

static const char *value_of(const struct work_value *values, const char *name)
{
    for (; values != NULL && values->name != NULL; values++) {
        if (strcmp(values->name, name) == 0)
            return values->text;
    }
    return strncmp(name, "caller_may_", 11) == 0 ? "false" : NULL;
}

bool work_query(struct work_step *s, const struct stmt *st, const struct work_value *values,
                struct rows **ret)
{
    const struct stmt_form *f = stmt_form(s->forms, st);
    const char **bound = arena_array(s->arena, const char *, f->n_params + 1);
    struct rows *rows = NULL;
    if (bound == NULL)
        return err_set(&s->err, ERR_NO_MEMORY, NULL, "%s", "");
    for (unsigned i = 0; i < f->n_params; i++)
        bound[i] = value_of(values, f->params[i]);
    if (!tx_run(&s->tx, f, bound, &rows, &s->err))
        return false;
    if (ret != NULL)
        *ret = rows;
    return true;
}

static void log_failure(const struct work_thread *t, const struct err *err)
{
    struct log_line l;
    log_begin(&l, ERR_LEVEL_WARN, "job");
    log_text(&l, "name", t->task->name);
    log_text(&l, "error", err_class(err->code)->code);
    log_text(&l, "cause", err->cause[0] == '\0' ? NULL : err->cause);
    log_end(&l);
}

static enum work_result run_step(struct work_thread *t)
{
    struct work *w = t->work;
    struct work_step s = {
        .task = t->task,
        .pool = w->o.pool,
        .forms = w->o.forms,
        .owner = w->o.owner,
        .keys = w->o.keys,
        .arena = t->arena,
        .state = t->state,
        .tx = {.pool = w->o.pool, .arena = t->arena, .scope = "{[\"\",\"~\")}", .lines = ""},
        .thread = t,
    };
    enum work_result r = t->task->step(&s);
    tx_end(&s.tx);
    atomic_fetch_add(&t->steps, 1);
    if (r == WORK_FAILED) {
        atomic_fetch_add(&t->failures, 1);
        if (t->pause_ms == 0 || t->pause_ms >= LONGEST_PAUSE_MS)
            log_failure(t, &s.err);
    }
    arena_reset(t->arena);
    return r;
}

static int wait_after(struct work_thread *t, enum work_result r)
{
    if (r == WORK_FAILED) {
        int next = t->pause_ms == 0 ? FIRST_PAUSE_MS : 2 * t->pause_ms;
        t->pause_ms = next > LONGEST_PAUSE_MS ? LONGEST_PAUSE_MS : next;
        return t->pause_ms;
    }
    t->pause_ms = 0;
    if (r == WORK_FULL)
        return 0;
    return r == WORK_SOME ? t->task->busy_ms : t->task->idle_ms;
}

/* False when told to stop. */
static bool wait_ms(struct work *w, int ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += ms % 1000 * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    pthread_mutex_lock(&w->lock);
    int waited = 0;
    while (!w->stop && waited == 0)
        waited = pthread_cond_timedwait(&w->stop_asked, &w->lock, &until);
    bool go_on = !w->stop;
    pthread_mutex_unlock(&w->lock);
    return go_on;
}

static void *run_thread(void *arg)
{
    struct work_thread *t = arg;
    while (wait_ms(t->work, wait_after(t, run_step(t))))
        continue;
    if (t->task->end != NULL)
        t->task->end(t->state);
    return NULL;
}

static bool start_thread(struct work *w, struct work_thread *t, const struct work_task *task)
{
    pthread_attr_t attr;
    t->work = w;
    t->task = task;
    t->arena = arena_create(STEP_MEMORY);
    t->state = calloc(1, task->state_size + 1);
    if (t->arena == NULL || t->state == NULL)
        return false;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    t->started = pthread_create(&t->id, &attr, run_thread, t) == 0;
    pthread_attr_destroy(&attr);
    return t->started;
}

static void init_lock(struct work *w)
{
    pthread_condattr_t monotonic;
    pthread_mutex_init(&w->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&w->stop_asked, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

struct work *work_start(const struct work_options *o, struct err *err)
{
    struct work *w = calloc(1, sizeof *w);
    size_t n = 0;
    while (o->tasks[n] != NULL)
        n++;
    if (w != NULL)
        w->threads = calloc(n + 1, sizeof *w->threads);
    if (w == NULL || w->threads == NULL) {
        free(w);
        err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
        return NULL;
    }
    w->o = *o;
    w->n = n;
    init_lock(w);
    for (size_t i = 0; i < n; i++) {
        if (start_thread(w, &w->threads[i], o->tasks[i]))
            continue;
        err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
        work_stop(&w);
        return NULL;
    }
    return w;
}

void work_stop(struct work **pw)
{
    struct work *w = *pw;
    if (w == NULL)
        return;
    pthread_mutex_lock(&w->lock);
    w->stop = true;
    pthread_cond_broadcast(&w->stop_asked);
    pthread_mutex_unlock(&w->lock);
    for (size_t i = 0; i < w->n; i++) {
        if (w->threads[i].started)
            pthread_join(w->threads[i].id, NULL);
        arena_destroy(&w->threads[i].arena);
        free(w->threads[i].state);
    }
    pthread_cond_destroy(&w->stop_asked);
    pthread_mutex_destroy(&w->lock);
    free(w->threads);
    free(w);
    *pw = NULL;
}

static void counter(const struct work *w, struct buf *out, const char *name, size_t member)
{
    buf_printf(out, "# TYPE %s counter\n", name);
    for (size_t i = 0; i < w->n; i++) {
        const struct work_thread *t = &w->threads[i];
        const void *at = (const char *)t + member;
        buf_printf(out, "%s{service=\"%s\",task=\"%s\"} %lld\n", name, w->o.service, t->task->name,
                   (long long)atomic_load((const atomic_int_fast64_t *)at));
    }
}

static void gauges(const struct work_thread *t, const char *service, struct buf *out)
{
    for (size_t i = 0; i < 2 && t->task->gauges[i] != NULL; i++)
        buf_printf(out, "# TYPE %s gauge\n%s{service=\"%s\"} %lld\n", t->task->gauges[i],
                   t->task->gauges[i], service, (long long)atomic_load(&t->gauges[i]));
}

void work_metrics(const struct work *w, struct buf *out)
{
    counter(w, out, "zeren_work_steps_total", offsetof(struct work_thread, steps));
    counter(w, out, "zeren_work_failures_total", offsetof(struct work_thread, failures));
    counter(w, out, "zeren_work_done_total", offsetof(struct work_thread, done));
    for (size_t i = 0; i < w->n; i++)
        gauges(&w->threads[i], w->o.service, out);
}

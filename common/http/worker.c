/* common/http/worker.c - see worker.h. Which tasks there are is a list: what every service has,
 * then what comes with its jobs, files and sealed columns, then its own. */
#include "http/worker.h"

#include "batch/keep.h"
#include "feed/sequencer.h"
#include "files/store.h"
#include "http/engine_tables.h"
#include "http/housekeeping.h"
#include "http/ops.h"
#include "http/process.h"
#include "http/reseal.h"
#include "http/settings.h"
#include "jobs/job_task.h"
#include "keys/keyring.h"
#include "sql_batch.h"
#include "sql_engine.h"
#include "sql_feed.h"
#include "sql_jobs.h"
#include "work/work.h"

#include "core/banned.h"

/* How soon a job that waits is seen (claiming wakes nobody), a schedule that is due, and keys that
 * have changed: nobody gains by another pace. */
enum {
    WORKER_MEMORY = 64 * 1024 * 1024,
    LOOK_MS = 500,
    KEEP_MS = 5000,
    KEYS_MS = 1000,
    TASKS_MAX = 64
};

static const struct work_task *const every_service[] = {&feed_retention, &feed_lag, NULL};

static bool no_memory(struct err *err)
{
    return err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
}

bool worker_configure(struct process *p, const struct service *s, struct err *err)
{
    struct engine *e = &p->engine;
    p->service = s;
    p->arena = arena_create(WORKER_MEMORY);
    if (p->arena == NULL)
        return no_memory(err);
    if (!worker_settings_load(p->arena, &p->settings, err) || !process_move_clock(p, err))
        return false;
    *e = (struct engine){.settings = &p->settings, .arena = p->arena, .service = s};
    const struct stmt *const *all = statements_joined(p->arena, s->statements, sql_engine_all);
    all = all == NULL ? NULL : statements_joined(p->arena, all, sql_feed_all);
    all = all == NULL ? NULL : statements_joined(p->arena, all, sql_jobs_all);
    if (s->batches != NULL)
        all = all == NULL ? NULL : statements_joined(p->arena, all, sql_batch_all);
    if (all == NULL)
        return no_memory(err);
    e->statements = stmt_set_create(p->arena, all, err);
    return e->statements != NULL;
}

/* The list of tasks on its way. */
struct list {
    struct arena *arena;
    const struct work_task **tasks;
    size_t n;
};

/* One that the process makes of its settings; false when out of memory. */
static bool add(struct list *l, struct work_task task)
{
    struct work_task *kept = arena_new(l->arena, struct work_task);
    if (kept == NULL || task.name == NULL || l->n == TASKS_MAX)
        return false;
    *kept = task;
    l->tasks[l->n++] = kept;
    return true;
}

static bool add_all(struct list *l, const struct work_task *const *tasks)
{
    for (; tasks != NULL && *tasks != NULL; tasks++) {
        if (!add(l, **tasks))
            return false;
    }
    return true;
}

/* Those that run jobs, and the one that starts what schedules have due. */
static bool add_jobs(struct list *l, const struct process *p)
{
    struct job_place *place = arena_new(l->arena, struct job_place);
    if (place == NULL)
        return false;
    *place = (struct job_place){.kinds = p->service->jobs, .dir = p->settings.files_dir};
    struct work_task task = {.name = "job_keeper",
                             .step = job_keep_step,
                             .end = job_run_end,
                             .arg = place,
                             .state_size = sizeof(struct jobs *),
                             .idle_ms = KEEP_MS};
    bool ok = add(l, task);
    task.step = job_run_step;
    task.idle_ms = LOOK_MS;
    for (int i = 1; ok && i <= p->settings.jobs_at_once; i++) {
        task.name = arena_printf(l->arena, "job_runner_%d", i);
        ok = add(l, task);
    }
    return ok;
}

/* As fast as there is something to number, and otherwise as its setting says. */
static bool add_sequencer(struct list *l, const struct process *p)
{
    struct work_task task = feed_sequencer;
    task.idle_ms = (int)p->settings.feed_look_ms;
    return add(l, task);
}

static bool add_keeping(struct list *l, const struct process *p)
{
    int round_ms = (int)p->settings.housekeeping_s * 1000;
    bool ok = add(l, (struct work_task){
                         .name = "housekeeping", .step = housekeeping_step, .idle_ms = round_ms});
    if (ok && p->store != NULL)
        ok = add(l, (struct work_task){.name = "files_collector",
                                       .step = collecting_step,
                                       .end = collecting_end,
                                       .arg = p->store,
                                       .state_size = sizeof(struct collector *),
                                       .idle_ms = round_ms});
    if (ok && p->engine.reseal != NULL)
        ok = add(l, (struct work_task){.name = "reseal", .step = reseal_step, .idle_ms = KEYS_MS});
    return ok;
}

static bool list_tasks(struct list *l, const struct process *p)
{
    static const struct work_task *const of_batches[] = {&batch_keeping, NULL};
    const struct service *s = p->service;
    return l->tasks != NULL && add_sequencer(l, p) && add_all(l, every_service) &&
           add_keeping(l, p) && (s->jobs == NULL || add_jobs(l, p)) &&
           (s->batches == NULL || add_all(l, of_batches)) && add_all(l, s->work);
}

/* Keys, where its rows are sealed; the store, where it keeps files. */
static bool open_things(struct process *p, struct err *err)
{
    const struct service *s = p->service;
    if (!process_open_keys(p, err))
        return false;
    if (s->sealed != NULL && p->engine.keyring != NULL)
        p->engine.reseal = reseal_create(&p->engine, err);
    if (s->sealed != NULL && p->engine.keyring != NULL && p->engine.reseal == NULL)
        return false;
    if (s->files == NULL)
        return true;
    if (*p->settings.files_dir == '\0')
        return err_set(err, ERR_INVALID, "FILES_DIR",
                       "ZEREN_FILES_DIR: this service has files and needs a place for them");
    p->store = file_store_open(p->settings.files_dir, err);
    return p->store != NULL;
}

bool worker_start(struct process *p, struct err *err)
{
    struct engine *e = &p->engine;
    if (!open_things(p, err))
        return false;
    struct list l = {.arena = p->arena,
                     .tasks = arena_array(p->arena, const struct work_task *, TASKS_MAX + 1)};
    if (!list_tasks(&l, p))
        return no_memory(err);
    /* one more than there are tasks: for readiness; and of a table two chunks are applied at once
     */
    int64_t ahead = p->service->batches == NULL ? 0 : p->settings.jobs_at_once;
    e->pool = process_open_pool(p, "worker", (int64_t)l.n + 1 + ahead, true);
    if (e->pool == NULL)
        return no_memory(err);
    const struct work_options o = {.pool = e->pool,
                                   .forms = e->statements,
                                   .tasks = l.tasks,
                                   .owner = e,
                                   .keys = e->keyring,
                                   .service = p->service->name};
    e->work = work_start(&o, err);
    if (e->work == NULL)
        return false;
    p->ops = ops_start(e, err);
    if (p->ops == NULL)
        return false;
    ops_set_ready(p->ops, true);
    return true;
}

void worker_stop(struct process *p)
{
    if (p->ops != NULL)
        ops_set_ready(p->ops, false);
    work_stop(&p->engine.work);
    ops_stop(&p->ops);
    pool_destroy(&p->engine.pool);
    reseal_destroy(&p->engine.reseal);
    file_store_close(&p->store);
    keyring_close(p->engine.keyring);
    p->engine.keyring = NULL;
    arena_destroy(&p->arena);
}

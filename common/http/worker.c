/* common/http/worker.c - see worker.h. Which tasks there are is a list: the feed's, then the
 * service's own. */
#include "http/worker.h"

#include "feed/sequencer.h"
#include "http/engine_tables.h"
#include "http/ops.h"
#include "http/process.h"
#include "http/settings.h"
#include "jobs/job_task.h"
#include "sql_batch.h"
#include "sql_engine.h"
#include "sql_feed.h"
#include "sql_jobs.h"
#include "work/work.h"

#include "core/banned.h"

enum { WORKER_MEMORY = 64 * 1024 * 1024, JOBS_AT_ONCE = 2, KEEP_MS = 5000, LOOK_MS = 500 };

static const struct work_task *const every_service[] = {&feed_sequencer, &feed_retention, &feed_lag,
                                                        NULL};

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

static size_t length_of(const struct work_task *const *list)
{
    size_t n = 0;
    while (list != NULL && list[n] != NULL)
        n++;
    return n;
}

static const struct work_task *const *tasks_joined(struct arena *a,
                                                   const struct work_task *const *first,
                                                   const struct work_task *const *second)
{
    size_t n = length_of(first), m = length_of(second);
    const struct work_task **all = arena_array(a, const struct work_task *, n + m + 1);
    for (size_t i = 0; all != NULL && i < n + m; i++)
        all[i] = i < n ? first[i] : second[i - n];
    return all;
}

/* Those that run jobs, and the one that starts what schedules have due. */
static const struct work_task *const *job_tasks(struct arena *a, const struct job_place *place)
{
    const struct work_task **all = arena_array(a, const struct work_task *, JOBS_AT_ONCE + 2);
    struct work_task *made = arena_array(a, struct work_task, JOBS_AT_ONCE + 1);
    for (int i = 0; all != NULL && made != NULL && i <= JOBS_AT_ONCE; i++) {
        bool runs = i < JOBS_AT_ONCE;
        made[i] = (struct work_task){
            .name = runs ? arena_printf(a, "job_runner_%d", i + 1) : "job_keeper",
            .step = runs ? job_run_step : job_keep_step,
            .end = job_run_end,
            .arg = place,
            .state_size = sizeof(struct jobs *),
            .idle_ms = runs ? LOOK_MS : KEEP_MS,
        };
        all[i] = &made[i];
    }
    return made == NULL ? NULL : all;
}

static const struct work_task *const *all_tasks(const struct process *p)
{
    const struct service *s = p->service;
    const struct work_task *const *all = tasks_joined(p->arena, every_service, s->work);
    if (s->jobs == NULL || all == NULL)
        return all;
    struct job_place *place = arena_new(p->arena, struct job_place);
    if (place == NULL)
        return NULL;
    *place = (struct job_place){.kinds = s->jobs, .dir = p->settings.files_dir};
    const struct work_task *const *jobs = job_tasks(p->arena, place);
    return jobs == NULL ? NULL : tasks_joined(p->arena, all, jobs);
}

bool worker_start(struct process *p, struct err *err)
{
    struct engine *e = &p->engine;
    const struct work_task *const *tasks = all_tasks(p);
    if (tasks == NULL)
        return no_memory(err);
    /* one more than there are tasks: for readiness */
    e->pool = process_open_pool(p, "worker", (int64_t)length_of(tasks) + 1, true);
    if (e->pool == NULL)
        return no_memory(err);
    const struct work_options o = {.pool = e->pool,
                                   .forms = e->statements,
                                   .tasks = tasks,
                                   .owner = e,
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
    arena_destroy(&p->arena);
}

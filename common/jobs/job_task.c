/* common/jobs/job_task.c - see job_task.h. */
#include "jobs/job_task.h"

#include "core/banned.h"

/* The thread's own; made at its first step. */
static struct jobs *mine(struct work_step *s)
{
    struct jobs **j = s->state;
    const struct job_place *p = s->task->arg;
    if (*j == NULL)
        *j = jobs_create(&(struct jobs_options){.pool = s->pool,
                                                .kinds = p->kinds,
                                                .statements = s->forms,
                                                .dir = p->dir,
                                                .keys = s->keys},
                         &s->err);
    return *j;
}

enum work_result job_run_step(struct work_step *s)
{
    struct jobs *j = mine(s);
    if (j == NULL)
        return WORK_FAILED;
    bool did = jobs_step(j);
    work_count(s, did ? 1 : 0);
    return did ? WORK_FULL : WORK_NONE;
}

enum work_result job_keep_step(struct work_step *s)
{
    struct jobs *j = mine(s);
    if (j == NULL)
        return WORK_FAILED;
    return jobs_keep(j) ? WORK_FULL : WORK_NONE;
}

void job_run_end(void *state)
{
    struct jobs **j = state;
    if (*j != NULL)
        jobs_release(*j);
    jobs_destroy(j);
}

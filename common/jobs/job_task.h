/* common/jobs/job_task.h - jobs as tasks of a worker process (work/task.h). Its statements hold
 * sql_jobs_all. */
#ifndef ZEREN_JOBS_JOB_TASK_H
#define ZEREN_JOBS_JOB_TASK_H

#include "jobs/job.h"
#include "work/task.h"

/* `arg` of these tasks. */
struct job_place {
    const struct job_kind *kinds;
    const char *dir; /* where files of the service are kept; or NULL */
};

/* One that runs jobs of the kinds in `arg` (struct job_place), and the one that keeps schedules and
 * forgets old jobs. As many of the first as jobs may run at once:
 *   {.name = "job_runner_1", .step = job_run_step, .end = job_run_end, .arg = &place,
 *    .state_size = sizeof(struct jobs *), .busy_ms = 0, .idle_ms = 500} */
enum work_result job_run_step(struct work_step *s);
enum work_result job_keep_step(struct work_step *s);
void job_run_end(void *state);

#endif

/* common/work/work.h - runs the tasks of a worker process, each on a thread of its own. */
#ifndef ZEREN_WORK_WORK_H
#define ZEREN_WORK_WORK_H

#include "core/buf.h"
#include "work/task.h"

struct work;

struct work_options {
    struct pool *pool; /* as many connections as there are tasks, at least; outlives the work */
    const struct stmt_set *forms;
    const struct work_task *const *tasks; /* NULL-terminated */
    const void *owner;                    /* handed to every step */
    const char *service;                  /* for metrics */
    struct keyring *keys;                 /* of sealed fields, for every step; or NULL */
};

/* Starts a thread for each task. NULL with `err` set, and then none runs. */
struct work *work_start(const struct work_options *o, struct err *err);

/* Tells all threads to end, and waits for the steps under way. Accepts NULL, nulls the pointer. */
void work_stop(struct work **w);

/* Steps, failures and what was done, by task, and the tasks' gauges, as metrics. */
void work_metrics(const struct work *w, struct buf *out);

#endif

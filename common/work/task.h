/* common/work/task.h - one kind of work that a worker process does, step by step: the sequencer of
 * the feed, a consumer of it, a runner of jobs, a schedule. A task knows what one step is; when and
 * on which thread steps run, and what becomes of one that fails, is work.c's. */
#ifndef ZEREN_WORK_TASK_H
#define ZEREN_WORK_TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/err.h"
#include "db/pool.h"
#include "db/stmt.h"
#include "db/tx.h"

enum work_result {
    WORK_NONE,  /* nothing to do: looks again after idle_ms */
    WORK_SOME,  /* did something: looks again after busy_ms */
    WORK_FULL,  /* did a whole batch, and there is more: at once */
    WORK_FAILED /* step->err says why: tried again after a pause that doubles, ten seconds at most
                 */
};

struct work_step;

struct work_task {
    const char *name; /* in the log and in metrics: "feed_sequencer" */
    enum work_result (*step)(struct work_step *s);
    int busy_ms, idle_ms;
    size_t state_size;        /* bytes that the task keeps from step to step, zeroed at first */
    const char *gauges[2];    /* in metrics, what work_gauge() says: "zeren_feed_waiting_rows" */
    const void *arg;          /* its own, for tasks that share a step function */
    void (*end)(void *state); /* on the task's thread, behind its last step; or NULL */
};

/* What one step has at hand. It runs on the task's own thread, which has a connection of the pool
 * to itself, and ends within some seconds: a stop waits for it. */
struct work_step {
    const struct work_task *task;
    struct pool *pool; /* of the worker's role */
    struct keyring
        *keys; /* of sealed fields, for field_open() and the like; NULL: there are none */
    const struct stmt_set *forms; /* the service's statements, the engine's and the feed's */
    const void *owner;            /* what the process gave to work_start() */
    struct arena *arena;          /* emptied after each step */
    void *state;                  /* of state_size bytes */
    struct err err;
    struct tx tx;               /* open in every scope; given back after the step */
    struct work_thread *thread; /* work.c's */
};

/* Is the process told to stop? A long step asks between its parts, and ends. */
bool work_stopping(const struct work_step *s);

/* A value of a statement's parameter, by its name. Lists end with {0}. */
struct work_value {
    const char *name, *text;
};

/* Nobody asks: :caller_may_<permission> is 'false'. Runs a :rows or :exec statement in every scope,
 * in a trip of its own, or as part of tx_begin(&s->tx, …). `ret` may be NULL. Fails with s->err
 * set. */
bool work_query(struct work_step *s, const struct stmt *st, const struct work_value *values,
                struct rows **ret) __attribute__((warn_unused_result));

/* Counts what a step did, for metrics. */
void work_count(struct work_step *s, int64_t done);

/* Says how much there is of the task's gauge of that index, until the next time. */
void work_gauge(struct work_step *s, size_t i, int64_t value);

#endif

/* common/jobs/job.h - work that outlasts a request, run chunk by chunk by a worker. A chunk is one
 * transaction in the scope of who asked for the job: it does its work, says where it left off, and
 * is whole or not at all; a worker that is killed leaves a job that another goes on with. Rules:
 * proto/jobs.md. Knows no request and no kind of work. */
#ifndef ZEREN_JOBS_JOB_H
#define ZEREN_JOBS_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "core/clock.h"
#include "core/date.h"
#include "db/stmt.h"
#include "db/tx.h"

/* A job on its way, as one chunk sees it. Strings live as long as the chunk. */
struct jobs;

struct job_run {
    struct arena *arena;               /* of this chunk */
    struct tx *tx;                     /* open, in the submitter's scope, as the worker's role */
    const struct stmt_set *statements; /* of the service */
    const char *id, *kind;
    const char *account, *post, *organisation; /* who asked; organisation may be NULL */
    const char *owner_division;
    const char *scope_lo, *scope_hi; /* the smallest range around the submitter's scope */
    const char *params;              /* JSON object */
    const char *position;            /* where the chunk before left off; NULL: at the beginning */
    instant_us now;
    struct date today;

    /* what the chunk says */
    int64_t total;             /* -1: not known */
    int64_t done, failed;      /* rows in all, moved on by the chunk */
    const char *next_position; /* in the arena */
    const char *result;        /* JSON object, of the last chunk; NULL: none */

    struct keyring *keys;    /* for field_open() and the like; NULL: the service seals nothing */
    const char *permissions; /* array literal: what its maker must be permitted while it runs */

    const void *arg; /* of the kind */
    const char *dir; /* where files of the service are kept; NULL: nowhere */
    void *state;     /* of the kind, kept between chunks of one process; NULL at the first */
    bool begun;      /* `prepare` has begun the transaction itself, with work of this chunk in it */
    bool again; /* something beside the chunk may be in its way: should it fail with ERR_BUSY, it is
                   run once more at once, `state` closed, before the job is put off */
    struct jobs *jobs; /* private */
};

enum job_step { JOB_MORE, JOB_DONE };

/* A kind of work. Rows end with {0}. `prepare`, which may be NULL, does what needs no database
 * before a chunk's transaction is begun, for a chunk must not keep one open while it reads files:
 * it sees the run without a transaction, and may bring one. `chunk` takes two seconds at most. What
 * they fail with is the job's error: ERR_DB_DOWN, ERR_BUSY, ERR_UNKNOWN_OUTCOME and what a retry
 * may help are tried again later. `close` releases `state`; may be NULL. */
struct job_kind {
    const char *name;
    bool (*prepare)(struct job_run *r, struct err *err);
    bool (*chunk)(struct job_run *r, enum job_step *ret, struct err *err);
    void (*close)(void *state);
    bool by_rule;    /* a schedule may start it, with what its route would take */
    int permission;  /* with by_rule: what a schedule of it needs (enum permission), which tells it
                        nothing; 0: it takes a table out, and its params say which */
    const void *arg; /* its own, for kinds that share functions */
};

/* For chunks: runs a :rows, :exec, :one or :view statement of the service. Values by name: the
 * pairs given (NULL-terminated: name, value, ...), then :now, :today, :caller_account,
 * :caller_post, :caller_organisation, :scope_lo, :scope_hi, :job_id, :caller_may_<permission>
 * ('true' for those in job_run.permissions, which its maker has still); NULL for all others. */
bool job_query(struct job_run *r, const struct stmt *st, const char *const *pairs,
               struct rows **ret, struct err *err) __attribute__((warn_unused_result));

/* Is that right, a permission's code or one to a mask, in job_run.permissions? */
bool job_may(const struct job_run *r, const char *right);

/* Adds to the job's report: a JSON array of {row, nth, outcome, code, column, detail, record_id}.
 */
bool job_report(struct job_run *r, const char *rows, struct err *err)
    __attribute__((warn_unused_result));

struct jobs_options {
    struct pool *pool; /* of the worker's role */
    const struct job_kind *kinds;
    const struct stmt_set *statements; /* the service's, and sql_jobs_all */
    const char *dir;                   /* where files of the service are kept; or NULL */
    struct keyring *keys;              /* of sealed fields; or NULL */
};

/* NULL with ERR_NO_MEMORY. One thread uses it. */
struct jobs *jobs_create(const struct jobs_options *o, struct err *err);
void jobs_destroy(struct jobs **j);

/* Claims a job if none is held, and runs one chunk of it. False: there was nothing to do, or the
 * database is away: wait a moment. */
bool jobs_step(struct jobs *j);

/* Gives a held job back, so that another worker need not wait for its lease. */
void jobs_release(struct jobs *j);

/* Starts what schedules have due, and forgets what is old. False when there was nothing. */
bool jobs_keep(struct jobs *j);

#endif

/* common/jobs/jobs.c - claims a job, runs it chunk by chunk, and says how it ended. What a chunk
 * did and how far the job is by it are one transaction, so a job goes on where it was, whoever
 * dies. Each chunk has the scope of who asked (J-001), as far as it is theirs still (J-008). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/log.h"
#include "core/str.h"
#include "core/uuid.h"
#include "jobs/job.h"
#include "jobs/job_values.h"
#include "sql_jobs.h"

#include "core/banned.h"

enum {
    KEPT_MEMORY = 16 * 1024,
    HELD_MEMORY = 4 * 1024 * 1024, /* what is known of a job: its parameters above all */
    CHUNK_MEMORY = 64 * 1024 * 1024,
    RIGHT_US = 1000000 /* a right that was lost is felt within a second, as by requests */
};

struct held { /* the job that this worker has */
    const struct job_kind *kind;
    const char *id, *scope, *lines, *ancestors, *account, *post, *organisation, *division, *params;
    const char *scope_lo, *scope_hi, *permissions;
    char *position; /* its own memory: it outlives chunks */
    int64_t total, done, failed;
    int64_t right_us; /* when its maker's right was looked at last; 0: not yet */
    bool begun;       /* a chunk of it was run */
    void *state;
};

struct jobs {
    struct jobs_options options;
    struct arena *kept, *job, *chunk;
    const char *kinds; /* array literal */
    char worker[UUID_TEXT];
    struct held *held; /* NULL: none */
};

static const char *now_text(struct arena *a)
{
    char *text = arena_alloc(a, 32);
    if (text != NULL)
        clock_format(clock_now(), text);
    return text;
}

static bool no_memory(struct err *err)
{
    return err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
}

/* --- statements of our own --- */

static bool run(struct jobs *j, struct tx *t, const struct stmt *st, const char *const *pairs,
                struct rows **ret, struct err *err)
{
    const struct stmt_form *f = stmt_form(j->options.statements, st);
    char today[11];
    const char *now = now_text(t->arena);
    date_format(clock_date(clock_now()), today);
    const char *const more[] = {
        "now",     now,     "today",  today, "worker",
        j->worker, "kinds", j->kinds, "id",  j->held == NULL ? NULL : j->held->id,
        NULL};
    const char *const *values = job_values(t->arena, f, pairs, more, NULL);
    return now != NULL && values != NULL ? tx_run(t, f, values, ret, err) : no_memory(err);
}

/* In a transaction of its own, without a scope. */
static bool run_alone(struct jobs *j, struct arena *a, const struct stmt *st,
                      const char *const *pairs, struct rows **ret, struct err *err)
{
    struct tx t = {.pool = j->options.pool, .arena = a, .scope = "{}", .lines = ""};
    bool ok = run(j, &t, st, pairs, ret, err);
    tx_end(&t);
    return ok;
}

bool job_query(struct job_run *r, const struct stmt *st, const char *const *pairs,
               struct rows **ret, struct err *err)
{
    char now[32], today[11];
    clock_format(r->now, now);
    date_format(r->today, today);
    /* clang-format off */
    const char *const more[] = {
        "now", now, "today", today, "caller_account", r->account, "caller_post", r->post,
        "caller_organisation", r->organisation, "scope_lo", r->scope_lo, "scope_hi", r->scope_hi,
        "job_id", r->id, NULL};
    /* clang-format on */
    const struct stmt_form *f = stmt_form(r->statements, st);
    const char *const *values = job_values(r->arena, f, pairs, more, r->permissions);
    return values != NULL ? tx_run(r->tx, f, values, ret, err) : no_memory(err);
}

/* --- having a job --- */

static void log_job(enum err_level level, const struct held *h, const char *what,
                    const struct err *err)
{
    struct log_line l;
    log_begin(&l, level, "job");
    log_text(&l, "name", h->kind->name);
    log_text(&l, "record", h->id);
    log_text(&l, "detail", what);
    log_int(&l, "count", h->done);
    if (err != NULL && err->code != ERR_NONE) {
        log_text(&l, "error", err_class(err->code)->code);
        log_text(&l, "cause", err->cause[0] == '\0' ? NULL : err->cause);
    }
    log_end(&l);
}

static void close_state(struct held *h)
{
    if (h->kind->close != NULL && h->state != NULL)
        h->kind->close(h->state);
    h->state = NULL;
}

static void drop(struct jobs *j)
{
    struct held *h = j->held;
    j->held = NULL;
    if (h == NULL)
        return;
    close_state(h);
    free(h->position);
    arena_reset(j->job);
}

static const struct job_kind *kind_of(const struct jobs *j, const char *name)
{
    const struct job_kind *k = j->options.kinds;
    while (k->name != NULL && strcmp(k->name, name) != 0)
        k++;
    return k->name == NULL ? NULL : k;
}

static int64_t number(const char *text, int64_t absent)
{
    int64_t n = absent;
    return text != NULL && str_int(text, 0, INT64_MAX, &n) ? n : absent;
}

static const char *kept(struct jobs *j, const struct rows *r, size_t column)
{
    return arena_strdup(j->job, rows_text(r, 0, column));
}

/* What the claim says, copied: the rows go with their arena. */
static struct held *hold(struct jobs *j, const struct rows *r)
{
    struct held *h = arena_new(j->job, struct held);
    if (h == NULL)
        return NULL;
    *h = (struct held){.kind = kind_of(j, rows_text(r, 0, 1)),
                       .id = kept(j, r, 0),
                       .scope = kept(j, r, 2),
                       .lines = kept(j, r, 3),
                       .ancestors = kept(j, r, 4),
                       .account = kept(j, r, 5),
                       .post = kept(j, r, 6),
                       .organisation = kept(j, r, 7),
                       .division = kept(j, r, 8),
                       .params = kept(j, r, 9),
                       .total = number(rows_text(r, 0, 11), -1),
                       .done = number(rows_text(r, 0, 12), 0),
                       .failed = number(rows_text(r, 0, 13), 0),
                       .scope_lo = kept(j, r, 15),
                       .scope_hi = kept(j, r, 16),
                       .permissions = kept(j, r, 17)};
    const char *position = rows_text(r, 0, 10);
    h->position = position == NULL ? NULL : strdup(position);
    h->begun = position != NULL;
    bool whole = h->kind != NULL && h->id != NULL && h->scope != NULL && h->lines != NULL &&
                 h->ancestors != NULL && h->params != NULL && h->permissions != NULL &&
                 (position == NULL || h->position);
    if (!whole)
        free(h->position);
    return whole ? h : NULL;
}

/* J-002. */
static bool claim(struct jobs *j)
{
    struct err err = {.code = ERR_NONE};
    struct rows *rows = NULL;
    bool ok = run_alone(j, j->chunk, &SQL_job_claim, NULL, &rows, &err);
    if (ok && rows_count(rows) == 1)
        j->held = hold(j, rows);
    if (!ok)
        log_event(ERR_LEVEL_WARN, "job", "cause", err.cause);
    bool cancelled = j->held != NULL && str_equal(rows_text(rows, 0, 14), "cancelling");
    arena_reset(j->chunk);
    if (cancelled) {
        static const char *const pairs[] = {"status", "cancelled", NULL};
        (void)!run_alone(j, j->chunk, &SQL_job_end, pairs, &rows, &err);
        arena_reset(j->chunk);
        drop(j);
    }
    return j->held != NULL || cancelled;
}

/* --- what its maker may do --- */

static bool replace(struct jobs *j, const char **text, const char *now)
{
    if (!str_equal(*text, now))
        *text = arena_strdup(j->job, now);
    return *text != NULL;
}

/* J-009: the scope is the part of it that is the maker's now. */
static bool take_right(struct jobs *j, const struct rows *r, struct err *err)
{
    struct held *h = j->held;
    const char *lost = rows_text(r, 0, 0);
    if (lost != NULL)
        return err_set(err, ERR_RIGHT_LOST, NULL, "%s", lost);
    return (replace(j, &h->scope, rows_text(r, 0, 1)) &&
            replace(j, &h->lines, rows_text(r, 0, 2)) &&
            replace(j, &h->ancestors, rows_text(r, 0, 3)) &&
            replace(j, &h->scope_lo, rows_text(r, 0, 4)) &&
            replace(j, &h->scope_hi, rows_text(r, 0, 5))) ||
           no_memory(err);
}

/* J-008. ERR_STATE: the job is another worker's. */
static bool look_at_right(struct jobs *j, struct err *err)
{
    struct held *h = j->held;
    int64_t asked_us = clock_ticks_us();
    struct rows *rows = NULL;
    if (h->right_us != 0 && asked_us - h->right_us < RIGHT_US)
        return true;
    const char *const pairs[] = {"begun", h->begun ? "true" : "false", NULL};
    if (!run_alone(j, j->chunk, &SQL_job_right, pairs, &rows, err))
        return false;
    if (rows_count(rows) == 0)
        return err_set(err, ERR_STATE, NULL, "%s", "");
    h->right_us = asked_us;
    return take_right(j, rows, err);
}

/* --- a chunk --- */

static bool report_end(struct jobs *j, struct tx *t, const char *state, const char *result,
                       struct err *err)
{
    const char *const pairs[] = {"status", state, "result", result, NULL};
    struct rows *rows = NULL;
    return run(j, t, &SQL_job_end, pairs, &rows, err) &&
           (rows_count(rows) == 1 || err_set(err, ERR_STATE, NULL, "%s", ""));
}

static const char *digits(struct arena *a, int64_t n)
{
    return n < 0 ? NULL : arena_printf(a, "%lld", (long long)n);
}

/* J-003. `ret_state`: what the job's row says by now. ERR_STATE: it is another worker's. */
static bool move(struct jobs *j, struct job_run *r, const char **ret_state, struct err *err)
{
    const char *const pairs[] = {
        "position", r->next_position,          "total",  digits(r->arena, r->total),
        "done",     digits(r->arena, r->done), "failed", digits(r->arena, r->failed),
        NULL};
    struct rows *rows = NULL;
    if (!run(j, r->tx, &SQL_job_move, pairs, &rows, err))
        return false;
    if (rows_count(rows) == 0)
        return err_set(err, ERR_STATE, NULL, "%s", "");
    *ret_state = rows_text(rows, 0, 0);
    return true;
}

bool job_report(struct job_run *r, const char *rows, struct err *err)
{
    struct jobs *j = r->jobs;
    const char *const pairs[] = {"rows", rows, NULL};
    struct rows *ignored = NULL;
    return run(j, r->tx, &SQL_job_report, pairs, &ignored, err);
}

static void begin_run(struct jobs *j, struct tx *t, struct job_run *r)
{
    struct held *h = j->held;
    *t = (struct tx){.pool = j->options.pool,
                     .arena = j->chunk,
                     .scope = h->scope,
                     .lines = h->lines,
                     .ancestors = h->ancestors};
    *r = (struct job_run){.arena = j->chunk,
                          .tx = t,
                          .statements = j->options.statements,
                          .id = h->id,
                          .kind = h->kind->name,
                          .account = h->account,
                          .post = h->post,
                          .organisation = h->organisation,
                          .owner_division = h->division,
                          .scope_lo = h->scope_lo,
                          .scope_hi = h->scope_hi,
                          .params = h->params,
                          .position = h->position,
                          .now = clock_now(),
                          .total = h->total,
                          .done = h->done,
                          .failed = h->failed,
                          .arg = h->kind->arg,
                          .dir = j->options.dir,
                          .keys = j->options.keys,
                          .permissions = h->permissions,
                          .state = h->state,
                          .jobs = j};
    r->today = clock_date(r->now);
}

/* Work, place and end in one transaction. `ret_over`: the job has ended by it. */
static bool run_chunk(struct jobs *j, struct tx *t, struct job_run *r, const char **ret_over,
                      struct err *err)
{
    enum job_step step = JOB_MORE;
    const char *state = NULL;
    const struct job_kind *k = j->held->kind;
    j->held->begun = true;
    bool ok = k->prepare == NULL || k->prepare(r, err);
    j->held->state = r->state; /* whatever became of it, it is to be closed */
    if (!ok || (!r->begun && !tx_begin(t, NULL, err)))
        return false;
    ok = k->chunk(r, &step, err);
    j->held->state = r->state;
    if (!ok || !move(j, r, &state, err))
        return false;
    *ret_over = step == JOB_DONE ? "done" : str_equal(state, "cancelling") ? "cancelled" : NULL;
    if (*ret_over != NULL && !report_end(j, t, *ret_over, r->result, err))
        return false;
    return tx_commit(t, err);
}

/* How far it is, for the next chunk. */
static bool take_over(struct held *h, const struct job_run *r)
{
    char *position = r->next_position == NULL ? NULL : strdup(r->next_position);
    if (r->next_position != NULL && position == NULL)
        return false;
    free(h->position);
    h->position = position;
    h->total = r->total;
    h->done = r->done;
    h->failed = r->failed;
    return true;
}

/* J-005. */
static bool may_pass(const struct err *err)
{
    return err_class(err->code)->retryable || strcmp(err->sqlstate, "40001") == 0 ||
           strcmp(err->sqlstate, "40P01") == 0;
}

/* The job goes back, or ends; where the database is away, its lease runs out. */
static void fail_job(struct jobs *j, const struct err *why)
{
    struct err err = {.code = ERR_NONE};
    struct rows *rows = NULL;
    bool again = may_pass(why);
    const char *detail = why->detail[0] != '\0' ? why->detail : err_class(why->code)->title;
    const char *const pairs[] = {"status",       "failed", "error_code", err_class(why->code)->code,
                                 "error_detail", detail,   NULL};
    bool ours = !again && why->code != ERR_RIGHT_LOST;
    close_state(j->held); /* nothing of it is under way when another worker has the job */
    log_job(ours ? ERR_LEVEL_ERROR : ERR_LEVEL_WARN, j->held, again ? "put off" : "failed", why);
    (void)!run_alone(j, j->chunk, again ? &SQL_job_put_off : &SQL_job_end, pairs, &rows, &err);
    arena_reset(j->chunk);
    drop(j);
}

/* One chunk, if its maker may have it still. */
static bool step(struct jobs *j, struct job_run *r, const char **ret_over, struct err *err)
{
    struct tx t;
    bool may = look_at_right(j, err);
    arena_reset(j->chunk);
    if (!may)
        return false;
    begin_run(j, &t, r);
    bool ok = run_chunk(j, &t, r, ret_over, err);
    tx_end(&t);
    if (ok && *ret_over == NULL && !take_over(j->held, r))
        ok = no_memory(err);
    arena_reset(j->chunk);
    return ok;
}

bool jobs_step(struct jobs *j)
{
    struct err err = {.code = ERR_NONE};
    struct job_run r = {.again = false};
    const char *over = NULL;
    if (j->held == NULL)
        return claim(j);
    bool ok = step(j, &r, &over, &err);
    if (!ok && r.again && err.code == ERR_BUSY) {
        log_job(ERR_LEVEL_INFO, j->held, "once more", &err);
        close_state(j->held);
    } else if (!ok && err.code == ERR_STATE && err.sqlstate[0] == '\0') {
        log_job(ERR_LEVEL_WARN, j->held, "lost", NULL);
        drop(j);
    } else if (!ok) {
        fail_job(j, &err);
    } else if (over != NULL) {
        j->held->done = r.done;
        log_job(ERR_LEVEL_INFO, j->held, over, NULL);
        drop(j);
    }
    return true;
}

void jobs_release(struct jobs *j)
{
    static const struct err stopping = {.code = ERR_BUSY};
    if (j->held != NULL)
        fail_job(j, &stopping);
}

static bool count_of(struct jobs *j, const struct stmt *st)
{
    struct err err = {.code = ERR_NONE};
    struct rows *rows = NULL;
    bool ok = run_alone(j, j->chunk, st, NULL, &rows, &err);
    int64_t n = ok && rows_count(rows) == 1 ? number(rows_text(rows, 0, 0), 0) : 0;
    if (!ok)
        log_event(ERR_LEVEL_WARN, "job", "cause", err.cause);
    arena_reset(j->chunk);
    return n > 0;
}

bool jobs_keep(struct jobs *j)
{
    bool started = count_of(j, &SQL_job_schedule);
    return count_of(j, &SQL_job_forget) || started;
}

static const char *names_of(struct arena *a, const struct job_kind *k)
{
    struct buf b;
    buf_init(&b, a, 4096);
    buf_char(&b, '{');
    for (; k->name != NULL; k++)
        buf_printf(&b, "%s%s", b.len > 1 ? "," : "", k->name);
    buf_char(&b, '}');
    return buf_text(&b);
}

struct jobs *jobs_create(const struct jobs_options *o, struct err *err)
{
    struct jobs *j = calloc(1, sizeof *j);
    if (j == NULL) {
        no_memory(err);
        return NULL;
    }
    j->options = *o;
    j->kept = arena_create(KEPT_MEMORY);
    j->job = arena_create(HELD_MEMORY);
    j->chunk = arena_create(CHUNK_MEMORY);
    bool whole = j->kept != NULL && j->job != NULL && j->chunk != NULL &&
                 uuid_new(clock_now(), j->worker) &&
                 (j->kinds = names_of(j->kept, o->kinds)) != NULL;
    if (!whole) {
        no_memory(err);
        jobs_destroy(&j);
    }
    return j;
}

void jobs_destroy(struct jobs **j)
{
    if (*j == NULL)
        return;
    drop(*j);
    arena_destroy(&(*j)->chunk);
    arena_destroy(&(*j)->job);
    arena_destroy(&(*j)->kept);
    free(*j);
    *j = NULL;
}

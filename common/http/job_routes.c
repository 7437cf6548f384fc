/* common/http/job_routes.c - what runs, how far it is, its report; cancel, retry; schedules. */
#include "http/job_routes.h"

#include <string.h>

#include "core/buf.h"
#include "http/batch_routes.h"
#include "http/lifecycle.h"
#include "jobs/job.h"
#include "sql_engine.h"

#include "core/banned.h"

static handler job_show, job_page, job_report_page, job_step, job_again, schedule_make,
    schedule_change;

/* Retry-After is a hint: a job is begun within half a second, and most have ended in two. */
enum { LOOK_AGAIN_S = 2, RIGHTS_MAX = 16 * 1024 };

/* clang-format off */
static const char *const job_statuses[] = {"queued", "running", "cancelling", "done", "failed", "cancelled", NULL};
static const char *const row_outcomes[] = {"created", "updated", "unchanged", "failed", "skipped", NULL};

const struct field job_fields[] = {
    F_UUID("id", IN_PATH | SHOWN, "Id of the job."),
    F_CODE("owner_division", SHOWN, "The division it is run for."),
    F_TEXT("kind", IN_QUERY | SHOWN, 1, 60, "What kind of work it is.", "stage_batch"),
    F_ENUM("status", IN_QUERY | SHOWN, job_statuses, "Where it stands."),
    F_UUID("account_id", SHOWN, "Who asked for it, or tried it again."),
    F_UUID("post_id", SHOWN, "The post acted in: the job has its scope, as far as the account may act in it still."),
    F_INT("total", SHOWN | NULLABLE, 0, INT64_C(9007199254740991), "How many rows there are, once known.", "1000"),
    F_INT("done", SHOWN, 0, INT64_C(9007199254740991), "How many are done.", "250"),
    F_INT("failed", SHOWN, 0, INT64_C(9007199254740991), "How many of these failed: /jobs/{id}/rows says which and why.", "3"),
    F_INSTANT("estimated_end_at", SHOWN | NULLABLE, "When it will be done at the speed so far."),
    F_INT("attempts", SHOWN, 0, 100, "How often it was begun since it last got on.", "1"),
    F_OBJECT("result", SHOWN | NULLABLE, NULL, "What came of it."),
    F_TEXT("error_code", SHOWN | NULLABLE, 1, 60, "Why it failed, or was put off.", "unavailable"),
    F_TEXT("error_detail", SHOWN | NULLABLE, 1, 500, "The same in words.", "The service cannot reach its database"),
    F_UUID("schedule_id", SHOWN | NULLABLE, "The schedule that started it."),
    F_INSTANT("started_at", SHOWN | NULLABLE, "When it was begun first."),
    F_INSTANT("ended_at", SHOWN | NULLABLE, "When it ended."),
    F_INSTANT("created_at", SHOWN, "When it was asked for."),
    F_VERSION(),
    FIELDS_END
};

static const struct field row_fields[] = {
    F_UUID("id", IN_PATH, "Id of the job."),
    F_INT("place", SHOWN, 1, INT64_C(9007199254740991), "Its place in the report.", "1701"),
    F_INT("row", SHOWN, 1, INT32_MAX, "The row of the table, as its program counts: 1 is the first line of the file.", "17"),
    F_ENUM("outcome", IN_QUERY | SHOWN, row_outcomes, "What became of it."),
    F_TEXT("code", SHOWN | NULLABLE, 1, 60, "Why it failed, a stable word.", "not_a_date"),
    F_TEXT("column", SHOWN | NULLABLE, 1, 100, "In which column.", "截止日期"),
    F_TEXT("detail", SHOWN | NULLABLE, 1, 500, "The same in words.", "A date is written 2026-06-18."),
    F_UUID("record_id", SHOWN | NULLABLE, "The record that came of it."),
    FIELDS_END
};

static const struct field schedule_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id of the schedule; may come from the client."),
    F_CODE("owner_division", IN_BODY | REQUIRED | SHOWN | OWN_SCOPE, "The division it is run for."),
    F_TEXT("kind", IN_BODY | REQUIRED | SHOWN, 1, 60, "What kind of work: export_table, or a service's own.", "export_table"),
    F_TEXT("rule", IN_BODY | REQUIRED | SHOWN, 5, 40, "When: every 15m, every 2h, daily 02:00, workday 08:30, weekly mon 08:30, monthly 5 09:00, yearly 01-05 09:00; by the clock of Asia/Shanghai.", "daily 02:00"),
    F_OBJECT("params", IN_BODY | REQUIRED | SHOWN, export_params, "What the work is told."),
    F_BOOL("enabled", IN_BODY | SHOWN, "False: it rests. Who sets it to true has its jobs run in the own name from then on."),
    F_UUID("account_id", SHOWN, "Who made it, or enabled it last."),
    F_UUID("post_id", SHOWN, "The post acted in: its jobs have the scope of that post, as far as the account may act in it still."),
    F_INSTANT("next_at", SHOWN | NULLABLE, "When it is due next; null where the work calendar ends before: it goes on when a further year is loaded."),
    F_UUID("last_job_id", SHOWN | NULLABLE, "The last job that it started."),
    F_TEXT("error_code", SHOWN | NULLABLE, 1, 60, "Why it was stopped.", "right_lost"),
    F_TEXT("error_detail", SHOWN | NULLABLE, 1, 500, "The same in words.", "The account may no longer act in that post."),
    F_INSTANT("created_at", SHOWN, "When it was made."),
    F_VERSION(),
    FIELDS_END
};

const struct route job_routes[] = {
    {METHOD_GET,  "/jobs",            PERM_SIGNED_IN, job_fields, &SQL_job_list,   job_page, "list_jobs", "What runs, waits and ended: the own; with job.read all of the caller's divisions"},
    {METHOD_GET,  "/jobs/:id",        PERM_SIGNED_IN, job_fields, &SQL_job_get,    job_show, "get_job", "One job: how far it is, and when it will be done"},
    {METHOD_GET,  "/jobs/:id/rows",   PERM_SIGNED_IN, row_fields, &SQL_job_row_list, job_report_page, "list_job_rows", "What became of the rows of a job"},
    {METHOD_POST, "/jobs/:id:cancel", PERM_SIGNED_IN, job_fields, &SQL_job_cancel, job_step, "cancel_job", "End a job behind the chunk that runs; what is done stays done", .probe = &SQL_job_get, .media = MEDIA_NONE},
    {METHOD_POST, "/jobs/:id:retry",  PERM_SIGNED_IN, job_fields, &SQL_job_retry,  job_again, "retry_job", "Go on with a job that failed or was cancelled, as the caller's from then on", .probe = &SQL_job_get, .media = MEDIA_NONE},
    {METHOD_GET,  "/schedules",       PERM_JOB_READ,  schedule_fields, &SQL_schedule_list,   read_page, "list_schedules", "Jobs by rule"},
    {METHOD_GET,  "/schedules/:id",   PERM_JOB_READ,  schedule_fields, &SQL_schedule_get,    read_one,  "get_schedule", "One schedule"},
    {METHOD_POST, "/schedules",       PERM_JOB_SCHEDULE, schedule_fields, &SQL_schedule_insert, schedule_make, "create_schedule", "Start a job by rule", .location = "/schedules/"},
    {METHOD_PATCH, "/schedules/:id",  PERM_JOB_SCHEDULE, schedule_fields, &SQL_schedule_change, schedule_change, "update_schedule", "Change a schedule, or let it rest; whoever enables it has its jobs run in the own name", .probe = &SQL_schedule_get},
    ROUTES_END
};

const struct stmt *const job_route_statements[] = {
    &SQL_job_get, &SQL_job_list, &SQL_job_row_list, &SQL_job_cancel, &SQL_job_retry,
    &SQL_schedule_get, &SQL_schedule_list, &SQL_schedule_insert, &SQL_schedule_change, NULL};
/* clang-format on */

/* J-007: the own jobs, or all of the divisions for who has job.read. */
static bool bind_sight(struct request *rq)
{
    bool all = permission_in(rq->principal.permissions, PERM_JOB_READ);
    return arg_bind(rq, "sees_all", all ? "true" : "false");
}

static bool job_show(struct request *rq)
{
    return bind_sight(rq) && read_one(rq);
}

static bool job_page(struct request *rq)
{
    return bind_sight(rq) && read_page(rq);
}

/* The report of a job that is not there is no empty report. */
static bool job_report_page(struct request *rq)
{
    struct rows *found = NULL;
    if (!bind_sight(rq) || !db_rows(rq, &SQL_job_get, &found))
        return false;
    return rows_count(found) == 1 ? read_page(rq) : fail(rq, ERR_NOT_FOUND, NULL, "%s", "");
}

static bool job_step(struct request *rq)
{
    return bind_sight(rq) && write_one(rq);
}

/* What the caller may do. */
static bool bind_rights(struct request *rq)
{
    struct buf b;
    buf_init(&b, rq->arena, RIGHTS_MAX);
    buf_char(&b, '{');
    for (unsigned p = PERM_SIGNED_IN + 1; p < PERM_COUNT; p++) {
        if (permission_in(rq->principal.permissions, (enum permission)p))
            buf_printf(&b, "%s%s", b.len > 1 ? "," : "", permission_code((enum permission)p));
    }
    for (unsigned m = MASK_STRICT; m <= (unsigned)rq->principal.mask; m++)
        buf_printf(&b, "%s%s", b.len > 1 ? "," : "", personal_right((enum personal_level)m));
    buf_char(&b, '}');
    const char *text = buf_text(&b);
    return text != NULL ? arg_bind(rq, "own_permissions", text)
                        : fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
}

/* J-011. */
static bool job_again(struct request *rq)
{
    return batch_retry_fits(rq) && bind_rights(rq) && job_step(rq);
}

static bool schedule_change(struct request *rq)
{
    return bind_rights(rq) && write_one(rq);
}

/* Work that is told nothing besides its scope. */
static bool work_fits(struct request *rq, enum permission needed)
{
    if (!permission_in(rq->principal.permissions, needed))
        return fail(rq, ERR_FORBIDDEN, NULL, "This needs the permission %s.",
                    permission_code(needed));
    return arg_bind(rq, "needed", permission_code(needed));
}

/* J-006: only work that a rule may start, and only by who may ask for it himself. */
static bool schedule_make(struct request *rq)
{
    const char *wanted = arg_text(rq, "kind");
    const struct job_kind *k = rq->engine->service->jobs;
    while (k != NULL && k->name != NULL && strcmp(k->name, wanted) != 0)
        k++;
    if (k == NULL || k->name == NULL || !k->by_rule)
        return problem_add(rq, (struct problem){AT_POINTER, "/kind", 0, "unknown_kind",
                                                "There is no such work by rule."});
    bool fits = k->permission == 0 ? export_fits(rq, arg_text(rq, "params"))
                                   : work_fits(rq, (enum permission)k->permission);
    return fits && write_one(rq);
}

bool reply_job(struct request *rq, const struct stmt *st)
{
    if (!db_write(rq, st, 202))
        return false;
    rq->retry_after_s = LOOK_AGAIN_S;
    return true;
}

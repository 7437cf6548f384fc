/* services/registry/worker.c - what the registry's worker does besides the feed: notices out of
 * events and away when they are old, items told one level up. Each is one
 * statement; that things are done once is said there. */
#include "core/clock.h"
#include "feed/consumer.h"
#include "registry.h"
#include "sql_registry.h"
#include "work/task.h"

/* Deadlines, escalation and what is kept count in days: ten minutes into one is early. */
enum { MINUTE_MS = 60 * 1000 };

static const struct consumer notices = {
    .name = "notices",
    .kinds = "{item,report,urging,escalation,work_order,contact,leave,obligation,"
             "periodic_report}",
    .apply = &SQL_notice_tell};

/* Nothing is told twice, so it may be run as often as one likes. */
static enum work_result look_after(struct work_step *s)
{
    char now[32], today[11];
    struct rows *done = NULL;
    instant_us at = clock_now();
    clock_format(at, now);
    date_format(clock_date(at), today);
    struct work_value values[] = {{"today", today}, {"now", now}, {0}};
    return work_query(s, &SQL_escalate, values, &done) &&
                   work_query(s, &SQL_notice_forget, values, &done)
               ? WORK_NONE
               : WORK_FAILED;
}

static const struct work_task telling = {.name = "registry_notices",
                                         .step = feed_consume,
                                         .busy_ms = 100,
                                         .idle_ms = 500,
                                         .arg = &notices};
static const struct work_task looking_after = {.name = "registry_deadlines",
                                               .step = look_after,
                                               .busy_ms = 10 * MINUTE_MS,
                                               .idle_ms = 10 * MINUTE_MS};

const struct work_task *const registry_work[] = {
    &telling, &looking_after, &rollup_folding, &cadence_keeping, &obligation_folding, NULL};

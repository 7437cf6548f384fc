/* common/http/housekeeping.c - forgets old rows in small batches, and collects files. What fails is
 * logged and tried again by the worker: nothing waits for it. */
#include "http/housekeeping.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/str.h"
#include "files/collect.h"
#include "http/lifecycle.h"
#include "sql_engine.h"

#include "core/banned.h"

/* One batch; adds to what was removed. One that fails does not keep the others from running. */
static bool forget(struct work_step *s, const struct stmt *st, const struct work_value *values,
                   int64_t *removed)
{
    struct rows *rows = NULL;
    struct err before = s->err;
    int64_t n = 0;
    err_clear(&s->err);
    bool ok = work_query(s, st, values, &rows);
    tx_end(&s->tx);
    if (!ok)
        return false;
    s->err = before;
    if (rows_count(rows) == 1)
        (void)str_int(rows_text(rows, 0, 0), 0, INT64_MAX, &n);
    *removed += n;
    return true;
}

enum work_result housekeeping_step(struct work_step *s)
{
    const struct engine *e = s->owner;
    const struct stmt *const *own = e->service->forget;
    char now[32];
    int64_t removed = 0;
    clock_format(clock_now(), now);
    const struct work_value values[] = {
        {"now", now},
        {"hours", arena_printf(s->arena, "%lld", (long long)e->settings->idempotency_hours)},
        {0}};
    bool ok = forget(s, &SQL_idempotency_forget, values, &removed);
    for (; own != NULL && *own != NULL && !work_stopping(s); own++)
        ok = forget(s, *own, values, &removed) && ok;
    work_count(s, removed);
    if (!ok)
        return WORK_FAILED;
    return removed > 0 ? WORK_FULL : WORK_NONE;
}

static void log_collected(const char *what, long n)
{
    struct log_line l;
    if (n == 0)
        return;
    log_begin(&l, ERR_LEVEL_INFO, "job");
    log_text(&l, "name", what);
    log_int(&l, "count", n);
    log_end(&l);
}

enum work_result collecting_step(struct work_step *s)
{
    struct collector **c = s->state;
    struct files_collected n;
    if (*c == NULL)
        *c = files_collector_create(s->pool, s->task->arg, &s->err);
    if (*c == NULL || !files_collect(*c, &n, &s->err))
        return WORK_FAILED;
    log_collected("files_expired", n.expired);
    log_collected("files_strays", n.strays);
    log_collected("files_blobs", n.blobs);
    log_collected("files_lost", n.lost);
    work_count(s, n.expired + n.strays + n.blobs + n.lost);
    return WORK_NONE;
}

void collecting_end(void *state)
{
    files_collector_destroy(state);
}

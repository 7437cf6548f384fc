/* common/batch/keep.c - gives up the rows of batches that are too old to be taken back, then the
 * batches (B-013). How old that is, settings say; files are the collector's. */
#include "batch/keep.h"

#include "core/clock.h"
#include "core/str.h"
#include "sql_batch.h"

#include "core/banned.h"

enum { LOOK_MS = 5000 };

/* Runs one of them; adds to what was done. */
static bool forget(struct work_step *s, const struct stmt *st, const char *now, int64_t *done)
{
    struct rows *rows = NULL;
    int64_t n = 0;
    const struct work_value values[] = {{"now", now}, {0}};
    if (!work_query(s, st, values, &rows))
        return false;
    if (rows_count(rows) == 1)
        (void)str_int(rows_text(rows, 0, 0), 0, INT64_MAX, &n);
    *done += n;
    return true;
}

static enum work_result keep(struct work_step *s)
{
    char now[32];
    int64_t done = 0;
    clock_format(clock_now(), now);
    if (!forget(s, &SQL_batch_expire, now, &done) ||
        !forget(s, &SQL_batch_forget_rows, now, &done) || !forget(s, &SQL_batch_forget, now, &done))
        return WORK_FAILED;
    work_count(s, done);
    return done > 0 ? WORK_FULL : WORK_NONE;
}

const struct work_task batch_keeping = {
    .name = "batch_keeper", .step = keep, .busy_ms = LOOK_MS, .idle_ms = LOOK_MS};

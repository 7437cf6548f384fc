/* common/feed/sequencer.c - see sequencer.h. One statement numbers up to BATCH rows; what it may
 * see, and in which order, is said in sql/feed.sql. */
#include "feed/sequencer.h"

#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/str.h"
#include "feed/look.h"
#include "sql_feed.h"

#include "core/banned.h"

enum {
    BATCH = 5000,
    BUSY_MS = 50,
    IDLE_MS = 200, /* unless the process says otherwise (FEED_LOOK_MS) */
    RETENTION_MS = 60 * 1000,
    LAG_MS = 5 * 1000
};

struct sequencer_state {
    struct look look;
    int64_t block; /* that blocks were made for */
};

static bool make_blocks(struct work_step *s)
{
    struct rows *rows = NULL;
    return work_query(s, &SQL_feed_make_blocks, NULL, &rows);
}

static int64_t number(const struct rows *rows, size_t column)
{
    int64_t n = 0;
    const char *text = rows_text(rows, 0, column);
    return text != NULL && str_int(text, 0, INT64_MAX, &n) ? n : 0;
}

static enum work_result sequence(struct work_step *s)
{
    struct sequencer_state *st = s->state;
    struct rows *rows = NULL;
    int64_t began = clock_ticks_us(), floor = look_begin(&st->look, began);
    if (st->block == 0) {
        if (!make_blocks(s))
            return WORK_FAILED;
        st->block = -1;
    }
    const struct work_value values[] = {{"floor", arena_printf(s->arena, "%lld", (long long)floor)},
                                        {"batch", arena_printf(s->arena, "%d", BATCH)},
                                        {0}};
    if (!work_query(s, &SQL_feed_sequence, values, &rows) || rows_count(rows) != 1) {
        st->block = 0; /* it may be for want of a block */
        return WORK_FAILED;
    }
    int64_t taken = number(rows, 0), last_id = number(rows, 1), last_seq = number(rows, 2);
    look_end(&st->look, began, clock_ticks_us(), last_id, taken == BATCH);
    if (taken == 0)
        return WORK_NONE;
    if (last_seq / 1000000 != st->block) {
        if (!make_blocks(s))
            return WORK_FAILED;
        st->block = last_seq / 1000000;
    }
    work_count(s, taken);
    return taken == BATCH ? WORK_FULL : WORK_SOME;
}

static enum work_result retain(struct work_step *s)
{
    struct rows *rows = NULL;
    if (!work_query(s, &SQL_feed_drop_blocks, NULL, &rows))
        return WORK_FAILED;
    work_count(s, rows_count(rows) == 1 ? number(rows, 0) : 0);
    return WORK_NONE;
}

/* Looked at apart from the sequencer, which may be what is stuck. */
static enum work_result look_at_lag(struct work_step *s)
{
    struct rows *rows = NULL;
    if (!work_query(s, &SQL_feed_lag, NULL, &rows) || rows_count(rows) != 1)
        return WORK_FAILED;
    work_gauge(s, 0, number(rows, 0));
    work_gauge(s, 1, number(rows, 1));
    return WORK_NONE;
}

const struct work_task feed_sequencer = {.name = "feed_sequencer",
                                         .step = sequence,
                                         .busy_ms = BUSY_MS,
                                         .idle_ms = IDLE_MS,
                                         .state_size = sizeof(struct sequencer_state)};

const struct work_task feed_retention = {
    .name = "feed_retention", .step = retain, .busy_ms = RETENTION_MS, .idle_ms = RETENTION_MS};

const struct work_task feed_lag = {
    .name = "feed_lag",
    .step = look_at_lag,
    .busy_ms = LAG_MS,
    .idle_ms = LAG_MS,
    .gauges = {"zeren_feed_waiting_rows", "zeren_feed_waiting_seconds"}};

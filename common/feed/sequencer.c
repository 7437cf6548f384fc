/* common/feed/sequencer.c - see sequencer.h. One statement numbers up to BATCH rows; what it may
 * see, and in which order, is said in sql/feed.sql. */
#include "feed/sequencer.h"

#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/str.h"
#include "sql_feed.h"

#include "core/banned.h"

enum {
    BATCH = 5000,
    BUSY_MS = 50,
    IDLE_MS = 200, /* unless the process says otherwise (FEED_LOOK_MS) */
    RETENTION_MS = 60 * 1000,
    LAG_MS = 5 * 1000,
    LOOK_ALL_US = 10 * 1000000, /* how often the whole outbox is looked through */
    LOOK_ALL_SHARE = 50         /* and not more than this part of the time */
};

/* Rows below the floor were taken, but for those whose transactions end late; these are found when
 * the whole outbox is looked through. Without a floor each look would pass the dead entries of all
 * that an old transaction anywhere in the database keeps from being cleaned. */
struct sequencer_state {
    int64_t floor, next_floor, newest;
    int64_t look_all_at; /* monotonic µs */
    int64_t block;       /* that blocks were made for */
};

static bool look_all(struct sequencer_state *st, int64_t now)
{
    if (now < st->look_all_at)
        return false;
    st->floor = st->next_floor; /* two rounds back: transactions are shorter than one */
    st->next_floor = st->newest;
    return true;
}

/* What it cost bounds how often it is done. */
static void looked_all(struct sequencer_state *st, int64_t began)
{
    int64_t now = clock_ticks_us(), pause = LOOK_ALL_SHARE * (now - began);
    st->look_all_at = now + (pause > LOOK_ALL_US ? pause : LOOK_ALL_US);
}

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
    int64_t began = clock_ticks_us();
    bool all = look_all(st, began);
    if (st->block == 0) {
        if (!make_blocks(s))
            return WORK_FAILED;
        st->block = -1;
    }
    const struct work_value values[] = {
        {"floor", all ? "0" : arena_printf(s->arena, "%lld", (long long)st->floor)},
        {"batch", arena_printf(s->arena, "%d", BATCH)},
        {0}};
    if (!work_query(s, &SQL_feed_sequence, values, &rows) || rows_count(rows) != 1) {
        st->block = 0; /* it may be for want of a block */
        return WORK_FAILED;
    }
    if (all)
        looked_all(st, began);
    int64_t taken = number(rows, 0), last_id = number(rows, 1), last_seq = number(rows, 2);
    if (taken == 0)
        return WORK_NONE;
    if (last_id > st->newest)
        st->newest = last_id;
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

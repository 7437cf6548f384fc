/* services/registry/cadence_work.c - what the worker does for the cadence: makes the obligations of
 * every period that has begun, however far the clock went since, and looks after those
 * whose day has come. Each is one statement that may be run again, by two workers
 * at once, and after a kill: what is there is not made twice. */
#include "cadence_rules.h"
#include "core/clock.h"
#include "core/str.h"
#include "registry.h"
#include "sql_registry.h"
#include "work/task.h"

enum { RULES = 20, MADE = 1000, LOOKED = 200, PERIODS = 40, FOLDED = 5000, SECOND_MS = 1000 };

/* A rule of cadence_due, and how far its obligations are made. */
struct making {
    const char *id, *version, *due_month_day;
    enum cadence_period period;
    struct date from, until, today;
    const char *now;
};

static const char *number(struct work_step *s, int n)
{
    return arena_printf(s->arena, "%d", n);
}

/* The number that a statement says. */
static bool counted(struct work_step *s, const struct stmt *st, const struct work_value *values,
                    int64_t *ret_n)
{
    struct rows *rows = NULL;
    *ret_n = 0;
    if (!work_query(s, st, values, &rows))
        return false;
    return rows_count(rows) != 1 || str_int(rows_text(rows, 0, 0), 0, INT64_MAX, ret_n);
}

static bool make(struct work_step *s, const struct making *m, const struct cadence_span *span,
                 int64_t *ret_made)
{
    char first[11], last[11], due[11];
    date_format(span->start, first);
    date_format(span->end, last);
    date_format(span->due, due);
    const struct work_value values[] = {{"id", m->id},
                                        {"first_day", first},
                                        {"last_day", last},
                                        {"due", due},
                                        {"now", m->now},
                                        {"batch", number(s, MADE)},
                                        {0}};
    return counted(s, &SQL_cadence_make, values, ret_made);
}

static bool mark(struct work_step *s, const struct making *m, struct date first, struct date next)
{
    char done_to[11], next_on[11];
    date_format(first, done_to);
    date_format(next, next_on);
    const struct work_value values[] = {{"id", m->id},          {"version", m->version},
                                        {"first_day", done_to}, {"next_on", next_on},
                                        {"now", m->now},        {0}};
    return work_query(s, &SQL_cadence_done, values, NULL);
}

/* Has this period begun by today, while the rule held? */
static bool has_begun(const struct making *m, const struct cadence_span *span)
{
    return date_compare(span->start, m->today) <= 0 && date_compare(span->start, m->until) < 0;
}

/* The periods of one rule, from the one last made to that of today. Ends early when a batch is
 * full: the rest is made by the next step. */
static enum work_result make_rule(struct work_step *s, const struct making *m)
{
    struct cadence_span span = cadence_span_of(m->period, m->due_month_day, m->from);
    struct date done = m->from;
    enum work_result r = WORK_NONE;
    if (date_compare(span.start, m->from) < 0) /* it began before the rule held */
        span = cadence_span_of(m->period, m->due_month_day, cadence_next(&span));
    for (int n = 0; has_begun(m, &span); n++) {
        int64_t made = 0;
        if (n == PERIODS || work_stopping(s))
            return WORK_FULL;
        if (!make(s, m, &span, &made))
            return WORK_FAILED;
        work_count(s, made);
        if (made == MADE)
            return WORK_FULL;
        r = made > 0 ? WORK_SOME : r;
        done = span.start;
        span = cadence_span_of(m->period, m->due_month_day, cadence_next(&span));
        if (!mark(s, m, done, span.start))
            return WORK_FAILED;
    }
    return mark(s, m, done, span.start) ? r : WORK_FAILED;
}

static bool read_rule(const struct rows *rows, size_t i, struct making *m)
{
    m->id = rows_text(rows, i, 0);
    m->version = rows_text(rows, i, 1);
    m->due_month_day = rows_text(rows, i, 3);
    return cadence_period_parse(rows_text(rows, i, 2), &m->period) &&
           date_parse(rows_text(rows, i, 4), &m->from) &&
           date_parse(rows_text(rows, i, 5), &m->until);
}

/* The busier of two answers; a failure above all. */
static enum work_result busier(enum work_result a, enum work_result b)
{
    return a > b ? a : b;
}

static enum work_result make_all(struct work_step *s, const char *today, struct making *m)
{
    struct rows *rows = NULL;
    const struct work_value values[] = {
        {"today", today}, {"now", m->now}, {"batch", number(s, RULES)}, {0}};
    if (!work_query(s, &SQL_cadence_hints, NULL, NULL) ||
        !work_query(s, &SQL_cadence_due, values, &rows))
        return WORK_FAILED;
    enum work_result r = rows_count(rows) == RULES ? WORK_FULL : WORK_NONE;
    for (size_t i = 0; i < rows_count(rows) && r != WORK_FAILED; i++)
        r = busier(r, read_rule(rows, i, m) ? make_rule(s, m) : WORK_FAILED);
    return r;
}

/* Looks after what is to be looked at today, and tells how far the work-day calendar goes: behind
 * its end nobody is called late. */
static bool tend(struct work_step *s, const struct making *m, const char *today,
                 int64_t *ret_looked)
{
    struct rows *rows = NULL;
    int64_t days_left = 0;
    const struct work_value values[] = {
        {"today", today}, {"now", m->now}, {"batch", number(s, LOOKED)}, {0}};
    if (!work_query(s, &SQL_cadence_tend, values, &rows) || rows_count(rows) != 1 ||
        !str_int(rows_text(rows, 0, 0), 0, INT64_MAX, ret_looked) ||
        !str_int(rows_text(rows, 0, 1), INT32_MIN, INT32_MAX, &days_left))
        return false;
    work_gauge(s, 0, days_left);
    return true;
}

static enum work_result keep_cadence(struct work_step *s)
{
    char now[32], today[11];
    int64_t looked = 0;
    instant_us at = clock_now();
    clock_format(at, now);
    date_format(clock_date(at), today);
    struct making m = {.today = clock_date(at), .now = now};
    enum work_result r = make_all(s, today, &m);
    if (r == WORK_FAILED || !tend(s, &m, today, &looked))
        return WORK_FAILED;
    work_count(s, looked);
    if (looked == LOOKED)
        return WORK_FULL;
    return busier(r, looked > 0 ? WORK_SOME : WORK_NONE);
}

const struct work_task cadence_keeping = {.name = "registry_cadence",
                                          .step = keep_cadence,
                                          .busy_ms = SECOND_MS,
                                          .idle_ms = SECOND_MS,
                                          .gauges = {"zeren_calendar_days_left"}};

/* what has changed since, into the figures that are kept. */
static enum work_result fold(struct work_step *s)
{
    int64_t taken = 0;
    const struct work_value values[] = {{"batch", number(s, FOLDED)}, {0}};
    if (!counted(s, &SQL_obligation_fold, values, &taken))
        return WORK_FAILED;
    work_count(s, taken);
    if (taken == FOLDED)
        return WORK_FULL;
    return taken > 0 ? WORK_SOME : WORK_NONE;
}

const struct work_task obligation_folding = {
    .name = "registry_obligation_rollup", .step = fold, .busy_ms = SECOND_MS, .idle_ms = SECOND_MS};

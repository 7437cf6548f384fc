/* services/monitoring/person_work.c - what the worker does about persons: confirms memberships in
 * the order they were entered, or makes claims of them (M-134, M-135); and ends what nobody
 * answered or went on with (M-138, M-147). Each step is one transaction that may be run again, by
 * two workers at once, and after a kill. */
#include "core/buf.h"
#include "core/clock.h"
#include "core/str.h"
#include "keys/field.h"
#include "monitoring.h"
#include "sql_monitoring.h"
#include "work/task.h"

enum {
    CONFIRMED = 500,
    TENDED = 200,
    WIDEN_MAX = 1024 * 1024,
    SECOND_MS = 1000,
    MINUTE_MS = 60 * 1000
};

#define COLUMN "monitoring.member.id_number"

static int64_t number(const struct rows *rows, size_t column)
{
    int64_t n = 0;
    (void)!str_int(rows_text(rows, 0, column), 0, INT64_MAX, &n);
    return n;
}

static bool tell_waiting(struct work_step *s, const char *now)
{
    struct rows *rows = NULL;
    const struct work_value values[] = {{"now", now}, {0}};
    if (!work_query(s, &SQL_person_waiting, values, &rows))
        return false;
    work_gauge(s, 0, number(rows, 0));
    work_gauge(s, 1, number(rows, 1));
    return true;
}

/* A hash of anything under each look-up key there is: what begins them names the keys. */
static bool name_keys(struct work_step *s, const char **ret)
{
    *ret = "{}";
    return s->keys == NULL ||
           field_lookups(s->keys, COLUMN, (struct span){"-", 1}, s->arena, ret, &s->err);
}

/* The hashes of one number under every key; NULL where no key opens it. */
static const char *all_hashes(struct work_step *s, const char *member, const char *sealed)
{
    const char *hashes = NULL;
    struct span plain = {0};
    struct err unopened = {.code = ERR_NONE};
    const struct field_place place = {COLUMN, member};
    if (!field_open(s->keys, &place, sealed, s->arena, &plain, &unopened) ||
        !field_lookups(s->keys, COLUMN, plain, s->arena, &hashes, &unopened))
        return NULL;
    return hashes;
}

/* M-130: who waits, but not under every key. */
static bool widen(struct work_step *s, const char *keys)
{
    struct rows *rows = NULL;
    struct buf b;
    const struct work_value asked[] = {
        {"keys", keys}, {"batch", arena_printf(s->arena, "%d", CONFIRMED)}, {0}};
    if (!work_query(s, &SQL_person_narrow, asked, &rows))
        return false;
    if (rows_count(rows) == 0)
        return true;
    buf_init(&b, s->arena, WIDEN_MAX);
    for (size_t i = 0; i < rows_count(rows); i++) {
        buf_printf(&b, "%c{\"id\":\"%s\",\"hashes\":", i == 0 ? '[' : ',', rows_text(rows, i, 0));
        buf_json(&b, all_hashes(s, rows_text(rows, i, 0), rows_text(rows, i, 1)));
        buf_char(&b, '}');
    }
    buf_char(&b, ']');
    const struct work_value given[] = {{"keys", keys}, {"rows", buf_text(&b)}, {0}};
    return work_query(s, &SQL_person_widen, given, NULL);
}

static enum work_result confirm(struct work_step *s)
{
    char now[32];
    const char *keys = NULL;
    struct rows *rows = NULL;
    clock_format(clock_now(), now);
    if (!name_keys(s, &keys) || !widen(s, keys))
        return WORK_FAILED;
    const struct work_value values[] = {
        {"now", now}, {"keys", keys}, {"batch", arena_printf(s->arena, "%d", CONFIRMED)}, {0}};
    if (!work_query(s, &SQL_person_confirm, values, &rows) || !tell_waiting(s, now))
        return WORK_FAILED;
    int64_t looked = number(rows, 0);
    work_count(s, looked);
    if (looked == CONFIRMED)
        return WORK_FULL;
    return looked > 0 ? WORK_SOME : WORK_NONE;
}

static enum work_result tend(struct work_step *s)
{
    char now[32], today[11];
    struct rows *rows = NULL;
    instant_us at = clock_now();
    clock_format(at, now);
    date_format(clock_date(at), today);
    const struct work_value values[] = {
        {"now", now}, {"today", today}, {"batch", arena_printf(s->arena, "%d", TENDED)}, {0}};
    if (!work_query(s, &SQL_person_tend, values, &rows))
        return WORK_FAILED;
    int64_t ended = number(rows, 0);
    work_count(s, ended);
    return ended >= TENDED ? WORK_FULL : WORK_NONE;
}

const struct work_task person_confirming = {
    .name = "monitoring_persons",
    .step = confirm,
    .busy_ms = 100,
    .idle_ms = SECOND_MS,
    .gauges = {"zeren_persons_waiting_rows", "zeren_persons_waiting_seconds"}};

const struct work_task person_tending = {
    .name = "monitoring_transfers", .step = tend, .busy_ms = MINUTE_MS, .idle_ms = MINUTE_MS};

/* services/monitoring/rule_work.c - the run over everything (M-113): all households in the scope of
 * who asked, by village, in chunks that are whole or not at all; goes on where it was after a kill.
 * Keeps no more than one chunk in memory. */
#include <stdio.h>
#include <string.h>

#include "core/buf.h"
#include "core/str.h"
#include "facts_json.h"
#include "findings.h"
#include "monitoring.h"
#include "sql_monitoring.h"

#include "core/banned.h"

enum { BATCH = 400, IDS_MAX = 64 * 1024, DIVISION_LENGTH = 12 };

/* Where a run is and what it came to: its position, between chunks. */
struct checked {
    char division[DIVISION_LENGTH + 1], id[37];
    int64_t households, with_errors, errors, warnings, alerts;
    struct findings_kept kept;
};

static const char *const figures[] = {
    "households", "households_with_errors", "errors", "warnings", "alerts", "opened", "resolved"};

static void figures_of(struct checked *c, int64_t **ret)
{
    int64_t *const all[] = {&c->households, &c->with_errors, &c->errors,       &c->warnings,
                            &c->alerts,     &c->kept.opened, &c->kept.resolved};
    memcpy(ret, all, sizeof all);
}

/* "431302006003 <id> 400 0 0 12 1 13 0". */
static bool read_position(const char *text, struct checked *c)
{
    int64_t *n[sizeof figures / sizeof *figures];
    figures_of(c, n);
    if (text == NULL)
        return true;
    if (strlen(text) < DIVISION_LENGTH + 1 + 36)
        return false;
    memcpy(c->division, text, DIVISION_LENGTH);
    memcpy(c->id, text + DIVISION_LENGTH + 1, 36);
    text += DIVISION_LENGTH + 1 + 36;
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        char number[24] = {0};
        size_t len = *text == ' ' ? strcspn(++text, " ") : 0;
        if (len == 0 || len >= sizeof number)
            return false;
        memcpy(number, text, len);
        if (!str_int(number, 0, INT64_MAX, n[i]))
            return false;
        text += len;
    }
    return true;
}

static bool write_position(struct job_run *r, struct checked *c)
{
    struct buf b;
    int64_t *n[sizeof figures / sizeof *figures];
    figures_of(c, n);
    buf_init(&b, r->arena, 400);
    buf_printf(&b, "%s %s", c->division, c->id);
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        buf_printf(&b, " %lld", (long long)*n[i]);
    r->next_position = buf_text(&b);
    return r->next_position != NULL;
}

static bool write_result(struct job_run *r, struct checked *c)
{
    struct buf b;
    int64_t *n[sizeof figures / sizeof *figures];
    figures_of(c, n);
    buf_init(&b, r->arena, 600);
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        buf_printf(&b, "%s\"%s\":%lld", i == 0 ? "{" : ",", figures[i], (long long)*n[i]);
    buf_char(&b, '}');
    r->result = buf_text(&b);
    return r->result != NULL;
}

/* The ids of the households of this chunk, as an array literal; moves the place on. */
static const char *ids_of(struct job_run *r, const struct rows *rows, struct checked *c)
{
    struct buf b;
    size_t n = rows_count(rows);
    buf_init(&b, r->arena, IDS_MAX);
    for (size_t i = 0; i < n; i++)
        buf_printf(&b, "%c%s", i == 0 ? '{' : ',', rows_text(rows, i, 0));
    buf_char(&b, '}');
    snprintf(c->id, sizeof c->id, "%s", rows_text(rows, n - 1, 0));
    snprintf(c->division, sizeof c->division, "%s", rows_text(rows, n - 1, 1));
    return buf_text(&b);
}

/* M-108: the figures of a run are everybody's, and so is what they count. */
static void count(struct checked *c, const struct household_found *h)
{
    int64_t errors = c->errors;
    c->households++;
    for (size_t i = 0; i < h->list.n; i++) {
        const struct rule *rule = h->list.found[i].rule;
        if (rule->about_health || rule->about_school)
            continue;
        enum severity s = h->list.found[i].severity;
        c->errors += s == SEVERITY_ERROR ? 1 : 0;
        c->warnings += s == SEVERITY_WARNING ? 1 : 0;
        c->alerts += s == SEVERITY_ALERT ? 1 : 0;
    }
    c->with_errors += c->errors > errors ? 1 : 0;
}

static bool check(struct job_run *r, const char *ids, struct checked *c, struct err *err)
{
    struct household_found *all = NULL;
    size_t n = 0;
    if (!findings_check(r, ids, &all, &n, err) || !findings_keep(r, all, n, &c->kept, err))
        return false;
    for (size_t i = 0; i < n; i++)
        count(c, &all[i]);
    return true;
}

/* The next households, or none. */
static bool next_batch(struct job_run *r, const struct checked *c, struct rows **ret,
                       struct err *err)
{
    struct fact_reader reader = {.arena = r->arena};
    size_t len = 0;
    const char *within = facts_member(r->params, "within", &len);
    const char *const pairs[] = {"after_division",
                                 c->division[0] == '\0' ? NULL : c->division,
                                 "after_id",
                                 c->id[0] == '\0' ? NULL : c->id,
                                 "within",
                                 facts_text(&reader, within, len),
                                 "batch",
                                 arena_printf(r->arena, "%d", BATCH),
                                 NULL};
    return job_query(r, &SQL_finding_batch, pairs, ret, err);
}

bool check_archive_chunk(struct job_run *r, enum job_step *ret, struct err *err)
{
    struct checked c = {0};
    struct rows *rows = NULL;
    if (!read_position(r->position, &c))
        return err_set(err, ERR_INTERNAL, NULL, "%s", "");
    if (!next_batch(r, &c, &rows, err))
        return false;
    if (rows_count(rows) > 0) {
        const char *ids = ids_of(r, rows, &c);
        if (ids == NULL)
            return err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
        if (!check(r, ids, &c, err))
            return false;
    }
    r->done = c.households;
    *ret = rows_count(rows) < BATCH ? JOB_DONE : JOB_MORE;
    bool told = *ret == JOB_DONE ? write_result(r, &c) : write_position(r, &c);
    return told || err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
}

/* services/monitoring/findings.c - reads the facts of households, has the rules judge them
 * (household_rules.c), and keeps or answers what was found. One household inside a request, many
 * inside a chunk of a job. */
#include "findings.h"

#include <string.h>

#include "core/buf.h"
#include "core/str.h"
#include "http/sealed.h"
#include "keys/field.h"
#include "monitoring.h"
#include "sql_monitoring.h"

#include "core/banned.h"

enum { FOUND_MAX = 8 * 1024 * 1024 /* bytes of what one chunk or request stores */ };

static const char *open_in_request(void *with, const char *column, const char *record,
                                   const char *hex)
{
    return sealed_open(with, column, record, hex);
}

static const char *open_in_job(void *with, const char *column, const char *record, const char *hex)
{
    struct job_run *r = with;
    struct span plain = {0};
    struct err ignored = {0};
    const struct field_place place = {column, record};
    if (r->keys == NULL || !field_open(r->keys, &place, hex, r->arena, &plain, &ignored))
        return NULL;
    return plain.at;
}

/* ---- what was found, as a statement takes it ---- */

static void put_found(struct buf *b, const char *household_id, const struct found *f)
{
    buf_str(b, b->len == 1 ? "{\"household_id\":" : ",{\"household_id\":");
    buf_json(b, household_id);
    buf_str(b, ",\"member_id\":");
    buf_json(b, f->member == NULL ? NULL : f->member->id);
    buf_str(b, ",\"rule\":");
    buf_json(b, f->rule->code);
    buf_printf(b, ",\"severity\":\"%s\",\"detail\":", severity_words[f->severity]);
    buf_json(b, f->detail);
    buf_str(b, ",\"pointer\":");
    buf_json(b, f->pointer);
    buf_printf(b, ",\"facts_digest\":\"%s\"}", f->digest);
}

static void put_unjudged(struct buf *b, const char *household_id, const struct rule *rule)
{
    buf_str(b, b->len == 1 ? "{\"household_id\":" : ",{\"household_id\":");
    buf_json(b, household_id);
    buf_str(b, ",\"rule\":");
    buf_json(b, rule->code);
    buf_char(b, '}');
}

/* What finding_keep is bound to. */
struct keeping {
    const char *ids, *found, *unjudged; /* NULL: memory ran out */
};

static struct keeping keeping_of(struct arena *a, const struct household_found *all, size_t n)
{
    struct buf ids, found, unjudged;
    buf_init(&ids, a, FOUND_MAX);
    buf_init(&found, a, FOUND_MAX);
    buf_init(&unjudged, a, FOUND_MAX);
    buf_char(&ids, '{');
    buf_char(&found, '[');
    buf_char(&unjudged, '[');
    for (size_t i = 0; i < n; i++) {
        const struct found_list *l = &all[i].list;
        buf_printf(&ids, "%s%s", i == 0 ? "" : ",", all[i].household_id);
        for (size_t k = 0; k < l->n; k++)
            put_found(&found, all[i].household_id, &l->found[k]);
        for (size_t k = 0; k < l->n_unjudged; k++)
            put_unjudged(&unjudged, all[i].household_id, l->unjudged[k]);
    }
    buf_char(&ids, '}');
    buf_char(&found, ']');
    buf_char(&unjudged, ']');
    return (struct keeping){buf_text(&ids), buf_text(&found), buf_text(&unjudged)};
}

static bool is_whole(const struct keeping *k)
{
    return k->ids != NULL && k->found != NULL && k->unjudged != NULL;
}

/* ---- in a request ---- */

static bool no_memory(struct request *rq)
{
    return fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
}

/* What is wrong when rules or facts are none: ours, or memory. */
static bool unreadable(struct err *err, const char *what)
{
    err_set(err, ERR_INTERNAL, NULL, "%s", "");
    err_cause(err, "%s cannot be read", what);
    return false;
}

static bool read_rules(struct request *rq, const char *division, struct rule_set *ret)
{
    struct rows *rows = NULL;
    return arg_bind(rq, "division", division) && db_rows(rq, &SQL_rules_in_force, &rows) &&
           (rule_set_read(rq->arena, rows_text(rows, 0, 0), ret) ||
            unreadable(&rq->err, "the catalogue of rules"));
}

/* The columns of finding_facts. */
enum { FACTS_ID, FACTS_DIVISION, FACTS_STATUS, FACTS_JSON };

/* `found` is empty for a household that has ended. */
static bool judge(struct request *rq, const struct rows *rows, struct found_list *ret)
{
    struct rule_set rules;
    struct household_facts facts;
    const struct fact_opener opener = {open_in_request, rq};
    *ret = (struct found_list){0};
    if (!str_equal(rows_text(rows, 0, FACTS_STATUS), "active"))
        return true;
    if (!read_rules(rq, rows_text(rows, 0, FACTS_DIVISION), &rules))
        return false;
    if (!household_facts_read(rq->arena, rows_text(rows, 0, FACTS_JSON), &opener, &facts))
        return unreadable(&rq->err, "the facts of a household");
    return household_check(rq->arena, &rules, &facts, rq->today, ret) || no_memory(rq);
}

bool findings_now(struct request *rq, const char *household_id, struct found_list *ret)
{
    struct rows *rows = NULL;
    const char *ids = arena_printf(rq->arena, "{%s}", household_id);
    if (ids == NULL)
        return no_memory(rq);
    if (!arg_bind(rq, "household_ids", ids) || !db_rows(rq, &SQL_finding_facts, &rows))
        return false;
    if (rows_count(rows) == 0)
        return fail(rq, ERR_NOT_FOUND, NULL, "%s", "");
    return judge(rq, rows, ret);
}

bool findings_minors_after(struct request *rq, const char **ret_day)
{
    struct rows *rows = NULL;
    if (!db_rows(rq, &SQL_finding_minors, &rows))
        return false;
    *ret_day = rows_text(rows, 0, 0);
    return true;
}

static bool keep_one(struct request *rq, const char *household_id, const struct found_list *l)
{
    const struct household_found one = {household_id, *l};
    const struct keeping k = keeping_of(rq->arena, &one, 1);
    struct rows *rows = NULL;
    if (!is_whole(&k))
        return no_memory(rq);
    return arg_bind(rq, "household_ids", k.ids) && arg_bind(rq, "found", k.found) &&
           arg_bind(rq, "kept", k.unjudged) && db_rows(rq, &SQL_finding_keep, &rows);
}

static bool judge_held(struct request *rq, const char *household_id, bool refusing)
{
    struct rows *rows = NULL;
    struct found_list found = {0};
    if (!arg_bind(rq, "household_id", household_id) || !db_rows(rq, &SQL_finding_hold, &rows))
        return false;
    if (rows_count(rows) == 0) /* it went to a division outside the caller's scope */
        return true;
    if (!findings_now(rq, household_id, &found))
        return false;
    return (!refusing || findings_allow(rq, &found)) && keep_one(rq, household_id, &found);
}

bool findings_after(struct request *rq, const char *household_id)
{
    return judge_held(rq, household_id, true);
}

bool findings_recorded(struct request *rq, const char *household_id)
{
    return judge_held(rq, household_id, false);
}

/* ---- in jobs ---- */

static bool rules_text(struct job_run *r, const char *division, const char **ret, struct err *err)
{
    struct rows *rows = NULL;
    const char *const pairs[] = {"division", division, NULL};
    if (!job_query(r, &SQL_rules_in_force, pairs, &rows, err))
        return false;
    *ret = rows_text(rows, 0, 0);
    return true;
}

bool findings_rules(struct job_run *r, const char *division, struct rule_set *ret, struct err *err)
{
    const char *text = NULL;
    return rules_text(r, division, &text, err) &&
           (rule_set_read(r->arena, text, ret) || unreadable(err, "the catalogue of rules"));
}

/* The rules of the village at hand: villages have mostly the same, and these are parsed once. */
struct current_rules {
    const char *division, *text;
    struct rule_set set;
};

static bool follow_rules(struct job_run *r, const char *division, struct current_rules *now,
                         struct err *err)
{
    const char *text = NULL;
    if (str_equal(now->division, division))
        return true;
    if (!rules_text(r, division, &text, err))
        return false;
    if (!str_equal(now->text, text) && !rule_set_read(r->arena, text, &now->set))
        return unreadable(err, "the catalogue of rules");
    now->division = division;
    now->text = text;
    return true;
}

static bool check_row(struct job_run *r, const struct rows *rows, size_t i,
                      struct current_rules *now, struct household_found *ret, struct err *err)
{
    struct household_facts facts;
    const struct fact_opener opener = {open_in_job, r};
    *ret = (struct household_found){.household_id = rows_text(rows, i, FACTS_ID)};
    if (!str_equal(rows_text(rows, i, FACTS_STATUS), "active"))
        return true;
    if (!follow_rules(r, rows_text(rows, i, FACTS_DIVISION), now, err))
        return false;
    if (!household_facts_read(r->arena, rows_text(rows, i, FACTS_JSON), &opener, &facts))
        return unreadable(err, "the facts of a household");
    return household_check(r->arena, &now->set, &facts, r->today, &ret->list) ||
           err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
}

bool findings_check(struct job_run *r, const char *household_ids, struct household_found **ret,
                    size_t *ret_n, struct err *err)
{
    struct rows *rows = NULL;
    struct current_rules now = {0};
    const char *const pairs[] = {"household_ids", household_ids, NULL};
    if (!job_query(r, &SQL_finding_facts, pairs, &rows, err))
        return false;
    size_t n = rows_count(rows);
    struct household_found *all = arena_array(r->arena, struct household_found, n + 1);
    if (all == NULL)
        return err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
    for (size_t i = 0; i < n; i++) {
        if (!check_row(r, rows, i, &now, &all[i], err))
            return false;
    }
    *ret = all;
    *ret_n = n;
    return true;
}

bool findings_keep(struct job_run *r, const struct household_found *all, size_t n,
                   struct findings_kept *kept, struct err *err)
{
    struct rows *rows = NULL;
    int64_t opened = 0, resolved = 0;
    const struct keeping k = keeping_of(r->arena, all, n);
    const char *const pairs[] = {"household_ids", k.ids,      "found", k.found,
                                 "kept",          k.unjudged, NULL};
    if (!is_whole(&k))
        return err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
    if (!job_query(r, &SQL_finding_keep, pairs, &rows, err))
        return false;
    bool said = str_int(rows_text(rows, 0, 0), 0, INT64_MAX, &opened) &&
                str_int(rows_text(rows, 0, 1), 0, INT64_MAX, &resolved);
    kept->opened += opened;
    kept->resolved += resolved;
    return said || unreadable(err, "what became of findings");
}

/* services/monitoring/bulk_judge.c - judges a household of a table, its members with it: who they
 * are, who is the head, what the rules find (bulk_rules.h; M-163 to M-166). */
#include <stdlib.h>
#include <string.h>

#include "bulk_facts.h"
#include "bulk_rules.h"
#include "core/buf.h"
#include "core/str.h"
#include "keys/field.h"
#include "sql_monitoring.h"

#include "core/banned.h"

enum { IDS_MAX = 1024 * 1024 };

static bool no_memory(struct err *err)
{
    return err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
}

/* ---- in the chunk's transaction: what is there ---- */

static const char *ids_there(struct arena *a, struct bundle *const *list, size_t n)
{
    struct buf ids;
    buf_init(&ids, a, IDS_MAX);
    for (size_t i = 0; i < n; i++) {
        const struct bundle_row *home = bulk_home_there(list[i]);
        if (home != NULL)
            buf_printf(&ids, "%s%s", ids.len > 0 ? "," : "{", home->id);
    }
    buf_str(&ids, ids.len > 0 ? "}" : "");
    return buf_text(&ids);
}

static bool look(void *state, struct job_run *r, struct bundle *const *list, size_t n,
                 struct err *err)
{
    struct rows *rows = NULL;
    struct bulk_context *contexts = NULL;
    const char *ids = ids_there(r->arena, list, n);
    if (ids == NULL)
        return no_memory(err);
    if (!bulk_look_rules(state, r, list, n, &contexts, err))
        return false;
    const char *const pairs[] = {"households", ids, NULL};
    return *ids == '\0' || (job_query(r, &SQL_archive_facts, pairs, &rows, err) &&
                            bulk_keep_facts(rows, list, n, contexts, err));
}

/* ---- without a transaction ---- */

/* A number that is an id of ours is no number. */
static bool is_own_id(const char *key)
{
    enum { ID = 36 };
    return strlen(key) == ID && key[8] == '-' && key[13] == '-' && key[18] == '-' && key[23] == '-';
}

static void need(struct bundle *b, struct bundle_row *r, size_t column, const char *name)
{
    if (bundle_value(r, column) == NULL && r->texts[column] == NULL)
        bundle_fault(b, r, name, "missing");
}

/* What the table says is on no day to come. */
static void judge_day(struct bundle *b, struct bundle_row *r, size_t column, const char *name,
                      struct date today)
{
    char now[11];
    date_format(today, now);
    if (r->cells[column] != NULL && strcmp(r->cells[column], now) > 0)
        bundle_fault(b, r, name, "in_future");
}

/* M-023. */
static void judge_elimination(struct bundle *b, struct bundle_row *r)
{
    const char *identified = bundle_value(r, HOUSEHOLD_identified_on);
    const char *eliminated_on = bundle_value(r, HOUSEHOLD_eliminated_on);
    bool eliminated = str_equal(bundle_value(r, HOUSEHOLD_eliminated), "true");
    if (eliminated && bundle_value(r, HOUSEHOLD_object_type) == NULL)
        bundle_fault(b, r, "eliminated", "contradicts");
    if (eliminated)
        need(b, r, HOUSEHOLD_identified_on, "identified_on");
    if (!eliminated &&
        (eliminated_on != NULL || bundle_value(r, HOUSEHOLD_elimination_kind) != NULL))
        bundle_fault(b, r, "eliminated", "contradicts");
    if (identified != NULL && eliminated_on != NULL && strcmp(eliminated_on, identified) < 0)
        bundle_fault(b, r, "eliminated_on", "too_early");
}

static void judge_home(struct bundle *b, struct bundle_row *r, struct date today)
{
    if (r->number == 0)
        return;
    if (is_own_id(b->key)) {
        r->cells[HOUSEHOLD_household_number] = NULL;
        bundle_show(b, r, "household_number", b->key);
    }
    if (r->was == NULL) {
        need(b, r, HOUSEHOLD_owner_division, "owner_division");
        need(b, r, HOUSEHOLD_household_type, "household_type");
    }
    const char *type = bundle_value(r, HOUSEHOLD_household_type);
    const char *object = bundle_value(r, HOUSEHOLD_object_type);
    if (object != NULL && *object != '3' && !str_equal(type, *object == '1' ? "lifted" : "general"))
        bundle_fault(b, r, "object_type", "contradicts");
    if (!str_equal(type, "lifted") && bundle_value(r, HOUSEHOLD_lifted_class) != NULL)
        bundle_fault(b, r, "lifted_class", "contradicts");
    judge_elimination(b, r);
    judge_day(b, r, HOUSEHOLD_identified_on, "identified_on", today);
    judge_day(b, r, HOUSEHOLD_eliminated_on, "eliminated_on", today);
}

static void keep_changed(struct bundle *b, struct bundle_row *r, size_t column, const char *name,
                         const char *value)
{
    if (r->number > 0 && value != NULL && *value != '\0' &&
        (r->was == NULL || !str_equal(r->was[column], value)))
        bundle_keep(b, r, name, value);
}

/* By the dictionary row_fault. */
static const char *fault_of(const char *code)
{
    return str_equal(code, "differs")    ? "contradicts"
           : str_equal(code, "required") ? "missing"
                                         : code;
}

/* Who it is; M-164: a child's name is not shown. */
static void judge_person(const void *state, struct bundle *b, struct bundle_row *r,
                         struct date today, struct identity *ret)
{
    struct identity_fault wrong = {0};
    const char *number = bundle_value(r, MEMBER_id_number);
    const char *kind = r->cells[MEMBER_certificate_kind];
    struct identity_said said = {
        .id_number = number,
        .certificate_kind =
            kind != NULL || number != NULL ? kind : bundle_value(r, MEMBER_certificate_kind),
        .birth_on = number != NULL ? r->cells[MEMBER_birth_on] : bundle_value(r, MEMBER_birth_on),
        .sex = number != NULL ? r->cells[MEMBER_sex] : bundle_value(r, MEMBER_sex)};
    bool is_told = r->faults != NULL && number == NULL && r->texts[MEMBER_id_number] != NULL;
    if (!identity_of(&said, today, ret, &wrong) && r->number > 0 && !is_told)
        bundle_fault(b, r, wrong.field, fault_of(wrong.code));
    keep_changed(b, r, MEMBER_certificate_kind, "certificate_kind", ret->certificate_kind);
    keep_changed(b, r, MEMBER_sex, "sex", ret->sex);
    keep_changed(b, r, MEMBER_birth_on, "birth_on", ret->birth_on);
    const char *name = bundle_value(r, MEMBER_name);
    if (r->number > 0 && name != NULL && strcmp(ret->birth_on, bulk_born_after(state)) > 0) {
        size_t first = 1;
        while (((unsigned char)name[first] & 0xC0) == 0x80)
            first++;
        bundle_show(b, r, "name", arena_printf(b->arena, "%.*s**", (int)first, name));
        bundle_show(b, r, "birth_on", "******");
    }
}

/* M-160: of a year. */
static void judge_months(struct bundle *b, struct bundle_row *r, size_t column, const char *name)
{
    enum { MONTHS = 12 };
    const char *said = r->cells[column];
    if (said != NULL && strtoul(said, NULL, 10) > MONTHS)
        bundle_fault(b, r, name, "too_large");
}

static void judge_member(const void *state, struct bundle *b, struct bundle_row *r,
                         struct date today, struct identity *ret)
{
    const char *joined = r->cells[MEMBER_joined_on];
    judge_person(state, b, r, today, ret);
    if (r->number == 0)
        return;
    if (r->was == NULL) {
        need(b, r, MEMBER_name, "name");
        need(b, r, MEMBER_relation, "relation");
    }
    judge_months(b, r, MEMBER_work_months, "work_months");
    judge_months(b, r, MEMBER_public_post_months, "public_post_months");
    judge_day(b, r, MEMBER_joined_on, "joined_on", today);
    if (joined != NULL && strcmp(joined, ret->birth_on) < 0)
        bundle_fault(b, r, "joined_on", "too_early");
    for (size_t i = 0; i < b->n_rows && b->rows[i] != r; i++) {
        const struct bundle_row *o = b->rows[i];
        if (o->part == MEMBER_PART && o->number > 0 && o->was == NULL && r->was == NULL &&
            (o->hashes[MEMBER_id_number] == NULL || r->hashes[MEMBER_id_number] == NULL) &&
            str_equal(bundle_value(o, MEMBER_name), bundle_value(r, MEMBER_name)) &&
            str_equal(bundle_value(o, MEMBER_relation), bundle_value(r, MEMBER_relation)))
            bundle_fault(b, r, "name", "repeated");
    }
}

/* Who is the head, who was it, and how many there are; n_rows: nobody. */
struct heads {
    size_t now, was, members;
};

static struct heads heads_of(const struct bundle *b)
{
    struct heads h = {b->n_rows, b->n_rows, 0};
    for (size_t i = 0; i < b->n_rows; i++) {
        const struct bundle_row *r = b->rows[i];
        if (r->part != MEMBER_PART)
            continue;
        h.members++;
        if (str_equal(bundle_value(r, MEMBER_relation), "head"))
            h.now = i;
        if (r->was != NULL && str_equal(r->was[MEMBER_relation], "head"))
            h.was = i;
    }
    return h;
}

static void keep_head(struct bundle *b, struct bundle_row *home, const struct identity *who,
                      const struct heads *h)
{
    home->changed = true;
    bundle_keep(b, home, "head_member_id", b->rows[h->now]->id);
    if (home->was != NULL)
        return;
    bundle_keep(b, home, "head_name", bundle_value(b->rows[h->now], MEMBER_name));
    if (*who[h->now].birth_on != '\0')
        bundle_keep(b, home, "head_birth_on", who[h->now].birth_on);
    bundle_keep(b, home, "member_count", arena_printf(b->arena, "%zu", h->members));
}

/* What a household keeps of its members. Without a row of its own it has another head in no way. */
static void judge_head(struct bundle *b, struct bundle_row *home, const struct identity *who)
{
    const struct heads h = heads_of(b);
    bool is_new = home->was == NULL;
    if (home->number == 0) {
        if (h.now != h.was)
            bundle_fault(b, b->rows[0], NULL, is_new ? "no_head" : "head_changes");
    } else if (h.now == b->n_rows) {
        if (is_new)
            bundle_fault(b, home, NULL, "no_head");
    } else if (is_new || h.now != h.was) {
        keep_head(b, home, who, &h);
    }
}

/* M-165: its rows over what is there. */
static bool judge_rules(const void *state, struct bundle *b, struct bundle_row *home,
                        const struct identity *who, struct date today, struct err *err)
{
    const struct bulk_context *c = b->context;
    struct household_facts there, facts;
    bool is = c->facts != NULL;
    if ((is && !bulk_read_facts(state, b, c->facts, &there)) ||
        !bulk_facts(b, is ? &there : NULL, who, &facts))
        return no_memory(err);
    return bulk_check(b, home, &facts, today, err);
}

/* M-167: the household and all who live there as they stood, for monitoring.bundles_changed(). */
static void keep_stamp(struct bundle *b, const struct bundle_row *home)
{
    unsigned long members = 0, versions = 0;
    for (size_t i = 0; i < b->n_rows; i++) {
        const struct bundle_row *r = b->rows[i];
        if (r->part == HOUSEHOLD_PART || r->was == NULL)
            continue;
        members++;
        versions += strtoul(r->version, NULL, 10);
    }
    const char *stamp = arena_printf(b->arena, "%s %lu %lu", home->version, members, versions);
    for (size_t i = 0; i < b->n_rows; i++) {
        if (b->rows[i]->number > 0)
            bundle_keep(b, b->rows[i], "stamp", stamp);
    }
}

static bool judge(void *state, struct bundle *b, struct date today, struct err *err)
{
    const struct bulk_context *c = b->context;
    struct identity *who = arena_array(b->arena, struct identity, b->n_rows + 1);
    struct bundle_row *home = NULL;
    if (who == NULL)
        return no_memory(err);
    for (size_t i = 0; i < b->n_rows; i++) {
        if (b->rows[i]->part == HOUSEHOLD_PART) {
            home = b->rows[i];
            judge_home(b, home, today);
        } else {
            judge_member(state, b, b->rows[i], today, &who[i]);
        }
    }
    if (home == NULL || b->failed)
        return true;
    judge_head(b, home, who);
    if (home->was != NULL)
        keep_stamp(b, home);
    return c->rules == NULL || judge_rules(state, b, home, who, today, err);
}

static bool settle(struct job_run *r, const char *batch_id, const char *after, const char *last,
                   struct err *err)
{
    return bulk_settle(r, &SQL_archive_to_check, batch_id, after, last, err);
}

/* M-168: what names the look-up keys that there are. */
static bool give(struct job_run *r, const char **ret_given, struct err *err)
{
    return field_lookups(r->keys, "monitoring.member.id_number", (struct span){"-", 1}, r->arena,
                         ret_given, err);
}

const struct batch_judge archive_judge = {bulk_begin, look, judge, settle, give};

/* services/monitoring/bulk_rules.c - see bulk_rules.h. */
#include "bulk_rules.h"

#include <string.h>

#include "core/buf.h"
#include "core/str.h"
#include "findings.h"
#include "keys/field.h"
#include "sql_monitoring.h"

#include "core/banned.h"

enum { NOTE_MAX = 4096, SETS_KEPT = 64, IDS_MAX = 1024 * 1024 };

/* M-166: rules by what lays them down: divisions at or above a village that have settings of their
 * own. */
struct known_rules {
    const char *laid_down;
    struct rule_set set;
    struct known_rules *next;
};

struct judging {
    struct arena *arena;
    struct keyring *keys;
    const char *born_after; /* YYYY-MM-DD: younger ones are children */
    const char *settings;   /* divisions with settings, between commas */
    struct known_rules *rules;
    size_t n_rules;
};

static bool no_memory(struct err *err)
{
    return err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
}

bool bulk_begin(struct job_run *r, struct arena *a, void **ret_state, struct err *err)
{
    static const char *const none[] = {NULL};
    struct rows *rows = NULL;
    struct judging *j = arena_new(a, struct judging);
    if (j == NULL)
        return no_memory(err);
    if (!job_query(r, &SQL_archive_begin, none, &rows, err))
        return false;
    *j = (struct judging){.arena = a,
                          .keys = r->keys,
                          .born_after = arena_strdup(a, rows_text(rows, 0, 0)),
                          .settings = arena_strdup(a, rows_text(rows, 0, 1))};
    *ret_state = j;
    return (j->born_after != NULL && j->settings != NULL) || no_memory(err);
}

const char *bulk_born_after(const void *state)
{
    const struct judging *j = state;
    return j->born_after;
}

/* ---- in the chunk's transaction: rules, and what is there ---- */

const struct bundle_row *bulk_home(const struct bundle *b)
{
    for (size_t i = 0; i < b->n_rows; i++) {
        if (b->rows[i]->part == HOUSEHOLD_PART)
            return b->rows[i];
    }
    return NULL;
}

/* The household of a bundle, where it is in the database. */
const struct bundle_row *bulk_home_there(const struct bundle *b)
{
    const struct bundle_row *home = bulk_home(b);
    return home != NULL && home->was != NULL ? home : NULL;
}

/* Does what is laid down in one division hold in another? */
static bool holds_in(const char *division, size_t len, const char *village)
{
    while (len > 2 && division[len - 1] == '0')
        len--;
    return strncmp(division, "000000000000", 12) == 0 || strncmp(division, village, len) == 0;
}

static const char *laid_down_for(struct arena *a, const struct judging *j, const char *village)
{
    struct buf b;
    buf_init(&b, a, IDS_MAX);
    buf_char(&b, ';');
    for (const char *at = j->settings; *at != '\0';) {
        size_t len = strcspn(at, ",");
        if (holds_in(at, len, village))
            buf_add(&b, at, len + 1);
        at += len + (at[len] == ',');
    }
    return buf_text(&b);
}

static bool read_rules(struct job_run *r, const char *village, struct arena *a,
                       struct rule_set *ret, struct err *err)
{
    struct rows *rows = NULL;
    const char *const pairs[] = {"division", village, NULL};
    return job_query(r, &SQL_rules_in_force, pairs, &rows, err) &&
           (rule_set_read(a, rows_text(rows, 0, 0), ret) || no_memory(err));
}

/* So many sets are kept for the whole table; what a village of another one has is read for its
 * household alone, into `own`. */
static const struct rule_set *rules_for(struct judging *j, struct job_run *r, const char *village,
                                        struct arena *own, struct err *err)
{
    const char *by = laid_down_for(r->arena, j, village);
    struct known_rules *k = j->rules;
    while (k != NULL && by != NULL && strcmp(k->laid_down, by) != 0)
        k = k->next;
    if (k != NULL && by != NULL)
        return &k->set;
    bool keeps = j->n_rules < SETS_KEPT;
    struct arena *a = keeps ? j->arena : own;
    k = by == NULL ? NULL : arena_new(a, struct known_rules);
    if (k == NULL || (k->laid_down = arena_strdup(a, by)) == NULL) {
        no_memory(err);
        return NULL;
    }
    if (!read_rules(r, village, a, &k->set, err))
        return NULL;
    if (keeps) {
        k->next = j->rules;
        j->rules = k;
        j->n_rules++;
    }
    return &k->set;
}

bool bulk_look_rules(void *state, struct job_run *r, struct bundle *const *list, size_t n,
                     struct bulk_context **ret, struct err *err)
{
    struct judging *j = state;
    struct bulk_context *contexts = *ret =
        n == 0 ? NULL : arena_array(list[0]->arena, struct bulk_context, n);
    if (n > 0 && contexts == NULL)
        return no_memory(err);
    for (size_t i = 0; i < n; i++) {
        const struct bundle_row *home = bulk_home(list[i]);
        const char *village = home == NULL ? NULL : bundle_value(home, HOUSEHOLD_owner_division);
        list[i]->context = &contexts[i];
        if (village == NULL)
            continue; /* it fails without rules */
        contexts[i].rules = rules_for(j, r, village, list[i]->arena, err);
        if (contexts[i].rules == NULL)
            return false;
    }
    return true;
}

static const char *facts_in(const struct rows *rows, const char *id)
{
    for (size_t at = 0; at < rows_count(rows); at++) {
        if (str_equal(rows_text(rows, at, 0), id))
            return rows_text(rows, at, 1);
    }
    return NULL;
}

bool bulk_keep_facts(const struct rows *rows, struct bundle *const *list, size_t n,
                     struct bulk_context *contexts, struct err *err)
{
    for (size_t i = 0; i < n; i++) {
        const struct bundle_row *home = bulk_home_there(list[i]);
        const char *facts = home == NULL ? NULL : facts_in(rows, home->id);
        if (facts != NULL && (contexts[i].facts = arena_strdup(list[i]->arena, facts)) == NULL)
            return no_memory(err);
    }
    return true;
}

/* ---- without a transaction ---- */

static struct bundle_row *row_of(const struct bundle *b, const struct found *f,
                                 struct bundle_row *home)
{
    for (size_t i = 0; f->member != NULL && i < b->n_given; i++) {
        if (str_equal(b->rows[i]->id, f->member->id))
            return b->rows[i];
    }
    return home->number > 0 ? home : b->rows[0];
}

/* The first of the rule's fields that is a column of the row. */
static const char *column_of(const struct bundle *b, const struct bundle_row *r,
                             const struct rule *rule)
{
    const struct batch_column *c = batch_part_columns(b->kind, r->part);
    for (size_t i = 0; i < rule->fields.n; i++) {
        for (const struct batch_column *at = c; at->name != NULL; at++) {
            if (strcmp(at->name, rule->fields.of[i]) == 0)
                return at->name;
        }
    }
    return NULL;
}

static bool note(struct bundle *b, const struct found *f, struct err *err)
{
    struct buf j;
    buf_init(&j, b->arena, NOTE_MAX);
    buf_str(&j, "{\"rule\":");
    buf_json(&j, f->rule->code);
    buf_printf(&j, ",\"severity\":\"%s\",\"detail\":", severity_words[f->severity]);
    buf_json(&j, f->detail);
    buf_char(&j, '}');
    const char *text = buf_text(&j);
    if (text == NULL)
        return no_memory(err);
    bundle_note(b, text);
    return true;
}

/* M-108: whoever may read the batch reads its faults and notes. Of health and of school they tell
 * nothing but what the table itself says: of somebody new, or of all that the rule looks at. */
static bool says(const struct bundle *b, const struct bundle_row *r, const char *name)
{
    const struct batch_column *c = batch_part_columns(b->kind, r->part);
    for (size_t i = 0; c[i].name != NULL; i++) {
        if (strcmp(c[i].name, name) == 0)
            return r->cells[i] != NULL;
    }
    return true;
}

static bool may_be_told(const struct bundle *b, const struct bundle_row *r, const struct found *f)
{
    if (!f->rule->about_health && !f->rule->about_school)
        return true;
    if (f->severity != SEVERITY_ERROR || f->member == NULL || !str_equal(r->id, f->member->id))
        return false;
    for (size_t i = 0; r->was != NULL && i < f->rule->fields.n; i++) {
        if (finding_keeps_apart(f->rule->fields.of[i]) && !says(b, r, f->rule->fields.of[i]))
            return false;
    }
    return true;
}

struct opening {
    struct keyring *keys;
    struct arena *arena;
};

static const char *open_fact(void *with, const char *column, const char *record, const char *hex)
{
    const struct opening *o = with;
    struct span plain = {0};
    struct err ignored = {.code = ERR_NONE};
    const struct field_place place = {column, record};
    return field_open(o->keys, &place, hex, o->arena, &plain, &ignored) ? plain.at : NULL;
}

bool bulk_read_facts(const void *state, struct bundle *b, const char *json,
                     struct household_facts *ret)
{
    const struct judging *j = state;
    struct opening o = {j->keys, b->arena};
    const struct fact_opener opener = {open_fact, &o};
    return household_facts_read(b->arena, json, &opener, ret);
}

/* What is not told is found when it is applied: the mark stands where nobody is shown it. */
bool bulk_check(struct bundle *b, struct bundle_row *home, const struct household_facts *facts,
                struct date today, struct err *err)
{
    bool marked = false;
    const struct bulk_context *c = b->context;
    struct found_list list = {0};
    if (!household_check(b->arena, c->rules, facts, today, &list))
        return no_memory(err);
    for (size_t i = 0; i < list.n; i++) {
        const struct found *f = &list.found[i];
        struct bundle_row *r = row_of(b, f, home);
        if (!may_be_told(b, r, f)) {
            if (!marked)
                bundle_keep(b, b->rows[0], "judged", "1");
            marked = true;
        } else if (f->severity == SEVERITY_ERROR)
            bundle_fault(b, r, column_of(b, r, f->rule), f->rule->code);
        else if (!note(b, f, err))
            return false;
    }
    return true;
}

/* ---- behind what was applied ---- */

bool bulk_settle(struct job_run *r, const struct stmt *to_check, const char *batch_id,
                 const char *after, const char *last, struct err *err)
{
    struct rows *rows = NULL;
    struct household_found *all = NULL;
    struct findings_kept kept = {0};
    size_t n = 0;
    const char *const pairs[] = {"batch_id", batch_id, "after", after, "last", last, NULL};
    if (!job_query(r, to_check, pairs, &rows, err))
        return false;
    const char *ids = rows_text(rows, 0, 0);
    if (ids == NULL)
        return true;
    return findings_check(r, ids, &all, &n, err) && findings_keep(r, all, n, &kept, err);
}

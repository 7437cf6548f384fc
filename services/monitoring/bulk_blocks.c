/* services/monitoring/bulk_blocks.c - yearly blocks as tables: their columns and parts, and what
 * judges them (M-172 to M-174). A block stands on a household that is there; the rules look at the
 * household as it would stand with it. Computes no figure: that is SQL's (block_with() of
 * migrations/0007), the same as when it is applied. */
#include "bulk_rules.h"
#include "core/buf.h"
#include "facts_json.h"
#include "sql_monitoring.h"

#include "core/banned.h"

enum { ROWS_MAX = 24 * 1024 * 1024 };

/* clang-format off */
#define X(name, label, cell, max, required, dictionary, explanation, seal, looked, starred) \
    {#name, label, cell, max, required, dictionary, explanation, seal, looked, starred},
const struct batch_column income_columns[] = {
#include "bulk_income.def"
    {0}
};
const struct batch_column guarantees_columns[] = {
#include "bulk_guarantees.def"
    {0}
};
const struct batch_column living_columns[] = {
#include "bulk_living.def"
    {0}
};
#undef X

#define HOUSEHOLD_HELD {"household", "户", household_columns, &SQL_archive_look_households, true}
const struct batch_part income_parts[] = {HOUSEHOLD_HELD, {"income", "家庭收支", income_columns, &SQL_income_look, false}, {0}};
const struct batch_part guarantees_parts[] = {HOUSEHOLD_HELD, {"three_guarantees", "三保障和饮水", guarantees_columns, &SQL_three_guarantees_look, false}, {0}};
const struct batch_part living_parts[] = {HOUSEHOLD_HELD, {"living_conditions", "生产生活条件", living_columns, &SQL_living_conditions_look, false}, {0}};
/* clang-format on */

static bool no_memory(struct err *err)
{
    return err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
}

static bool is_clean(const struct bundle *b)
{
    bool clean = !b->failed && bulk_home_there(b) != NULL;
    for (size_t i = 0; clean && i < b->n_given; i++)
        clean = b->rows[i]->faults == NULL;
    return clean;
}

/* {household, body}: what the row says. */
static void put_row(struct buf *out, const struct bundle *b, const struct bundle_row *r)
{
    const struct batch_column *c = batch_part_columns(b->kind, r->part);
    bool any = false;
    buf_printf(out, "%s{\"household\":\"%s\",\"body\":{", out->len > 1 ? "," : "",
               bulk_home_there(b)->id);
    for (size_t i = 0; c[i].name != NULL; i++) {
        if (r->cells[i] == NULL)
            continue;
        buf_printf(out, "%s\"%s\":", any ? "," : "", c[i].name);
        buf_json(out, r->cells[i]);
        any = true;
    }
    buf_str(out, "}}");
}

/* Facts of the households with what the rows say. */
static bool look(void *state, struct job_run *r, struct bundle *const *list, size_t n,
                 struct err *err)
{
    struct rows *rows = NULL;
    struct bulk_context *contexts = NULL;
    struct buf said;
    buf_init(&said, r->arena, ROWS_MAX);
    buf_char(&said, '[');
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; is_clean(list[i]) && k < list[i]->n_given; k++)
            put_row(&said, list[i], list[i]->rows[k]);
    }
    bool any = said.len > 1;
    buf_char(&said, ']');
    const char *text = buf_text(&said);
    if (text == NULL)
        return no_memory(err);
    if (!bulk_look_rules(state, r, list, n, &contexts, err))
        return false;
    const char *const pairs[] = {"rows", text, "kind", n == 0 ? NULL : list[0]->kind->name, NULL};
    return !any || (job_query(r, &SQL_block_facts, pairs, &rows, err) &&
                    bulk_keep_facts(rows, list, n, contexts, err));
}

/* M-175: the household and who lives there as they stood, for monitoring.bundles_changed(). */
static void keep_stamp(struct bundle *b, const char *facts)
{
    size_t len = 0;
    const char *value = facts_member(facts, "stamp", &len);
    const char *stamp =
        value == NULL || len < 2 ? NULL : arena_strndup(b->arena, value + 1, len - 2);
    for (size_t i = 0; i < b->n_given; i++) {
        if (stamp == NULL)
            bundle_fault(b, b->rows[i], NULL, "bundle_failed");
        else
            bundle_keep(b, b->rows[i], "stamp", stamp);
    }
}

static bool judge(void *state, struct bundle *b, struct date today, struct err *err)
{
    struct household_facts facts;
    const struct bulk_context *c = b->context;
    if (b->failed || c->rules == NULL || c->facts == NULL)
        return true;
    keep_stamp(b, c->facts);
    return bulk_read_facts(state, b, c->facts, &facts)
               ? bulk_check(b, b->rows[0], &facts, today, err)
               : no_memory(err);
}

static bool settle(struct job_run *r, const char *batch_id, const char *after, const char *last,
                   struct err *err)
{
    return bulk_settle(r, &SQL_block_to_check, batch_id, after, last, err);
}

const struct batch_judge block_judge = {bulk_begin, look, judge, settle};

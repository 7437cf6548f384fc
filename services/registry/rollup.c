/* services/registry/rollup.c - figures that are kept, not counted: items by state,
 * unit, division and lateness; and the task of the worker that folds changes into them. */
#include "core/str.h"
#include "registry.h"
#include "sql_registry.h"
#include "work/task.h"

enum { BATCH = 5000, SECOND_MS = 1000 };

static const char *const groupings[] = {"state", "unit", "division", "lateness", NULL};

/* clang-format off */
static const struct field group_fields[] = {
    F_TEXT("key", SHOWN, 1, 40, "What is grouped by: a list's state, a unit's id, a division's code; or done, late, open.", "431302000000"),
    F_TEXT("name", SHOWN | NULLABLE, 1, 300, "Name of the unit or division.", "娄星区"),
    F_INT("items", SHOWN, 0, INT32_MAX, "Items in it.", "120"),
    F_INT("done", SHOWN, 0, INT32_MAX, "Done by that day.", "31"),
    F_INT("late", SHOWN, 0, INT32_MAX, "Late on that day.", "4"),
    FIELDS_END
};

static const struct field rollup_fields[] = {
    F_CODE("division", IN_QUERY | OWN_SCOPE, "Of this division and all below; absent: all that the caller sees."),
    F_DATE("as_of", IN_QUERY | SHOWN, "The day of the answer; absent: today.", "2026-06-30"),
    F_ENUM("by", IN_QUERY | REQUIRED | SHOWN, groupings, "What to group by."),
    F_INSTANT("counted_at", SHOWN, "Up to when changes are in the figures; a minute behind at most."),
    F_ARRAY("groups", SHOWN, group_fields, 50000, "One entry a group that has items."),
    FIELDS_END
};

const struct route rollup_routes[] = {
    {METHOD_GET, "/rollups/items", PERM_DUTY_LIST_READ, rollup_fields, &SQL_rollup_items, read_one, "get_item_rollup", "Items counted by state of their list, unit, division or lateness, as of a day"},
    ROUTES_END
};
/* clang-format on */

/* Keys that nothing is left of go when there is nothing else to do. */
static enum work_result fold(struct work_step *s)
{
    struct rows *rows = NULL;
    int64_t taken = 0;
    const struct work_value values[] = {{"batch", arena_printf(s->arena, "%d", BATCH)}, {0}};
    if (!work_query(s, &SQL_rollup_fold_items, values, &rows))
        return WORK_FAILED;
    if (rows_count(rows) == 1)
        (void)str_int(rows_text(rows, 0, 0), 0, INT64_MAX, &taken);
    work_count(s, taken);
    if (taken == 0)
        return work_query(s, &SQL_rollup_forget_items, NULL, NULL) ? WORK_NONE : WORK_FAILED;
    return taken == BATCH ? WORK_FULL : WORK_SOME;
}

const struct work_task rollup_folding = {
    .name = "registry_rollup", .step = fold, .busy_ms = SECOND_MS, .idle_ms = SECOND_MS};

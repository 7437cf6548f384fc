/* services/monitoring/figures.c - figures of the archive that are kept, not counted (M-195 to
 * M-198), and the task of the worker that folds changes into them. */
#include "core/str.h"
#include "monitoring.h"
#include "sql_monitoring.h"

enum { BATCH = 5000, SECOND_MS = 1000 };

static const char *const groupings[] = {"division", "household_type", "object_type",
                                        "risk",     "severity",       NULL};

/* clang-format off */
#define COUNTED \
    F_INT("households", SHOWN, 0, INT32_MAX, "Active households.", "1200"), \
    F_INT("members", SHOWN, 0, INT32_MAX, "Who lives in them.", "4100"), \
    F_INT("monitored", SHOWN, 0, INT32_MAX, "Households that are objects of monitoring.", "10"), \
    F_INT("eliminated", SHOWN, 0, INT32_MAX, "Those of them whose risk is eliminated.", "7"), \
    F_INT("unconfirmed", SHOWN | NULLABLE, 0, INT32_MAX, "Members who are not confirmed; null for callers without person.locate.", "3"), \
    F_INT("findings", SHOWN, 0, INT32_MAX, "Open findings.", "15")

static const struct field total_fields[] = {
    COUNTED,
    FIELDS_END
};

static const struct field group_fields[] = {
    F_TEXT("key", SHOWN, 1, 40, "What is grouped by: a division's code, or a code of the value list.", "431302006000"),
    F_TEXT("name", SHOWN | NULLABLE, 1, 300, "Its name.", "水洞底镇"),
    COUNTED,
    FIELDS_END
};

static const struct field figures_fields[] = {
    F_CODE("division", IN_QUERY | SHOWN | OWN_SCOPE | NULLABLE, "Of this division and all below; absent: all that the caller sees."),
    F_DATE("as_of", IN_QUERY | SHOWN, "As it stood at the end of this day; absent: today.", "2026-06-30"),
    F_ENUM("by", IN_QUERY | REQUIRED | SHOWN, groupings, "What to group by; division: those next below."),
    F_INSTANT("counted_at", SHOWN, "Up to when changes are in the figures; a minute behind at most."),
    F_OBJECT("totals", SHOWN, total_fields, "Of all of it."),
    F_ARRAY("groups", SHOWN, group_fields, 50000, "One entry a group that has any."),
    FIELDS_END
};

const struct route figures_routes[] = {
    {METHOD_GET, "/archive_figures", PERM_HOUSEHOLD_READ, figures_fields, &SQL_archive_figures, read_one, "get_archive_figures", "Households, members, objects of monitoring and findings, counted by division, type, risk or severity, as of a day"},
    ROUTES_END
};
/* clang-format on */

/* M-195. */
static enum work_result fold(struct work_step *s)
{
    struct rows *rows = NULL;
    int64_t taken = 0;
    const struct work_value values[] = {{"batch", arena_printf(s->arena, "%d", BATCH)}, {0}};
    if (!work_query(s, &SQL_archive_fold, values, &rows))
        return WORK_FAILED;
    if (rows_count(rows) == 1)
        (void)str_int(rows_text(rows, 0, 0), 0, INT64_MAX, &taken);
    work_count(s, taken);
    if (taken == 0)
        return WORK_NONE;
    return taken == BATCH ? WORK_FULL : WORK_SOME;
}

const struct work_task archive_folding = {
    .name = "archive_rollup", .step = fold, .busy_ms = 3 * SECOND_MS, .idle_ms = SECOND_MS};

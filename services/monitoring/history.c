/* services/monitoring/history.c - every version of a household, of its members and of its yearly
 * blocks: who, why, out of what, and what changed (M-042). It changes nothing. */
#include "household_parts.h"
#include "monitoring.h"
#include "sql_monitoring.h"

static const char *const archive_records[] = {
    "household", "member", "three_guarantees", "income", "living_conditions", NULL};
static handler history_page;

/* clang-format off */
static const struct field change_fields[] = {
    F_TEXT("field", SHOWN, 1, 60, "What changed.", "address"),
    F_TEXT("before", SHOWN | NULLABLE, 0, 9000, "What it was; of personal data that is encrypted: ******.", "仙人阁社区三组12号"),
    F_TEXT("after", SHOWN | NULLABLE, 0, 9000, "What it is since then.", "仙人阁社区三组14号"),
    FIELDS_END
};

static const struct field history_fields[] = {
    F_UUID("household_id", IN_PATH, "The household."),
    F_TEXT("entry", SHOWN, 1, 80, "Name of the version: record, its id, number.", "household 01940000-0000-7000-8000-000000000001 0000000001"),
    F_ENUM("record", IN_QUERY | SHOWN, archive_records, "Of what it is a version."),
    F_UUID("record_id", IN_QUERY | SHOWN, "Its id."),
    F_INT("version", SHOWN, 1, INT32_MAX, "Its number; the highest is the record itself.", "2"),
    F_INSTANT("recorded_at", SHOWN, "When it was recorded."),
    F_UUID("recorded_by_account", SHOWN | NULLABLE, "The account that recorded it."),
    F_UUID("recorded_by_post", SHOWN | NULLABLE, "The post that it acted in."),
    F_ENUM("source", SHOWN, archive_sources, "Where it came from; recount: an income, computed anew when it became known otherwise who lived there."),
    F_UUID("batch_id", SHOWN | NULLABLE, "The batch that it came in with."),
    F_TEXT("reason", SHOWN | NULLABLE, 1, 300, "Why.", "入户核实后更正"),
    F_CODE("at_division", SHOWN, "Where the record was made."),
    F_ARRAY("changes", SHOWN, change_fields, 200, "What it changed, as the record is shown to this caller; none: the first version."),
    FIELDS_END
};

const struct route history_routes[] = {
    {METHOD_GET, "/households/:household_id/history", PERM_HOUSEHOLD_READ, history_fields, &SQL_household_history, history_page, "list_household_history", "Every version of a household, of its members and of its yearly blocks, with what changed"},
    ROUTES_END
};
/* clang-format on */

static bool history_page(struct request *rq)
{
    struct rows *rows = NULL;
    if (!db_rows(rq, &SQL_member_household, &rows))
        return false;
    return rows_count(rows) > 0 ? read_page(rq) : fail(rq, ERR_NOT_FOUND, NULL, "%s", "");
}

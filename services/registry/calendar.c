/* services/registry/calendar.c - the work-day calendar: how far it goes, and the arrangement of a
 * year out of a CSV. Whole and for the country: no division has a calendar of its own (R-270 to
 * Counts no days: common/db/migrations. */
#include "core/limits.h"
#include "registry.h"
#include "sql_registry.h"
#include "table_load.h"

static const char *const day_kinds[] = {"rest", "work", NULL};
static handler calendar_import;

/* clang-format off */
static const struct field year_fields[] = {
    F_INT("year", SHOWN, 2000, 2199, "The year.", "2026"),
    F_TEXT("source", SHOWN, 1, 200, "What laid its days down.", "国务院办公厅关于2026年部分节假日安排的通知"),
    F_INT("work_days", SHOWN, 0, 366, "Its work days.", "248"),
    F_INT("rest_on_weekdays", SHOWN, 0, 366, "Days of rest from Monday to Friday.", "19"),
    F_INT("work_on_weekends", SHOWN, 0, 366, "Saturdays and Sundays that are worked.", "6"),
    FIELDS_END
};

static const struct field calendar_fields[] = {
    F_DATE("first_day", SHOWN, "The first day that work days are counted on.", "2004-01-01"),
    F_DATE("last_day", SHOWN, "The last one: what goes beyond it is refused or has no deadline, and nothing turns late.", "2026-12-31"),
    F_INT("days_left", SHOWN, 0, INT32_MAX, "Days from today until the last one.", "39"),
    F_ARRAY("years", SHOWN, year_fields, 200, "Year by year."),
    FIELDS_END
};

static const struct field import_fields[] = {
    F_UUID("id", SHOWN, "Id of this load, as in the audit log."),
    F_INT("year", IN_QUERY | REQUIRED, 2000, 2199, "The year: the one behind the last, or the last one again.", "2027"),
    F_TEXT("source", IN_QUERY | REQUIRED, 1, 200, "What lays its days down.", "国务院办公厅关于2027年部分节假日安排的通知"),
    F_INT("rows", SHOWN, 0, INT32_MAX, "Rows read.", "33"),
    F_INT("inserted", SHOWN, 0, INT32_MAX, "Days entered.", "365"),
    F_INT("updated", SHOWN, 0, INT32_MAX, "Days changed.", "0"),
    F_INT("unchanged", SHOWN, 0, INT32_MAX, "Days that were so already; of a table that changes none, its rows.", "0"),
    F_VERSION(),
    FIELDS_END
};

static const struct field columns[] = {
    F_DATE("day", IN_BODY | REQUIRED, "A day of that year.", "2027-01-01"),
    F_ENUM("kind", IN_BODY | REQUIRED, day_kinds, "Rest or work; days that are not named are worked from Monday to Friday."),
    F_TEXT("name", IN_BODY, 1, 40, "What it is.", "元旦"),
    FIELDS_END
};

const struct route calendar_routes[] = {
    {METHOD_GET,  "/calendar",        PERM_SIGNED_IN,      calendar_fields, &SQL_calendar,        read_one,        "get_calendar", "How far the work-day calendar goes, and what its years rest on"},
    {METHOD_POST, "/calendar:import", PERM_CALENDAR_WRITE, import_fields,   &SQL_calendar_import, calendar_import, "import_calendar", "Load the arrangement of a year from a CSV with columns day, kind and optionally name: the days that a notice of the State Council names", .media = MEDIA_CSV, .also = "year source", .status = 200},
    ROUTES_END
};
/* clang-format on */

static bool calendar_import(struct request *rq)
{
    static const struct table_load days = {columns, LIMIT_CALENDAR_ROWS, &SQL_calendar_import_check,
                                           &SQL_calendar_import};
    return table_load(rq, &days);
}

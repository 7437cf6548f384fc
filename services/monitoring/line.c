/* services/monitoring/line.c - the monitoring line (监测范围): the yearly income a head at or below
 * which a household is looked at. Rules M-001 to M-005. It decides nothing by itself. */
#include "monitoring.h"
#include "sql_monitoring.h"

/* clang-format off */
static const struct field line_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id of the line; may come from the client."),
    F_CODE("owner_division", IN_BODY | REQUIRED | SHOWN | OWN_SCOPE, "The division that lays it down; it holds there and below."),
    F_CODE("division", IN_QUERY | OWN_OR_ABOVE, "Only lines of this division itself."),
    F_INT("year", IN_BODY | IN_QUERY | REQUIRED | SHOWN, 2000, 2199, "The year of the decisions that it is for.", "2026"),
    F_DECIMAL("amount", IN_BODY | REQUIRED | SHOWN, 0, 2, "Yuan a person and year.", "8700"),
    F_TEXT("document_number", IN_BODY | SHOWN | NULLABLE, 1, 60, "Number of the document that lays it down.", "云农办通〔2025〕1号"),
    F_TEXT("source", IN_BODY | SHOWN | NULLABLE, 1, 200, "Where it is told, besides.", "省农业农村厅通知"),
    F_DATE("effective_from", IN_BODY | SHOWN, "The first day that it holds; absent: the first of the year.", "2026-01-01"),
    F_BOOL("assumed", IN_BODY | SHOWN, "No document at hand says so."),
    F_INSTANT("created_at", SHOWN, "When it was entered."),
    F_VERSION(),
    FIELDS_END
};

static const struct field corrected_fields[] = {
    F_UUID("id", IN_PATH, "Id of the line."),
    F_DECIMAL("amount", IN_BODY, 0, 2, "Yuan a person and year.", "8700"),
    F_TEXT("document_number", IN_BODY | NULLABLE, 1, 60, "Number of the document that lays it down.", "云农办通〔2025〕1号"),
    F_TEXT("source", IN_BODY | NULLABLE, 1, 200, "Where it is told, besides.", "省农业农村厅通知"),
    F_DATE("effective_from", IN_BODY, "The first day that it holds.", "2026-01-01"),
    F_BOOL("assumed", IN_BODY, "No document at hand says so."),
    F_VERSION(),
    FIELDS_END
};

static const struct field holding_fields[] = {
    F_CODE("division", IN_QUERY | REQUIRED | OWN_SCOPE, "The division that is asked for."),
    F_INT("year", IN_QUERY | REQUIRED, 2000, 2199, "The year.", "2026"),
    FIELDS_END
};

const struct route line_routes[] = {
    {METHOD_GET,   "/monitoring_lines",     PERM_HOUSEHOLD_READ, line_fields,      &SQL_line_list,    read_upward, "list_monitoring_lines", "Monitoring lines of the caller's divisions and above, by division or year"},
    {METHOD_GET,   "/monitoring_lines/:id", PERM_HOUSEHOLD_READ, line_fields,      &SQL_line_get,     read_one,    "get_monitoring_line", "One monitoring line"},
    {METHOD_POST,  "/monitoring_lines",     PERM_RULE_WRITE,     line_fields,      &SQL_line_insert,  write_one,   "create_monitoring_line", "Enter the monitoring line of a division and year", .location = "/monitoring_lines/", .status = 201},
    {METHOD_PATCH, "/monitoring_lines/:id", PERM_RULE_WRITE,     corrected_fields, &SQL_line_correct, write_one,   "update_monitoring_line", "Correct a monitoring line", .shows = line_fields, .probe = &SQL_line_get},
    {METHOD_GET,   "/monitoring_line",      PERM_HOUSEHOLD_READ, holding_fields,   &SQL_line_holding, read_one,    "get_holding_monitoring_line", "The line that holds for a division in a year: its own, or that of the nearest division above", .shows = line_fields, .misses = true},
    ROUTES_END
};
/* clang-format on */

/* services/registry/report.c - progress reports: report, read, confirm, send back. Contract:
 * proto/registry.md. Who may report and what it moves is said in sql/report.sql (R-020 to R-023,
 *
 */
#include "registry.h"
#include "sql_registry.h"

static const char *const report_states[] = {"submitted", "confirmed", "sent_back", NULL};
static handler report_write;

/* clang-format off */
static const struct field report_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id of the report; may come from the client."),
    F_CODE("owner_division", SHOWN, "The item's division."),
    F_CODE("at_division", SHOWN, "Where it happened."),
    F_UUID("item_id", IN_PATH | IN_QUERY | SHOWN, "The item reported on."),
    F_UUID("organisation_id", IN_QUERY | SHOWN, "The lead unit that reports."),
    F_DATE("reported_on", IN_BODY | SHOWN, "The day it stands for; absent: today.", "2026-06-18"),
    F_DECIMAL("value", IN_BODY | SHOWN | NULLABLE, 0, 4, "The value reached so far, in the item's unit of measure.", "11"),
    F_INT("milestone", IN_BODY | SHOWN | NULLABLE, 1, 1000, "The position of the milestone reached.", "1"),
    F_TEXT("note", IN_BODY | SHOWN | NULLABLE, 1, 1000, "What was done.", "三处已通水"),
    F_UUIDS("file_ids", IN_BODY | SHOWN, 20, "Files that show it: whole ones that the caller can see."),
    F_UUIDS("ids", IN_QUERY, 500, "Only these reports."),
    F_ENUM("status", IN_QUERY | SHOWN, report_states, "Where the report stands."),
    F_TEXT("decision_note", IN_BODY | SHOWN | NULLABLE, 1, 1000, "Why it was confirmed or sent back.", "数据与台账一致"),
    F_UUID("reported_by", SHOWN, "The post that reported."),
    F_UUID("decided_by", SHOWN | NULLABLE, "The post that decided."),
    F_INSTANT("decided_at", SHOWN | NULLABLE, "When it was decided."),
    F_INSTANT("created_at", SHOWN, "When it came in."),
    F_VERSION(),
    FIELDS_END
};

static const struct field corrected_fields[] = { /* */
    F_UUID("id", IN_PATH, "Id of the report."),
    F_DATE("reported_on", IN_BODY, "The day it stands for.", "2026-06-18"),
    F_DECIMAL("value", IN_BODY, 0, 4, "The value reached so far, in the item's unit of measure.", "11"),
    F_INT("milestone", IN_BODY, 1, 1000, "The position of the milestone reached.", "1"),
    F_TEXT("note", IN_BODY | NULLABLE, 1, 1000, "What was done.", "三处已通水"),
    F_VERSION(),
    FIELDS_END
};

static const struct field send_back_fields[] = { /* whoever sends a report back says why */
    F_UUID("id", IN_PATH, "Id of the report."),
    F_TEXT("decision_note", IN_BODY | REQUIRED, 1, 1000, "Why it is sent back.", "数据与台账不一致，请核对"),
    F_VERSION(),
    FIELDS_END
};

const struct route report_routes[] = {
    {METHOD_GET,  "/reports",                PERM_REPORT_READ,    report_fields, &SQL_report_list,   read_page, "list_reports", "Reports in the caller's scope"},
    {METHOD_GET,  "/reports/:id",            PERM_REPORT_READ,    report_fields, &SQL_report_get,    read_one,  "get_report", "One report"},
    {METHOD_POST, "/items/:item_id/reports", PERM_REPORT_WRITE,   report_fields, &SQL_report_insert, report_write, "submit_report", "Report progress on an item of the own unit", .location = "/reports/", .status = 201},
    {METHOD_PATCH, "/reports/:id",           PERM_REPORT_WRITE,   corrected_fields, &SQL_report_correct, report_write, "update_report", "Correct an own report that nobody has decided on", .shows = report_fields, .probe = &SQL_report_get},
    {METHOD_POST, "/reports/:id:confirm",    PERM_REPORT_CONFIRM, report_fields, &SQL_report_decide, step_one,  "confirm_report", "Confirm a report", .probe = &SQL_report_get, .fsm = report_fsm, .verb = "confirm"},
    {METHOD_POST, "/reports/:id:send_back",  PERM_REPORT_CONFIRM, send_back_fields, &SQL_report_decide, step_one, "send_back_report", "Send a report back", .shows = report_fields, .probe = &SQL_report_get, .fsm = report_fsm, .verb = "send_back"},
    ROUTES_END
};
/* clang-format on */

/* a report tells what has been reached, so it is not of a day to come. */
static bool is_reached(struct request *rq)
{
    struct date on;
    if (!arg_date(rq, "reported_on", &on) || date_compare(on, rq->today) <= 0) {
        return true;
    }
    return problem_add(rq, (struct problem){AT_POINTER, "/reported_on", 0, "in_the_future",
                                            "a report is not of a day to come"});
}

static bool report_write(struct request *rq)
{
    return is_reached(rq) && write_one(rq);
}

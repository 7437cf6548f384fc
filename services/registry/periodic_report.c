/* services/registry/periodic_report.c - reports by period: filled from what is recorded, written on
 * by hand, submitted, returned, accepted; composed of what was accepted. How they
 * are filled is SQL (migrations/0020). */
#include "registry.h"
#include "sql_registry.h"

static const char *const states[] = {"draft",    "submitted", "returned",
                                     "accepted", "discarded", NULL};
static const char *const verbs[] = {"submit", "return", "accept", "discard", NULL};

/* clang-format off */
const struct transition periodic_report_fsm[] = {
    /* from        verb      to           permission                    rule */
    {"draft",     "submit", "submitted", PERM_PERIODIC_REPORT_WRITE,  "The unit submits it; what it says is kept under a digest."},
    {"draft",     "discard", "discarded", PERM_PERIODIC_REPORT_WRITE, "The unit discards what it has never submitted; another may be drawn up."},
    {"returned",  "submit", "submitted", PERM_PERIODIC_REPORT_WRITE,  "It submits it again, mended."},
    {"submitted", "return", "returned",  PERM_PERIODIC_REPORT_ACCEPT, "The offices it goes to return it, and say why."},
    {"submitted", "accept", "accepted",  PERM_PERIODIC_REPORT_ACCEPT, "They accept it; it counts where theirs is composed."},
    {0}
};

static const struct field value_fields[] = {
    F_TEXT("code", SHOWN, 2, 40, "The field's code.", "visits"),
    F_TEXT("label", SHOWN, 1, 100, "What it is.", "走访次数"),
    F_TEXT("unit_of_measure", SHOWN, 1, 20, "Its unit.", "次"),
    F_DECIMAL("value", SHOWN | NULLABLE, 0, 4, "As the report has it: the sum of its parts where it is composed, else counted.", "120"),
    F_DECIMAL("recount", SHOWN | NULLABLE, 0, 4, "Counted anew from the records at the same moment.", "120"),
    FIELDS_END
};

static const struct field step_fields[] = {
    F_ENUM("verb", SHOWN, verbs, "What was done."),
    F_INSTANT("at", SHOWN, "When."),
    F_UUID("post_id", SHOWN, "By which post."),
    F_TEXT("note", SHOWN | NULLABLE, 1, 1000, "Why; of what was submitted its digest.", "请补充产业发展情况"),
    F_DATE("due_on", SHOWN | NULLABLE, "Nothing is due by a step of a report.", "2026-06-30"),
    FIELDS_END
};

static const struct field report_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id of the report; may come from the client."),
    F_CODE("owner_division", SHOWN, "The division of the unit that reports."),
    F_CODE("at_division", SHOWN, "The division it is about."),
    F_CODE("division", IN_QUERY | OWN_SCOPE, "Only reports of this division."),
    F_UUID("form_id", IN_BODY | IN_QUERY | REQUIRED | SHOWN, "The form."),
    F_TEXT("form", SHOWN | NULLABLE, 1, 200, "The form's title.", "乡村振兴责任制月报"),
    F_UUID("organisation_id", IN_QUERY | SHOWN, "The unit that reports: the caller's."),
    F_TEXT("organisation", SHOWN | NULLABLE, 1, 80, "Its name.", "娄星区人民政府"),
    F_CODE("to_division", SHOWN, "The division whose offices accept it."),
    F_ENUM("period", SHOWN | NULLABLE, report_periods, "How long its period is."),
    F_DATE("period_start", IN_BODY | IN_QUERY | REQUIRED | SHOWN, "First day of its period.", "2026-06-01"),
    F_DATE("period_end", SHOWN, "Last day of its period.", "2026-06-30"),
    F_DATE("cut_on", SHOWN, "The day that its figures stand for.", "2026-06-30"),
    F_ARRAY("figures", SHOWN, value_fields, 60, "What fills itself."),
    F_OBJECT("numbers", IN_BODY | SHOWN, NULL, "What is asked for, by the field's code: decimals as texts; sums of its parts where it is composed."),
    F_OBJECT("texts", IN_BODY | SHOWN, NULL, "What is written, by the field's code."),
    F_UUIDS("part_ids", SHOWN, 5000, "The accepted reports that it is composed of."),
    F_TEXTS("missing", SHOWN, 5000, "Divisions, or first days of periods, whose report was to be a part and was not accepted."),
    F_ENUM("status", IN_QUERY | SHOWN, states, "Where it stands."),
    F_UUID("submitted_by", SHOWN | NULLABLE, "The post that submitted it."),
    F_DATE("submitted_on", SHOWN | NULLABLE, "When.", "2026-06-30"),
    F_UUID("decided_by", SHOWN | NULLABLE, "The post that accepted or returned it."),
    F_INSTANT("decided_at", SHOWN | NULLABLE, "When."),
    F_TEXT("decision_note", SHOWN | NULLABLE, 1, 1000, "What was said to it.", "同意"),
    F_INT("returns", SHOWN, 0, INT16_MAX, "How often it was returned.", "0"),
    F_TEXT("digest", SHOWN | NULLABLE, 64, 64, "SHA-256 of what was submitted last.", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    F_ARRAY("steps", SHOWN, step_fields, 500, "All that was done with it, in order."),
    F_INSTANT("created_at", SHOWN, "When it was drawn up."),
    F_VERSION(),
    FIELDS_END
};

static const struct field change_fields[] = {
    F_UUID("id", IN_PATH, "Id of the report."),
    F_OBJECT("numbers", IN_BODY, NULL, "Entries laid over those that are there; null takes one away."),
    F_OBJECT("texts", IN_BODY, NULL, "Entries laid over those that are there; null takes one away."),
    F_VERSION(),
    FIELDS_END
};

static const struct field refresh_fields[] = {
    F_UUID("id", IN_PATH, "Id of the report."),
    F_OBJECT("numbers", 0, NULL, "Of PATCH alone."),
    F_OBJECT("texts", 0, NULL, "Of PATCH alone."),
    F_VERSION(),
    FIELDS_END
};

static const struct field submit_fields[] = {
    F_UUID("id", IN_PATH, "Id of the report."),
    F_VERSION(),
    FIELDS_END
};

static const struct field accept_fields[] = {
    F_UUID("id", IN_PATH, "Id of the report."),
    F_TEXT("decision_note", IN_BODY, 1, 1000, "What is said to it.", "同意"),
    F_VERSION(),
    FIELDS_END
};

static const struct field return_fields[] = { /* whoever returns a report says why */
    F_UUID("id", IN_PATH, "Id of the report."),
    F_TEXT("decision_note", IN_BODY | REQUIRED, 1, 1000, "Why it is returned.", "请补充产业发展情况"),
    F_VERSION(),
    FIELDS_END
};

static const struct field snapshot_fields[] = {
    F_UUID("id", IN_PATH | SHOWN, "Id of the report."),
    F_ENUM("status", SHOWN, states, "Where it stands."),
    F_DATE("submitted_on", SHOWN, "When it was submitted.", "2026-06-30"),
    F_TEXT("digest", SHOWN, 64, 64, "SHA-256 of the snapshot's bytes.", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    F_TEXT("snapshot", SHOWN, 2, 1000000, "What was submitted, as canonical JSON.", "{}"),
    FIELDS_END
};

const struct route periodic_report_routes[] = {
    {METHOD_GET,   "/periodic_reports",              PERM_PERIODIC_REPORT_READ,   report_fields,   &SQL_periodic_report_list,     read_page, "list_periodic_reports", "Periodic reports in the caller's scope"},
    {METHOD_GET,   "/periodic_reports/:id",          PERM_PERIODIC_REPORT_READ,   report_fields,   &SQL_periodic_report_get,      read_one,  "get_periodic_report", "One report"},
    {METHOD_GET,   "/periodic_reports/:id/snapshot", PERM_PERIODIC_REPORT_READ,   snapshot_fields, &SQL_periodic_report_snapshot, read_one,  "get_periodic_report_snapshot", "What was submitted, to the byte"},
    {METHOD_POST,  "/periodic_reports",              PERM_PERIODIC_REPORT_WRITE,  report_fields,   &SQL_periodic_report_insert,   write_one, "create_periodic_report", "Draw the own unit's report up: it fills itself", .location = "/periodic_reports/", .status = 201},
    {METHOD_PATCH, "/periodic_reports/:id",          PERM_PERIODIC_REPORT_WRITE,  change_fields,   &SQL_periodic_report_change,   write_one, "update_periodic_report", "Write what does not fill itself", .shows = report_fields, .probe = &SQL_periodic_report_get},
    {METHOD_POST,  "/periodic_reports/:id:refresh",  PERM_PERIODIC_REPORT_WRITE,  refresh_fields,  &SQL_periodic_report_change,   write_one, "refresh_periodic_report", "Count anew as of today", .shows = report_fields, .probe = &SQL_periodic_report_get, .media = MEDIA_NONE},
    {METHOD_POST,  "/periodic_reports/:id:submit",   PERM_PERIODIC_REPORT_WRITE,  submit_fields,   &SQL_periodic_report_submit,   step_one,  "submit_periodic_report", "Submit it", .shows = report_fields, .probe = &SQL_periodic_report_get, .fsm = periodic_report_fsm, .verb = "submit", .media = MEDIA_NONE},
    {METHOD_POST,  "/periodic_reports/:id:discard",  PERM_PERIODIC_REPORT_WRITE,  submit_fields,   &SQL_periodic_report_discard,  step_one,  "discard_periodic_report", "Discard a draft that was never submitted", .shows = report_fields, .probe = &SQL_periodic_report_get, .fsm = periodic_report_fsm, .verb = "discard", .media = MEDIA_NONE},
    {METHOD_POST,  "/periodic_reports/:id:return",   PERM_PERIODIC_REPORT_ACCEPT, return_fields,   &SQL_periodic_report_decide,   step_one,  "return_periodic_report", "Return it with a reason", .shows = report_fields, .probe = &SQL_periodic_report_get, .fsm = periodic_report_fsm, .verb = "return"},
    {METHOD_POST,  "/periodic_reports/:id:accept",   PERM_PERIODIC_REPORT_ACCEPT, accept_fields,   &SQL_periodic_report_decide,   step_one,  "accept_periodic_report", "Accept it", .shows = report_fields, .probe = &SQL_periodic_report_get, .fsm = periodic_report_fsm, .verb = "accept"},
    ROUTES_END
};
/* clang-format on */

/* services/registry/work_order.c - numbered work orders (工作指令): who tells whom to do what, to
 * which standard, by when; received, reported back, completed, returned, withdrawn. Rules R-130 to
 * issue_work_order() of migrations/0017, through which meetings give theirs, too, and
 * sql/work_order.sql. Printing one: paper.c. */
#include "registry.h"
#include "sql_registry.h"

static const char *const work_order_states[] = {"issued",   "received",  "reported", "completed",
                                                "returned", "withdrawn", NULL};
static const char *const work_order_verbs[] = {"issue",  "receive",  "report_back", "complete",
                                               "return", "withdraw", NULL};
static const char *const sources[] = {"direct", "drive", "meeting", "problem", NULL};

/* clang-format off */
static const struct field step_fields[] = {
    F_ENUM("verb", SHOWN, work_order_verbs, "What was done."),
    F_INSTANT("at", SHOWN, "When."),
    F_UUID("post_id", SHOWN, "By which post."),
    F_TEXT("note", SHOWN | NULLABLE, 1, 4000, "With what words.", "五处管网已铺设完成"),
    F_DATE("due_on", SHOWN | NULLABLE, "Its deadline, from then on.", "2026-06-25"),
    FIELDS_END
};

static const struct field work_order_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id of the work order; may come from the client."),
    F_CODE("owner_division", SHOWN, "The division of the unit it is given to, which decides who sees it."),
    F_CODE("at_division", SHOWN, "Where it is to be done."),
    F_CODE("division", IN_QUERY | OWN_SCOPE, "Only orders to units of this division."),
    F_TEXT("number", SHOWN, 1, 60, "Its number, without gaps by unit and year; its paper bears the same.", "指令〔2026〕7号"),
    F_UUID("issuer_organisation_id", IN_QUERY | SHOWN, "The unit that gives it: the caller's."),
    F_TEXT("issuer", SHOWN, 1, 80, "Its name at that time.", "娄星区乡村振兴工作专班"),
    F_UUID("issuer_post_id", SHOWN, "The post that gives it."),
    F_UUID("addressee_organisation_id", IN_BODY | IN_QUERY | REQUIRED | SHOWN, "The unit it is given to."),
    F_TEXT("addressee", SHOWN | NULLABLE, 1, 80, "Its name.", "娄星区水利局"),
    F_UUID("addressee_post_id", IN_BODY | SHOWN | NULLABLE, "The post it is given to; null: the whole unit."),
    F_TEXT("matter", IN_BODY | REQUIRED | SHOWN, 1, 1000, "What is to be done.", "六月底前完成五处供水管网铺设"),
    F_TEXT("standard", IN_BODY | SHOWN | NULLABLE, 1, 1000, "To which standard.", "水质检测合格，入户率百分之百"),
    F_DATE("issued_on", SHOWN, "The day it was given.", "2026-06-01"),
    F_DATE("due_on", IN_BODY | REQUIRED | SHOWN, "Deadline: the last day that is not late.", "2026-06-30"),
    F_ENUM("source_kind", IN_QUERY | SHOWN, sources, "What it came out of."),
    F_UUID("source_id", IN_QUERY | SHOWN | NULLABLE, "The drive, the decision or the problem it came out of; null: given directly."),
    F_UUID("drive_id", IN_BODY | IN_QUERY | SHOWN | NULLABLE, "The drive it is part of; one that has not ended."),
    F_UUID("item_id", IN_BODY | IN_QUERY | SHOWN | NULLABLE, "The item it is about, which the unit leads or assists in; as a filter: in whatever edition of its list."),
    F_ENUM("status", IN_QUERY | SHOWN, work_order_states, "Where it stands."),
    F_ENUM("light", IN_QUERY | SHOWN | NULLABLE, lights, "Red when its report is late; null where the calendar has no data."),
    F_UUID("received_by", SHOWN | NULLABLE, "The post that received it."),
    F_INSTANT("received_at", SHOWN | NULLABLE, "When."),
    F_TEXT("feedback", SHOWN | NULLABLE, 1, 4000, "What was reported back.", "五处管网已铺设完成"),
    F_UUID("reported_by", SHOWN | NULLABLE, "The post that reported."),
    F_INSTANT("reported_at", SHOWN | NULLABLE, "When."),
    F_TEXT("decision_note", SHOWN | NULLABLE, 1, 1000, "What its issuer said to it.", "同意办结"),
    F_UUID("decided_by", SHOWN | NULLABLE, "The post that decided."),
    F_INSTANT("decided_at", SHOWN | NULLABLE, "When."),
    F_DATE("completed_on", SHOWN | NULLABLE, "The day it was completed.", "2026-06-29"),
    F_INT("returns", SHOWN, 0, INT16_MAX, "How often a report was returned.", "0"),
    F_ARRAY("steps", SHOWN, step_fields, 500, "All that was done with it, in order."),
    F_INSTANT("created_at", SHOWN, "When it was entered."),
    F_VERSION(),
    FIELDS_END
};

static const struct field receive_fields[] = {
    F_UUID("id", IN_PATH, "Id of the work order."),
    F_TEXT("feedback", 0, 1, 4000, "Of :report_back alone.", "五处管网已铺设完成"),
    F_VERSION(),
    FIELDS_END
};

static const struct field feedback_fields[] = {
    F_UUID("id", IN_PATH, "Id of the work order."),
    F_TEXT("feedback", IN_BODY | REQUIRED, 1, 4000, "What was done.", "五处管网已铺设完成，附验收单"),
    F_VERSION(),
    FIELDS_END
};

static const struct field complete_fields[] = {
    F_UUID("id", IN_PATH, "Id of the work order."),
    F_TEXT("decision_note", IN_BODY, 1, 1000, "What is said to it.", "同意办结"),
    F_DATE("due_on", 0, "Of :return alone.", "2026-07-10"),
    F_VERSION(),
    FIELDS_END
};

static const struct field return_fields[] = { /* whoever returns a report says why */
    F_UUID("id", IN_PATH, "Id of the work order."),
    F_TEXT("decision_note", IN_BODY | REQUIRED, 1, 1000, "Why the report is returned.", "未附验收单"),
    F_DATE("due_on", IN_BODY, "The deadline from now on; absent: the same.", "2026-07-10"),
    F_VERSION(),
    FIELDS_END
};

static const struct field withdraw_fields[] = {
    F_UUID("id", IN_PATH, "Id of the work order."),
    F_TEXT("decision_note", IN_BODY | REQUIRED, 1, 1000, "Why it is withdrawn.", "重复下达"),
    F_DATE("due_on", 0, "Of :return alone.", "2026-07-10"),
    F_VERSION(),
    FIELDS_END
};

const struct route work_order_routes[] = {
    {METHOD_GET,  "/work_orders",              PERM_WORK_ORDER_READ,   work_order_fields, &SQL_work_order_list,   read_page, "list_work_orders", "Work orders in the caller's scope"},
    {METHOD_GET,  "/work_orders/:id",          PERM_WORK_ORDER_READ,   work_order_fields, &SQL_work_order_get,    read_one,  "get_work_order", "One work order with its steps"},
    {METHOD_POST, "/work_orders",              PERM_WORK_ORDER_ISSUE,  work_order_fields, &SQL_work_order_insert, write_one, "issue_work_order", "Give a unit of the own division or below it a numbered work order", .location = "/work_orders/", .status = 201},
    {METHOD_POST, "/work_orders/:id:receive",  PERM_WORK_ORDER_ANSWER, receive_fields,    &SQL_work_order_answer, step_one,  "receive_work_order", "Receive what the own unit is given", .shows = work_order_fields, .probe = &SQL_work_order_get, .fsm = work_order_fsm, .verb = "receive", .media = MEDIA_NONE},
    {METHOD_POST, "/work_orders/:id:report_back", PERM_WORK_ORDER_ANSWER, feedback_fields, &SQL_work_order_answer, step_one, "report_work_order", "Report back what was done", .shows = work_order_fields, .probe = &SQL_work_order_get, .fsm = work_order_fsm, .verb = "report_back"},
    {METHOD_POST, "/work_orders/:id:complete", PERM_WORK_ORDER_ISSUE,  complete_fields,   &SQL_work_order_decide, step_one,  "complete_work_order", "Complete it: the report satisfies", .shows = work_order_fields, .probe = &SQL_work_order_get, .fsm = work_order_fsm, .verb = "complete"},
    {METHOD_POST, "/work_orders/:id:return",   PERM_WORK_ORDER_ISSUE,  return_fields,     &SQL_work_order_decide, step_one,  "return_work_order", "Return the report", .shows = work_order_fields, .probe = &SQL_work_order_get, .fsm = work_order_fsm, .verb = "return"},
    {METHOD_POST, "/work_orders/:id:withdraw", PERM_WORK_ORDER_ISSUE,  withdraw_fields,   &SQL_work_order_decide, step_one,  "withdraw_work_order", "Withdraw an order that waits for its report", .shows = work_order_fields, .probe = &SQL_work_order_get, .fsm = work_order_fsm, .verb = "withdraw"},
    ROUTES_END
};
/* clang-format on */

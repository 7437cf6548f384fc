/* services/registry/urging.c - urging (督办) as a record: who urges whom, on what, answer by when;
 * answered, accepted, returned, withdrawn. Who may is said in sql/urging.sql. */
#include "registry.h"
#include "sql_registry.h"

static const char *const urging_states[] = {"issued",   "answered",  "returned",
                                            "accepted", "withdrawn", NULL};
static const char *const urging_verbs[] = {"issue", "answer", "return", "accept", "withdraw", NULL};

/* clang-format off */
static const struct field step_fields[] = {
    F_ENUM("verb", SHOWN, urging_verbs, "What was done."),
    F_INSTANT("at", SHOWN, "When."),
    F_UUID("post_id", SHOWN, "By which post."),
    F_TEXT("note", SHOWN | NULLABLE, 1, 4000, "With what words.", "已完成整改"),
    F_DATE("answer_by", SHOWN, "The last day for the answer, from then on.", "2026-06-25"),
    FIELDS_END
};

static const struct field urging_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id of the urging; may come from the client."),
    F_CODE("owner_division", SHOWN, "The division of the unit urged, which decides who sees it."),
    F_CODE("at_division", SHOWN, "Where it is to be done."),
    F_CODE("division", IN_QUERY | OWN_SCOPE, "Only urgings of units of this division."),
    F_TEXT("number", SHOWN | NULLABLE, 1, 40, "Its number as a paper; null until it is printed.", "娄星督〔2026〕7号"),
    F_UUID("item_id", IN_BODY | IN_QUERY | SHOWN | NULLABLE, "The item it is about."),
    F_UUID("obligation_id", IN_BODY | IN_QUERY | SHOWN | NULLABLE, "The obligation it is about; not beside an item."),
    F_UUID("issuer_organisation_id", IN_QUERY | SHOWN, "The unit that urges: the caller's."),
    F_TEXT("issuer", SHOWN, 1, 80, "Its name at that time.", "娄星区乡村振兴工作专班"),
    F_UUID("issuer_post_id", SHOWN, "The post that urges."),
    F_UUID("addressee_organisation_id", IN_BODY | IN_QUERY | SHOWN, "The unit urged; absent: the item's lead unit, or the unit that owes the obligation."),
    F_TEXT("addressee", SHOWN | NULLABLE, 1, 80, "Its name.", "娄星区水利局"),
    F_UUID("addressee_post_id", IN_BODY | SHOWN | NULLABLE, "The post urged; null: the whole unit."),
    F_TEXT("matter", IN_BODY | REQUIRED | SHOWN, 1, 1000, "What is urged.", "供水工程改造逾期七个工作日，请说明原因并报整改计划"),
    F_TEXT("basis", IN_BODY | SHOWN | NULLABLE, 1, 500, "On what ground.", "《湖北省乡村振兴责任制实施细则》第二十二条"),
    F_DATE("issued_on", SHOWN, "The day it was issued.", "2026-06-18"),
    F_INT("answer_work_days", IN_BODY | SHOWN, 1, 250, "Work days for the answer; absent: the setting registry.urging_answer_work_days.", "5"),
    F_DATE("answer_by", SHOWN, "The last day for the answer.", "2026-06-25"),
    F_ENUM("status", IN_QUERY | SHOWN, urging_states, "Where it stands."),
    F_ENUM("light", IN_QUERY | SHOWN | NULLABLE, lights, "Red when the answer is late; null where the calendar has no data."),
    F_TEXT("answer", SHOWN | NULLABLE, 1, 4000, "The answer in force.", "已完成整改"),
    F_UUID("answered_by", SHOWN | NULLABLE, "The post that answered."),
    F_INSTANT("answered_at", SHOWN | NULLABLE, "When."),
    F_TEXT("decision_note", SHOWN | NULLABLE, 1, 1000, "What the issuer said to it.", "同意销号"),
    F_UUID("decided_by", SHOWN | NULLABLE, "The post that decided."),
    F_INSTANT("decided_at", SHOWN | NULLABLE, "When."),
    F_INT("returns", SHOWN, 0, INT16_MAX, "How often an answer was returned.", "0"),
    F_ARRAY("steps", SHOWN, step_fields, 500, "All that was done with it, in order."),
    F_INSTANT("created_at", SHOWN, "When it was entered."),
    F_VERSION(),
    FIELDS_END
};

static const struct field answer_fields[] = {
    F_UUID("id", IN_PATH, "Id of the urging."),
    F_TEXT("answer", IN_BODY | REQUIRED, 1, 4000, "What was found and what is done.", "已完成整改，附验收单"),
    F_VERSION(),
    FIELDS_END
};

static const struct field accept_fields[] = {
    F_UUID("id", IN_PATH, "Id of the urging."),
    F_TEXT("decision_note", IN_BODY, 1, 1000, "What is said to it.", "同意销号"),
    F_INT("answer_work_days", 0, 1, 250, "Of :return alone.", "5"),
    F_VERSION(),
    FIELDS_END
};

static const struct field return_fields[] = { /* whoever returns an answer says why */
    F_UUID("id", IN_PATH, "Id of the urging."),
    F_TEXT("decision_note", IN_BODY | REQUIRED, 1, 1000, "Why it is returned, or withdrawn.", "未附验收单，请补充"),
    F_INT("answer_work_days", IN_BODY, 1, 250, "Work days for the next answer; absent: as many as before.", "3"),
    F_VERSION(),
    FIELDS_END
};

static const struct field withdraw_fields[] = {
    F_UUID("id", IN_PATH, "Id of the urging."),
    F_TEXT("decision_note", IN_BODY | REQUIRED, 1, 1000, "Why it is withdrawn.", "事项已并入第8号督办"),
    F_INT("answer_work_days", 0, 1, 250, "Of :return alone.", "5"),
    F_VERSION(),
    FIELDS_END
};

const struct route urging_routes[] = {
    {METHOD_GET,  "/urgings",              PERM_URGING_READ,   urging_fields,   &SQL_urging_list,   read_page, "list_urgings", "Urgings in the caller's scope"},
    {METHOD_GET,  "/urgings/:id",          PERM_URGING_READ,   urging_fields,   &SQL_urging_get,    read_one,  "get_urging", "One urging with its steps"},
    {METHOD_POST, "/urgings",              PERM_URGING_ISSUE,  urging_fields,   &SQL_urging_insert, write_one, "issue_urging", "Urge a unit of the own division or below it", .location = "/urgings/", .status = 201},
    {METHOD_POST, "/urgings/:id:answer",   PERM_URGING_ANSWER, answer_fields,   &SQL_urging_answer, step_one,  "answer_urging", "Answer what the own unit is urged on", .shows = urging_fields, .probe = &SQL_urging_get, .fsm = urging_fsm, .verb = "answer"},
    {METHOD_POST, "/urgings/:id:accept",   PERM_URGING_ISSUE,  accept_fields,   &SQL_urging_decide, step_one,  "accept_urging", "Accept the answer", .shows = urging_fields, .probe = &SQL_urging_get, .fsm = urging_fsm, .verb = "accept"},
    {METHOD_POST, "/urgings/:id:return",   PERM_URGING_ISSUE,  return_fields,   &SQL_urging_decide, step_one,  "return_urging", "Return the answer, which is due again", .shows = urging_fields, .probe = &SQL_urging_get, .fsm = urging_fsm, .verb = "return"},
    {METHOD_POST, "/urgings/:id:withdraw", PERM_URGING_ISSUE,  withdraw_fields, &SQL_urging_decide, step_one,  "withdraw_urging", "Withdraw an urging that waits for its answer", .shows = urging_fields, .probe = &SQL_urging_get, .fsm = urging_fsm, .verb = "withdraw"},
    ROUTES_END
};
/* clang-format on */

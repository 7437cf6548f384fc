/* services/registry/leave.c - leave of team members (驻村请假): asked for, approved by length and
 * level, covered by another member. A record of days; nobody checks in. */
#include "sql_registry.h"
#include "team.h"

static const char *const leave_states[] = {"requested", "approved", "refused", "cancelled", NULL};
static const char *const leave_verbs[] = {"ask", "approve", "refuse", "cancel", "shorten", NULL};
static const char *const leave_units[] = {"calendar_days", "work_days", NULL};

/* clang-format off */
STEP_FIELDS(step_fields, leave_verbs);

static const struct field leave_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id of the leave; may come from the client."),
    F_CODE("owner_division", SHOWN, "The division of the member's post."),
    F_CODE("division", IN_QUERY | OWN_SCOPE, "Only leave of members there."),
    F_UUID("team_member_id", IN_BODY | IN_QUERY | REQUIRED | SHOWN, "The member."),
    F_UUID("team_id", SHOWN | NULLABLE, "The member's team."),
    F_UUID("post_id", IN_QUERY | SHOWN, "The member's post."),
    F_TEXT("holder", SHOWN | NULLABLE, 1, 60, "Who held it on the first day.", "赵甲"),
    F_DATE("starts_on", IN_BODY | REQUIRED | SHOWN, "First day of leave.", "2026-06-10"),
    F_DATE("ends_on", IN_BODY | REQUIRED | SHOWN, "Last day of leave.", "2026-06-12"),
    F_INT("days", SHOWN, 1, INT32_MAX, "How many days it is.", "3"),
    F_ENUM("unit", SHOWN, leave_units, "What days are counted, by the setting registry.leave_unit."),
    F_INT("approver_level", IN_QUERY | SHOWN, 1, 4, "The lowest level that decides on it: 4 town, 3 county, 2 prefecture.", "4"),
    F_TEXT("reason", IN_BODY | REQUIRED | SHOWN, 1, 200, "Why, in a word; nothing about health is asked.", "家中有事"),
    F_UUID("cover_member_id", IN_BODY | SHOWN | NULLABLE, "The member who covers (顶岗)."),
    F_TEXT("cover", SHOWN | NULLABLE, 1, 60, "Who that was on the first day.", "钱乙"),
    F_UUID("requested_by", SHOWN, "The post that asked."),
    F_ENUM("status", IN_QUERY | SHOWN, leave_states, "Where it stands."),
    F_TEXT("decision_note", SHOWN | NULLABLE, 1, 1000, "What was said to it last.", "同意"),
    F_UUID("decided_by", SHOWN | NULLABLE, "The post that decided."),
    F_INSTANT("decided_at", SHOWN | NULLABLE, "When."),
    F_DATE("as_of", IN_QUERY, "Only leave with this day in it.", "2026-06-11"),
    F_ARRAY("steps", SHOWN, step_fields, 100, "All that was done with it, in order."),
    F_INSTANT("created_at", SHOWN, "When it was asked for."),
    F_VERSION(),
    FIELDS_END
};

static const struct field approval_fields[] = {
    F_UUID("id", IN_PATH, "Id of the leave."),
    F_TEXT("decision_note", IN_BODY, 1, 1000, "What is said to it.", "同意"),
    F_VERSION(),
    FIELDS_END
};

static const struct field refusal_fields[] = {
    F_UUID("id", IN_PATH, "Id of the leave."),
    F_TEXT("decision_note", IN_BODY | REQUIRED, 1, 1000, "Why.", "当日有集中排查，请改期"),
    F_VERSION(),
    FIELDS_END
};

static const struct field shorten_fields[] = {
    F_UUID("id", IN_PATH, "Id of the leave."),
    F_DATE("ends_on", IN_BODY | REQUIRED, "The last day of leave, earlier than it was.", "2026-06-11"),
    F_TEXT("decision_note", IN_BODY, 1, 1000, "What is said to it.", "提前返岗"),
    F_VERSION(),
    FIELDS_END
};

const struct route leave_routes[] = {
    {METHOD_GET,  "/leaves",             PERM_TEAM_READ,     leave_fields,    &SQL_leave_list,    read_page, "list_leaves", "Leave in the caller's scope"},
    {METHOD_GET,  "/leaves/:id",         PERM_TEAM_READ,     leave_fields,    &SQL_leave_get,     read_one,  "get_leave", "One leave with its steps"},
    {METHOD_POST, "/leaves",             PERM_LEAVE_ASK,     leave_fields,    &SQL_leave_insert,  write_one, "ask_leave", "Ask for leave: the member, or an office for the member", .location = "/leaves/"},
    {METHOD_POST, "/leaves/:id:approve", PERM_LEAVE_APPROVE, approval_fields, &SQL_leave_decide,  step_one,  "approve_leave", "Approve leave that the own level may", .shows = leave_fields, .probe = &SQL_leave_get, .fsm = leave_fsm, .verb = "approve"},
    {METHOD_POST, "/leaves/:id:refuse",  PERM_LEAVE_APPROVE, refusal_fields,  &SQL_leave_decide,  step_one,  "refuse_leave", "Refuse it, with a reason", .shows = leave_fields, .probe = &SQL_leave_get, .fsm = leave_fsm, .verb = "refuse"},
    {METHOD_POST, "/leaves/:id:cancel",  PERM_LEAVE_ASK,     refusal_fields,  &SQL_leave_cancel,  step_one,  "cancel_leave", "Call leave off, with a reason", .shows = leave_fields, .probe = &SQL_leave_get, .fsm = leave_fsm, .verb = "cancel"},
    {METHOD_POST, "/leaves/:id:shorten", PERM_LEAVE_ASK,     shorten_fields,  &SQL_leave_shorten, step_one,  "shorten_leave", "The member is back earlier", .shows = leave_fields, .probe = &SQL_leave_get, .fsm = leave_fsm, .verb = "shorten"},
    ROUTES_END
};
/* clang-format on */

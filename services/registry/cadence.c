/* services/registry/cadence.c - the rules of the cadence: who owes what how often. What is owed by
 * them is in obligation.c, periods and due days in cadence_rules.c. Rules. */
#include "cadence_rules.h"
#include "registry.h"
#include "sql_registry.h"

const char *const cadence_subjects[] = {
    "post", "post_contact", "unit_contact", "organisation", "group", "division", NULL};
const char *const cadence_actions[] = {"visit",           "meeting",    "duty_list", "refinement",
                                       "periodic_report", "milestone",  "model",     "bulletin",
                                       "inspection",      "assessment", NULL};
static const char *const rule_states[] = {"enabled", "disabled", NULL};

/* clang-format off */
static const struct field rule_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id of the rule; may come from the client."),
    F_CODE("owner_division", IN_BODY | REQUIRED | SHOWN | OWN_SCOPE, "The division whose rule it is; it holds for all below that have none of their own."),
    F_TEXT("code", IN_BODY | REQUIRED | SHOWN, 2, 60, "What the rule is called by, at every level the same: the nearest rule of a code holds.", "leader_visit"),
    F_TEXT("title", IN_BODY | SHOWN, 1, 200, "What is owed, in words; absent: as the next rule of that code above has it, like all that follows.", "包抓领导每月到联系村"),
    F_ENUM("subject", IN_BODY | SHOWN, cadence_subjects, "Who owes it: a post, a post or a unit linked to a division, a unit, a group, a division."),
    F_TEXTS("subject_codes", IN_BODY | SHOWN, 20, "Duties of posts, kinds of contacts, units, groups or divisions; none: all."),
    F_TEXTS("levels", IN_BODY | SHOWN, 5, "Levels (1 province to 5 village) of the subject's division, of a contact those of the division linked; none: all."),
    F_ENUM("action", IN_BODY | SHOWN, cadence_actions, "What meets it."),
    F_TEXTS("action_codes", IN_BODY | SHOWN, 20, "Only visits of these purposes, meetings of these kinds, reports of these forms; none: any."),
    F_TEXTS("duties", IN_BODY | SHOWN, 15, "Only what posts of these duties did; none: whoever did it."),
    F_INT("count", IN_BODY | SHOWN, 1, 366, "How many a period; absent here and above: one.", "1"),
    F_ENUM("period", IN_BODY | SHOWN, cadence_periods, "How often; periods lie one behind the other from January on, those of two years from an even year on."),
    F_TEXT("due_month_day", IN_BODY | SHOWN | NULLABLE, 5, 5, "Due on that day of the year, of the second of two years; null: on the last day of the period.", "12-31"),
    F_INT("grace_work_days", IN_BODY | SHOWN, 0, 30, "Work days behind that day in which it is not late yet.", "0"),
    F_UUID("clause_id", IN_BODY | SHOWN | NULLABLE, "The clause that lays it down."),
    F_TEXT("source", IN_BODY | SHOWN, 1, 200, "Where it comes from, in words.", "庆城县八项机制：领导联系包抓"),
    F_BOOL("assumed", IN_BODY | SHOWN, "A part of it is assumed, not taken from its source."),
    F_DATE("valid_from", IN_BODY | SHOWN, "Periods that begin from that day on count; absent: today; this year's first day at the earliest.", "2026-01-01"),
    F_DATE("valid_to", IN_BODY | SHOWN | NULLABLE, "The first day on which no period begins under it any more; null: open.", "2027-01-01"),
    F_ENUM("status", SHOWN, rule_states, "Disabled: nothing is owed by it, and none above it holds in its place."),
    F_INSTANT("created_at", SHOWN, "When it was entered."),
    F_VERSION(),
    FIELDS_END
};

static const struct field rule_filters[] = { /* the list: no parameter is required */
    F_CODE("division", IN_QUERY | OWN_OR_ABOVE, "Only rules of this division itself; 000000000000 gives the models."),
    F_CODE("holds_for", IN_QUERY | OWN_OR_ABOVE, "Of each code the rule that holds for this division, its own or the nearest above."),
    F_DATE("as_of", IN_QUERY, "The day on which it holds; absent: today.", "2026-06-30"),
    F_TEXT("code", IN_QUERY, 2, 60, "Only rules of this code.", "leader_visit"),
    F_ENUM("subject", IN_QUERY, cadence_subjects, "Only rules of such subjects."),
    F_ENUM("action", IN_QUERY, cadence_actions, "Only rules that ask for this."),
    F_ENUM("status", IN_QUERY, rule_states, "Only rules that stand so."),
    FIELDS_END
};

static const struct field step_fields[] = {
    F_UUID("id", IN_PATH, "Id of the rule."),
    F_VERSION(),
    FIELDS_END
};

const struct transition cadence_rule_fsm[] = {
    /* from        verb       to          permission          rule */
    {"disabled", "enable",  "enabled",  PERM_CADENCE_WRITE, "It holds again; what meets it must be recorded somewhere."},
    {"enabled",  "disable", "disabled", PERM_CADENCE_WRITE, "Nothing more is owed by it; what is owed already stays."},
    {0}
};

const struct route cadence_routes[] = {
    {METHOD_GET,   "/cadence_rules",             PERM_CADENCE_READ,  rule_filters, &SQL_cadence_rule_list,    read_page, "list_cadence_rules", "Rules of the caller's divisions and above", .shows = rule_fields},
    {METHOD_GET,   "/cadence_rules/:id",         PERM_CADENCE_READ,  rule_fields,  &SQL_cadence_rule_get,     read_one,  "get_cadence_rule", "One rule"},
    {METHOD_POST,  "/cadence_rules",             PERM_CADENCE_WRITE, rule_fields,  &SQL_cadence_rule_insert,  write_one, "create_cadence_rule", "Make a rule of the own division, after the next of its code above where there is one", .location = "/cadence_rules/"},
    {METHOD_PATCH, "/cadence_rules/:id",         PERM_CADENCE_WRITE, rule_fields,  &SQL_cadence_rule_correct, write_one, "update_cadence_rule", "Correct a rule, from the next period on", .probe = &SQL_cadence_rule_get},
    {METHOD_POST,  "/cadence_rules/:id:enable",  PERM_CADENCE_WRITE, step_fields,  &SQL_cadence_rule_step,    step_one,  "enable_cadence_rule", "Enable a rule", .shows = rule_fields, .probe = &SQL_cadence_rule_get, .fsm = cadence_rule_fsm, .verb = "enable", .media = MEDIA_NONE},
    {METHOD_POST,  "/cadence_rules/:id:disable", PERM_CADENCE_WRITE, step_fields,  &SQL_cadence_rule_step,    step_one,  "disable_cadence_rule", "Disable a rule for its division and all below", .shows = rule_fields, .probe = &SQL_cadence_rule_get, .fsm = cadence_rule_fsm, .verb = "disable", .media = MEDIA_NONE},
    ROUTES_END
};
/* clang-format on */

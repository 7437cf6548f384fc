/* services/registry/escalation_rule.c - after how long what is late is told one level up, and to
 * whom. Who was told is deadline.c's. */
#include "registry.h"
#include "sql_registry.h"

static const char *const told_duties[] = {"first_responsible", "direct",         "specific",
                                          "main_body",         "contact_leader", NULL};

/* clang-format off */
#define RED(flags) F_INT("red_work_days", flags, 0, 366, "Work days of red behind which it is told.", "3")
#define LEVELS(flags) F_INT("levels_up", flags, 0, 4, "How many levels above the lead unit.", "1")
#define DUTY(flags) F_ENUM("duty", flags, told_duties, "The duty of the posts that are told, in the leading units of that level.")
#define ASSUMED(flags) F_BOOL("assumed", flags, "No document of that division says so.")
#define SOURCE(flags) F_TEXT("source", flags, 1, 400, "Where it comes from.", "湘乡振发〔2026〕3号")

static const struct field rule_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id of the rule; may come from the client."),
    F_CODE("division", IN_QUERY | OWN_OR_ABOVE, "For this division; absent: the caller's."),
    F_CODE("owner_division", IN_BODY | REQUIRED | SHOWN | OWN_SCOPE, "Whose rule it is: with one of its own, a division and those below it are told by its rules alone."),
    F_INT("step", IN_BODY | REQUIRED | SHOWN, 1, 9, "The step: each is told once.", "1"),
    RED(IN_BODY | REQUIRED | SHOWN),
    LEVELS(IN_BODY | REQUIRED | SHOWN),
    DUTY(IN_BODY | REQUIRED | SHOWN),
    ASSUMED(IN_BODY | SHOWN),
    SOURCE(IN_BODY | REQUIRED | SHOWN),
    F_VERSION(),
    FIELDS_END
};

static const struct field changed_fields[] = {
    F_UUID("id", IN_PATH, "Id of the rule."),
    RED(IN_BODY),
    LEVELS(IN_BODY),
    DUTY(IN_BODY),
    ASSUMED(IN_BODY),
    SOURCE(IN_BODY),
    F_VERSION(),
    FIELDS_END
};

const struct route escalation_rule_routes[] = {
    {METHOD_GET,   "/escalation_rules",              PERM_URGING_READ,   rule_fields,    &SQL_escalation_rule_list,     read_page, "list_escalation_rules", "By which rules lateness is told one level up in a division"},
    {METHOD_GET,   "/escalation_rules/:id",          PERM_URGING_READ,   rule_fields,    &SQL_escalation_rule_get,      read_one,  "get_escalation_rule", "One rule"},
    {METHOD_POST,  "/escalation_rules",              PERM_CADENCE_WRITE, rule_fields,    &SQL_escalation_rule_insert,   write_one, "create_escalation_rule", "Lay a step down for a division", .location = "/escalation_rules/"},
    {METHOD_PATCH, "/escalation_rules/:id",          PERM_CADENCE_WRITE, changed_fields, &SQL_escalation_rule_change,   write_one, "update_escalation_rule", "Change a step; what was told by it stays told", .shows = rule_fields, .probe = &SQL_escalation_rule_get},
    {METHOD_POST,  "/escalation_rules/:id:withdraw", PERM_CADENCE_WRITE, rule_fields,    &SQL_escalation_rule_withdraw, write_one, "withdraw_escalation_rule", "Withdraw a step that nobody was told by; without any of its own, a division is told by the rules above", .probe = &SQL_escalation_rule_get, .media = MEDIA_NONE},
    ROUTES_END
};
/* clang-format on */

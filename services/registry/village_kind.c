/* services/registry/village_kind.c - kinds of villages (重点村、已脱贫村、示范创建村…): from when
 * until when a village is of one, and which kinds must have a work team. */
#include "sql_registry.h"
#include "team.h"

static const char *const village_kinds[] = {"key_village",       "lifted",       "red_beautiful",
                                            "model_province",    "model_city",   "model_county",
                                            "weak_organisation", "resettlement", NULL};

/* clang-format off */
const struct field ending_fields[] = {
    F_UUID("id", IN_PATH, "Id of the record."),
    F_DATE("on", IN_BODY | REQUIRED, "The first day it no longer holds.", "2026-07-01"),
    F_TEXT("decision_note", IN_BODY, 1, 1000, "Why; stands in its steps.", "任务完成，组织调整"),
    F_DATE("as_of", IN_QUERY, "The day that what is shown is of.", "2026-06-30"),
    F_VERSION(),
    FIELDS_END
};

static const struct field village_kind_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id of the record; may come from the client."),
    F_CODE("owner_division", IN_BODY | REQUIRED | SHOWN | OWN_SCOPE, "The village."),
    F_TEXT("division_name", SHOWN | NULLABLE, 1, 80, "Its name on the first day.", "仙人阁社区"),
    F_CODE("division", IN_QUERY | OWN_OR_ABOVE, "Only kinds of this village."),
    F_ENUM("kind", IN_BODY | IN_QUERY | REQUIRED | SHOWN, village_kinds, "What kind of village it is."),
    F_DATE("valid_from", IN_BODY | REQUIRED | SHOWN, "First day.", "2026-01-01"),
    F_DATE("valid_to", IN_BODY | SHOWN | NULLABLE, "The first day it no longer is; null: open.", "2027-01-01"),
    F_UUID("clause_id", IN_BODY | SHOWN | NULLABLE, "The clause that says so."),
    F_DATE("as_of", IN_QUERY, "Only what held on that day.", "2026-06-30"),
    F_INSTANT("created_at", SHOWN, "When it was entered."),
    F_VERSION(),
    FIELDS_END
};

static const struct field village_kind_filters[] = {
    F_CODE("division", IN_QUERY | OWN_OR_ABOVE, "Only kinds of this village."),
    F_ENUM("kind", IN_QUERY, village_kinds, "Only villages of this kind."),
    F_DATE("as_of", IN_QUERY, "Only what held on that day.", "2026-06-30"),
    FIELDS_END
};

#define NEEDS(flags) F_BOOL("needs_team", flags, "A village of this kind must have a work team.")
#define ASSUMED(flags) F_BOOL("assumed", flags, "It is assumed, not taken from a document of that division.")
#define SOURCE(flags) F_TEXT("source", flags, 1, 400, "Where it comes from.", "娄星区：驻村工作队全覆盖")

static const struct field kind_rule_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id of the rule; may come from the client."),
    F_CODE("division", IN_QUERY | OWN_OR_ABOVE, "For this division; absent: the caller's."),
    F_ENUM("kind", IN_BODY | REQUIRED | SHOWN, village_kinds, "The kind of village."),
    F_TEXT("label", SHOWN | NULLABLE, 1, 80, "What it is called.", "重点村"),
    NEEDS(IN_BODY | REQUIRED | SHOWN),
    F_INT("position", SHOWN, 1, INT16_MAX, "Its place.", "1"),
    F_CODE("owner_division", IN_BODY | REQUIRED | SHOWN | OWN_SCOPE, "Whose row it is: the nearest one holds."),
    ASSUMED(IN_BODY | SHOWN),
    SOURCE(IN_BODY | REQUIRED | SHOWN),
    F_VERSION(),
    FIELDS_END
};

static const struct field changed_rule_fields[] = {
    F_UUID("id", IN_PATH, "Id of the rule."),
    NEEDS(IN_BODY),
    ASSUMED(IN_BODY),
    SOURCE(IN_BODY),
    F_VERSION(),
    FIELDS_END
};

const struct route village_kind_routes[] = {
    {METHOD_GET,  "/village_kinds",         PERM_TEAM_READ,  village_kind_filters, &SQL_village_kind_list,   read_page, "list_village_kinds", "Of which kinds villages are", .shows = village_kind_fields},
    {METHOD_GET,  "/village_kinds/:id",     PERM_TEAM_READ,  village_kind_fields,  &SQL_village_kind_get,    read_one,  "get_village_kind", "One village's kind"},
    {METHOD_POST, "/village_kinds",         PERM_TEAM_WRITE, village_kind_fields,  &SQL_village_kind_insert, write_one, "create_village_kind", "Say of which kind a village is", .location = "/village_kinds/"},
    {METHOD_POST, "/village_kinds/:id:end", PERM_TEAM_WRITE, ending_fields,        &SQL_village_kind_end,    write_one, "end_village_kind", "It is of this kind no longer", .shows = village_kind_fields, .probe = &SQL_village_kind_get},
    {METHOD_GET,  "/village_kind_rules",    PERM_TEAM_READ,  kind_rule_fields,     &SQL_village_kind_rule_list, read_page, "list_village_kind_rules", "Which kinds of villages must have a work team"},
    {METHOD_GET,   "/village_kind_rules/:id",          PERM_TEAM_READ,  kind_rule_fields,    &SQL_village_kind_rule_get,      read_one,  "get_village_kind_rule", "One rule"},
    {METHOD_POST,  "/village_kind_rules",              PERM_TEAM_WRITE, kind_rule_fields,    &SQL_village_kind_rule_insert,   write_one, "create_village_kind_rule", "Say for a division whether villages of a kind must have a work team", .location = "/village_kind_rules/"},
    {METHOD_PATCH, "/village_kind_rules/:id",          PERM_TEAM_WRITE, changed_rule_fields, &SQL_village_kind_rule_change,   write_one, "update_village_kind_rule", "Change what a division says", .shows = kind_rule_fields, .probe = &SQL_village_kind_rule_get},
    {METHOD_POST,  "/village_kind_rules/:id:withdraw", PERM_TEAM_WRITE, kind_rule_fields,    &SQL_village_kind_rule_withdraw, write_one, "withdraw_village_kind_rule", "Withdraw it; what is said above holds again", .probe = &SQL_village_kind_rule_get, .media = MEDIA_NONE},
    ROUTES_END
};
/* clang-format on */

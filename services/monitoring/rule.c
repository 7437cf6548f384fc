/* services/monitoring/rule.c - the catalogue of rules, and what holds of each where and when (M-102
 * to M-104). What a rule looks for is C (household_rules.h); its numbers and words are rows. */
#include "monitoring.h"
#include "sql_monitoring.h"

static const char *const severities[] = {"error", "warning", "alert", NULL};
static const char *const scopes[] = {"household", "member", NULL};
static const char *const abouts[] = {"all", "health", "school", NULL};
static const char *const topics[] = {"identity",  "household",   "education",    "age",
                                     "labour",    "public_post", "migrant_work", "phone",
                                     "insurance", "health",      "risk",         "measure",
                                     "income",    "home",        "elimination",  NULL};

/* clang-format off */
static const struct field rule_fields[] = {
    F_TEXT("code", IN_PATH | SHOWN, 1, 60, "Code of the rule in the catalogue; 9_ begins this system's own.", "2_11_003"),
    F_TEXTS("also_codes", SHOWN, 10, "Further codes of the catalogue for the same statement."),
    F_ENUM("topic", IN_QUERY | SHOWN, topics, "What it is about."),
    F_ENUM("scope", IN_QUERY | SHOWN, scopes, "What it is judged of: a household as a whole, or each member."),
    F_ENUM("severity", IN_QUERY | SHOWN, severities, "error keeps a record from being written, warning is recorded, alert is to be looked into."),
    F_TEXT("message", SHOWN, 1, 400, "What is said to people; {name} is the param of that name.", "户主与配偶性别相同"),
    F_OBJECT("params", SHOWN, NULL, "Its numbers and words, as they hold."),
    F_TEXTS("fields", SHOWN, 12, "The facts that it names; a finding points at the first."),
    F_ENUM("about", SHOWN, abouts, "Who may see its findings: all who read households, who may see health, or for children's schooling who may see children's data."),
    F_TEXT("basis", SHOWN, 1, 400, "Where it comes from.", "公开的防返贫监测数据核查规则"),
    F_BOOL("assumed", SHOWN, "Its wording, its cut or a number of it is this system's."),
    F_BOOL("enabled", IN_QUERY | SHOWN, "Is it on?"),
    F_UUID("setting_id", SHOWN | NULLABLE, "The setting that holds; null: the rule as it stands in the catalogue."),
    F_TEXT("setting_division", SHOWN | NULLABLE, 12, 12, "The division whose setting it is.", "431302000000"),
    F_CODE("division", IN_QUERY | OWN_OR_ABOVE, "As it holds in this division; absent: as the catalogue and the country have it."),
    F_INT("year", IN_QUERY, 2000, 2199, "In which year; absent: this one.", "2026"),
    FIELDS_END
};

static const struct field setting_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id of the setting; may come from the client."),
    F_CODE("owner_division", IN_BODY | REQUIRED | SHOWN | OWN_SCOPE, "Where it holds, and below; the nearest one above a village holds there whole."),
    F_CODE("division", IN_QUERY | OWN_OR_ABOVE, "Only settings of this division itself."),
    F_TEXT("rule", IN_BODY | IN_QUERY | REQUIRED | SHOWN, 3, 20, "Code of the rule.", "5_16_001"),
    F_INT("year", IN_QUERY, 2000, 2199, "Only those that hold in this year.", "2026"),
    F_INT("year_from", IN_BODY | REQUIRED | SHOWN, 2000, 2199, "The first year in which it holds.", "2026"),
    F_INT("year_to", IN_BODY | SHOWN | NULLABLE, 2000, 2199, "The last one; null: until further notice.", "2026"),
    F_BOOL("enabled", IN_BODY | SHOWN, "False: the rule is off there."),
    F_ENUM("severity", IN_BODY | SHOWN | NULLABLE, severities, "How it is taken there; null: as the rule has it."),
    F_OBJECT("params", IN_BODY | SHOWN | NULLABLE, NULL, "Numbers and words in place of the rule's; those not given stay."),
    F_TEXT("reason", IN_BODY | REQUIRED | SHOWN, 1, 500, "Why; kept.", "省级文件调整务工收入核查口径"),
    F_INSTANT("created_at", SHOWN, "When it was made."),
    F_VERSION(),
    FIELDS_END
};

static const struct field corrected_fields[] = {
    F_UUID("id", IN_PATH, "Id of the setting."),
    F_INT("year_to", IN_BODY | NULLABLE, 2000, 2199, "The last year in which it holds; null: until further notice.", "2026"),
    F_BOOL("enabled", IN_BODY, "False: the rule is off there."),
    F_ENUM("severity", IN_BODY | NULLABLE, severities, "How it is taken there; null: as the rule has it."),
    F_OBJECT("params", IN_BODY | NULLABLE, NULL, "Numbers and words in place of the rule's; those not given stay as the rule has them."),
    F_TEXT("reason", IN_BODY, 1, 500, "Why; kept.", "试点结束"),
    F_VERSION(),
    FIELDS_END
};

const struct route rule_routes[] = {
    {METHOD_GET,   "/rules",             PERM_HOUSEHOLD_READ, rule_fields,      &SQL_rule_list,            read_page, "list_rules", "The rules that households are held against, and as they hold in a division"},
    {METHOD_GET,   "/rules/:code",       PERM_HOUSEHOLD_READ, rule_fields,      &SQL_rule_get,             read_one,  "get_rule", "One rule, and as it holds in a division and year"},
    {METHOD_GET,   "/rule_settings",     PERM_HOUSEHOLD_READ, setting_fields,   &SQL_rule_setting_list,    read_page, "list_rule_settings", "What the caller's divisions and those above have set of rules"},
    {METHOD_GET,   "/rule_settings/:id", PERM_HOUSEHOLD_READ, setting_fields,   &SQL_rule_setting_get,     read_one,  "get_rule_setting", "One setting"},
    {METHOD_POST,  "/rule_settings",     PERM_RULE_WRITE,     setting_fields,   &SQL_rule_setting_insert,  write_one, "create_rule_setting", "Switch a rule off or on, or give it other numbers, in a division and below", .location = "/rule_settings/"},
    {METHOD_PATCH, "/rule_settings/:id", PERM_RULE_WRITE,     corrected_fields, &SQL_rule_setting_correct, write_one, "update_rule_setting", "Correct a setting, or let it end", .shows = setting_fields, .probe = &SQL_rule_setting_get},
    ROUTES_END
};
/* clang-format on */

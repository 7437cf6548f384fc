/* services/registry/goal.c - how divisions are classified (引领示范, 重点推进, 夯实基础), and what
 * is to be reached by the end of which year. Rules. */
#include "registry.h"
#include "sql_registry.h"

static const char *const classes[] = {"leading", "key", "foundation", NULL};

/* clang-format off */
static const struct field class_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id of the record; may come from the client."),
    F_CODE("owner_division", IN_BODY | REQUIRED | SHOWN | OWN_SCOPE, "Whose classification it is."),
    F_CODE("owner", IN_QUERY | OWN_OR_ABOVE, "Only the classification of this division."),
    F_CODE("division", IN_BODY | IN_QUERY | REQUIRED | SHOWN | OWN_SCOPE, "The division that is classified, below the owner."),
    F_TEXT("division_name", SHOWN | NULLABLE, 1, 60, "Its name today.", "兴义市"),
    F_ENUM("class", IN_BODY | IN_QUERY | REQUIRED | SHOWN, classes, "Its class: leading 引领示范, key 重点推进, foundation 夯实基础."),
    F_DATE("valid_from", IN_BODY | SHOWN, "The first day of the class; absent: today.", "2021-08-01"),
    F_DATE("valid_to", SHOWN | NULLABLE, "The first day that it is no longer so classified; null: it still is.", "2026-01-01"),
    F_UUID("clause_id", IN_BODY | SHOWN | NULLABLE, "The clause that says so."),
    F_DATE("as_of", IN_QUERY, "Only classes of that day; absent: today.", "2026-06-30"),
    F_INSTANT("created_at", SHOWN, "When it was entered."),
    F_VERSION(),
    FIELDS_END
};

static const struct field class_end_fields[] = {
    F_UUID("id", IN_PATH, "Id of the record."),
    F_DATE("on", IN_BODY | REQUIRED, "The first day that it is no longer so classified.", "2026-01-01"),
    F_VERSION(),
    FIELDS_END
};

static const struct field goal_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id of the goal; may come from the client."),
    F_CODE("owner_division", IN_BODY | REQUIRED | SHOWN | OWN_SCOPE, "Who sets it."),
    F_ENUM("class", IN_BODY | IN_QUERY | SHOWN | NULLABLE, classes, "For the divisions of this class; null with a null division: for all below the owner."),
    F_CODE("division", IN_BODY | IN_QUERY | SHOWN | NULLABLE | OWN_OR_ABOVE, "For this division alone. In a list: goals that hold for this division, by its class of today, for itself, or for all."),
    F_INT("by_year", IN_BODY | IN_QUERY | REQUIRED | SHOWN, 2000, 2199, "By the end of which year.", "2025"),
    F_INT("position", IN_BODY | SHOWN, 1, INT32_MAX, "Its place among the goals of that year; absent: the last.", "1"),
    F_TEXT("text", IN_BODY | REQUIRED | SHOWN, 1, 1000, "What is to be reached.", "建成州级集成示范试点"),
    F_DECIMAL("target", IN_BODY | SHOWN | NULLABLE, 0, 4, "How much of it, with its unit of measure.", "30"),
    F_TEXT("unit_of_measure", IN_BODY | SHOWN | NULLABLE, 1, 20, "Unit of the target.", "个"),
    F_UUID("clause_id", IN_BODY | SHOWN | NULLABLE, "The clause that says so."),
    F_BOOL("assumed", IN_BODY | SHOWN, "Its words are composed, not those of its source."),
    F_INSTANT("created_at", SHOWN, "When it was entered."),
    F_VERSION(),
    FIELDS_END
};

const struct route goal_routes[] = {
    {METHOD_GET,   "/division_classes",     PERM_DOCUMENT_READ,  class_fields, &SQL_division_class_list,   read_upward, "list_division_classes", "How divisions are classified on a day"},
    {METHOD_GET,   "/division_classes/:id", PERM_DOCUMENT_READ,  class_fields, &SQL_division_class_get,    read_one,  "get_division_class", "One classification of a division"},
    {METHOD_POST,  "/division_classes",     PERM_DOCUMENT_WRITE, class_fields, &SQL_division_class_insert, write_one, "create_division_class", "Classify a division from a day on; its class until then ends", .location = "/division_classes/"},
    {METHOD_POST,  "/division_classes/:id:end", PERM_DOCUMENT_WRITE, class_end_fields, &SQL_division_class_end, write_one, "end_division_class", "End a class without another one", .shows = class_fields, .probe = &SQL_division_class_get},
    {METHOD_GET,   "/stage_goals",          PERM_DOCUMENT_READ,  goal_fields,  &SQL_stage_goal_list,       read_upward, "list_stage_goals", "Goals by year, class or division"},
    {METHOD_GET,   "/stage_goals/:id",      PERM_DOCUMENT_READ,  goal_fields,  &SQL_stage_goal_get,        read_one,  "get_stage_goal", "One goal"},
    {METHOD_POST,  "/stage_goals",          PERM_DOCUMENT_WRITE, goal_fields,  &SQL_stage_goal_insert,     write_one, "create_stage_goal", "Set a goal for all divisions below, for those of a class, or for one", .location = "/stage_goals/"},
    {METHOD_PATCH, "/stage_goals/:id",      PERM_DOCUMENT_WRITE, goal_fields,  &SQL_stage_goal_correct,    write_one, "update_stage_goal", "Correct a goal", .probe = &SQL_stage_goal_get},
    ROUTES_END
};
/* clang-format on */

/* services/registry/duty_list.c - duty lists of divisions and of their units: draft, import,
 * revise, approve, file, bring in force, close; completion. Contract: proto/registry.md. The CSV
 * import is in duty_list_import.c, how two editions differ in difference.c, the states in
 * duty_list_fsm.c. */
#include "registry.h"
#include "sql_registry.h"

static const char *const duty_list_states[] = {"draft",      "approved", "filed",     "in_force",
                                               "superseded", "closed",   "discarded", NULL};
static const char *const groupings[] = {"unit", "task", "list", NULL};
static handler bring_into_force;

/* clang-format off */
static const struct field duty_list_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id of the list; may come from the client."),
    F_CODE("owner_division", IN_BODY | REQUIRED | SHOWN | OWN_SCOPE, "The division whose list it is; inside the caller's scope."),
    F_UUID("organisation_id", IN_BODY | SHOWN | NULLABLE, "The department or group of that division whose list it is; null: the division's own."),
    F_TEXT("organisation", SHOWN | NULLABLE, 1, 80, "Its name.", "娄星区水利局"),
    F_INT("year", IN_BODY | REQUIRED | SHOWN, 2000, 2199, "The year it is for.", "2026"),
    F_TEXT("title", IN_BODY | REQUIRED | SHOWN, 1, 200, "Title of the list.", "娄星区2026年乡村振兴责任清单"),
    F_INT("edition", SHOWN, 1, 32767, "Counts the versions of the year's list.", "1"),
    F_UUID("revises_id", SHOWN | NULLABLE, "The edition that it revises, and goes on from when it comes in force."),
    F_TEXT("reason", SHOWN | NULLABLE, 1, 500, "Why it does.", "年中任务调整"),
    F_ENUM("status", IN_QUERY | SHOWN, duty_list_states, "Where the list stands."),
    F_BOOL("assumed", IN_BODY | SHOWN, "The texts are assumed, not taken from an issued document."),
    F_INSTANT("approved_at", SHOWN | NULLABLE, "When it was approved."),
    F_INSTANT("filed_at", SHOWN | NULLABLE, "When it was filed."),
    F_INSTANT("in_force_at", SHOWN | NULLABLE, "When it came in force."),
    F_INSTANT("ended_at", SHOWN | NULLABLE, "When it was superseded or closed."),
    F_INSTANT("created_at", SHOWN, "When it was drafted."),
    F_VERSION(),
    FIELDS_END
};

static const struct field duty_list_filters[] = { /* the list of lists: no parameter is required */
    F_CODE("division", IN_QUERY | OWN_OR_ABOVE, "Only lists of this division and its units."),
    F_UUID("organisation_id", IN_QUERY, "Only lists of this unit."),
    F_BOOL("of_units", IN_QUERY, "Only lists of units, or only lists of divisions."),
    F_INT("year", IN_QUERY, 2000, 2199, "Only lists for this year.", "2026"),
    F_ENUM("status", IN_QUERY, duty_list_states, "Only lists that stand there."),
    FIELDS_END
};

static const struct field revised_fields[] = {
    F_UUID("id", IN_PATH, "Id of the list in force."),
    F_TEXT("title", IN_BODY, 1, 200, "Title of the next edition; absent: the same.", "娄星区2026年乡村振兴责任清单（修订）"),
    F_TEXT("reason", IN_BODY | REQUIRED, 1, 500, "Why it is revised.", "年中任务调整"),
    FIELDS_END
};

static const struct field imported_fields[] = {
    F_UUID("id", SHOWN, "Id of the list."),
    F_CODE("owner_division", IN_QUERY | REQUIRED | SHOWN | OWN_SCOPE, "The division whose list it is; inside the caller's scope."),
    F_UUID("organisation_id", IN_QUERY | SHOWN | NULLABLE, "The department or group of that division whose list it is; absent: the division's own."),
    F_INT("year", IN_QUERY | REQUIRED | SHOWN, 2000, 2199, "The year it is for.", "2026"),
    F_TEXT("title", IN_QUERY | REQUIRED | SHOWN, 1, 200, "Title of the list.", "娄星区2026年乡村振兴责任清单"),
    F_BOOL("assumed", IN_QUERY | SHOWN, "The texts are assumed, not taken from an issued document."),
    F_INT("edition", SHOWN, 1, 32767, "Counts the versions of the year's list.", "1"),
    F_ENUM("status", SHOWN, duty_list_states, "Where the list stands."),
    F_INSTANT("created_at", SHOWN, "When it was drafted."),
    F_INT("tasks", SHOWN, 0, INT32_MAX, "Tasks loaded.", "37"),
    F_INT("items", SHOWN, 0, INT32_MAX, "Items loaded.", "77"),
    F_INT("milestones", SHOWN, 0, INT32_MAX, "Milestones loaded.", "40"),
    F_VERSION(),
    FIELDS_END
};

static const struct field group_fields[] = {
    F_UUID("id", SHOWN, "Id of the unit, task or list."),
    F_TEXT("number", SHOWN | NULLABLE, 0, 20, "Number of the task.", "07"),
    F_TEXT("name", SHOWN, 0, 300, "Name of the unit, title of the task or list.", "娄星区水利局"),
    F_INT("items", SHOWN, 0, INT32_MAX, "Items in it.", "3"),
    F_INT("done", SHOWN, 0, INT32_MAX, "Done by that day.", "1"),
    F_INT("late", SHOWN, 0, INT32_MAX, "Late on that day.", "1"),
    F_DECIMAL("completion", SHOWN, 0, 2, "Mean completion of its items in percent, as of now; inside a task by their weights, where they have any.", "64.29"),
    FIELDS_END
};

static const struct field completion_fields[] = {
    F_UUID("id", IN_PATH, "Id of the list."),
    F_UUID("duty_list_id", SHOWN, "Id of the list."),
    F_ENUM("by", IN_QUERY | REQUIRED | SHOWN, groupings, "What to group by."),
    F_DATE("as_of", IN_QUERY | SHOWN, "The day of the answer; absent: today.", "2026-06-30"),
    F_ARRAY("groups", SHOWN, group_fields, 5000, "One entry a unit, task or list."),
    FIELDS_END
};

const struct route duty_list_routes[] = {
    {METHOD_GET,   "/duty_lists",                PERM_DUTY_LIST_READ,    duty_list_filters, &SQL_duty_list_list,    read_page, "list_duty_lists", "Lists of the caller's divisions and above", .shows = duty_list_fields},
    {METHOD_GET,   "/duty_lists/:id",            PERM_DUTY_LIST_READ,    duty_list_fields,  &SQL_duty_list_get,     read_one,  "get_duty_list", "One list"},
    {METHOD_GET,   "/duty_lists/:id/completion", PERM_DUTY_LIST_READ,    completion_fields, &SQL_duty_list_completion, read_one, "get_completion", "Completion by unit, task or list as of a day, of the items that the caller sees"},
    {METHOD_POST,  "/duty_lists",                PERM_DUTY_LIST_WRITE,   duty_list_fields,  &SQL_duty_list_insert,  write_one, "create_duty_list", "Draft the next edition of a year's list", .location = "/duty_lists/"},
    {METHOD_POST,  "/duty_lists:import",         PERM_DUTY_LIST_WRITE,   imported_fields,   &SQL_duty_list_import,  duty_list_import, "import_duty_list", "Load a whole list from a CSV",
        .media = MEDIA_CSV, .body_max_kib = 8192, .also = "owner_division organisation_id year title assumed", .status = 201, .location = "/duty_lists/"},
    {METHOD_POST,  "/duty_lists/:id:revise",     PERM_DUTY_LIST_WRITE,   revised_fields,    &SQL_duty_list_revise,  write_one, "revise_duty_list", "Draft the next edition as a copy of the one in force", .shows = duty_list_fields, .probe = &SQL_duty_list_get, .location = "/duty_lists/", .status = 201},
    {METHOD_PATCH, "/duty_lists/:id",            PERM_DUTY_LIST_WRITE,   duty_list_fields,  &SQL_duty_list_correct, write_one, "update_duty_list", "Correct the title of a draft", .probe = &SQL_duty_list_get},
    {METHOD_POST,  "/duty_lists/:id:approve",    PERM_DUTY_LIST_APPROVE, duty_list_fields,  &SQL_duty_list_step,    step_one,  "approve_duty_list", "Approve a draft", .probe = &SQL_duty_list_get, .fsm = duty_list_fsm, .verb = "approve", .media = MEDIA_NONE},
    {METHOD_POST,  "/duty_lists/:id:file",       PERM_DUTY_LIST_FILE,    duty_list_fields,  &SQL_duty_list_step,    step_one,  "file_duty_list", "File an approved list", .probe = &SQL_duty_list_get, .fsm = duty_list_fsm, .verb = "file", .media = MEDIA_NONE},
    {METHOD_POST,  "/duty_lists/:id:bring_into_force", PERM_DUTY_LIST_FILE, duty_list_fields, &SQL_duty_list_bring_into_force, bring_into_force, "bring_duty_list_into_force", "Bring a filed list in force", .probe = &SQL_duty_list_get, .fsm = duty_list_fsm, .verb = "bring_into_force", .media = MEDIA_NONE},
    {METHOD_POST,  "/duty_lists/:id:discard",    PERM_DUTY_LIST_WRITE,   duty_list_fields,  &SQL_duty_list_discard, step_one,  "discard_duty_list", "Discard a draft that nothing comes of", .probe = &SQL_duty_list_get, .fsm = duty_list_fsm, .verb = "discard", .media = MEDIA_NONE},
    {METHOD_POST,  "/duty_lists/:id:close",      PERM_DUTY_LIST_FILE,    duty_list_fields,  &SQL_duty_list_step,    step_one,  "close_duty_list", "Close the list at the year's end", .probe = &SQL_duty_list_get, .fsm = duty_list_fsm, .verb = "close", .media = MEDIA_NONE},
    ROUTES_END
};
/* clang-format on */

/* Two statements of one transaction: the second one sees what those reported whom the first
 * one waited for. */
static bool bring_into_force(struct request *rq)
{
    struct rows *held = NULL;
    return db_begin(rq) && db_rows(rq, &SQL_duty_list_hold_former, &held) && step_one(rq);
}

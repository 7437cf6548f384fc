/* services/registry/difference.c - how two editions of a duty list differ: what came in, what fell
 * out, what changed from what to what. Compares and changes nothing: sql/revision.sql. */
#include "core/limits.h"
#include "registry.h"
#include "sql_registry.h"

static const char *const kinds[] = {"task", "item", NULL};
static const char *const changes[] = {"added", "removed", "changed", NULL};

/* clang-format off */
static const struct field value_fields[] = {
    F_TEXT("field", SHOWN, 1, 40, "The field's name, as tasks and items have it.", "due_on"),
    F_TEXT("before", SHOWN | NULLABLE, 0, 4000, "Its value in the edition compared with.", "2026-06-18"),
    F_TEXT("after", SHOWN | NULLABLE, 0, 4000, "Its value now.", "2026-09-30"),
    FIELDS_END
};

static const struct field change_fields[] = {
    F_ENUM("change", SHOWN, changes, "What became of it."),
    F_ENUM("kind", SHOWN, kinds, "A task, or an item of it."),
    F_UUID("id", SHOWN | NULLABLE, "The task or item of this list; null: it is in it no more."),
    F_UUID("former_id", SHOWN | NULLABLE, "The one of the other list; null: it was not in it."),
    F_TEXT("number", SHOWN, 1, 20, "The task's number.", "07"),
    F_TEXT("title", SHOWN, 1, 300, "Its title.", "完成十四处供水工程改造"),
    F_ARRAY("fields", SHOWN, value_fields, 20, "What changed in it, field by field."),
    FIELDS_END
};

static const struct field difference_fields[] = {
    F_UUID("id", IN_PATH, "Id of the list."),
    F_UUID("duty_list_id", SHOWN, "Id of the list."),
    F_UUID("against", IN_QUERY, "The list to compare with; absent: the edition that it revises."),
    F_UUID("against_id", SHOWN, "The list compared with."),
    F_INT("added", SHOWN, 0, INT32_MAX, "How many tasks and items came in.", "1"),
    F_INT("removed", SHOWN, 0, INT32_MAX, "How many fell out.", "1"),
    F_INT("changed", SHOWN, 0, INT32_MAX, "How many changed.", "3"),
    F_ARRAY("changes", SHOWN, change_fields, (int64_t)LIMIT_DUTY_LIST_ROWS * 4, "Each of them, in the order of the tasks."),
    FIELDS_END
};

const struct route difference_routes[] = {
    {METHOD_GET, "/duty_lists/:id/difference", PERM_DUTY_LIST_READ, difference_fields, &SQL_duty_list_difference, read_one, "get_duty_list_difference", "How a list differs from the edition that it revises, or from another one"},
    ROUTES_END
};
/* clang-format on */

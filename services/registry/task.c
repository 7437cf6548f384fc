/* services/registry/task.c - the tasks of a duty list and their tree. Contract: proto/registry.md.
 */
#include "registry.h"
#include "sql_registry.h"

/* clang-format off */
static const struct field task_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id of the task; may come from the client."),
    F_CODE("owner_division", SHOWN, "The list's division."),
    F_UUID("duty_list_id", IN_BODY | IN_QUERY | REQUIRED | SHOWN, "The list it stands in."),
    F_UUID("parent_id", IN_BODY | IN_QUERY | SHOWN | NULLABLE, "The task it is part of, of the same list."),
    F_TEXT("number", IN_BODY | REQUIRED | SHOWN, 1, 20, "Its number in the list, unique there.", "07"),
    F_INT("position", IN_BODY | SHOWN, 1, INT32_MAX, "Place in the list; absent: the last.", "7"),
    F_TEXT("title", IN_BODY | REQUIRED | SHOWN, 1, 300, "What is to be done.", "新建改建农村供水工程"),
    F_TEXT("topic", IN_BODY | IN_QUERY | SHOWN | NULLABLE, 1, 40, "What it is about: a code of the dictionary `topic`.", "infrastructure"),
    F_UUID("origin_id", SHOWN | NULLABLE, "The task of the first edition that it goes on from; null: it is new."),
    F_VERSION(),
    FIELDS_END
};

const struct route task_routes[] = {
    {METHOD_GET,   "/tasks",     PERM_DUTY_LIST_READ,  task_fields, &SQL_task_list,    read_page, "list_tasks", "The tasks of a list, in its order"},
    {METHOD_GET,   "/tasks/:id", PERM_DUTY_LIST_READ,  task_fields, &SQL_task_get,     read_one,  "get_task", "One task"},
    {METHOD_POST,  "/tasks",     PERM_DUTY_LIST_WRITE, task_fields, &SQL_task_insert,  write_one, "create_task", "Add a task to a draft", .location = "/tasks/"},
    {METHOD_PATCH, "/tasks/:id", PERM_DUTY_LIST_WRITE, task_fields, &SQL_task_correct, write_one, "update_task", "Correct a task of a draft", .probe = &SQL_task_get},
    {METHOD_POST,  "/tasks/:id:remove", PERM_DUTY_LIST_WRITE, task_fields, &SQL_task_remove, write_one, "remove_task", "Take a task out of a draft", .probe = &SQL_task_get, .media = MEDIA_NONE},
    ROUTES_END
};
/* clang-format on */

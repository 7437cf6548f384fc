/* services/registry/drive.c - drives (集中攻坚): a phase with a goal, a leader and an end, and the
 * items it is to bring forward. Rule R-128: sql/drive.sql. Work orders of a drive: work_order.c. */
#include "registry.h"
#include "sql_registry.h"

static const char *const drive_states[] = {"planned", "running", "ended", NULL};
static const char *const drive_verbs[] = {"plan", "start", "end", NULL};

enum { ITEMS_MAX = 200 };

/* clang-format off */
static const struct field step_fields[] = {
    F_ENUM("verb", SHOWN, drive_verbs, "What was done."),
    F_INSTANT("at", SHOWN, "When."),
    F_UUID("post_id", SHOWN, "By which post."),
    F_TEXT("note", SHOWN | NULLABLE, 1, 4000, "With what words.", "按期完成攻坚任务"),
    F_DATE("due_on", SHOWN | NULLABLE, "Its last day, from then on.", "2026-09-30"),
    FIELDS_END
};

static const struct field drive_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id of the drive; may come from the client."),
    F_CODE("owner_division", SHOWN, "The division of the unit in charge."),
    F_CODE("at_division", SHOWN, "Where it is."),
    F_CODE("division", IN_QUERY | OWN_SCOPE, "Only drives of this division."),
    F_TEXT("title", IN_BODY | REQUIRED | SHOWN, 1, 200, "Its title.", "农村供水攻坚六十天"),
    F_UUID("leader_post_id", IN_BODY | IN_QUERY | REQUIRED | SHOWN, "The post of the leader who leads it."),
    F_UUID("organisation_id", IN_BODY | IN_QUERY | REQUIRED | SHOWN, "The unit in charge."),
    F_TEXT("organisation", SHOWN | NULLABLE, 1, 80, "Its name.", "娄星区水利局"),
    F_TEXT("topic", IN_BODY | IN_QUERY | SHOWN | NULLABLE, 1, 40, "What it is about: a code of the dictionary `topic`.", "infrastructure"),
    F_TEXT("goal", IN_BODY | REQUIRED | SHOWN, 1, 1000, "What is to be reached by its end.", "十四处供水工程全部通水"),
    F_DATE("starts_on", IN_BODY | REQUIRED | SHOWN, "Its first day.", "2026-08-01"),
    F_DATE("ends_on", IN_BODY | REQUIRED | SHOWN, "Its last day.", "2026-09-30"),
    F_ENUM("status", IN_QUERY | SHOWN, drive_states, "Where it stands."),
    F_ENUM("light", SHOWN | NULLABLE, lights, "Red when its last day is over and it is not ended; null where the calendar has no data."),
    F_UUIDS("item_ids", IN_BODY | SHOWN, ITEMS_MAX, "The items it is to bring forward."),
    F_UUID("item_id", IN_QUERY, "Only drives that bring this item forward, in whatever edition of its list."),
    F_INT("items_done", SHOWN, 0, ITEMS_MAX, "How many of them are done, in the edition in force.", "3"),
    F_INT("work_orders", SHOWN, 0, INT32_MAX, "Work orders given for it, but for the withdrawn.", "5"),
    F_INT("work_orders_completed", SHOWN, 0, INT32_MAX, "How many of them are completed.", "2"),
    F_DATE("started_on", SHOWN | NULLABLE, "The day it was started.", "2026-08-01"),
    F_DATE("ended_on", SHOWN | NULLABLE, "The day it was ended.", "2026-09-28"),
    F_TEXT("result", SHOWN | NULLABLE, 1, 4000, "What was reached.", "十四处供水工程通水十三处"),
    F_ARRAY("steps", SHOWN, step_fields, 500, "All that was done with it, in order."),
    F_INSTANT("created_at", SHOWN, "When it was entered."),
    F_VERSION(),
    FIELDS_END
};

static const struct field start_fields[] = {
    F_UUID("id", IN_PATH, "Id of the drive."),
    F_TEXT("result", 0, 1, 4000, "Of :end alone.", "十四处供水工程通水十三处"),
    F_VERSION(),
    FIELDS_END
};

static const struct field end_fields[] = {
    F_UUID("id", IN_PATH, "Id of the drive."),
    F_TEXT("result", IN_BODY | REQUIRED, 1, 4000, "What was reached, or why it is given up.", "十四处供水工程通水十三处"),
    F_VERSION(),
    FIELDS_END
};

const struct route drive_routes[] = {
    {METHOD_GET,   "/drives",           PERM_WORK_ORDER_READ,  drive_fields, &SQL_drive_list,    read_page, "list_drives", "Drives in the caller's scope"},
    {METHOD_GET,   "/drives/:id",       PERM_WORK_ORDER_READ,  drive_fields, &SQL_drive_get,     read_one,  "get_drive", "One drive with its steps"},
    {METHOD_POST,  "/drives",           PERM_WORK_ORDER_ISSUE, drive_fields, &SQL_drive_insert,  write_one, "plan_drive", "Plan a drive with a leader and an end", .location = "/drives/", .status = 201},
    {METHOD_PATCH, "/drives/:id",       PERM_WORK_ORDER_ISSUE, drive_fields, &SQL_drive_correct, write_one, "update_drive", "Correct a drive that has not ended", .probe = &SQL_drive_get},
    {METHOD_POST,  "/drives/:id:start", PERM_WORK_ORDER_ISSUE, start_fields, &SQL_drive_step,    step_one,  "start_drive", "Start it", .shows = drive_fields, .probe = &SQL_drive_get, .fsm = drive_fsm, .verb = "start", .media = MEDIA_NONE},
    {METHOD_POST,  "/drives/:id:end",   PERM_WORK_ORDER_ISSUE, end_fields,   &SQL_drive_step,    step_one,  "end_drive", "End it, with its result", .shows = drive_fields, .probe = &SQL_drive_get, .fsm = drive_fsm, .verb = "end"},
    ROUTES_END
};
/* clang-format on */

/* services/registry/deadline.c - pauses of an item's deadline, and what was told one level up
 * because it was late. How a deadline is counted is SQL (migrations/0007). Rules. */
#include "registry.h"
#include "sql_registry.h"

/* clang-format off */
static const struct field pausing_fields[] = {
    F_UUID("id", IN_PATH, "Id of the item."),
    F_TEXT("reason", IN_BODY | REQUIRED, 1, 500, "Why its deadline stands still, or runs on.", "汛期停工，区防汛抗旱指挥部〔2026〕3号"),
    F_DATE("as_of", IN_QUERY, "The day of the light.", "2026-06-30"),
    F_VERSION(),
    FIELDS_END
};

static const struct field pause_fields[] = {
    F_UUID("id", SHOWN, "Id of the pause."),
    F_CODE("owner_division", SHOWN, "The item's division."),
    F_UUID("item_id", IN_QUERY | SHOWN, "The item."),
    F_DATE("from_on", SHOWN, "The first day that does not count.", "2026-06-10"),
    F_DATE("until_on", SHOWN | NULLABLE, "The day it was resumed, which counts again; null: it goes on.", "2026-06-24"),
    F_INT("days", SHOWN | NULLABLE, 0, INT32_MAX, "What it has added to the deadline by today; null where the calendar has no data.", "9"),
    F_TEXT("reason", SHOWN, 1, 500, "Why.", "汛期停工"),
    F_UUID("paused_by", SHOWN, "The post that paused."),
    F_TEXT("end_reason", SHOWN | NULLABLE, 1, 500, "Why it runs on.", "汛期结束"),
    F_UUID("ended_by", SHOWN | NULLABLE, "The post that resumed."),
    F_BOOL("open", IN_QUERY, "Only pauses that (do not) go on."),
    F_INSTANT("created_at", SHOWN, "When it was entered."),
    F_VERSION(),
    FIELDS_END
};

static const struct field told_fields[] = {
    F_UUID("post_id", SHOWN, "The post."),
    F_TEXT("title", SHOWN, 0, 80, "Its title.", "分管副区长"),
    F_TEXT("duty", SHOWN, 0, 40, "The duty it holds.", "direct"),
    F_TEXT("holder", SHOWN | NULLABLE, 0, 60, "Who held it on that day.", "赵甲"),
    FIELDS_END
};

static const struct field escalation_fields[] = {
    F_UUID("id", SHOWN, "Id of the record."),
    F_CODE("owner_division", SHOWN, "The item's or the obligation's division."),
    F_CODE("division", IN_QUERY, "Only what was told to that division."),
    F_UUID("item_id", IN_QUERY | SHOWN | NULLABLE, "The item; null: an obligation was told."),
    F_UUID("obligation_id", IN_QUERY | SHOWN | NULLABLE, "The obligation; null: an item was told."),
    F_TEXT("title", SHOWN, 1, 300, "What the unit answers for.", "完成十四处供水工程改造"),
    F_UUID("lead_organisation_id", SHOWN | NULLABLE, "The lead unit, or the unit that owes it."),
    F_INT("step", SHOWN, 1, INT16_MAX, "The step: the longer late, the higher.", "1"),
    F_DATE("on_day", SHOWN, "The day it was told.", "2026-06-24"),
    F_DATE("due_on", SHOWN, "The deadline, moved by its pauses.", "2026-06-18"),
    F_INT("late_work_days", SHOWN, 0, INT32_MAX, "Work days late on that day.", "4"),
    F_CODE("to_division", SHOWN, "The level told."),
    F_UUIDS("to_post_ids", SHOWN, 50, "The posts told; none: the level has no post of that duty."),
    F_ARRAY("told", SHOWN, told_fields, 50, "Those posts with their holders on that day, where the caller may see them."),
    F_INSTANT("created_at", SHOWN, "When it was told."),
    F_VERSION(),
    FIELDS_END
};

const struct route deadline_routes[] = {
    {METHOD_POST, "/items/:id:pause",  PERM_DEADLINE_PAUSE, pausing_fields,    &SQL_item_pause,      write_one, "pause_item",  "Let an item's deadline stand still, with a reason", .shows = item_fields, .probe = &SQL_item_get},
    {METHOD_POST, "/items/:id:resume", PERM_DEADLINE_PAUSE, pausing_fields,    &SQL_item_resume,     write_one, "resume_item", "Let it run on", .shows = item_fields, .probe = &SQL_item_get},
    {METHOD_GET,  "/item_pauses",      PERM_DUTY_LIST_READ, pause_fields,      &SQL_item_pause_list, read_page, "list_item_pauses", "Pauses of items in the caller's scope"},
    {METHOD_GET,  "/escalations",      PERM_URGING_READ,    escalation_fields, &SQL_escalation_list, read_page, "list_escalations", "Items and obligations that were told one level up, because they are late"},
    ROUTES_END
};
/* clang-format on */

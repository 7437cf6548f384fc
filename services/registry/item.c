/* services/registry/item.c - items: a task broken down to a lead unit; what is late and who answers
 * for it. Contract: proto/registry.md. Pure rules are in item_rules.c. */
#include "core/limits.h"
#include "registry.h"
#include "sql_registry.h"

static const char *const measures[] = {"value", "milestone", NULL};
const char *const lights[] = {"green", "amber", "red", NULL};
static handler item_create;

/* clang-format off */
static const struct field milestone_fields[] = {
    F_INT("position", SHOWN, 1, LIMIT_ITEM_MILESTONES, "Its place; a report names it.", "1"),
    F_TEXT("name", IN_BODY | REQUIRED | SHOWN, 1, 100, "What is reached.", "方案印发"),
    F_DATE("due_on", IN_BODY | REQUIRED | SHOWN, "Its deadline, inside the item's period.", "2026-03-31"),
    F_DATE("reached_on", SHOWN | NULLABLE, "The day of the confirmed report.", "2026-03-30"),
    FIELDS_END
};

const struct field item_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id of the item; may come from the client."),
    F_CODE("owner_division", SHOWN, "The lead unit's division, which decides who sees the item."),
    F_CODE("at_division", SHOWN, "Where it is done."),
    F_CODE("division", IN_QUERY | OWN_SCOPE, "Only items of this division."),
    F_UUID("duty_list_id", IN_QUERY | SHOWN, "The list it stands in."),
    F_UUID("task_id", IN_BODY | IN_QUERY | REQUIRED | SHOWN, "The task it is part of."),
    F_TEXT("task_number", SHOWN | NULLABLE, 0, 20, "The task's number; null where the list is of another county, which the village was of.", "07"),
    F_TEXT("task_title", SHOWN | NULLABLE, 0, 300, "The task's title; null as its number.", "新建改建农村供水工程"),
    F_TEXT("title", IN_BODY | REQUIRED | SHOWN, 1, 300, "What the unit answers for.", "完成十四处供水工程改造"),
    F_UUID("lead_organisation_id", IN_BODY | IN_QUERY | REQUIRED | SHOWN, "The one lead unit (牵头单位)."),
    F_TEXT("lead_organisation", SHOWN | NULLABLE, 0, 80, "Its name.", "娄星区水利局"),
    F_UUIDS("assist_organisation_ids", IN_BODY | SHOWN, LIMIT_ITEM_ASSISTS, "Assisting units (配合单位), the lead not among them."),
    F_TEXTS("assist_organisations", SHOWN, LIMIT_ITEM_ASSISTS, "Their names."),
    F_DATE("starts_on", IN_BODY | REQUIRED | SHOWN, "First day.", "2026-01-05"),
    F_DATE("due_on", IN_BODY | REQUIRED | SHOWN, "Deadline: the last day that is not late.", "2026-06-18"),
    F_DATE("effective_due_on", SHOWN | NULLABLE, "The deadline as of that day, moved by its pauses; null where the work-day calendar has no data.", "2026-06-24"),
    F_ENUM("light", IN_QUERY | SHOWN | NULLABLE, lights, "Red when late, amber from some work days before, else green, as is what is done; null where the calendar has no data."),
    F_INT("pauses", SHOWN, 0, INT16_MAX, "How often the deadline was paused.", "1"),
    F_DATE("paused_on", SHOWN | NULLABLE, "Since when it is paused.", "2026-06-10"),
    F_BOOL("paused", IN_QUERY, "Only items whose deadline is (not) paused."),
    F_DATE("as_of", IN_QUERY, "The day of the light; absent: today.", "2026-06-30"),
    F_ENUM("measure", IN_BODY | REQUIRED | SHOWN, measures, "How progress is measured."),
    F_DECIMAL("target", IN_BODY | SHOWN | NULLABLE, 1, 4, "Target of an item measured by value.", "14"),
    F_TEXT("unit_of_measure", IN_BODY | SHOWN | NULLABLE, 1, 20, "Unit of the target.", "处"),
    F_DECIMAL("weight", IN_BODY | SHOWN | NULLABLE, 1, 4, "What it counts among the items of its task, of 100; null: all count alike.", "40"),
    F_DECIMAL("progress", SHOWN, 0, 4, "Value or number of milestones reached, by confirmed reports.", "11"),
    F_DATE("progress_on", SHOWN | NULLABLE, "The day that progress stands for.", "2026-06-10"),
    F_DECIMAL("completion", SHOWN, 0, 2, "Completion in percent, at most 100.", "78.57"),
    F_DATE("done_on", SHOWN | NULLABLE, "The day it was complete.", "2026-06-18"),
    F_ARRAY("milestones", IN_BODY | SHOWN, milestone_fields, LIMIT_ITEM_MILESTONES, "Steps of an item measured by milestones, in order."),
    F_UUID("origin_id", SHOWN | NULLABLE, "The item of the first edition that it goes on from; null: it is new."),
    F_UUIDS("ids", IN_QUERY, 500, "Only these items."),
    F_BOOL("done", IN_QUERY, "Only items that are (not) complete."),
    F_DATE("due_before", IN_QUERY, "Only items due before that day.", "2026-07-01"),
    F_INSTANT("created_at", SHOWN, "When it was entered."),
    F_VERSION(),
    FIELDS_END
};

static const struct field corrected_fields[] = { /* of a draft; what a rule needs is never taken away */
    F_UUID("id", IN_PATH, "Id of the item."),
    F_TEXT("title", IN_BODY, 1, 300, "What the unit answers for.", "完成十四处供水工程改造"),
    F_DATE("starts_on", IN_BODY, "First day.", "2026-01-05"),
    F_DATE("due_on", IN_BODY, "Deadline: the last day that is not late.", "2026-06-18"),
    F_DECIMAL("target", IN_BODY, 1, 4, "Target of an item measured by value.", "14"),
    F_TEXT("unit_of_measure", IN_BODY, 1, 20, "Unit of the target.", "处"),
    F_DECIMAL("weight", IN_BODY | NULLABLE, 1, 4, "What it counts among the items of its task, of 100; null: all count alike.", "40"),
    F_DATE("as_of", IN_QUERY, "The day of the light.", "2026-06-30"),
    F_VERSION(),
    FIELDS_END
};

static const struct field answers_fields[] = {
    F_UUID("post_id", SHOWN, "The post."),
    F_TEXT("title", SHOWN, 0, 80, "Its title.", "局长"),
    F_TEXT("duty", SHOWN, 0, 40, "The duty it holds.", "first_responsible"),
    F_TEXT("holder", SHOWN | NULLABLE, 0, 60, "Who holds it on that day.", "赵甲"),
    FIELDS_END
};

static const struct field overdue_fields[] = {
    F_UUID("id", SHOWN, "Id of the item."),
    F_CODE("owner_division", SHOWN, "The lead unit's division."),
    F_UUID("duty_list_id", IN_QUERY | SHOWN, "The list it stands in."),
    F_UUID("task_id", SHOWN, "The task it is part of."),
    F_TEXT("task_number", SHOWN, 0, 20, "The task's number.", "07"),
    F_TEXT("task_title", SHOWN, 0, 300, "The task's title.", "新建改建农村供水工程"),
    F_TEXT("title", SHOWN, 0, 300, "What the unit answers for.", "完成十四处供水工程改造"),
    F_UUID("lead_organisation_id", IN_QUERY | SHOWN, "The lead unit."),
    F_TEXT("lead_organisation", SHOWN | NULLABLE, 0, 80, "Its name.", "娄星区水利局"),
    F_DATE("due_on", SHOWN, "Deadline as it was set.", "2026-06-18"),
    F_DATE("effective_due_on", SHOWN, "Deadline moved by its pauses.", "2026-06-18"),
    F_INT("pauses", SHOWN, 0, INT16_MAX, "How often it was paused.", "0"),
    F_INT("late_work_days", SHOWN, 0, INT32_MAX, "Work days from the deadline so moved to that day.", "7"),
    F_DATE("as_of", IN_QUERY | SHOWN, "The day of the answer; absent: today.", "2026-06-30"),
    F_ENUM("measure", SHOWN, measures, "How progress is measured."),
    F_DECIMAL("target", SHOWN | NULLABLE, 1, 4, "Target.", "14"),
    F_TEXT("unit_of_measure", SHOWN | NULLABLE, 0, 20, "Unit of the target.", "处"),
    F_DECIMAL("progress", SHOWN, 0, 4, "Reached by confirmed reports, as of now.", "11"),
    F_DECIMAL("completion", SHOWN, 0, 2, "Completion in percent, as of now.", "78.57"),
    F_ARRAY("answers_for_it", SHOWN, answers_fields, 50, "Posts of the lead unit that answer for it, with their holders on that day."),
    F_VERSION(),
    FIELDS_END
};

const struct route item_routes[] = {
    {METHOD_GET,   "/items",         PERM_DUTY_LIST_READ,  item_fields,    &SQL_item_list,         read_page,   "list_items", "Items in the caller's scope"},
    {METHOD_GET,   "/items/:id",     PERM_DUTY_LIST_READ,  item_fields,    &SQL_item_get,          read_one,    "get_item", "One item"},
    {METHOD_GET,   "/overdue_items", PERM_DUTY_LIST_READ,  overdue_fields, &SQL_overdue_item_list, read_page,   "list_overdue_items", "What is late on a day, by how many work days, and who answers for it"},
    {METHOD_POST,  "/items",         PERM_DUTY_LIST_WRITE, item_fields,    &SQL_item_insert,       item_create, "create_item", "Break a task of a draft down to a lead unit", .location = "/items/", .status = 201},
    {METHOD_PATCH, "/items/:id",     PERM_DUTY_LIST_WRITE, corrected_fields, &SQL_item_correct,    write_one,   "update_item", "Correct an item of a draft", .shows = item_fields, .probe = &SQL_item_get},
    {METHOD_POST,  "/items/:id:remove", PERM_DUTY_LIST_WRITE, item_fields, &SQL_item_remove,      write_one,   "remove_item", "Take an item out of a draft", .probe = &SQL_item_get, .media = MEDIA_NONE},
    ROUTES_END
};
/* clang-format on */

/* the rules of a whole item; each fault names its member. */
static bool item_create(struct request *rq)
{
    struct item_draft d = {.measure = arg_text(rq, "measure"),
                           .has_target = arg_text(rq, "target"),
                           .unit_of_measure = arg_text(rq, "unit_of_measure"),
                           .n_milestones = arg_count(rq, "milestones")};
    struct milestone_draft steps[LIMIT_ITEM_MILESTONES] = {{0}};
    for (size_t i = 0; i < d.n_milestones; i++) {
        steps[i].name = arg_member(rq, "milestones", i, "name");
        date_parse(arg_member(rq, "milestones", i, "due_on"), &steps[i].due_on);
    }
    d.milestones = steps;
    arg_date(rq, "starts_on", &d.starts_on);
    arg_date(rq, "due_on", &d.due_on);
    struct fault faults[ITEM_FAULTS_MAX];
    size_t n = item_faults(&d, faults);
    for (size_t i = 0; i < n; i++) {
        problem_add(rq,
                    (struct problem){AT_POINTER, arena_printf(rq->arena, "/%s", faults[i].field), 0,
                                     faults[i].code, faults[i].detail});
    }
    return n == 0 && write_one(rq);
}

/* services/registry/chain.c - one chain of responsibility: for a division, a topic and a day, who
 * answers at every level, why, what was done last, what is due next, and what is missing. One
 * request, one statement (sql/chain.sql, R-250 to R-259); it changes nothing. */
#include "registry.h"
#include "sql_registry.h"

static const char *const relations[] = {"self", "above", "area", NULL};
static const char *const gap_kinds[] = {"level_without_holder",
                                        "vacant_post",
                                        "vacant_contact",
                                        "task_without_lead",
                                        "village_without_team",
                                        "group_without_head",
                                        NULL};

enum { FEW = 200, MANY = 1000, LEVELS_MAX = 10 };

/* clang-format off */
static const struct field post_fields[] = {
    F_UUID("post_id", SHOWN, "The post."),
    F_TEXT("title", SHOWN, 1, 80, "Its title.", "局长"),
    F_TEXT("duty", SHOWN, 1, 40, "The duty it holds.", "first_responsible"),
    F_UUID("organisation_id", SHOWN, "Its unit."),
    F_TEXT("organisation", SHOWN, 1, 80, "The unit's name.", "娄星区农业农村局"),
    F_TEXT("holder", SHOWN | NULLABLE, 1, 60, "Who holds it on that day; null where it is vacant, or the person is another division's.", "赵甲"),
    F_DATE("since", SHOWN | NULLABLE, "Since when.", "2026-01-01"),
    F_BOOL("vacant", SHOWN, "Nobody holds it on that day."),
    FIELDS_END
};

static const struct field contact_fields[] = {
    F_UUID("contact_id", SHOWN, "The contact."),
    F_TEXT("kind", SHOWN, 1, 40, "Its kind.", "charge"),
    F_UUID("post_id", SHOWN | NULLABLE, "The post linked to the division."),
    F_UUID("organisation_id", SHOWN | NULLABLE, "The unit linked to it."),
    F_TEXT("who", SHOWN | NULLABLE, 1, 80, "Title of the post, or name of the unit.", "副区长"),
    F_TEXT("holder", SHOWN | NULLABLE, 1, 60, "Who holds the post on that day.", "钱乙"),
    F_DATE("since", SHOWN, "Since when.", "2026-01-01"),
    FIELDS_END
};

static const struct field group_fields[] = {
    F_UUID("group_id", SHOWN, "The group."),
    F_TEXT("kind", SHOWN, 1, 40, "Leading group, special group or duty group.", "leading_group"),
    F_TEXT("title", SHOWN, 1, 200, "Its title.", "产业振兴工作专班"),
    F_TEXT("topic", SHOWN | NULLABLE, 1, 40, "Its topic.", "industry"),
    F_UUID("organisation_id", SHOWN, "The unit it is registered as."),
    F_UUID("head_post_id", SHOWN | NULLABLE, "The post that heads it."),
    F_TEXT("head", SHOWN | NULLABLE, 1, 80, "Title of that post.", "区长"),
    F_TEXT("holder", SHOWN | NULLABLE, 1, 60, "Who holds it on that day.", "孙丙"),
    FIELDS_END
};

static const struct field member_fields[] = {
    F_UUID("post_id", SHOWN, "The member's post."),
    F_TEXT("role", SHOWN, 1, 40, "First secretary, leader or member.", "first_secretary"),
    F_TEXT("holder", SHOWN | NULLABLE, 1, 60, "Who holds it on that day.", "李丁"),
    F_UUID("sending_organisation_id", SHOWN | NULLABLE, "The unit that sent the member."),
    F_DATE("since", SHOWN, "Since when.", "2026-01-01"),
    FIELDS_END
};

static const struct field team_fields[] = {
    F_UUID("team_id", SHOWN, "The work team."),
    F_TEXT("name", SHOWN, 1, 80, "Its name.", "仙人阁社区驻村工作队"),
    F_DATE("since", SHOWN, "Since when it covers the village.", "2026-01-01"),
    F_DATE("term_ends_on", SHOWN | NULLABLE, "The end of its term.", "2027-12-31"),
    F_ARRAY("members", SHOWN, member_fields, FEW, "Its members on that day."),
    FIELDS_END
};

static const struct field duty_fields[] = {
    F_UUID("duty_id", SHOWN, "The duty."),
    F_TEXT("number", SHOWN, 1, 40, "Its number.", "1"),
    F_TEXT("title", SHOWN, 1, 300, "What is to be answered for.", "守住不发生规模性返贫底线"),
    F_TEXT("subject", SHOWN, 1, 40, "Whom it is laid on.", "first_responsible"),
    F_TEXT("topic", SHOWN, 1, 40, "Its topic.", "poverty_prevention"),
    F_UUID("document_id", SHOWN, "The document that lays it down."),
    F_TEXT("document", SHOWN, 1, 300, "The document's title.", "乡村振兴责任制实施细则"),
    F_UUID("clause_id", SHOWN, "The clause."),
    F_TEXT("clause", SHOWN, 1, 40, "The clause's number.", "第十二条"),
    F_BOOL("assumed", SHOWN, "Its wording is ours, for the source only counts it."),
    FIELDS_END
};

static const struct field led_fields[] = {
    F_UUID("item_id", SHOWN, "The item."),
    F_TEXT("title", SHOWN, 1, 300, "What the unit answers for.", "完成十四处供水工程改造"),
    F_UUID("lead_organisation_id", SHOWN, "The lead unit."),
    F_TEXT("lead_organisation", SHOWN | NULLABLE, 1, 80, "Its name.", "娄星区水利局"),
    F_TEXTS("assist_organisations", SHOWN, 100, "Names of the assisting units."),
    F_DATE("due_on", SHOWN, "Its deadline.", "2026-06-18"),
    F_DATE("done_on", SHOWN | NULLABLE, "The day it was complete, by that day.", "2026-06-10"),
    FIELDS_END
};

static const struct field task_fields_shown[] = {
    F_UUID("task_id", SHOWN, "The task."),
    F_UUID("duty_list_id", SHOWN, "The list in force that it stands in."),
    F_TEXT("number", SHOWN, 1, 20, "Its number.", "07"),
    F_TEXT("title", SHOWN, 1, 300, "Its title.", "新建改建农村供水工程"),
    F_TEXT("topic", SHOWN | NULLABLE, 1, 40, "Its topic.", "infrastructure"),
    F_ARRAY("items", SHOWN, led_fields, FEW, "Its items that the caller sees, with their units."),
    FIELDS_END
};

static const struct field action_fields[] = {
    F_TEXT("kind", SHOWN, 1, 40, "What was done.", "visit"),
    F_UUID("record_id", SHOWN, "Its record."),
    F_DATE("on_day", SHOWN, "The day.", "2026-06-10"),
    F_UUID("post_id", SHOWN | NULLABLE, "By which post."),
    F_UUID("organisation_id", SHOWN | NULLABLE, "By which unit."),
    FIELDS_END
};

static const struct field due_fields[] = {
    F_TEXT("kind", SHOWN, 1, 40, "What is due.", "item"),
    F_UUID("record_id", SHOWN, "Its record."),
    F_DATE("due_on", SHOWN, "By when.", "2026-06-30"),
    F_TEXT("title", SHOWN, 1, 300, "What it is about.", "月报告"),
    FIELDS_END
};

static const struct field level_fields[] = {
    F_INT("level", SHOWN, 1, 5, "1 province, 2 city, 3 county, 4 town, 5 village.", "3"),
    F_CODE("division", SHOWN, "The division of that level."),
    F_TEXT("name", SHOWN, 1, 60, "Its name on that day.", "娄星区"),
    F_TEXT("kind", SHOWN, 1, 40, "Statutory, or a functional area.", "statutory"),
    F_ENUM("relation", SHOWN, relations, "The division asked for, one above it, or a functional area that administers one of these."),
    F_ARRAY("posts", SHOWN, post_fields, MANY, "Posts that answer for it: of the units that lead the division, and of those that lead its tasks."),
    F_ARRAY("contacts", SHOWN, contact_fields, MANY, "Leaders and units linked to it."),
    F_ARRAY("groups", SHOWN, group_fields, FEW, "Groups of the topic, and those of no one topic."),
    F_ARRAY("teams", SHOWN, team_fields, FEW, "Work teams stationed there."),
    F_ARRAY("duties", SHOWN, duty_fields, MANY, "Duties laid on that level, each with its clause."),
    F_ARRAY("tasks", SHOWN, task_fields_shown, MANY, "Tasks of its lists in force on that day."),
    F_OBJECT("last_action", SHOWN | NULLABLE, action_fields, "What was done there last, by that day."),
    F_OBJECT("next_due", SHOWN | NULLABLE, due_fields, "What is due there next, from that day on."),
    FIELDS_END
};

static const struct field gap_fields[] = {
    F_ENUM("kind", SHOWN, gap_kinds, "What is missing."),
    F_INT("level", SHOWN, 1, 5, "At which level.", "5"),
    F_CODE("division", SHOWN, "Where."),
    F_UUID("record_id", SHOWN | NULLABLE, "The post, contact, task or group that lacks it."),
    F_TEXT("words", SHOWN, 1, 500, "In words.", "仙人阁社区应派驻村工作队而未派"),
    FIELDS_END
};

static const struct field chain_fields[] = {
    F_CODE("division", IN_QUERY | REQUIRED | SHOWN | OWN_OR_ABOVE, "The division; a former code is followed to the one of that day, and back."),
    F_CODE("asked", SHOWN, "The code that was asked for."),
    F_TEXTS("also", SHOWN, 100, "Where that was several divisions on that day, merged or divided since: the others."),
    F_TEXT("name", SHOWN, 1, 60, "Its name on that day.", "仙人阁社区"),
    F_DATE("as_of", IN_QUERY | SHOWN, "The day of the answer; absent: today.", "2026-06-30"),
    F_TEXT("topic", IN_QUERY | SHOWN | NULLABLE, 1, 40, "Only work of this topic, a code of the dictionary topic; absent: all.", "infrastructure"),
    F_ARRAY("levels", SHOWN, level_fields, LEVELS_MAX, "The levels, from the division upward."),
    F_ARRAY("gaps", SHOWN, gap_fields, MANY, "What is missing, where the caller may see it."),
    FIELDS_END
};

const struct route chain_routes[] = {
    {METHOD_GET, "/chain", PERM_DUTY_LIST_READ, chain_fields, &SQL_chain_get, read_one, "get_chain", "Who answers for a division on a day, at every level, by which clause, and what is missing", .misses = true},
    ROUTES_END
};
/* clang-format on */

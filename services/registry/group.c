/* services/registry/group.c - leading groups (领导小组), 专班 and 专责组: their unit, their topic,
 * who sits in them from when until when. Their lists are duty lists of their unit.
 */
#include "core/limits.h"
#include "sql_registry.h"
#include "team.h"

static const char *const group_kinds[] = {"leading_group", "special_group", "duty_group", NULL};
static const char *const group_states[] = {"active", "ended", NULL};
static const char *const group_verbs[] = {"establish", "change", "end", NULL};
static const char *const seats[] = {"head", "deputy", "member", NULL};

/* clang-format off */
STEP_FIELDS(step_fields, group_verbs);

static const struct field seat_fields[] = {
    F_ENUM("seat", SHOWN, seats, "As what."),
    F_UUID("post_id", SHOWN | NULLABLE, "The post of a head or deputy."),
    F_TEXT("title", SHOWN | NULLABLE, 1, 80, "Its title.", "区委书记"),
    F_TEXT("duty", SHOWN | NULLABLE, 1, 40, "Its duty.", "first_responsible"),
    F_TEXT("holder", SHOWN | NULLABLE, 1, 60, "Who holds it on that day; null: nobody.", "赵甲"),
    F_UUID("organisation_id", SHOWN | NULLABLE, "The unit that is a member."),
    F_TEXT("organisation", SHOWN | NULLABLE, 1, 80, "Its name.", "娄星区农业农村局"),
    F_DATE("starts_on", SHOWN, "Since when.", "2026-01-05"),
    F_DATE("ends_on", SHOWN | NULLABLE, "The first day no more; null: open.", "2027-01-01"),
    FIELDS_END
};

static const struct field group_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id of the group; may come from the client."),
    F_CODE("owner_division", SHOWN, "The division of its unit."),
    F_UUID("organisation_id", IN_BODY | REQUIRED | SHOWN, "Its unit, registered with the kind work_group."),
    F_TEXT("organisation", SHOWN | NULLABLE, 1, 80, "The unit's name.", "娄星区产业发展专班"),
    F_ENUM("kind", IN_BODY | REQUIRED | SHOWN, group_kinds, "What kind of group."),
    F_TEXT("title", IN_BODY | REQUIRED | SHOWN, 1, 100, "Its title.", "区委农村工作领导小组产业发展专班"),
    F_TEXT("topic", IN_BODY | SHOWN | NULLABLE, 1, 40, "What it is about: a code of the dictionary topic.", "industry"),
    F_UUID("parent_id", IN_BODY | SHOWN | NULLABLE, "The group it stands under."),
    F_UUIDS("head_post_ids", IN_BODY | REQUIRED | SHOWN, LIMIT_GROUP_HEADS, "Posts that head it (组长)."),
    F_UUIDS("deputy_post_ids", IN_BODY | SHOWN, LIMIT_GROUP_SEATS, "Deputies (副组长)."),
    F_UUIDS("member_organisation_ids", IN_BODY | SHOWN, LIMIT_GROUP_SEATS, "Units that are members (成员单位)."),
    F_ARRAY("seats", SHOWN, seat_fields, 2 * LIMIT_GROUP_SEATS + LIMIT_GROUP_HEADS, "Who sits in it on that day."),
    F_DATE("starts_on", IN_BODY | REQUIRED | SHOWN, "First day.", "2026-01-05"),
    F_DATE("ends_on", SHOWN | NULLABLE, "The first day it no longer exists; null: open.", "2027-01-01"),
    F_ENUM("status", SHOWN, group_states, "Is it active?"),
    F_DATE("as_of", IN_QUERY, "Who sits in it on this day; absent: today.", "2026-06-30"),
    F_ARRAY("steps", SHOWN, step_fields, 1000, "All that was done with it, in order."),
    F_INSTANT("created_at", SHOWN, "When it was entered."),
    F_VERSION(),
    FIELDS_END
};

static const struct field changed_fields[] = {
    F_UUID("id", IN_PATH, "Id of the group."),
    F_TEXT("title", IN_BODY, 1, 100, "Its title.", "区委农村工作领导小组产业发展专班"),
    F_TEXT("topic", IN_BODY | NULLABLE, 1, 40, "What it is about.", "industry"),
    F_UUIDS("head_post_ids", IN_BODY, LIMIT_GROUP_HEADS, "All posts that head it from that day on."),
    F_UUIDS("deputy_post_ids", IN_BODY, LIMIT_GROUP_SEATS, "All deputies from that day on."),
    F_UUIDS("member_organisation_ids", IN_BODY, LIMIT_GROUP_SEATS, "All units that are members from that day on."),
    F_DATE("from", IN_BODY, "From when on they sit in it; absent: today.", "2026-07-01"),
    F_DATE("as_of", IN_QUERY, "Who sits in it on this day.", "2026-06-30"),
    F_VERSION(),
    FIELDS_END
};

static const struct field group_filters[] = {
    F_CODE("division", IN_QUERY | OWN_OR_ABOVE, "Only groups of this division."),
    F_ENUM("kind", IN_QUERY, group_kinds, "Only groups of this kind."),
    F_TEXT("topic", IN_QUERY, 1, 40, "Only groups of this topic.", "industry"),
    F_UUID("parent_id", IN_QUERY, "Only groups under this one."),
    F_UUID("organisation_id", IN_QUERY, "Only groups of this unit."),
    F_UUID("post_id", IN_QUERY, "Only groups that this post heads, or is a deputy of, on that day."),
    F_ENUM("status", IN_QUERY, group_states, "Only groups that stand there."),
    F_DATE("as_of", IN_QUERY, "Only groups of this day, as they were then.", "2026-06-30"),
    FIELDS_END
};

const struct route group_routes[] = {
    {METHOD_GET,   "/groups",         PERM_TEAM_READ,  group_filters,  &SQL_work_group_list,    read_page, "list_groups", "Leading groups and work groups of the caller's divisions and above", .shows = group_fields},
    {METHOD_GET,   "/groups/:id",     PERM_TEAM_READ,  group_fields,   &SQL_work_group_get,     read_one,  "get_group", "One group with who sits in it"},
    {METHOD_POST,  "/groups",         PERM_TEAM_WRITE, group_fields,   &SQL_work_group_insert,  write_one, "create_group", "Establish a group", .location = "/groups/"},
    {METHOD_PATCH, "/groups/:id",     PERM_TEAM_WRITE, changed_fields, &SQL_work_group_correct, write_one, "update_group", "Change a group, or who sits in it from a day on", .shows = group_fields, .probe = &SQL_work_group_get},
    {METHOD_POST,  "/groups/:id:end", PERM_TEAM_WRITE, ending_fields, &SQL_work_group_end, step_one, "end_group", "Dissolve a group", .shows = group_fields, .probe = &SQL_work_group_get, .fsm = group_fsm, .verb = "end"},
    ROUTES_END
};
/* clang-format on */

/* services/registry/team_member.c - members of work teams: posts that serve in one, who sent them,
 * until when, who follows whom. Who the person is, is the post's holder on a day.
 */
#include "sql_registry.h"
#include "team.h"

static const char *const team_roles[] = {"first_secretary", "team_leader", "team_member", NULL};
static const char *const member_states[] = {"serving", "rotated", "ended", NULL};
static const char *const member_verbs[] = {"join", "rotate", "end", NULL};

/* clang-format off */
STEP_FIELDS(step_fields, member_verbs);

static const struct field member_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id of the member; may come from the client."),
    F_CODE("owner_division", SHOWN, "The division of the post: where the member serves."),
    F_UUID("team_id", IN_BODY | REQUIRED | SHOWN, "The team."),
    F_TEXT("team", SHOWN | NULLABLE, 1, 80, "Its name.", "区农业农村局驻仙人阁社区工作队"),
    F_UUID("post_id", IN_BODY | REQUIRED | SHOWN, "The post: its duty is first_secretary, team_leader or team_member."),
    F_TEXT("title", SHOWN | NULLABLE, 1, 80, "Its title.", "驻村第一书记"),
    F_TEXT("duty", SHOWN | NULLABLE, 1, 40, "Its duty.", "first_secretary"),
    F_TEXT("holder", SHOWN | NULLABLE, 1, 60, "Who holds it on that day, or held it on the member's last; null: nobody.", "赵甲"),
    F_ENUM("role", IN_BODY | SHOWN, team_roles, "What the member is in the team; absent: the post's duty."),
    F_UUID("sending_organisation_id", IN_BODY | SHOWN | NULLABLE, "The unit that sends the member; absent: that of the team."),
    F_TEXT("sending_organisation", SHOWN | NULLABLE, 1, 80, "Its name.", "娄星区农业农村局"),
    F_DATE("starts_on", IN_BODY | REQUIRED | SHOWN, "First day.", "2026-05-10"),
    F_DATE("term_ends_on", IN_BODY | SHOWN | NULLABLE, "The last day of the term, as planned.", "2028-05-09"),
    F_DATE("ends_on", SHOWN | NULLABLE, "The first day the member no longer serves; null: open.", "2028-05-10"),
    F_UUID("follows_id", SHOWN | NULLABLE, "Whom the member took over from."),
    F_ENUM("status", SHOWN, member_states, "Does the member serve?"),
    F_INT("leave_days", SHOWN, 0, INT32_MAX, "Days of leave approved for that year.", "4"),
    F_BOOL("on_leave", SHOWN, "On leave that day, as approved."),
    F_DATE("as_of", IN_QUERY, "Who holds the post on this day; absent: today.", "2026-06-30"),
    F_ARRAY("steps", SHOWN, step_fields, 100, "All that was done with it, in order."),
    F_INSTANT("created_at", SHOWN, "When it was entered."),
    F_VERSION(),
    FIELDS_END
};

static const struct field corrected_fields[] = {
    F_UUID("id", IN_PATH, "Id of the member."),
    F_ENUM("role", IN_BODY, team_roles, "What the member is in the team."),
    F_UUID("sending_organisation_id", IN_BODY | NULLABLE, "The unit that sends the member."),
    F_DATE("term_ends_on", IN_BODY | NULLABLE, "The last day of the term, as planned.", "2028-05-09"),
    F_DATE("as_of", IN_QUERY, "Who holds the post on this day.", "2026-06-30"),
    F_VERSION(),
    FIELDS_END
};

static const struct field member_filters[] = {
    F_CODE("division", IN_QUERY | OWN_OR_ABOVE, "Only members whose post is of this division."),
    F_UUID("team_id", IN_QUERY, "Only members of this team."),
    F_UUID("post_id", IN_QUERY, "Only what this post served in."),
    F_UUID("sending_organisation_id", IN_QUERY, "Only members that this unit sends."),
    F_ENUM("status", IN_QUERY, member_states, "Only members that stand there."),
    F_DATE("term_ends_before", IN_QUERY, "Only members that serve and whose term ends before this day.", "2026-12-31"),
    F_DATE("as_of", IN_QUERY, "Only members that served on this day, as they were then.", "2026-06-30"),
    FIELDS_END
};

static const struct field rotation_fields[] = {
    F_UUID("id", IN_PATH, "Id of the member that leaves."),
    F_DATE("on", IN_BODY | REQUIRED, "The first day of who follows.", "2026-07-01"),
    F_UUID("post_id", IN_BODY, "The post that follows; absent: the same post, whose holder changes by a hand-over."),
    F_ENUM("role", IN_BODY, team_roles, "What the next is in the team; absent: the same."),
    F_UUID("sending_organisation_id", IN_BODY, "The unit that sends the next; absent: the same."),
    F_DATE("term_ends_on", IN_BODY, "The last day of the next term, as planned.", "2028-06-30"),
    F_TEXT("decision_note", IN_BODY, 1, 1000, "Why; stands in the steps.", "任期届满轮换"),
    F_DATE("as_of", IN_QUERY, "Who holds the post on this day.", "2026-06-30"),
    F_VERSION(),
    FIELDS_END
};

const struct route team_member_routes[] = {
    {METHOD_GET,   "/team_members",            PERM_TEAM_READ,  member_filters,   &SQL_team_member_list,    read_page, "list_team_members", "Members of work teams", .shows = member_fields},
    {METHOD_GET,   "/team_members/:id",        PERM_TEAM_READ,  member_fields,    &SQL_team_member_get,     read_one,  "get_team_member", "One member"},
    {METHOD_POST,  "/team_members",            PERM_TEAM_WRITE, member_fields,    &SQL_team_member_insert,  write_one, "create_team_member", "Send a post to serve in a team", .location = "/team_members/"},
    {METHOD_PATCH, "/team_members/:id",        PERM_TEAM_WRITE, corrected_fields, &SQL_team_member_correct, write_one, "update_team_member", "Correct a member that serves", .shows = member_fields, .probe = &SQL_team_member_get},
    {METHOD_POST,  "/team_members/:id:rotate", PERM_TEAM_WRITE, rotation_fields,  &SQL_team_member_rotate,  step_one,  "rotate_team_member", "One member ends and the next begins in one step; the answer is the next", .shows = member_fields, .probe = &SQL_team_member_get, .fsm = team_member_fsm, .verb = "rotate"},
    {METHOD_POST,  "/team_members/:id:end",    PERM_TEAM_WRITE, ending_fields, &SQL_team_member_end, step_one,  "end_team_member", "A member leaves, and nobody follows", .shows = member_fields, .probe = &SQL_team_member_get, .fsm = team_member_fsm, .verb = "end"},
    ROUTES_END
};
/* clang-format on */

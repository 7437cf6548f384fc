/* services/registry/team.c - work teams (驻村工作队): who keeps and sends them, which villages they
 * serve, what is wanting. Members are team_member.c's, leave is leave.c's. Nothing here says where
 * a member is at an hour. */
#include "team.h"
#include "core/limits.h"
#include "sql_registry.h"

static const char *const team_states[] = {"serving", "ended", NULL};
static const char *const team_verbs[] = {"create", "assign_village", "release_village", "end",
                                         NULL};
static const char *const gap_kinds[] = {"village_without_team",
                                        "double_cover",
                                        "team_without_member",
                                        "vacant_post",
                                        "term_over",
                                        "leave_without_cover",
                                        NULL};

/* clang-format off */
STEP_FIELDS(step_fields, team_verbs);

static const struct field village_fields[] = {
    F_CODE("division", IN_BODY | REQUIRED | SHOWN, "The village, of the team's division."),
    F_TEXT("name", SHOWN | NULLABLE, 1, 80, "Its name.", "仙人阁社区"),
    F_DATE("starts_on", IN_BODY | SHOWN, "From when on; absent: the team's first day.", "2026-05-10"),
    F_DATE("ends_on", SHOWN | NULLABLE, "The first day it is served no more; null: open.", "2028-05-10"),
    FIELDS_END
};

static const struct field team_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id of the team; may come from the client."),
    F_CODE("owner_division", IN_BODY | REQUIRED | SHOWN | OWN_SCOPE, "The county or town that keeps it."),
    F_TEXT("name", IN_BODY | REQUIRED | SHOWN, 1, 80, "Its name, once in its division.", "区农业农村局驻仙人阁社区工作队"),
    F_UUID("sending_organisation_id", IN_BODY | SHOWN | NULLABLE, "The unit that sends it (派出单位)."),
    F_TEXT("sending_organisation", SHOWN | NULLABLE, 1, 80, "Its name.", "娄星区农业农村局"),
    F_DATE("starts_on", IN_BODY | REQUIRED | SHOWN, "First day.", "2026-05-10"),
    F_DATE("term_ends_on", IN_BODY | SHOWN | NULLABLE, "The last day of its term, as planned.", "2028-05-09"),
    F_DATE("ends_on", SHOWN | NULLABLE, "The first day it no longer serves; null: open.", "2028-05-10"),
    F_ENUM("status", SHOWN, team_states, "Does it serve?"),
    F_ARRAY("villages", IN_BODY | REQUIRED | SHOWN, village_fields, LIMIT_TEAM_VILLAGES, "The villages it serves from that day on, or will; a new team serves one at least."),
    F_INT("members", SHOWN, 0, INT32_MAX, "Members that serve on that day.", "3"),
    F_DATE("as_of", IN_QUERY, "Villages and members as of this day; absent: today.", "2026-06-30"),
    F_ARRAY("steps", SHOWN, step_fields, 1000, "All that was done with it, in order."),
    F_INSTANT("created_at", SHOWN, "When it was entered."),
    F_VERSION(),
    FIELDS_END
};

static const struct field corrected_fields[] = {
    F_UUID("id", IN_PATH, "Id of the team."),
    F_TEXT("name", IN_BODY, 1, 80, "Its name, once in its division.", "区农业农村局驻仙人阁社区工作队"),
    F_UUID("sending_organisation_id", IN_BODY | NULLABLE, "The unit that sends it."),
    F_DATE("term_ends_on", IN_BODY | NULLABLE, "The last day of its term, as planned.", "2028-05-09"),
    F_DATE("as_of", IN_QUERY, "Villages and members as of this day.", "2026-06-30"),
    F_VERSION(),
    FIELDS_END
};

static const struct field team_filters[] = {
    F_CODE("division", IN_QUERY | OWN_OR_ABOVE, "Only teams that this division keeps."),
    F_CODE("village", IN_QUERY, "Only teams that serve this village on that day."),
    F_UUID("sending_organisation_id", IN_QUERY, "Only teams that this unit sends."),
    F_ENUM("status", IN_QUERY, team_states, "Only teams that stand there."),
    F_DATE("as_of", IN_QUERY, "Only teams that served on this day, as they were then.", "2026-06-30"),
    FIELDS_END
};

static const struct field serving_fields[] = {
    F_UUID("id", IN_PATH, "Id of the team."),
    F_CODE("division", IN_BODY | REQUIRED, "The village."),
    F_DATE("on", IN_BODY | REQUIRED, "The first day it is served, or no longer served.", "2026-07-01"),
    F_DATE("as_of", IN_QUERY, "Villages and members as of this day.", "2026-06-30"),
    F_VERSION(),
    FIELDS_END
};

static const struct field gap_fields[] = {
    F_TEXT("key", SHOWN, 1, 80, "What is wanting of what, once in the list.", "village_without_team:431302006003"),
    F_ENUM("kind", IN_QUERY | SHOWN, gap_kinds, "What is wanting."),
    F_CODE("owner_division", SHOWN, "Where."),
    F_TEXT("division_name", SHOWN | NULLABLE, 1, 80, "Its name.", "仙人阁社区"),
    F_UUID("team_id", SHOWN | NULLABLE, "The team."),
    F_UUID("team_member_id", SHOWN | NULLABLE, "The member."),
    F_UUID("post_id", SHOWN | NULLABLE, "The post."),
    F_UUID("leave_id", SHOWN | NULLABLE, "The leave."),
    F_DATE("since", SHOWN | NULLABLE, "Since when.", "2026-05-10"),
    F_TEXT("words", SHOWN | NULLABLE, 1, 400, "In Chinese.", "仙人阁社区应驻未驻"),
    F_CODE("division", IN_QUERY | OWN_SCOPE, "In this division and below it; absent: in the caller's."),
    F_DATE("as_of", IN_QUERY, "On this day; absent: today.", "2026-06-30"),
    FIELDS_END
};

static const struct field covered_fields[] = {
    F_TEXT("kind", SHOWN, 1, 40, "The kind of village.", "key_village"),
    F_INT("villages", SHOWN, 0, INT32_MAX, "Villages of that kind.", "12"),
    F_INT("covered", SHOWN, 0, INT32_MAX, "Those with a team.", "12"),
    FIELDS_END
};

static const struct field coverage_fields[] = {
    F_CODE("division", IN_QUERY | SHOWN | OWN_SCOPE, "This division and below it; absent: the caller's."),
    F_DATE("as_of", IN_QUERY | SHOWN, "On this day; absent: today.", "2026-06-30"),
    F_INT("teams", SHOWN, 0, INT32_MAX, "Teams that serve a village there.", "62"),
    F_INT("members", SHOWN, 0, INT32_MAX, "Their members.", "157"),
    F_INT("villages_served", SHOWN, 0, INT32_MAX, "Villages with a team.", "65"),
    F_INT("villages_needing", SHOWN, 0, INT32_MAX, "Villages whose kinds ask for one.", "65"),
    F_INT("villages_covered", SHOWN, 0, INT32_MAX, "Of these, those with one.", "65"),
    F_INT("villages_doubly_served", SHOWN, 0, INT32_MAX, "Villages with more than one.", "0"),
    F_ARRAY("kinds", SHOWN, covered_fields, 100, "By kind; a village of two kinds counts in both."),
    FIELDS_END
};

const struct route team_routes[] = {
    {METHOD_GET,   "/teams",                     PERM_TEAM_READ,  team_filters,     &SQL_team_list,            read_page, "list_teams", "Work teams of the caller's divisions and above", .shows = team_fields},
    {METHOD_GET,   "/teams/:id",                 PERM_TEAM_READ,  team_fields,      &SQL_team_get,             read_one,  "get_team", "One team with its villages"},
    {METHOD_POST,  "/teams",                     PERM_TEAM_WRITE, team_fields,      &SQL_team_insert,          write_one, "create_team", "Form a team and send it to villages", .location = "/teams/"},
    {METHOD_PATCH, "/teams/:id",                 PERM_TEAM_WRITE, corrected_fields, &SQL_team_correct,         write_one, "update_team", "Correct a team that serves", .shows = team_fields, .probe = &SQL_team_get},
    {METHOD_POST,  "/teams/:id:assign_village",  PERM_TEAM_WRITE, serving_fields,   &SQL_team_assign_village,  step_one,  "assign_village", "It serves one village more, from a day on", .shows = team_fields, .probe = &SQL_team_get, .fsm = team_fsm, .verb = "assign_village"},
    {METHOD_POST,  "/teams/:id:release_village", PERM_TEAM_WRITE, serving_fields,   &SQL_team_release_village, step_one,  "release_village", "It serves a village no more, from a day on", .shows = team_fields, .probe = &SQL_team_get, .fsm = team_fsm, .verb = "release_village"},
    {METHOD_POST,  "/teams/:id:end",             PERM_TEAM_WRITE, ending_fields, &SQL_team_end, step_one,  "end_team", "Call a team back with its members", .shows = team_fields, .probe = &SQL_team_get, .fsm = team_fsm, .verb = "end"},
    {METHOD_GET,   "/team_gaps",                 PERM_TEAM_READ,  gap_fields,       &SQL_team_gap_list,        read_page, "list_team_gaps", "What is wanting: villages without a team or with two, vacant posts, terms that are over, leave that nobody covers"},
    {METHOD_GET,   "/team_coverage",             PERM_TEAM_READ,  coverage_fields,  &SQL_team_coverage,        read_one,  "get_team_coverage", "How many teams and members serve how many villages, and how many need one"},
    ROUTES_END
};
/* clang-format on */

/* services/registry/team_fsm.c - the lives of a work team, of a member in it, and of a group. */
#include "registry.h"

/* clang-format off */
const struct transition team_fsm[] = {
    /* from     verb               to         permission       rule */
    {"serving", "assign_village",  "serving", PERM_TEAM_WRITE, "It serves one village more."},
    {"serving", "release_village", "serving", PERM_TEAM_WRITE, "It serves a village no more."},
    {"serving", "end",             "ended",   PERM_TEAM_WRITE, "It is called back, and its members with it."},
    {0}
};

const struct transition team_member_fsm[] = {
    {"serving", "rotate", "rotated", PERM_TEAM_WRITE, "Another takes over on that day."},
    {"serving", "end",    "ended",   PERM_TEAM_WRITE, "The member leaves the team, and nobody follows."},
    {0}
};

const struct transition group_fsm[] = {
    {"active", "end", "ended", PERM_TEAM_WRITE, "It is dissolved; no group under it is active."},
    {0}
};
/* clang-format on */

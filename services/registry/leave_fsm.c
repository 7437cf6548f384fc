/* services/registry/leave_fsm.c - the life of a team member's leave (驻村请假). */
#include "registry.h"

/* clang-format off */
const struct transition leave_fsm[] = {
    /* from       verb       to           permission          rule */
    {"requested", "approve", "approved",  PERM_LEAVE_APPROVE, "A unit of the level that its length asks for approves it; never the member."},
    {"requested", "refuse",  "refused",   PERM_LEAVE_APPROVE, "The same refuses it, with a reason."},
    {"requested", "cancel",  "cancelled", PERM_LEAVE_ASK,     "It is called off, with a reason."},
    {"approved",  "cancel",  "cancelled", PERM_LEAVE_ASK,     "It is called off before it begins."},
    {"approved",  "shorten", "approved",  PERM_LEAVE_ASK,     "The member is back earlier."},
    {0}
};
/* clang-format on */

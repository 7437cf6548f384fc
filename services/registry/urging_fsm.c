/* services/registry/urging_fsm.c - the life of an urging (督办). */
#include "registry.h"

/* clang-format off */
const struct transition urging_fsm[] = {
    /* from        verb        to           permission          rule */
    {"issued",    "answer",   "answered",  PERM_URGING_ANSWER, "The unit urged answers."},
    {"returned",  "answer",   "answered",  PERM_URGING_ANSWER, "It answers again."},
    {"answered",  "accept",   "accepted",  PERM_URGING_ISSUE,  "The unit that issued it is satisfied (销号)."},
    {"answered",  "return",   "returned",  PERM_URGING_ISSUE,  "It is not, says why, and the answer is due again."},
    {"issued",    "withdraw", "withdrawn", PERM_URGING_ISSUE,  "It is taken back, with a reason."},
    {"returned",  "withdraw", "withdrawn", PERM_URGING_ISSUE,  "It is taken back, with a reason."},
    {0}
};
/* clang-format on */

/* services/registry/plan_fsm.c - the life of a plan of several years. */
#include "registry.h"

/* clang-format off */
const struct transition plan_fsm[] = {
    /* from       verb                to           permission           rule */
    {"draft",    "bring_into_force", "in_force",  PERM_DOCUMENT_WRITE, "It has lines, and tasks may serve them from now on."},
    {"draft",    "discard",          "discarded", PERM_DOCUMENT_WRITE, "Nothing comes of it: nothing of it changes any more."},
    {"in_force", "close",            "closed",    PERM_DOCUMENT_WRITE, "It is over: nothing of it changes, and no further task serves it."},
    {0}
};
/* clang-format on */

/* services/registry/work_order_fsm.c - the life of a work order (工作指令). */
#include "registry.h"

/* clang-format off */
const struct transition work_order_fsm[] = {
    /* from        verb           to           permission              rule */
    {"issued",    "receive",     "received",  PERM_WORK_ORDER_ANSWER, "The unit it is given to has read it."},
    {"received",  "report_back", "reported",  PERM_WORK_ORDER_ANSWER, "It tells what was done."},
    {"returned",  "report_back", "reported",  PERM_WORK_ORDER_ANSWER, "It tells again."},
    {"reported",  "complete",    "completed", PERM_WORK_ORDER_ISSUE,  "The unit that gave it is satisfied."},
    {"reported",  "return",      "returned",  PERM_WORK_ORDER_ISSUE,  "It is not, and says why."},
    {"issued",    "withdraw",    "withdrawn", PERM_WORK_ORDER_ISSUE,  "It is taken back, with a reason; its number stays taken."},
    {"received",  "withdraw",    "withdrawn", PERM_WORK_ORDER_ISSUE,  "It is taken back, with a reason; its number stays taken."},
    {"returned",  "withdraw",    "withdrawn", PERM_WORK_ORDER_ISSUE,  "It is taken back, with a reason; its number stays taken."},
    {0}
};
/* clang-format on */

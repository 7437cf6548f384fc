/* services/registry/drive_fsm.c - the life of a drive (集中攻坚). */
#include "registry.h"

/* clang-format off */
const struct transition drive_fsm[] = {
    /* from       verb     to         permission             rule */
    {"planned",  "start", "running", PERM_WORK_ORDER_ISSUE, "Forces are gathered from that day on."},
    {"running",  "end",   "ended",   PERM_WORK_ORDER_ISSUE, "It is over; its result says what was reached."},
    {"planned",  "end",   "ended",   PERM_WORK_ORDER_ISSUE, "It is given up before it began; its result says why."},
    {0}
};
/* clang-format on */

/* services/registry/report_fsm.c - the life of a progress report. */
#include "registry.h"

/* clang-format off */
const struct transition report_fsm[] = {
    /* from         verb         to           permission           rule */
    {"submitted",  "confirm",   "confirmed", PERM_REPORT_CONFIRM, "The report counts and moves its item."},
    {"submitted",  "send_back", "sent_back", PERM_REPORT_CONFIRM, "The report does not count; the decision note says why."},
    {0}
};
/* clang-format on */

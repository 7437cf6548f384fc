/* services/registry/duty_list_fsm.c - the life of a duty list. The step to `superseded` has no verb
 * of its own: the next edition's bring_into_force takes it. */
#include "registry.h"

/* clang-format off */
const struct transition duty_list_fsm[] = {
    /* from        verb                to            permission              rule */
    {"draft",     "approve",           "approved",   PERM_DUTY_LIST_APPROVE, "The leader in charge approves a list that has items (审定)."},
    {"draft",     "discard",           "discarded",  PERM_DUTY_LIST_WRITE,   "Nothing comes of it; its number stays with it, and nothing names an item of it (作废)."},
    {"approved",  "file",              "filed",      PERM_DUTY_LIST_FILE,    "The leading group's office files it (备案)."},
    {"filed",     "bring_into_force",  "in_force",   PERM_DUTY_LIST_FILE,    "It comes in force; the edition in force until now is superseded."},
    {"in_force",  "close",             "closed",     PERM_DUTY_LIST_FILE,    "The year is over; no more reports."},
    {"in_force",  "supersede",         "superseded", PERM_DUTY_LIST_FILE,    "The next edition came in force: its step takes this one, which has no address of its own."},
    {0}
};
/* clang-format on */

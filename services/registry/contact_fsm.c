/* services/registry/contact_fsm.c - the life of a contact. */
#include "registry.h"

/* clang-format off */
const struct transition contact_fsm[] = {
    /* from       verb         to       permission          rule */
    {"standing", "hand_over", "ended", PERM_CONTACT_WRITE, "Another post or unit takes it over from a day on; the next contact begins in the same step."},
    {"standing", "end",       "ended", PERM_CONTACT_WRITE, "It holds no longer from a day on."},
    {0}
};
/* clang-format on */

/* services/monitoring/member_number.h - what an ID number says about its person, and what may be
 * said besides (M-024). Pure. */
#ifndef ZEREN_MEMBER_NUMBER_H
#define ZEREN_MEMBER_NUMBER_H

#include <stdbool.h>

#include "core/date.h"

/* As it was said; NULL: it was not. Dates as YYYY-MM-DD, the number in its one form. */
struct identity_said {
    const char *certificate_kind, *id_number, *birth_on, *sex;
};

/* As it is. `birth_on` is "" where nothing says it. */
struct identity {
    const char *certificate_kind, *sex; /* sex NULL: nothing says it */
    char birth_on[11];
};

struct identity_fault {
    const char *field, *code, *detail;
};

/* False with what is wrong. */
bool identity_of(const struct identity_said *said, struct date today, struct identity *ret,
                 struct identity_fault *ret_fault);

#endif

/* common/core/citizen_id.h - GB 11643 citizen identity numbers: check character, date, sex. */
#ifndef ZEREN_CORE_CITIZEN_ID_H
#define ZEREN_CORE_CITIZEN_ID_H

#include <stdbool.h>

#include "core/date.h"

struct citizen_id {
    struct date born_on;
    bool male; /* 17th digit odd */
};

/* 17 digits and the ISO 7064 MOD 11-2 check character (X in capitals), with a birth date that
 * exists and is not after `today`. Does not look the division up: old codes stay valid for people.
 */
bool citizen_id_parse(const char *text, struct date today, struct citizen_id *ret);

#endif

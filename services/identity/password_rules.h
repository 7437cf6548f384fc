/* services/identity/password_rules.h - what is wrong with a new password: rules I-201 to I-206
 * (proto/identity.md). Pure: no database, no clock. Which passwords were used before (I-207) is
 * password.c's to ask. */
#ifndef ZEREN_IDENTITY_PASSWORD_RULES_H
#define ZEREN_IDENTITY_PASSWORD_RULES_H

#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"

/* Settings of the account's division and year; texts may be NULL. */
struct password_limits {
    int64_t min_length;       /* code points */
    int64_t classes;          /* of lower case, upper case, digits, others */
    const char *refused;      /* words known to everybody, separated by blanks */
    const char *login, *name; /* of the account, and of its person */
};

struct password_fault {
    const char *code; /* "too_short", "too_few_classes", … */
    const char *detail;
};

enum { PASSWORD_FAULTS = 6 };

/* Every rule the password breaks, at most one entry a rule; returns how many. `password` is UTF-8;
 * `a` takes what is worked out on the way, and should be wiped. */
size_t password_faults(struct arena *a, const char *password, const struct password_limits *limits,
                       struct password_fault ret[static PASSWORD_FAULTS]);

#endif

/* common/tools/keys/commands.h - what zeren-keys can do, one function a command. Each says what it
 * did on standard output, never a key byte, and leaves refusals in err. */
#ifndef ZEREN_TOOLS_KEYS_COMMANDS_H
#define ZEREN_TOOLS_KEYS_COMMANDS_H

#include <stdbool.h>

#include "core/err.h"

struct keys_call {
    const char *purpose;    /* of rotate */
    const char *kid;        /* of drop */
    const char *dir, *file; /* file: the backup */
    const char *alg;        /* --alg, or NULL */
    const char *passphrase; /* --passphrase-file, or NULL */
    bool stolen, prepare, replace, nothing_left;
};

/* Makes field.keys, session.keys, seal.keys and signing.pem where they are missing. */
bool keys_init(const struct keys_call *call, struct err *err);

/* A new active key in the order that running processes can follow: known to all, then written with;
 * the one before stays to open what it wrote. `stolen`: a refresh or signing key before stops
 * counting at once. `prepare`: only the first step; the next rotate does the rest. */
bool keys_rotate(const struct keys_call *call, struct err *err);

/* Removes a retired key for good. */
bool keys_drop(const struct keys_call *call, struct err *err);

bool keys_status(const struct keys_call *call, struct err *err);
bool keys_check(const struct keys_call *call, struct err *err);
bool keys_backup(const struct keys_call *call, struct err *err);
bool keys_restore(const struct keys_call *call, struct err *err);

#endif

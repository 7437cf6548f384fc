/* services/identity/recovery.h - recovery codes: made, written for people, and known again by their
 * digest. Keeps none. */
#ifndef ZEREN_IDENTITY_RECOVERY_H
#define ZEREN_IDENTITY_RECOVERY_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/err.h"
#include "http/digest.h"

enum {
    RECOVERY_CODES = 10,
    RECOVERY_BYTES = 10, /* 80 random bits: no slow hash is needed against guessing */
    RECOVERY_TEXT = 20,  /* "ABCD-EFGH-IJKL-MNOP" and the NUL */
};

struct recovery_codes {
    char text[RECOVERY_CODES][RECOVERY_TEXT];
    char digest[RECOVERY_CODES][DIGEST_HEX];
};

/* Ten new codes. */
bool recovery_make(struct recovery_codes *ret, struct err *err);

/* SHA-256 of a code as somebody typed it. False when it is none. */
bool recovery_digest(const char *text, char ret_digest[static DIGEST_HEX]);

#endif

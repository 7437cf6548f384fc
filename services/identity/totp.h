/* services/identity/totp.h - codes of the second factor: RFC 6238 with HMAC-SHA-1, steps of 30 s
 * and six digits, which is what every authenticator app takes. Reads no clock and keeps no secret.
 */
#ifndef ZEREN_IDENTITY_TOTP_H
#define ZEREN_IDENTITY_TOTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/clock.h"

enum {
    TOTP_STEP_S = 30,
    TOTP_DIGITS = 6,
    TOTP_CODE = TOTP_DIGITS + 1, /* with the NUL */
    TOTP_SECRET = 20,            /* bytes of our secrets: RFC 4226, R6, and what apps expect */
    TOTP_SECRET_MAX = 64,
};

struct totp_secret {
    uint8_t bytes[TOTP_SECRET_MAX];
    size_t len;
};

/* The step an instant lies in. */
int64_t totp_step(instant_us at);

/* The code of a step. False when the library cannot. */
bool totp_code(const struct totp_secret *secret, int64_t step, char ret_code[static TOTP_CODE]);

/* The step near `at` (`off` to each side) whose code `code` is, in `ret_step`, 0 for none; all
 * of them are worked out and compared whichever it is. False as above. */
bool totp_find(const struct totp_secret *secret, const char *code, instant_us at, int64_t off,
               int64_t *ret_step);

#endif

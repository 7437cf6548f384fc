/* common/auth/password.h - password hashes, by libsodium's argon2id. At most `at_once` run
 * at once: each takes 19 MiB and a core. */
#ifndef ZEREN_AUTH_PASSWORD_H
#define ZEREN_AUTH_PASSWORD_H

#include <stdbool.h>

#include "core/err.h"

#define PASSWORD_HASH 128

/* Call once at start. False when the library cannot start. */
bool password_init(int at_once);

/* Hashes (ops 2, memory 19 MiB: OWASP 2023 for argon2id). ERR_RATE when no place
 * comes free within two seconds, ERR_NO_MEMORY. */
bool password_hash(const char *password, char ret_hash[static PASSWORD_HASH], struct err *err);

/* Compares in constant time. `hash` NULL: does the same work on a fixed hash and answers false, so
 * that an unknown account takes as long as a wrong password. ERR_RATE as above. */
bool password_matches(const char *password, const char *hash, bool *ret_matches, struct err *err);

#endif

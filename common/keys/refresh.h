/* common/keys/refresh.h - refresh tokens, derived and not stored:
 *     zrt_ base64url(kid 4 | session 16 | number 4 | HMAC-SHA256 32), integers big-endian
 * the HMAC under the refresh key over "zeren refresh", kid, session, number and the session's salt.
 * So the same session and number give the same token for as long as the active key is the same, and
 * after a rotation an equally good one. Knows no sessions, and does not say which number is in
 * force.
 */
#ifndef ZEREN_KEYS_REFRESH_H
#define ZEREN_KEYS_REFRESH_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/uuid.h"
#include "keys/keyring.h"

enum {
    REFRESH_TEXT = 80, /* a token's text and the NUL */
    REFRESH_SALT = 35, /* "\x", 32 hexadecimal digits, NUL: as PostgreSQL prints 16 bytes */
};

struct refresh_token {
    char session[UUID_TEXT]; /* lower case */
    uint32_t number, kid;
    uint8_t mac[KEY_DIGEST];
};

/* A new random salt for a new session, to be stored in its row. */
bool refresh_salt(char out[static REFRESH_SALT], struct err *err);

/* The token of a session's `number` under the active key. `session` is a UUID's text, `salt` what
 * refresh_salt() made. */
bool refresh_make(struct keyring *ring, const char *session, uint32_t number, const char *salt,
                  char ret_text[static REFRESH_TEXT], struct err *err);

/* Takes a token apart; says nothing about whether it is genuine. False when it is none. */
bool refresh_parse(const char *text, struct refresh_token *ret_token);

/* Did a key of this ring make it for the session with that salt? In constant time; false also when
 * the key was removed. */
bool refresh_holds(struct keyring *ring, const struct refresh_token *token, const char *salt);

#endif

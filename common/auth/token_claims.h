/* common/auth/token_claims.h - the claims of an access token and the principal they make, there and
 * back; private to common/auth. Does not verify. */
#ifndef ZEREN_AUTH_TOKEN_CLAIMS_H
#define ZEREN_AUTH_TOKEN_CLAIMS_H

#include "auth/principal.h"
#include "core/arena.h"

struct json_t; /* jansson's */

/* Is every claim there and well-formed, and do issuer, audience and times hold at `now_s`?
 * Three-way strict: a claim that is missing or malformed is as bad as one that fails. */
bool token_principal(const struct json_t *claims, int64_t now_s, struct principal *ret);

/* The claims of a token that runs from `from_s` for `seconds`; NULL without memory. */
const char *token_claims(struct arena *a, const struct principal *p, const char *jti,
                         int64_t from_s, int seconds);

#endif

/* common/auth/token.h - ES256 access tokens: made by identity, checked by every service. The only
 * door to libjwt (its traps: style D.3); checks alg, kid, iss, aud, iat, nbf, exp itself. Does not
 * know sessions or revocations: auth/trust.h.
 *
 * Claims: iss "zeren", aud "zeren", iat, nbf, exp (s), jti, sub = account, sid = session, post,
 * org, role, kind, epoch, perms = [codes], ranges = [prefixes], lines = [lines] or absent. Header:
 * alg ES256, typ "JWT" (libjwt takes and writes no other), kid. */
#ifndef ZEREN_AUTH_TOKEN_H
#define ZEREN_AUTH_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

#include "auth/principal.h"
#include "core/arena.h"
#include "core/err.h"

#define TOKEN_MAX 4096   /* bytes of a token we look at */
#define TOKEN_LEEWAY_S 2 /* clock skew allowed on nbf and iat; none on exp */

struct token_key {
    char kid[64];
    char *pem; /* public, or private for signing */
};

/* Reads the kid from the header without trusting anything, to choose the key. Refuses
 * (ERR_UNAUTHENTICATED) anything not three base64url parts with exactly the header members
 * alg=ES256, typ, kid. */
bool token_kid(const char *token, char ret_kid[static 64], struct err *err);

/* Verifies signature and claims as of `now`. ERR_UNAUTHENTICATED with the reason only as cause. */
bool token_verify(const char *token, const struct token_key *key, instant_us now,
                  struct principal *ret, struct err *err);

/* Signs a token for `p` running from `now` for `seconds`. The text lives in `a`. */
bool token_sign(struct arena *a, const struct token_key *key, const struct principal *p,
                instant_us now, int seconds, const char **ret_token, struct err *err);

/* The RFC 7517 JSON of a public key, and the key id (RFC 7638 SHA-256 thumbprint) of a PEM. Through
 * OpenSSL. */
bool token_jwk(struct arena *a, const struct token_key *key, const char **ret_json,
               struct err *err);
bool token_thumbprint(const char *pem, char ret_kid[static 64], struct err *err);

/* A private key's public half as PEM (to publish). The text lives in `a`. */
bool token_public_pem(struct arena *a, const char *private_pem, const char **ret_pem,
                      struct err *err);

#endif

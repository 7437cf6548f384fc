/* common/auth/token.h - ES256 access tokens: made by identity, checked by every service. The only
 * door to libjwt (its traps: style D.3), which verifies; checks alg, kid, iss, aud, iat, nbf, exp
 * itself. Does not know sessions or revocations: auth/trust.h.
 *
 * Claims: iss "zeren", aud "zeren", iat, nbf, exp (s), jti, sub = account, sid = session, post,
 * org, role, kind, epoch, perms = [codes], ranges = [prefixes], lines = [lines] or absent,
 * mask = "hidden" | "strict" | "usual" (absent: strict), must = ["change_password", "enrol_totp",
 * "release_factor"] (absent: nothing), role_epoch (absent: 0), grant = access grant or absent.
 * Header: alg ES256, typ "JWT" (libjwt takes and writes no other), kid. */
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
    char *pem;     /* public; or private and not opened: tests */
    void *private; /* what token_key_open() read */
};

/* Reads a private key for signing, once: `pem` is not needed after it. Fills kid and private. */
bool token_key_open(const char *private_pem, struct token_key *ret, struct err *err);
void token_key_close(struct token_key *key); /* accepts one that was not opened */

/* Reads the kid from the header without trusting anything, to choose the key. Refuses
 * (ERR_UNAUTHENTICATED) anything not three base64url parts with exactly the header members
 * alg=ES256, typ, kid. */
bool token_kid(const char *token, char ret_kid[static 64], struct err *err);

/* What a token says, nothing of it proven: shape, header, claims and times are checked, the
 * signature is not. To refuse cheaply what is no good anyway, and to know which key to take. */
bool token_read(const char *token, instant_us now, struct principal *ret, struct err *err);

/* Is the signature of a three-part token made with this key, under ES256? Checks nothing else. */
bool token_signature_holds(const char *token, const struct token_key *key);

/* A public key read once, and given back; NULL when it is none. Another user: token_public_share().
 */
void *token_public_open(const char *pem);
void *token_public_share(void *key);
void token_public_close(void *key);

/* OpenSSL's word on a signature, with a key read once: a sixth of what libjwt takes, which reads
 * the PEM every time (J7). What fails here need not be verified. */
bool token_signature_seems(const char *token, void *key);

/* Verifies signature and claims as of `now`. ERR_UNAUTHENTICATED with the reason only as cause. */
bool token_verify(const char *token, const struct token_key *key, instant_us now,
                  struct principal *ret, struct err *err);

/* Signs a token for `p` running from `now` for `seconds`. The text lives in `a`. */
bool token_sign(struct arena *a, const struct token_key *key, const struct principal *p,
                instant_us now, int seconds, const char **ret_token, struct err *err);

/* `claims` in the compact form, signed; of any length. Called by token_sign(). NULL when it cannot
 * be made. */
const char *token_compact(struct arena *a, const struct token_key *key, const char *claims);

/* The RFC 7517 JSON of a public key, and the key id (RFC 7638 SHA-256 thumbprint) of a PEM. Through
 * OpenSSL. */
bool token_jwk(struct arena *a, const struct token_key *key, const char **ret_json,
               struct err *err);
bool token_thumbprint(const char *pem, char ret_kid[static 64], struct err *err);

/* A public P-256 key as somebody sends it, PEM or the text of a JWK: kid and pem, which lives in
 * `a`. ERR_INVALID on public_key for anything else, a private key included. */
bool token_key_public(struct arena *a, const char *text, struct token_key *ret, struct err *err);

/* A private key's public half as PEM (to publish). The text lives in `a`. */
bool token_public_pem(struct arena *a, const char *private_pem, const char **ret_pem,
                      struct err *err);

#endif

/* common/auth/token_assertion.h - what a machine proves itself with: private_key_jwt (RFC 7523), a
 * JWS of its own under ES256. Read without trust here; the signature: auth/token.h. Does not know
 * machines, keys or which assertions were taken before. */
#ifndef ZEREN_AUTH_TOKEN_ASSERTION_H
#define ZEREN_AUTH_TOKEN_ASSERTION_H

#include <stdbool.h>
#include <stdint.h>

#define ASSERTION_AUDIENCE "zeren-identity"

struct assertion {
    char kid[64], issuer[65], jti[129];
    int64_t iat, nbf, exp; /* seconds since 1970; nbf: iat when absent */
};

struct assertion_limits {
    int64_t seconds; /* it may run at most */
    int64_t skew_s;  /* and the machine's clock may be off, either way */
};

/* Shape, header and claims: alg ES256 and kid (typ JWT or absent, nothing else), iss = sub, aud
 * exactly ASSERTION_AUDIENCE, jti, iat, exp. False for anything else. */
bool assertion_read(const char *text, struct assertion *ret);

/* Do its times hold at `now_s`? */
bool assertion_timely(const struct assertion *a, int64_t now_s,
                      const struct assertion_limits *limits);

#endif

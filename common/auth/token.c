/* common/auth/token.c - ES256 tokens: reading without trust, verifying, signing. The only file that
 * includes <jwt.h>; libjwt verifies the signature and does nothing else, every other check is ours
 * (style J1-J5): token_parts.c, token_claims.c, token_assertion.c; signatures are made in sign.c.
 * Does not choose keys and does not know sessions or revocations: auth/trust.h. */
#include "auth/token.h"

#include <string.h>

#include <jansson.h>
#include <jwt.h>

#include "auth/token_claims.h"
#include "auth/token_parts.h"
#include "keys/openssl.h"

#include "core/banned.h"

/* The client learns only that the token is no good; why is for the log. */
static bool refuse(struct err *err, const char *why)
{
    ERR_clear_error(); /* J7 */
    err_set(err, ERR_UNAUTHENTICATED, NULL, "the access token is not valid");
    err_cause(err, "token: %s", why);
    return false;
}

static bool read_kid(const struct token_parts *p, char ret_kid[static 64])
{
    json_t *header = token_object(p, 0);
    bool good = header != NULL && token_header_kid(header, false, ret_kid);
    json_decref(header);
    return good;
}

bool token_kid(const char *token, char ret_kid[static 64], struct err *err)
{
    struct token_parts p;
    char kid[64];
    if (!token_split(token, &p))
        return refuse(err, "not three parts");
    if (!read_kid(&p, kid))
        return refuse(err, "header");
    memcpy(ret_kid, kid, sizeof kid);
    return true;
}

bool token_read(const char *token, instant_us now, struct principal *ret, struct err *err)
{
    struct token_parts p;
    struct principal found = {.n_prefixes = 0};
    if (!token_split(token, &p))
        return refuse(err, "not three parts");
    if (!read_kid(&p, found.kid))
        return refuse(err, "header");
    json_t *claims = token_object(&p, 1);
    bool good = claims != NULL && token_principal(claims, now / 1000000, &found);
    json_decref(claims);
    if (!good)
        return refuse(err, "claims");
    *ret = found;
    return true;
}

bool token_signature_holds(const char *token, const struct token_key *key)
{
    if (key->pem == NULL || key->pem[0] == '\0') /* J2 */
        return false;
    jwt_t *jwt = NULL;
    int rc = jwt_decode(&jwt, token, (const unsigned char *)key->pem, (int)strlen(key->pem));
    bool good = rc == 0 && jwt_get_alg(jwt) == JWT_ALG_ES256; /* J1 */
    jwt_free(jwt);
    ERR_clear_error(); /* J7 */
    return good;
}

bool token_verify(const char *token, const struct token_key *key, instant_us now,
                  struct principal *ret, struct err *err)
{
    struct principal found;
    if (!token_read(token, now, &found, err))
        return false;
    if (strcmp(found.kid, key->kid) != 0)
        return refuse(err, "another key");
    if (!token_signature_holds(token, key))
        return refuse(err, "signature");
    *ret = found;
    return true;
}

bool token_sign(struct arena *a, const struct token_key *key, const struct principal *p,
                instant_us now, int seconds, const char **ret_token, struct err *err)
{
    char jti[UUID_TEXT];
    if (!uuid_new(now, jti))
        return err_set(err, ERR_INTERNAL, NULL, "no random numbers");
    const char *claims = token_claims(a, p, jti, now / 1000000, seconds);
    if (claims == NULL)
        return err_set(err, ERR_NO_MEMORY, NULL, "no memory to write a token");
    const char *token = token_compact(a, key, claims);
    ERR_clear_error();
    if (token == NULL || strlen(token) > TOKEN_MAX) {
        err_set(err, ERR_INTERNAL, NULL, "the token could not be signed");
        err_cause(err, "signing key, or a scope too large for a token");
        return false;
    }
    *ret_token = token;
    return true;
}

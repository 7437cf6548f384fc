/* services/identity/jwks.c - the public keys of access tokens, for outsiders; the services read
 * them from the database. Does not sign and does not change keys: signing_key.c. */
#include "identity.h"
#include "sql_identity.h"

/* clang-format off */
static const struct field jwk_fields[] = {
    F_TEXT("kty", SHOWN, 1, 10, "Kind of key.", "EC"),
    F_TEXT("crv", SHOWN, 1, 10, "Its curve.", "P-256"),
    F_TEXT("x", SHOWN, 43, 43, "Point on it.", "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4"),
    F_TEXT("y", SHOWN, 43, 43, "Point on it.", "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"),
    F_TEXT("kid", SHOWN, 43, 43, "Its RFC 7638 thumbprint, as in a token's header.", "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s"),
    F_TEXT("use", SHOWN, 1, 10, "What it is for.", "sig"),
    F_TEXT("alg", SHOWN, 1, 10, "The one algorithm.", "ES256"),
    FIELDS_END
};

static const struct field jwks_fields[] = {
    F_ARRAY("keys", SHOWN, jwk_fields, 16, "Keys that tokens may be signed with."),
    FIELDS_END
};

const struct route jwks_routes[] = {
    {METHOD_GET, "/jwks", PERM_PUBLIC, jwks_fields, &SQL_signing_key_set, read_one, "get_jwks", "The public keys of access tokens (RFC 7517)", .probe = NULL},
    ROUTES_END
};
/* clang-format on */

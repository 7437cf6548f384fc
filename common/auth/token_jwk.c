/* common/auth/token_jwk.c - a public key as somebody sends it, PEM or JWK (RFC 7517), in the one
 * form that is kept. A private key is refused: it would be known to one too many. Contract:
 * auth/token.h. */
#include "auth/token.h"

#include <string.h>

#include <jansson.h>

#include "auth/token_parts.h"
#include "core/str.h"
#include "keys/openssl.h"

#include "core/banned.h"

enum { COORDINATE = 32, POINT = 1 + 2 * COORDINATE };

static bool refuse(struct err *err)
{
    ERR_clear_error();
    return err_set(err, ERR_INVALID, "public_key",
                   "This is no public P-256 key, in PEM or as a JWK.");
}

static bool coordinate(const json_t *jwk, const char *name, unsigned char *to)
{
    char text[44];
    size_t n = 0;
    return token_copy_text(jwk, name, text, sizeof text) &&
           str_base64url_decode(text, strlen(text), to, COORDINATE, &n) && n == COORDINATE;
}

static EVP_PKEY *from_point(unsigned char *point)
{
    char group[] = "prime256v1";
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, POINT),
        OSSL_PARAM_construct_end(),
    };
    bool good = context != NULL && EVP_PKEY_fromdata_init(context) == 1 &&
                EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) == 1;
    EVP_PKEY_CTX_free(context);
    if (good)
        return key;
    EVP_PKEY_free(key);
    return NULL;
}

/* Other members say what the key is for and are not ours; `d` is the private half. */
static EVP_PKEY *from_jwk(const char *text)
{
    unsigned char point[POINT] = {4}; /* uncompressed */
    json_t *jwk = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    bool good = json_is_object(jwk) && token_member_is(jwk, "kty", "EC") &&
                token_member_is(jwk, "crv", "P-256") && json_object_get(jwk, "d") == NULL &&
                coordinate(jwk, "x", point + 1) && coordinate(jwk, "y", point + 1 + COORDINATE);
    json_decref(jwk);
    return good ? from_point(point) : NULL;
}

static int no_passphrase(char *text, int size, int writing, void *arg)
{
    (void)text, (void)size, (void)writing, (void)arg;
    return -1;
}

static EVP_PKEY *from_pem(const char *text)
{
    if (strstr(text, "PRIVATE") != NULL)
        return NULL;
    BIO *in = BIO_new_mem_buf(text, -1);
    EVP_PKEY *key = in == NULL ? NULL : PEM_read_bio_PUBKEY(in, NULL, no_passphrase, NULL);
    BIO_free(in);
    return key;
}

/* Is the point on the curve? Only then is it a key. */
static bool checked(EVP_PKEY *key)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    bool good = context != NULL && EVP_PKEY_public_check(context) == 1;
    EVP_PKEY_CTX_free(context);
    return good;
}

static char *write_pem(struct arena *a, EVP_PKEY *key)
{
    char *text = NULL, *copy = NULL;
    BIO *out = BIO_new(BIO_s_mem());
    if (out != NULL && PEM_write_bio_PUBKEY(out, key) == 1) {
        long len = BIO_get_mem_data(out, &text);
        copy = arena_strndup(a, text, (size_t)len);
    }
    BIO_free(out);
    return copy;
}

bool token_key_public(struct arena *a, const char *text, struct token_key *ret, struct err *err)
{
    struct err other = {.code = ERR_NONE};
    struct token_key found = {.pem = NULL};
    EVP_PKEY *key = text[strspn(text, " \t\r\n")] == '{' ? from_jwk(text) : from_pem(text);
    if (key != NULL && checked(key))
        found.pem = write_pem(a, key);
    EVP_PKEY_free(key);
    if (found.pem == NULL || !token_thumbprint(found.pem, found.kid, &other))
        return refuse(err);
    *ret = found;
    return true;
}

/* common/auth/jwk.c - keys of tokens in their other forms: JWK (RFC 7517), thumbprint (RFC 7638),
 * public half. Through OpenSSL; only P-256 is a key here. Does not keep keys. Contract:
 * auth/token.h. */
#include "auth/token.h"

#include <stdio.h>
#include <string.h>

#include "core/str.h"
#include "keys/openssl.h"

#include "core/banned.h"

enum { COORDINATE = 32 }; /* bytes of x and of y */

struct point {
    char x[48], y[48]; /* base64url */
};

static bool refuse(struct err *err, const char *why)
{
    ERR_clear_error();
    err_set(err, ERR_INTERNAL, NULL, "the token key is not usable");
    err_cause(err, "token key: %s", why);
    return false;
}

/* Never asks a terminal: a key under a passphrase is no key here. */
static int no_passphrase(char *text, int size, int writing, void *arg)
{
    (void)text, (void)size, (void)writing, (void)arg;
    return -1;
}

static EVP_PKEY *read_key(const char *pem, bool private)
{
    BIO *in = BIO_new_mem_buf(pem, -1);
    if (in == NULL)
        return NULL;
    EVP_PKEY *key = private ? PEM_read_bio_PrivateKey(in, NULL, no_passphrase, NULL)
                            : PEM_read_bio_PUBKEY(in, NULL, no_passphrase, NULL);
    BIO_free(in);
    return key;
}

static bool is_p256(const EVP_PKEY *key)
{
    char group[32] = "";
    size_t len = 0;
    return EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group,
                                          &len) == 1 &&
           strcmp(group, "prime256v1") == 0;
}

static EVP_PKEY *read_either(const char *pem)
{
    EVP_PKEY *key = read_key(pem, false);
    return key != NULL ? key : read_key(pem, true);
}

static bool coordinate(const EVP_PKEY *key, const char *name, char out[static 48])
{
    unsigned char bytes[COORDINATE];
    BIGNUM *n = NULL;
    if (EVP_PKEY_get_bn_param(key, name, &n) != 1)
        return false;
    bool good = BN_bn2binpad(n, bytes, COORDINATE) == COORDINATE;
    BN_free(n);
    if (good)
        str_base64url(bytes, COORDINATE, out);
    return good;
}

static bool key_point(const char *pem, struct point *ret)
{
    EVP_PKEY *key = read_either(pem);
    bool good = key != NULL && is_p256(key) && coordinate(key, OSSL_PKEY_PARAM_EC_PUB_X, ret->x) &&
                coordinate(key, OSSL_PKEY_PARAM_EC_PUB_Y, ret->y);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return good;
}

bool token_jwk(struct arena *a, const struct token_key *key, const char **ret_json, struct err *err)
{
    struct point at;
    if (!key_point(key->pem, &at))
        return refuse(err, "not a P-256 key in PEM");
    const char *json = arena_printf(a,
                                    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%s\",\"y\":\"%s\","
                                    "\"kid\":\"%s\",\"use\":\"sig\",\"alg\":\"ES256\"}",
                                    at.x, at.y, key->kid);
    if (json == NULL)
        return err_set(err, ERR_NO_MEMORY, NULL, "no memory for a key");
    *ret_json = json;
    return true;
}

bool token_thumbprint(const char *pem, char ret_kid[static 64], struct err *err)
{
    struct point at;
    char json[192];
    unsigned char digest[32];
    if (!key_point(pem, &at))
        return refuse(err, "not a P-256 key in PEM");
    /* RFC 7638 3: these members, in this order, without blanks */
    int len = snprintf(json, sizeof json,
                       "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}", at.x, at.y);
    if (EVP_Digest(json, (size_t)len, digest, NULL, EVP_sha256(), NULL) != 1)
        return refuse(err, "no SHA-256");
    str_base64url(digest, sizeof digest, ret_kid);
    return true;
}

static bool copy_public(struct arena *a, EVP_PKEY *key, const char **ret_pem)
{
    char *text = NULL;
    BIO *out = BIO_new(BIO_s_mem());
    if (out == NULL)
        return false;
    if (PEM_write_bio_PUBKEY(out, key) == 1) {
        long len = BIO_get_mem_data(out, &text);
        *ret_pem = arena_strndup(a, text, (size_t)len);
    }
    BIO_free(out);
    return text != NULL && *ret_pem != NULL;
}

bool token_public_pem(struct arena *a, const char *private_pem, const char **ret_pem,
                      struct err *err)
{
    EVP_PKEY *key = read_key(private_pem, true);
    if (key == NULL || !is_p256(key)) {
        EVP_PKEY_free(key);
        return refuse(err, "not a private P-256 key in PEM");
    }
    bool good = copy_public(a, key, ret_pem);
    EVP_PKEY_free(key);
    return good || refuse(err, "no memory");
}

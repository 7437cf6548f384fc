/* common/tools/keys/signing.c - making and naming signing keys. The private number and the PEM's
 * text stay in OpenSSL's secure heap and the vault. Does not sign. */
#include "tools/keys/signing.h"

#include <stdio.h>
#include <string.h>

#include "core/str.h"
#include "keys/openssl.h"
#include "keys/vault.h"
#include "tools/keys/file.h"

#include "core/banned.h"

enum { PEM_MAX = 16 * 1024, POINT = 65, NUMBER = 32, NUMBER_TEXT = 48 };

static bool put_pem(const char *path, EVP_PKEY *key, bool at_once, struct err *err)
{
    BIO *out = BIO_new(BIO_s_secmem());
    char *pem = NULL;
    bool made = out != NULL && (!at_once || BIO_puts(out, SIGNING_RETIRE_AT_ONCE) > 0) &&
                PEM_write_bio_PKCS8PrivateKey(out, key, NULL, NULL, 0, NULL, NULL) == 1;
    long len = made ? BIO_get_mem_data(out, &pem) : 0;
    bool done = len > 0 ? file_put(path, pem, (size_t)len, 0600, err)
                        : file_failed(err, path, "cannot be made: OpenSSL failed");
    BIO_free(out);
    return done;
}

bool signing_write(const char *path, bool at_once, struct err *err)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    if (key == NULL)
        return file_failed(err, path, "cannot be made: OpenSSL failed");
    bool done = put_pem(path, key, at_once, err);
    EVP_PKEY_free(key);
    return done;
}

/* SHA-256 of the JWK with its members in order. */
static bool thumbprint(EVP_PKEY *key, char ret_kid[static SIGNING_KID])
{
    unsigned char point[POINT], digest[32];
    char x[NUMBER_TEXT], y[NUMBER_TEXT], json[256], group[32];
    size_t len = 0;
    if (EVP_PKEY_get_group_name(key, group, sizeof group, &len) != 1 ||
        strcmp(group, "prime256v1") != 0 ||
        EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, POINT, &len) != 1 ||
        len != POINT || point[0] != 4)
        return false;
    str_base64url(point + 1, NUMBER, x);
    str_base64url(point + 1 + NUMBER, NUMBER, y);
    int n = snprintf(json, sizeof json,
                     "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}", x, y);
    if (EVP_Digest(json, (size_t)n, digest, NULL, EVP_sha256(), NULL) != 1)
        return false;
    str_base64url(digest, sizeof digest, ret_kid);
    return true;
}

bool signing_kid_of(const char *path, const char *pem, char ret_kid[static SIGNING_KID],
                    struct err *err)
{
    BIO *in = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *key = in == NULL ? NULL : PEM_read_bio_PrivateKey(in, NULL, NULL, (void *)"");
    bool done = key != NULL && thumbprint(key, ret_kid);
    EVP_PKEY_free(key);
    BIO_free(in);
    ERR_clear_error();
    return done || file_failed(err, path, "is no private key of P-256 without a passphrase");
}

bool signing_kid(const char *path, char ret_kid[static SIGNING_KID], struct err *err)
{
    char *pem = NULL;
    size_t len = 0;
    if (!vault_read_file(path, PEM_MAX, &pem, &len, err))
        return false;
    bool done = signing_kid_of(path, pem, ret_kid, err);
    vault_release(pem);
    return done;
}

/* common/auth/verify.c - a first look at ES256 signatures through OpenSSL, with a key that was read
 * once: cheap enough for a flood of forged tokens. What passes is verified in token.c. Contract:
 * auth/token.h. */
#include "auth/token.h"

#include <string.h>

#include "auth/token_parts.h"
#include "core/str.h"
#include "keys/openssl.h"

#include "core/banned.h"

enum { HALF = 32, SIGNATURE = 2 * HALF, DER_MAX = 80 };

static int no_passphrase(char *text, int size, int writing, void *arg)
{
    (void)text, (void)size, (void)writing, (void)arg;
    return -1;
}

void *token_public_open(const char *pem)
{
    BIO *in = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *key = in == NULL ? NULL : PEM_read_bio_PUBKEY(in, NULL, no_passphrase, NULL);
    BIO_free(in);
    ERR_clear_error();
    return key;
}

void *token_public_share(void *key)
{
    return key != NULL && EVP_PKEY_up_ref(key) == 1 ? key : NULL;
}

void token_public_close(void *key)
{
    EVP_PKEY_free(key);
}

/* From r and s side by side to OpenSSL's DER; its length, or 0. */
static size_t der_signature(const unsigned char raw[static SIGNATURE],
                            unsigned char der[static DER_MAX])
{
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw, HALF, NULL), *s = BN_bin2bn(raw + HALF, HALF, NULL);
    unsigned char *at = der;
    int len = 0;
    if (pair != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(pair, r, s) == 1) {
        r = s = NULL; /* the pair's now */
        len = i2d_ECDSA_SIG(pair, NULL) <= DER_MAX ? i2d_ECDSA_SIG(pair, &at) : 0;
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(pair);
    return len > 0 ? (size_t)len : 0;
}

bool token_signature_seems(const char *token, void *key)
{
    struct token_parts p;
    unsigned char raw[SIGNATURE], der[DER_MAX];
    size_t n = 0;
    if (key == NULL || !token_split(token, &p) ||
        !str_base64url_decode(p.text[2], p.len[2], raw, sizeof raw, &n) || n != sizeof raw)
        return false;
    size_t len = der_signature(raw, der), signed_len = (size_t)(p.text[2] - 1 - token);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = len > 0 && context != NULL &&
                EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
                EVP_DigestVerify(context, der, len, (const unsigned char *)token, signed_len) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return good;
}

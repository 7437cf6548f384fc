/* common/auth/sign.c - private keys of tokens, and ES256 signatures made with them through OpenSSL:
 * a key is read once and stays in OpenSSL's secure heap, so that no text of it is about (libjwt
 * would copy and parse the text for every token). Does not know claims. Contract: auth/token.h. */
#include "auth/token.h"

#include <string.h>

#include "core/str.h"
#include "keys/openssl.h"
#include "keys/vault.h"

#include "core/banned.h"

enum {
    HALF = 32, /* RFC 7518 3.4: r and s of P-256, each of this length */
    SIGNATURE = 2 * HALF,
    DER_MAX = 80,
    HEADER_MAX = 160,
};

/* Never asks a terminal: a key under a passphrase is no key here. */
static int no_passphrase(char *text, int size, int writing, void *arg)
{
    (void)text, (void)size, (void)writing, (void)arg;
    return -1;
}

static EVP_PKEY *read_private(const char *pem)
{
    BIO *in = BIO_new_mem_buf(pem, -1);
    if (in == NULL)
        return NULL;
    EVP_PKEY *key = PEM_read_bio_PrivateKey(in, NULL, no_passphrase, NULL);
    BIO_free(in);
    return key;
}

/* Names itself by its public half; another curve or kind has no thumbprint. */
static bool name_key(EVP_PKEY *key, char ret_kid[static 64], struct err *err)
{
    BIO *out = BIO_new(BIO_s_mem());
    char *text = NULL;
    bool good = out != NULL && PEM_write_bio_PUBKEY(out, key) == 1 && BIO_write(out, "", 1) == 1 &&
                BIO_get_mem_data(out, &text) > 0 && token_thumbprint(text, ret_kid, err);
    BIO_free(out);
    return good;
}

bool token_key_open(const char *private_pem, struct token_key *ret, struct err *err)
{
    if (!vault_init(err))
        return false;
    EVP_PKEY *key = read_private(private_pem);
    if (key != NULL && name_key(key, ret->kid, err)) {
        ret->private = key;
        return true;
    }
    EVP_PKEY_free(key);
    ERR_clear_error();
    err_set(err, ERR_INTERNAL, NULL, "the token key is not usable");
    err_cause(err, "token key: not a private P-256 key in PEM");
    return false;
}

void token_key_close(struct token_key *key)
{
    EVP_PKEY_free(key->private);
    key->private = NULL;
}

/* From OpenSSL's DER to r and s side by side. */
static bool raw_signature(const unsigned char *der, size_t n, unsigned char out[static SIGNATURE])
{
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)n);
    bool good = pair != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(pair), out, HALF) == HALF &&
                BN_bn2binpad(ECDSA_SIG_get0_s(pair), out + HALF, HALF) == HALF;
    ECDSA_SIG_free(pair);
    return good;
}

static bool sign_text(EVP_PKEY *key, const char *text, size_t n,
                      unsigned char out[static SIGNATURE])
{
    unsigned char der[DER_MAX];
    size_t len = sizeof der;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = context != NULL &&
                EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
                EVP_DigestSign(context, der, &len, (const unsigned char *)text, n) == 1 &&
                raw_signature(der, len, out);
    EVP_MD_CTX_free(context);
    return good;
}

static size_t encoded(size_t n)
{
    return (n * 4 + 2) / 3;
}

/* A key that was not opened is read for this one token: for tests. */
const char *token_compact(struct arena *a, const struct token_key *key, const char *claims)
{
    char header[HEADER_MAX];
    unsigned char signature[SIGNATURE];
    int n = snprintf(header, sizeof header, "{\"alg\":\"ES256\",\"kid\":\"%s\",\"typ\":\"JWT\"}",
                     key->kid);
    size_t len = strlen(claims);
    char *text = arena_alloc(a, encoded((size_t)n) + encoded(len) + encoded(SIGNATURE) + 3);
    if (text == NULL)
        return NULL;
    size_t at = str_base64url((const unsigned char *)header, (size_t)n, text);
    text[at++] = '.';
    at += str_base64url((const unsigned char *)claims, len, text + at);
    EVP_PKEY *own = key->private == NULL ? read_private(key->pem) : NULL;
    EVP_PKEY *with = own == NULL ? key->private : own;
    bool good = with != NULL && sign_text(with, text, at, signature);
    EVP_PKEY_free(own);
    if (!good)
        return NULL;
    text[at++] = '.';
    str_base64url(signature, sizeof signature, text + at);
    return text;
}

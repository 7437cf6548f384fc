/* common/keys/provider_soft.c - keys by OpenSSL in this process. Algorithms are fetched once; a
 * context lives for one call, since it holds the key's schedule on the ordinary heap, and OpenSSL
 * wipes it when it is freed. Does not know what a message means. */
#include "keys/provider.h"

#include <assert.h>
#include <limits.h>
#include <pthread.h>

#include "keys/openssl.h"

#include "core/banned.h"

enum { SM4_KEY = 16, AES_256_KEY = 32, HMAC_KEY = 32 };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static EVP_CIPHER *sm4_ctr, *aes_256_gcm;
static EVP_MAC_CTX *hmac_sm3, *hmac_sha256; /* without a key: what a call copies */

static EVP_MAC_CTX *hmac_of(EVP_MAC *hmac, const char *digest)
{
    EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(hmac);
    char name[16];
    (void)snprintf(name, sizeof name, "%s", digest);
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                           OSSL_PARAM_construct_end()};
    if (ctx != NULL && EVP_MAC_CTX_set_params(ctx, params) == 1)
        return ctx;
    EVP_MAC_CTX_free(ctx);
    return NULL;
}

static void fetch(void)
{
    sm4_ctr = EVP_CIPHER_fetch(NULL, "SM4-CTR", NULL);
    aes_256_gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    hmac_sm3 = hmac == NULL ? NULL : hmac_of(hmac, "SM3");
    hmac_sha256 = hmac == NULL ? NULL : hmac_of(hmac, "SHA256");
    EVP_MAC_free(hmac); /* the contexts hold it */
}

static bool fits(enum key_alg alg, size_t len)
{
    static const size_t lengths[KEY_ALGS] = {[KEY_SM4_CTR] = SM4_KEY,
                                             [KEY_AES_256_GCM] = AES_256_KEY,
                                             [KEY_HMAC_SM3] = HMAC_KEY,
                                             [KEY_HMAC_SHA256] = HMAC_KEY};
    return lengths[alg] == len;
}

/* A context ready for a key's first byte, or NULL. `encrypt` is 1 or 0. */
static EVP_CIPHER_CTX *begin(const struct key *key, const uint8_t *iv, int encrypt)
{
    pthread_once(&once, fetch);
    EVP_CIPHER *cipher = key->alg == KEY_SM4_CTR       ? sm4_ctr
                         : key->alg == KEY_AES_256_GCM ? aes_256_gcm
                                                       : NULL;
    EVP_CIPHER_CTX *ctx = cipher == NULL ? NULL : EVP_CIPHER_CTX_new();
    size_t iv_len = KEY_IV;
    OSSL_PARAM params[] = {OSSL_PARAM_construct_size_t(OSSL_CIPHER_PARAM_AEAD_IVLEN, &iv_len),
                           OSSL_PARAM_construct_end()};
    if (ctx != NULL && fits(key->alg, key->len) &&
        EVP_CipherInit_ex2(ctx, cipher, key->bytes, iv, encrypt,
                           key->alg == KEY_AES_256_GCM ? params : NULL) == 1)
        return ctx;
    EVP_CIPHER_CTX_free(ctx);
    return NULL;
}

/* Feeds what is bound and what is in; both ciphers give out as many bytes as they take in. */
static bool pass(EVP_CIPHER_CTX *ctx, const struct cipher_job *job)
{
    int n = 0;
    if (job->bound.len > INT_MAX || job->in.len > INT_MAX)
        return false;
    if (job->bound.len > 0 &&
        EVP_CipherUpdate(ctx, NULL, &n, job->bound.at, (int)job->bound.len) != 1)
        return false;
    if (job->in.len == 0)
        return true;
    return EVP_CipherUpdate(ctx, job->out, &n, job->in.at, (int)job->in.len) == 1 &&
           (size_t)n == job->in.len;
}

static bool set_tag(EVP_CIPHER_CTX *ctx, uint8_t *tag)
{
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, tag, KEY_GCM_TAG),
        OSSL_PARAM_construct_end()};
    return EVP_CIPHER_CTX_set_params(ctx, params) == 1;
}

static bool get_tag(EVP_CIPHER_CTX *ctx, uint8_t *tag)
{
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, tag, KEY_GCM_TAG),
        OSSL_PARAM_construct_end()};
    return EVP_CIPHER_CTX_get_params(ctx, params) == 1;
}

static bool encrypt(const struct key *key, const struct cipher_job *job)
{
    EVP_CIPHER_CTX *ctx = begin(key, job->iv, 1);
    uint8_t rest[KEY_IV];
    int n = 0;
    bool done = ctx != NULL && pass(ctx, job) && EVP_CipherFinal_ex(ctx, rest, &n) == 1 && n == 0;
    if (done && key->alg == KEY_AES_256_GCM)
        done = get_tag(ctx, job->tag);
    EVP_CIPHER_CTX_free(ctx);
    return done;
}

/* Nothing of a message with a wrong tag is left in `out`. */
static bool decrypt(const struct key *key, const struct cipher_job *job)
{
    EVP_CIPHER_CTX *ctx = begin(key, job->iv, 0);
    uint8_t rest[KEY_IV];
    int n = 0;
    bool done = ctx != NULL && (key->alg != KEY_AES_256_GCM || set_tag(ctx, job->tag)) &&
                pass(ctx, job) && EVP_CipherFinal_ex(ctx, rest, &n) == 1 && n == 0;
    EVP_CIPHER_CTX_free(ctx);
    if (!done && job->in.len > 0)
        OPENSSL_cleanse(job->out, job->in.len);
    return done;
}

static bool digest(EVP_MAC_CTX *ctx, const struct key *key, const struct span *parts, size_t count,
                   uint8_t *out)
{
    if (EVP_MAC_init(ctx, key->bytes, key->len, NULL) != 1)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].len > 0 && EVP_MAC_update(ctx, parts[i].at, parts[i].len) != 1)
            return false;
    }
    size_t n = 0;
    return EVP_MAC_final(ctx, out, &n, KEY_DIGEST) == 1 && n == KEY_DIGEST;
}

static bool mac(const struct key *key, const struct span *parts, size_t count,
                uint8_t ret_mac[static KEY_DIGEST])
{
    pthread_once(&once, fetch);
    const EVP_MAC_CTX *blank = key->alg == KEY_HMAC_SM3      ? hmac_sm3
                               : key->alg == KEY_HMAC_SHA256 ? hmac_sha256
                                                             : NULL;
    EVP_MAC_CTX *ctx = blank == NULL ? NULL : EVP_MAC_CTX_dup(blank);
    bool done = ctx != NULL && digest(ctx, key, parts, count, ret_mac);
    EVP_MAC_CTX_free(ctx);
    return done;
}

static bool random_bytes(uint8_t *out, size_t n)
{
    return n <= INT_MAX && RAND_bytes(out, (int)n) == 1;
}

const struct key_provider provider_soft = {
    .name = "openssl",
    .fits = fits,
    .encrypt = encrypt,
    .decrypt = decrypt,
    .mac = mac,
    .random = random_bytes,
};

/* common/http/digest.c - SHA-256 through OpenSSL, the algorithm fetched once a process. */
#include "http/digest.h"

#include <pthread.h>

#include <openssl/evp.h>

#include "core/banned.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static EVP_MD *sha256;

static void fetch(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
}

static bool hash(EVP_MD_CTX *ctx, const struct digest_part *parts, size_t n, unsigned char *out)
{
    if (ctx == NULL || sha256 == NULL || EVP_DigestInit_ex2(ctx, sha256, NULL) != 1)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (parts[i].len > 0 && EVP_DigestUpdate(ctx, parts[i].bytes, parts[i].len) != 1)
            return false;
    }
    return EVP_DigestFinal_ex(ctx, out, NULL) == 1;
}

bool digest_hex(const struct digest_part *parts, size_t n, char ret_hex[static DIGEST_HEX])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char out[EVP_MAX_MD_SIZE];
    pthread_once(&once, fetch);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = hash(ctx, parts, n, out);
    EVP_MD_CTX_free(ctx);
    for (size_t i = 0; ok && i < 32; i++) {
        ret_hex[2 * i] = digits[out[i] >> 4];
        ret_hex[2 * i + 1] = digits[out[i] & 15];
    }
    ret_hex[ok ? DIGEST_HEX - 1 : 0] = '\0';
    return ok;
}

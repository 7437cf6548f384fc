/* common/files/digests.c - one reading, two digests; 64 KiB at a time. */
#include "files/digests.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "keys/openssl.h"

#include "core/banned.h"

enum { CHUNK = 64 * 1024, DIGESTS = 2, RAW = 32 };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static EVP_MD *algorithms[DIGESTS];

static void fetch(void)
{
    algorithms[0] = EVP_MD_fetch(NULL, "SHA256", NULL);
    algorithms[1] = EVP_MD_fetch(NULL, "SM3", NULL);
}

static bool start(EVP_MD_CTX *ctx[static DIGESTS])
{
    bool ok = true;
    for (int i = 0; i < DIGESTS; i++) {
        ctx[i] = EVP_MD_CTX_new();
        ok = ok && ctx[i] != NULL && algorithms[i] != NULL &&
             EVP_DigestInit_ex2(ctx[i], algorithms[i], NULL) == 1;
    }
    return ok;
}

static bool add(EVP_MD_CTX *ctx[static DIGESTS], int fd, int64_t size, unsigned char *chunk)
{
    for (int64_t at = 0; at < size;) {
        int64_t left = size - at;
        ssize_t n = pread(fd, chunk, left < CHUNK ? (size_t)left : CHUNK, at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        for (int i = 0; i < DIGESTS; i++) {
            if (EVP_DigestUpdate(ctx[i], chunk, (size_t)n) != 1)
                return false;
        }
        at += n;
    }
    return true;
}

static bool end(EVP_MD_CTX *ctx, char *hex)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char raw[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    if (EVP_DigestFinal_ex(ctx, raw, &n) != 1 || n != RAW)
        return false;
    for (size_t i = 0; i < n; i++) {
        hex[2 * i] = digits[raw[i] >> 4];
        hex[2 * i + 1] = digits[raw[i] & 15];
    }
    hex[2 * (size_t)RAW] = '\0';
    return true;
}

bool file_digests(int fd, int64_t size, struct file_digests *ret)
{
    EVP_MD_CTX *ctx[DIGESTS] = {NULL, NULL};
    pthread_once(&once, fetch);
    unsigned char *chunk = malloc(CHUNK); /* a thread's stack is 256 KiB */
    bool ok = start(ctx) && chunk != NULL && add(ctx, fd, size, chunk) &&
              end(ctx[0], ret->sha256) && end(ctx[1], ret->sm3);
    free(chunk);
    for (int i = 0; i < DIGESTS; i++)
        EVP_MD_CTX_free(ctx[i]);
    return ok;
}

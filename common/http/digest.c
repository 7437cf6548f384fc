/* common/http/digest.c - SHA-256 through OpenSSL, the algorithm fetched once a process. */
#include "http/digest.h"

#include <pthread.h>
#include <string.h>

#include "keys/openssl.h"

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

static void put_hex(const unsigned char *bytes, size_t n, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * n] = '\0';
}

bool digest_hex(const struct digest_part *parts, size_t n, char ret_hex[static DIGEST_HEX])
{
    unsigned char out[EVP_MAX_MD_SIZE] = {0};
    pthread_once(&once, fetch);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = hash(ctx, parts, n, out);
    EVP_MD_CTX_free(ctx);
    put_hex(out, ok ? DIGEST_HEX / 2 : 0, ret_hex);
    return ok;
}

bool digest_keyed(struct keyring *ring, const struct digest_part *parts, size_t n, const char *like,
                  char ret_hex[static DIGEST_KEYED])
{
    enum { KID_HEX = KEY_KID_TEXT - 1, PARTS_MAX = 12 };
    char kid[KEY_KID_TEXT] = {0};
    struct span spans[PARTS_MAX];
    uint8_t mac[KEY_DIGEST];
    struct key_choice choice = {.purpose = KEY_LOOKUP};
    struct err ignored = {.code = ERR_NONE};
    if (n > PARTS_MAX)
        return false;
    if (like != NULL)
        memcpy(kid, like, strnlen(like, KID_HEX));
    if (like != NULL && !key_kid_of(kid, &choice.kid))
        return false;
    for (size_t i = 0; i < n; i++)
        spans[i] = (struct span){parts[i].bytes, parts[i].len};
    if (!keyring_mac(ring, &choice, spans, n, mac, &ignored))
        return false;
    key_kid_text(choice.kid, ret_hex);
    put_hex(mac, sizeof mac, ret_hex + KID_HEX);
    return true;
}

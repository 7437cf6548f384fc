/* common/auth/api_token.c - API tokens as text. Contract: the header. */
#include "auth/api_token.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "core/str.h"
#include "keys/openssl.h"

#include "core/banned.h"

enum { ID_BYTES = 16, SECRET_BYTES = 32, BYTES = ID_BYTES + SECRET_BYTES, PREFIX_LEN = 4 };

bool api_token_like(const char *text)
{
    return str_starts(text, API_TOKEN_PREFIX);
}

static int nibble(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

static void id_bytes(const char *id, uint8_t out[static ID_BYTES])
{
    size_t n = 0;
    for (const char *c = id; *c != '\0' && n < ID_BYTES; c++) {
        if (*c == '-')
            continue;
        out[n++] = (uint8_t)(nibble(c[0]) << 4 | nibble(c[1]));
        c++;
    }
}

static void id_text(const uint8_t bytes[static ID_BYTES], char ret[static UUID_TEXT])
{
    size_t at = 0;
    for (int i = 0; i < ID_BYTES; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            ret[at++] = '-';
        snprintf(ret + at, UUID_TEXT - at, "%02x", bytes[i]);
        at += 2;
    }
}

bool api_token_make(const char *id, char ret[static API_TOKEN_TEXT], struct err *err)
{
    uint8_t bytes[BYTES];
    if (!uuid_valid(id) || RAND_bytes(bytes + ID_BYTES, SECRET_BYTES) != 1)
        return err_set(err, ERR_INTERNAL, NULL, "no random numbers");
    id_bytes(id, bytes);
    memcpy(ret, API_TOKEN_PREFIX, PREFIX_LEN);
    str_base64url(bytes, sizeof bytes, ret + PREFIX_LEN);
    OPENSSL_cleanse(bytes, sizeof bytes);
    return true;
}

bool api_token_id(const char *text, char ret_id[static UUID_TEXT])
{
    uint8_t bytes[BYTES];
    size_t n = 0;
    if (!api_token_like(text) || strnlen(text, API_TOKEN_TEXT) != API_TOKEN_TEXT - 1 ||
        !str_base64url_decode(text + PREFIX_LEN, API_TOKEN_TEXT - 1 - PREFIX_LEN, bytes,
                              sizeof bytes, &n) ||
        n != sizeof bytes)
        return false;
    id_text(bytes, ret_id);
    OPENSSL_cleanse(bytes, sizeof bytes);
    return true;
}

void api_token_digest_text(const unsigned char digest[static 32], char ret[static API_TOKEN_DIGEST])
{
    ret[0] = '\\';
    ret[1] = 'x';
    for (size_t i = 0; i < 32; i++)
        snprintf(ret + 2 + 2 * i, 3, "%02x", digest[i]);
}

bool api_token_digest(const char *text, char ret[static API_TOKEN_DIGEST])
{
    unsigned char digest[32];
    if (EVP_Digest(text, strlen(text), digest, NULL, EVP_sha256(), NULL) != 1)
        return false;
    api_token_digest_text(digest, ret);
    return true;
}

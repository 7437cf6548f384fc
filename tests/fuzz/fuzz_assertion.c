/* tests/fuzz/fuzz_assertion.c - any text as an assertion, as a public key and as an API token:
 * never a crash, and what is taken keeps to its bounds. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/api_token.h"
#include "auth/token.h"
#include "auth/token_assertion.h"
#include "core/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check(const char *text)
{
    static const struct assertion_limits limits = {.seconds = 300, .skew_s = 60};
    struct assertion a;
    char id[UUID_TEXT];
    if (assertion_read(text, &a)) {
        must(strlen(a.kid) < sizeof a.kid && strlen(a.issuer) < sizeof a.issuer);
        must(strlen(a.jti) < sizeof a.jti && a.jti[0] != '\0');
        if (assertion_timely(&a, 1780000000, &limits))
            must(a.exp - a.iat <= 300);
    }
    if (api_token_id(text, id))
        must(uuid_valid(id) && strlen(text) == API_TOKEN_TEXT - 1);
}

/* The text up to a newline as header, the rest as claims, under a signature of the right length. */
static void check_wrapped(const uint8_t *bytes, size_t len)
{
    static const char signature[] =
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    const uint8_t *newline = memchr(bytes, '\n', len);
    if (newline == NULL)
        return;
    size_t first = (size_t)(newline - bytes);
    char *token = malloc(2 * len + 256);
    must(token != NULL);
    size_t at = str_base64url(bytes, first, token);
    token[at++] = '.';
    at += str_base64url(newline + 1, len - first - 1, token + at);
    snprintf(token + at, 128, ".%s", signature);
    check(token);
    free(token);
}

static void check_key(const char *text)
{
    struct token_key key = {.pem = NULL};
    struct err err = {.code = ERR_NONE};
    struct arena *a = arena_create((size_t)64 * 1024);
    must(a != NULL);
    if (token_key_public(a, text, &key, &err))
        must(strlen(key.kid) == 43 && strstr(key.pem, "PRIVATE") == NULL);
    else
        must(err.code == ERR_INVALID);
    arena_destroy(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len > 2 * TOKEN_MAX)
        return 0;
    char *text = strndup((const char *)bytes, len);
    must(text != NULL);
    check(text);
    check_key(text);
    free(text);
    check_wrapped(bytes, len);
    return 0;
}

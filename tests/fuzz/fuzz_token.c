/* tests/fuzz/fuzz_token.c - any text as a token: never a crash, and never taken, as no one here has
 * the private key. A token wrapped as its three parts gets past the base64url and into JSON. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/token.h"
#include "core/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* RFC 7517 appendix A.1, and its thumbprint. */
static char pem[] =
    "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEMKBCTNIcKUSDii11ySs3526iDZ8A\n"
    "iTo7Tu6KPAqv7D7gS2XpJFbZiItSs3m9+9Ue6GnvHw/GW2ZZaVtszggXIw==\n-----END PUBLIC KEY-----\n";
static const char kid[] = "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s";

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check(const char *token)
{
    struct token_key key = {.pem = pem};
    struct principal p;
    struct err err = {0};
    char found[64];
    memcpy(key.kid, kid, sizeof kid);
    if (token_kid(token, found, &err))
        must(strlen(found) < sizeof found && strlen(token) <= TOKEN_MAX);
    else
        must(err.code == ERR_UNAUTHENTICATED);
    err_clear(&err);
    must(!token_verify(token, &key, (instant_us)1780000000 * 1000000, &p, &err));
    must(err.code == ERR_UNAUTHENTICATED);
}

/* The text up to a newline as header, the rest as claims, under a signature of the right length. */
static void check_wrapped(const uint8_t *bytes, size_t len)
{
    static const char signature[] =
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    const uint8_t *newline = memchr(bytes, '\n', len);
    size_t first = newline == NULL ? len : (size_t)(newline - bytes);
    size_t rest = newline == NULL ? 0 : len - first - 1;
    char *token = malloc(2 * len + 256);
    must(token != NULL);
    size_t at = str_base64url(bytes, first, token);
    token[at++] = '.';
    at += str_base64url(bytes + (newline == NULL ? 0 : first + 1), rest, token + at);
    snprintf(token + at, 128, ".%s", signature);
    check(token);
    free(token);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len > 2 * TOKEN_MAX)
        return 0;
    char *text = strndup((const char *)bytes, len);
    must(text != NULL);
    check(text);
    free(text);
    check_wrapped(bytes, len);
    return 0;
}

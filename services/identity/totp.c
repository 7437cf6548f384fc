/* services/identity/totp.c - RFC 4226's HMAC and truncation over RFC 6238's counter of time steps.
 * Does not know which codes were taken: factor.c. */
#include "totp.h"

#include <stdio.h>
#include <string.h>

#include "core/secret.h"
#include "keys/openssl.h"

#include "core/banned.h"

enum { SHA1_BYTES = 20, MODULUS = 1000000 };

int64_t totp_step(instant_us at)
{
    return at / 1000000 / TOTP_STEP_S;
}

static bool hmac_sha1(const struct totp_secret *secret, const unsigned char counter[static 8],
                      unsigned char out[static SHA1_BYTES])
{
    size_t n = 0;
    unsigned char *done = EVP_Q_mac(NULL, "HMAC", NULL, "SHA1", NULL, secret->bytes, secret->len,
                                    counter, 8, out, SHA1_BYTES, &n);
    return done != NULL && n == SHA1_BYTES;
}

bool totp_code(const struct totp_secret *secret, int64_t step, char ret_code[static TOTP_CODE])
{
    unsigned char counter[8], mac[SHA1_BYTES];
    for (unsigned i = 0; i < sizeof counter; i++)
        counter[i] = (unsigned char)((uint64_t)step >> (56 - 8 * i));
    if (!hmac_sha1(secret, counter, mac))
        return false;
    unsigned at = mac[SHA1_BYTES - 1] & 15;
    unsigned number = (mac[at] & 0x7FU) << 24 | (unsigned)mac[at + 1] << 16 |
                      (unsigned)mac[at + 2] << 8 | mac[at + 3];
    (void)snprintf(ret_code, TOTP_CODE, "%06u", number % MODULUS);
    secret_wipe(mac, sizeof mac);
    return true;
}

bool totp_find(const struct totp_secret *secret, const char *code, instant_us at, int64_t off,
               int64_t *ret_step)
{
    bool right_length = strlen(code) == TOTP_DIGITS;
    int64_t now = totp_step(at);
    *ret_step = 0;
    for (int64_t step = now - off; step <= now + off; step++) {
        char wanted[TOTP_CODE];
        if (!totp_code(secret, step, wanted))
            return false;
        if (right_length && secret_equal(code, wanted, TOTP_DIGITS))
            *ret_step = step;
        secret_wipe(wanted, sizeof wanted);
    }
    return true;
}

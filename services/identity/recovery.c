/* services/identity/recovery.c - eighty random bits in groups of four characters. SHA-256 as it
 * stands is enough of a hash for them: there is nothing to guess from. */
#include "recovery.h"

#include "base32.h"
#include "core/secret.h"
#include "keys/openssl.h"

#include "core/banned.h"

enum { GROUP = 4 };

static bool digest_of(const uint8_t bytes[static RECOVERY_BYTES],
                      char ret_digest[static DIGEST_HEX])
{
    return digest_hex(&(struct digest_part){bytes, RECOVERY_BYTES}, 1, ret_digest);
}

static void in_groups(const char *plain, char out[static RECOVERY_TEXT])
{
    size_t n = 0;
    for (size_t i = 0; plain[i] != '\0' && n + 1 < RECOVERY_TEXT; i++) {
        if (i > 0 && i % GROUP == 0)
            out[n++] = '-';
        out[n++] = plain[i];
    }
    out[n] = '\0';
}

bool recovery_make(struct recovery_codes *ret, struct err *err)
{
    uint8_t bytes[RECOVERY_BYTES];
    char plain[BASE32_TEXT(RECOVERY_BYTES)];
    bool made = true;
    for (unsigned i = 0; made && i < RECOVERY_CODES; i++) {
        made = RAND_bytes(bytes, sizeof bytes) == 1 && digest_of(bytes, ret->digest[i]);
        base32_encode(bytes, sizeof bytes, plain);
        in_groups(plain, ret->text[i]);
    }
    secret_wipe(bytes, sizeof bytes);
    secret_wipe(plain, sizeof plain);
    return made || err_set(err, ERR_INTERNAL, NULL, "%s", "");
}

bool recovery_digest(const char *text, char ret_digest[static DIGEST_HEX])
{
    uint8_t bytes[RECOVERY_BYTES];
    size_t n = 0;
    bool is_code = base32_decode(text, bytes, sizeof bytes, &n) && n == sizeof bytes &&
                   digest_of(bytes, ret_digest);
    secret_wipe(bytes, sizeof bytes);
    return is_code;
}

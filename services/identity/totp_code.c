/* services/identity/totp_code.c - the code that an authenticator app would show now, for scripts
 * that log in where a second factor is in force. Needs no database and no settings. */
#include <stdio.h>
#include <string.h>

#include "base32.h"
#include "core/clock.h"
#include "core/secret.h"
#include "identity.h"
#include "totp.h"

#include "core/banned.h"

static int complain(const char *what)
{
    (void)fprintf(stderr, "identity: %s\n", what);
    return 1;
}

int totp_code_main(void)
{
    char text[2 * TOTP_SECRET_MAX], code[TOTP_CODE];
    struct totp_secret secret;
    if (fgets(text, sizeof text, stdin) == NULL)
        return complain("no secret on standard input");
    text[strcspn(text, "\r\n")] = '\0';
    bool made = base32_decode(text, secret.bytes, sizeof secret.bytes, &secret.len) &&
                totp_code(&secret, totp_step(clock_now()), code);
    secret_wipe(text, sizeof text);
    secret_wipe(&secret, sizeof secret);
    if (!made)
        return complain("that is no base32 secret");
    return puts(code) == EOF ? complain("cannot write") : 0;
}

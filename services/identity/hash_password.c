/* services/identity/hash_password.c - makes the hash of one password for whoever creates accounts
 * by SQL. Needs no database and no settings. */
#include <stdio.h>
#include <string.h>

#include "auth/password.h"
#include "identity.h"

#include "core/banned.h"

enum { PASSWORD_MAX = 200 /* characters, as the log-in takes */ };

static int complain(const char *what)
{
    (void)fprintf(stderr, "identity: %s\n", what);
    return 1;
}

int hash_password_main(void)
{
    char password[PASSWORD_MAX * 4 + 2], hash[PASSWORD_HASH];
    struct err err = {.code = ERR_NONE};
    if (fgets(password, sizeof password, stdin) == NULL)
        return complain("no password on standard input");
    password[strcspn(password, "\r\n")] = '\0';
    if (password[0] == '\0')
        return complain("an empty password");
    bool made = password_init(1) && password_hash(password, hash, &err);
    explicit_bzero(password, sizeof password);
    if (!made)
        return complain("the password cannot be hashed");
    return puts(hash) == EOF ? complain("cannot write") : 0;
}

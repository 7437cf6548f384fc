/* common/tools/keys/signing.h - the private key of access tokens: P-256, PEM (PKCS 8), no
 * passphrase. */
#ifndef ZEREN_TOOLS_KEYS_SIGNING_H
#define ZEREN_TOOLS_KEYS_SIGNING_H

#include "core/err.h"

enum { SIGNING_KID = 44 /* base64url of 32 bytes and the NUL */ };

/* The first line of a key file whose predecessor must stop counting at once. */
#define SIGNING_RETIRE_AT_ONCE "Zeren-Retire: at-once\n"

/* Makes a new key and puts it in place of the one at `path`. */
bool signing_write(const char *path, bool at_once, struct err *err);

/* The key's id as tokens name it: its JWK thumbprint (RFC 7638). */
bool signing_kid(const char *path, char ret_kid[static SIGNING_KID], struct err *err);
bool signing_kid_of(const char *path, const char *pem, char ret_kid[static SIGNING_KID],
                    struct err *err);

#endif

/* services/identity/signing_key.h - the private key that access tokens are signed with: read from a
 * file that may change while the service runs, published before its first use. See signing_key.c
 * for how a key follows another. */
#ifndef ZEREN_SIGNING_KEY_H
#define ZEREN_SIGNING_KEY_H

#include "auth/token.h"
#include "http/request.h"

/* Reads the file, publishes the public half when the database can be reached, and begins to watch
 * the file. Refuses a key that was retired. */
bool signing_key_start(struct engine *e, const char *path, struct err *err);

/* Ends the watch; harmless when it was not begun. */
void signing_key_stop(void);

/* The key to sign with now, its public half known to every service; it stays as long as the
 * request. Waits up to KEY_KNOWN_MS for a first or stolen key's successor. */
bool signing_key(struct request *rq, const struct token_key **ret);

#endif

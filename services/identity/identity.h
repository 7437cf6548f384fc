/* services/identity/identity.h - what the identity service's own files share. */
#ifndef ZEREN_IDENTITY_H
#define ZEREN_IDENTITY_H

#include "auth/token.h"
#include "http/request.h"
#include "http/route.h"

extern const struct route session_routes[], post_routes[], person_routes[], holder_routes[];
extern const struct route *const identity_resources[];

/* Written once, before any thread starts. */
struct identity_settings {
    const char *signing_key; /* private key, PEM */
    int64_t access_token_s, password_hashes;
};
extern struct identity_settings identity_settings;
extern const struct setting identity_setting_table[];

/* Reads the signing key and publishes its public half when the database can be reached. */
bool identity_start(struct engine *e, struct err *err);

/* The key that tokens are signed with, its public half being in the database. */
bool signing_key(struct request *rq, const struct token_key **ret);

/* `identity --hash-password`: reads a password from standard input, writes its hash. Returns the
 * exit status. */
int hash_password_main(void);

#endif

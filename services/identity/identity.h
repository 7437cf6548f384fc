/* services/identity/identity.h - what the identity service's own files share. */
#ifndef ZEREN_IDENTITY_H
#define ZEREN_IDENTITY_H

#include "auth/token.h"
#include "http/request.h"
#include "http/route.h"

extern const struct route session_routes[], post_routes[], person_routes[], holder_routes[];
extern const struct route log_in_routes[], refresh_routes[], device_routes[], jwks_routes[];
extern const struct route password_routes[], factor_routes[], factor_release_routes[];
extern const struct route hand_over_routes[], post_import_routes[];
extern const struct route api_token_routes[], machine_routes[];
extern const struct route role_routes[], right_routes[], account_routes[], setting_routes[];
extern const struct route access_grant_routes[], me_routes[], worklist_routes[];
extern const struct route *const identity_resources[];
extern const struct body_example identity_examples[];
extern const struct sealed_column identity_sealed[];
extern const char *const post_duties[];

/* Written once, before any thread starts. */
struct identity_settings {
    const char *signing_key_file; /* private key, PEM: signing_key.h */
    const char *session_keys;     /* key file of refresh tokens: sign_in.h */
    int64_t access_token_s, password_hashes;
};
extern struct identity_settings identity_settings;
extern const struct setting identity_setting_table[];

/* Begins to watch the signing key (signing_key.h), and ends it. */
bool identity_start(struct engine *e, struct err *err);
void identity_stop(struct engine *e);

/* Binds :own_permissions, the codes of what the token permits, as an array (me.c). */
bool me_bind_permissions(struct request *rq);

/* `identity --hash-password`: reads a password from standard input, writes its hash. Returns the
 * exit status. */
int hash_password_main(void);

/* `identity --totp-code`: reads a base32 secret from standard input, writes the code of now.
 * Returns the exit status. */
int totp_code_main(void);

#endif

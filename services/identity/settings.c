/* services/identity/settings.c - the service's own settings, and its start and stop. */
#include <stddef.h>

#include "auth/password.h"
#include "http/lifecycle.h"
#include "identity.h"
#include "sign_in.h"
#include "signing_key.h"

#include "core/banned.h"

struct identity_settings identity_settings;

/* clang-format off */
#define AT(member) offsetof(struct identity_settings, member)
const struct setting identity_setting_table[] = {
    {"SIGNING_KEY", SETTING_PATH, NULL, 0, 0, "", "File with the private key of access tokens (P-256, PEM, no passphrase); watched: a new key in it is taken over.", AT(signing_key_file), false},
    {"SESSION_KEYS", SETTING_PATH, NULL, 0, 0, "", "Keys that refresh tokens are derived with (deploy/keys); read again when it changes.", AT(session_keys), false},
    {"ACCESS_TOKEN_S", SETTING_INT, "600", 5, 600, "s", "How long an access token runs; revocations are kept for ten minutes.", AT(access_token_s), false},
    {"PASSWORD_HASHES", SETTING_INT, "2", 1, 64, "", "Passwords checked at once; each takes a core and 19 MiB.", AT(password_hashes), false},
    SETTINGS_END
};
/* clang-format on */

bool identity_start(struct engine *e, struct err *err)
{
    if (!password_init((int)identity_settings.password_hashes))
        return err_set(err, ERR_INTERNAL, NULL, "libsodium cannot start");
    return sign_in_start(identity_settings.session_keys, err) &&
           signing_key_start(e, identity_settings.signing_key_file, err);
}

void identity_stop(struct engine *e)
{
    (void)e;
    signing_key_stop();
    sign_in_stop();
}

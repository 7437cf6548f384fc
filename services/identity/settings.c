/* services/identity/settings.c - the service's own settings, and the key it signs with: read at
 * start, published in the database before the first token. Does not rotate keys. */
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "auth/password.h"
#include "core/str.h"
#include "http/lifecycle.h"
#include "identity.h"
#include "sql_identity.h"

#include "core/banned.h"

struct identity_settings identity_settings;

/* clang-format off */
#define AT(member) offsetof(struct identity_settings, member)
const struct setting identity_setting_table[] = {
    {"SIGNING_KEY", SETTING_SECRET, NULL, 0, 0, "", "File with the private key of access tokens: P-256, PEM, without passphrase.", AT(signing_key), false},
    {"ACCESS_TOKEN_S", SETTING_INT, "600", 5, 600, "s", "How long an access token runs; revocations are kept for ten minutes.", AT(access_token_s), false},
    {"PASSWORD_HASHES", SETTING_INT, "2", 1, 64, "", "Passwords checked at once; each takes a core and 19 MiB.", AT(password_hashes), false},
    SETTINGS_END
};
/* clang-format on */

static struct token_key private_key; /* written by identity_start() alone */
static const char *public_pem, *jwk;
static atomic_bool published;
static atomic_int_fast64_t known_us; /* ticks from which on every service has read the key */

/* Services poll keys every 300 ms (auth/trust.h): two polls, and what a poll takes. */
enum { KEY_KNOWN_MS = 700 };

static const char *value_of(const char *name, const char *now)
{
    if (strcmp(name, "kid") == 0)
        return private_key.kid;
    if (strcmp(name, "jwk") == 0)
        return jwk;
    return strcmp(name, "public_pem") == 0 ? public_pem : now;
}

static bool publish(struct engine *e, struct arena *a, instant_us at, struct err *err)
{
    const struct stmt_form *f = stmt_form(e->statements, &SQL_signing_key_insert);
    struct tx tx = {.pool = e->pool, .arena = a, .scope = "{}", .lines = ""};
    const char *values[8] = {NULL};
    struct rows *rows = NULL;
    char now[32];
    clock_format(at, now);
    for (unsigned i = 0; i < f->n_params && i < sizeof values / sizeof *values; i++)
        values[i] = value_of(f->params[i], now);
    bool done = tx_run(&tx, f, values, &rows, err);
    int64_t age_ms = 0;
    if (done)
        (void)str_int(rows_text(rows, 0, 0), 0, INT64_MAX, &age_ms);
    tx_end(&tx);
    if (!done)
        return false;
    int64_t left_ms = age_ms < KEY_KNOWN_MS ? KEY_KNOWN_MS - age_ms : 0;
    atomic_store(&known_us, clock_ticks_us() + left_ms * 1000);
    atomic_store(&published, true);
    return true;
}

/* A database that is not there yet is no reason not to start: the first log-in publishes the key.
 */
bool identity_start(struct engine *e, struct err *err)
{
    struct err later = {.code = ERR_NONE};
    if (!password_init((int)identity_settings.password_hashes))
        return err_set(err, ERR_INTERNAL, NULL, "libsodium cannot start");
    private_key.pem = arena_strdup(e->arena, identity_settings.signing_key);
    if (private_key.pem == NULL)
        return err_set(err, ERR_NO_MEMORY, NULL, "no memory for the signing key");
    if (!token_public_pem(e->arena, private_key.pem, &public_pem, err) ||
        !token_thumbprint(private_key.pem, private_key.kid, err))
        return false;
    struct token_key shown = {.pem = (char *)(uintptr_t)public_pem};
    memcpy(shown.kid, private_key.kid, sizeof shown.kid);
    if (!token_jwk(e->arena, &shown, &jwk, err))
        return false;
    (void)publish(e, e->arena, clock_now(), &later);
    return true;
}

/* A token signed before the others have read the key would be refused by them: the first log-in of
 * a new key waits. */
static void wait_until_known(void)
{
    int64_t left_us = atomic_load(&known_us) - clock_ticks_us();
    if (left_us > 0)
        (void)usleep((useconds_t)left_us);
}

bool signing_key(struct request *rq, const struct token_key **ret)
{
    if (!atomic_load(&published) && !publish(rq->engine, rq->arena, rq->now, &rq->err))
        return false;
    wait_until_known();
    *ret = &private_key;
    return true;
}

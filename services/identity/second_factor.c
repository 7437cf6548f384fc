/* services/identity/second_factor.c - the own second factor: enrol an authenticator app, confirm it
 * by a code, take it away, get new recovery codes. Secrets are in the one answer that makes them,
 * and sealed or hashed everywhere else. */
#include <string.h>

#include "base32.h"
#include "core/buf.h"
#include "core/secret.h"
#include "factor.h"
#include "http/lifecycle.h"
#include "identity.h"
#include "keys/field.h"
#include "keys/openssl.h"
#include "proof.h"
#include "recovery.h"
#include "sql_identity.h"
#include "totp.h"

#include "core/banned.h"

enum { ANSWER_MAX = 4096 };

static const char *const next_steps[] = {"confirm", "refresh_or_log_in", NULL};

/* clang-format off */
#define PASSWORD_FIELD() F_TEXT("password", IN_BODY | REQUIRED | SECRET, 1, 200, "The account's password; a wrong one counts as a failed log-in.", "correct horse battery staple")
#define CODE_FIELD() F_TEXT("code", IN_BODY | REQUIRED | SECRET, 6, 40, "Six digits of the authenticator app, or a recovery code; a wrong one counts as a failed log-in.", "287082")
#define ID_FIELD() F_UUID("id", SHOWN, "The account.")
#define NEXT_FIELD(doc) F_ENUM("next", SHOWN, next_steps, doc)
#define NEXT_TOKEN "The access token in hand ends within a second: get another by the refresh token, or log in again."

static const struct field enrol_fields[] = {
    PASSWORD_FIELD(),
    ID_FIELD(),
    F_VERSION(),
    F_TEXT("secret", SHOWN, 32, 32, "The secret in base32 (RFC 6238: SHA-1, six digits, 30 s), shown this once.", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"),
    F_TEXT("uri", SHOWN, 1, 500, "The same as a key URI, for a QR code.", "otpauth://totp/Zeren:county_office?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Zeren"),
    NEXT_FIELD("The factor is in force once a code has confirmed it."),
    FIELDS_END
};

static const struct field confirm_fields[] = {
    F_TEXT("code", IN_BODY | REQUIRED | SECRET, 6, 6, "Six digits of the authenticator app; wrong ones count as a failed log-in.", "287082"),
    ID_FIELD(),
    F_VERSION(),
    F_INSTANT("confirmed_at", SHOWN, "Since when log-ins need a code."),
    F_INT("sessions_ended", SHOWN, 0, INT32_MAX, "Other sessions of the account, opened without a code, that ended with it.", "1"),
    F_TEXTS("recovery_codes", SHOWN, RECOVERY_CODES, "Ten codes that stand in for the app, each once; shown this once."),
    NEXT_FIELD(NEXT_TOKEN),
    FIELDS_END
};

static const struct field renew_fields[] = {
    PASSWORD_FIELD(),
    CODE_FIELD(),
    ID_FIELD(),
    F_VERSION(),
    F_INSTANT("confirmed_at", SHOWN, "Since when log-ins need a code."),
    F_TEXTS("recovery_codes", SHOWN, RECOVERY_CODES, "Ten new codes in place of all before; shown this once."),
    FIELDS_END
};

static const struct field disable_fields[] = {
    PASSWORD_FIELD(),
    CODE_FIELD(),
    ID_FIELD(),
    F_VERSION(),
    F_BOOL("second_factor", SHOWN, "False: none any more."),
    NEXT_FIELD(NEXT_TOKEN),
    FIELDS_END
};

static handler enrol, confirm, disable, renew;

const struct route factor_routes[] = {
    {METHOD_POST, "/me/totp:enrol",           PERM_SIGNED_IN, enrol_fields,   NULL, enrol,   "enrol_totp", "Begin a second factor: a secret for an authenticator app", .also = "password", .status = 200, .probe = &SQL_proof_probe, .unkept = true},
    {METHOD_POST, "/me/totp:confirm",         PERM_SIGNED_IN, confirm_fields, NULL, confirm, "confirm_totp", "Bring the second factor in force by a code of it; get recovery codes", .also = "code", .status = 200, .probe = &SQL_proof_probe, .unkept = true},
    {METHOD_POST, "/me/totp:disable",         PERM_SIGNED_IN, disable_fields, NULL, disable, "disable_totp", "End the own second factor; an administrator's stays", .also = "password code", .status = 200, .probe = &SQL_proof_probe, .unkept = true},
    {METHOD_POST, "/me/recovery_codes:renew", PERM_SIGNED_IN, renew_fields,   NULL, renew,   "renew_recovery_codes", "Get new recovery codes; those before end", .also = "password code", .status = 200, .probe = &SQL_proof_probe, .unkept = true},
    ROUTES_END
};
/* clang-format on */

static bool no_memory(struct request *rq)
{
    return fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
}

static bool refuse_state(struct request *rq, const char *detail)
{
    return fail(rq, ERR_STATE, NULL, "%s", detail);
}

/* A secret nobody has, as base32 text. */
static char *new_secret(struct request *rq)
{
    uint8_t bytes[TOTP_SECRET];
    char *text = arena_alloc(rq->arena, BASE32_TEXT(TOTP_SECRET));
    if (text == NULL || RAND_bytes(bytes, sizeof bytes) != 1)
        return NULL;
    base32_encode(bytes, sizeof bytes, text);
    secret_wipe(bytes, sizeof bytes);
    return text;
}

static bool seal(struct request *rq, const struct proof *p, const char *secret)
{
    const struct field_place place = {FACTOR_COLUMN, p->account};
    const char *sealed = NULL;
    if (!factor_keys(rq))
        return false;
    return field_seal(rq->engine->keyring, &place, (struct span){secret, strlen(secret)}, rq->arena,
                      &sealed, &rq->err) &&
           arg_bind(rq, "totp_secret", sealed);
}

/* The key URI format of authenticator apps; SHA-1, six digits and 30 s are what it means without
 * further words. */
static const char *enrol_answer(struct request *rq, const struct proof *p, const char *secret)
{
    struct buf b;
    buf_init(&b, rq->arena, ANSWER_MAX);
    buf_printf(&b, ",\"secret\":\"%s\",\"uri\":\"otpauth://totp/Zeren:", secret);
    buf_url(&b, p->login);
    buf_printf(&b, "?secret=%s&issuer=Zeren\"", secret);
    buf_str(&b, ",\"next\":\"confirm\"");
    return buf_text(&b);
}

/* I-222 */
static bool enrol(struct request *rq)
{
    struct proof p;
    if (!proof_read_own(rq, &p))
        return false;
    if (p.confirmed)
        return refuse_state(rq, "A second factor is in force: end it first, or have it reset.");
    if (!proof_password(rq, &p, "password"))
        return false;
    const char *secret = new_secret(rq);
    if (secret == NULL)
        return no_memory(rq);
    return seal(rq, &p, secret) && proof_write(rq, &SQL_totp_enrol, p.account) &&
           proof_answer(rq, enrol_answer(rq, &p, secret));
}

static bool wrong_code(struct request *rq, const struct proof *p)
{
    return proof_failed(rq, p) &&
           proof_refuse(rq, "/code", "wrong_code", "The code is wrong, or was used before.");
}

/* Makes codes and binds their digests. */
static struct recovery_codes *new_codes(struct request *rq)
{
    struct recovery_codes *codes = arena_new(rq->arena, struct recovery_codes);
    struct buf b;
    if (codes == NULL || !recovery_make(codes, &rq->err))
        return NULL;
    buf_init(&b, rq->arena, ANSWER_MAX);
    for (unsigned i = 0; i < RECOVERY_CODES; i++)
        buf_printf(&b, "%c%s", i == 0 ? '{' : ',', codes->digest[i]);
    buf_char(&b, '}');
    const char *digests = buf_text(&b);
    return digests != NULL && arg_bind(rq, "digests", digests) ? codes : NULL;
}

static const char *codes_answer(struct request *rq, const struct recovery_codes *codes,
                                const char *next)
{
    struct buf b;
    buf_init(&b, rq->arena, ANSWER_MAX);
    buf_str(&b, ",\"recovery_codes\":");
    for (unsigned i = 0; i < RECOVERY_CODES; i++)
        buf_printf(&b, "%c\"%s\"", i == 0 ? '[' : ',', codes->text[i]);
    buf_char(&b, ']');
    if (next != NULL)
        buf_printf(&b, ",\"next\":\"%s\"", next);
    return buf_text(&b);
}

/* I-222: right, and of a secret that waits for it. */
static bool bind_step(struct request *rq, const struct proof *p)
{
    int64_t step = 0;
    if (!factor_step(rq, p, arg_text(rq, "code"), &step))
        return false;
    if (step == 0)
        return wrong_code(rq, p);
    const char *text = arena_printf(rq->arena, "%lld", (long long)step);
    if (text == NULL)
        return no_memory(rq);
    return arg_bind(rq, "step", text) && arg_bind(rq, "seen_secret", p->sealed);
}

static bool confirm(struct request *rq)
{
    struct proof p;
    if (!proof_read_own(rq, &p))
        return false;
    if (p.sealed == NULL || p.confirmed)
        return refuse_state(rq, p.confirmed ? "The second factor is in force already."
                                            : "There is nothing to confirm: enrol first.");
    if (!bind_step(rq, &p))
        return false;
    struct recovery_codes *codes = new_codes(rq);
    if (codes == NULL)
        return no_memory(rq);
    return arg_bind(rq, "kept_session", rq->principal.session) &&
           proof_write(rq, &SQL_totp_confirm, p.account) &&
           proof_answer(rq, codes_answer(rq, codes, "refresh_or_log_in"));
}

/* Password and code together, for what takes the factor apart; the code is used up by it. */
static bool prove_both(struct request *rq, const struct proof *p)
{
    enum factor_kind kind = FACTOR_WRONG;
    if (!p->confirmed)
        return refuse_state(rq, "The account has no second factor.");
    return proof_password(rq, p, "password") &&
           factor_take(rq, p, arg_text(rq, "code"), false, &kind) &&
           (kind != FACTOR_WRONG || wrong_code(rq, p));
}

/* I-226 */
static bool disable(struct request *rq)
{
    struct proof p;
    if (!proof_read_own(rq, &p))
        return false;
    if (p.administrator)
        return fail(rq, ERR_FORBIDDEN, NULL, "An administrator's second factor stays.");
    return prove_both(rq, &p) && proof_write(rq, &SQL_factor_remove, p.account) &&
           proof_answer(rq, ",\"next\":\"refresh_or_log_in\"");
}

/* I-225 */
static bool renew(struct request *rq)
{
    struct proof p;
    if (!proof_read_own(rq, &p) || !prove_both(rq, &p))
        return false;
    struct recovery_codes *codes = new_codes(rq);
    if (codes == NULL)
        return no_memory(rq);
    return proof_write(rq, &SQL_recovery_renew, p.account) &&
           proof_answer(rq, codes_answer(rq, codes, NULL));
}

/* services/identity/factor.c - is the code right, and was it taken before? The database says the
 * last: one conditional UPDATE a code, so that of many at once one passes. */
#include "factor.h"

#include <string.h>

#include "base32.h"
#include "core/secret.h"
#include "core/str.h"
#include "http/lifecycle.h"
#include "keys/field.h"
#include "recovery.h"
#include "sql_identity.h"
#include "totp.h"

#include "core/banned.h"

bool factor_keys(struct request *rq)
{
    if (rq->engine->keyring != NULL)
        return true;
    err_set(&rq->err, ERR_INTERNAL, NULL, "%s", "");
    err_cause(&rq->err, "no keys for second factors: FIELD_KEYS_FILE is not set");
    return false;
}

/* The secret as it was sealed: base32 text. */
static bool open_secret(struct request *rq, const struct proof *p, struct totp_secret *ret)
{
    struct span text;
    const struct field_place place = {FACTOR_COLUMN, p->account};
    if (!factor_keys(rq) ||
        !field_open(rq->engine->keyring, &place, p->sealed, rq->arena, &text, &rq->err))
        return false;
    return base32_decode(text.at, ret->bytes, sizeof ret->bytes, &ret->len) ||
           fail(rq, ERR_INTERNAL, NULL, "%s", "");
}

bool factor_step(struct request *rq, const struct proof *p, const char *code, int64_t *ret_step)
{
    struct totp_secret secret;
    if (!open_secret(rq, p, &secret))
        return false;
    bool done = totp_find(&secret, code, rq->now, p->steps, ret_step);
    secret_wipe(&secret, sizeof secret);
    return done || fail(rq, ERR_INTERNAL, NULL, "%s", "");
}

/* Runs the statement that takes a code; no row: it was taken before, or is none. */
static bool take(struct request *rq, const struct proof *p, const struct stmt *st, bool repeated,
                 bool *ret_taken)
{
    struct rows *rows = NULL;
    if (!arg_bind(rq, "repeated", repeated ? "true" : "false") ||
        !proof_rows(rq, st, p->account, &rows))
        return false;
    *ret_taken = rows_count(rows) > 0;
    return true;
}

static bool take_totp(struct request *rq, const struct proof *p, const char *code, bool repeated,
                      bool *ret_taken)
{
    int64_t step = 0;
    if (!factor_step(rq, p, code, &step))
        return false;
    if (step == 0)
        return true;
    const char *text = arena_printf(rq->arena, "%lld", (long long)step);
    if (text == NULL)
        return fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
    return arg_bind(rq, "step", text) && take(rq, p, &SQL_totp_take, repeated, ret_taken);
}

static bool take_recovery(struct request *rq, const struct proof *p, const char *code,
                          bool repeated, bool *ret_taken)
{
    char *digest = arena_alloc(rq->arena, DIGEST_HEX);
    if (digest == NULL)
        return fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
    if (!recovery_digest(code, digest))
        return true;
    return arg_bind(rq, "digest", digest) && take(rq, p, &SQL_recovery_take, repeated, ret_taken);
}

bool factor_take(struct request *rq, const struct proof *p, const char *code, bool repeated,
                 enum factor_kind *ret)
{
    bool taken = false, is_totp = strlen(code) == TOTP_DIGITS;
    if (is_totp ? !take_totp(rq, p, code, repeated, &taken)
                : !take_recovery(rq, p, code, repeated, &taken))
        return false;
    *ret = !taken ? FACTOR_WRONG : is_totp ? FACTOR_TOTP : FACTOR_RECOVERY;
    return true;
}

static bool check_code(struct request *rq, const struct proof *p, bool repeated,
                       const char **ret_factors)
{
    enum factor_kind kind = FACTOR_WRONG;
    const char *code = arg_text(rq, "code");
    if (code == NULL)
        return fail(rq, ERR_SECOND_FACTOR, "code", "%s", "");
    if (!factor_take(rq, p, code, repeated, &kind))
        return false;
    if (kind == FACTOR_WRONG)
        return fail(rq, ERR_SECOND_FACTOR, "code", "The code is wrong, or was used before.");
    *ret_factors = kind == FACTOR_TOTP ? "password+totp" : "password+recovery";
    return true;
}

bool factor_check(struct request *rq, const char *account_id, bool administrator, bool repeated,
                  unsigned *ret_must, const char **ret_factors)
{
    struct proof p;
    if (!proof_read(rq, account_id, &p))
        return false;
    if (p.locked_s != NULL) /* by guesses made while this password was checked */
        return fail(rq, ERR_LOGIN_REFUSED, NULL, "%s", "");
    *ret_factors = "password";
    if (p.confirmed && !check_code(rq, &p, repeated, ret_factors))
        return false;
    *ret_must |= proof_must(&p, administrator);
    return true;
}

bool factor_reset(struct request *rq, const char *account_id)
{
    return arg_bind(rq, "of_account", account_id) && db_write(rq, &SQL_factor_remove, 200);
}

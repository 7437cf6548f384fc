/* services/identity/proof.c - one row that says what proves an account, the country's scope around
 * statements that name one account, and the count of failures. */
#include "proof.h"

#include <string.h>

#include "auth/password.h"
#include "core/str.h"
#include "sign_in.h"
#include "sql_identity.h"

#include "core/banned.h"

/* Columns of proof_of_account. */
enum {
    PROOF_LOGIN,
    PROOF_NAME,
    PROOF_HASH,
    PROOF_SECRET,
    PROOF_CONFIRMED,
    PROOF_MUST_CHANGE,
    PROOF_EXPIRED,
    PROOF_ADMINISTRATOR,
    PROOF_LOCKED_S,
    PROOF_MIN_LENGTH,
    PROOF_CLASSES,
    PROOF_HISTORY,
    PROOF_REFUSED,
    PROOF_STEPS,
    PROOF_RELEASED,
    PROOF_RELEASE
};

static const char whole_country[] = "{[\"\",\"~\")}";

bool proof_rows(struct request *rq, const struct stmt *st, const char *account, struct rows **ret)
{
    const char *scope = rq->tx.scope;
    if (!arg_bind(rq, "of_account", account))
        return false;
    rq->tx.scope = whole_country;
    bool done = db_rows(rq, st, ret);
    rq->tx.scope = scope;
    return done;
}

bool proof_write(struct request *rq, const struct stmt *st, const char *account)
{
    const char *scope = rq->tx.scope;
    if (!arg_bind(rq, "of_account", account))
        return false;
    rq->idempotency_key = NULL;
    rq->tx.scope = whole_country;
    bool done = db_begin(rq) && proof_hold(rq, account) && db_write(rq, st, 200);
    rq->tx.scope = scope;
    return done;
}

bool proof_hold(struct request *rq, const char *account)
{
    struct rows *rows = NULL;
    return arg_bind(rq, "of_account", account) && db_rows(rq, &SQL_proof_hold, &rows);
}

bool proof_answer(struct request *rq, const char *members)
{
    const char *end = strrchr(rq->answer, '}');
    if (members == NULL)
        return fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
    if (end == NULL)
        return fail(rq, ERR_INTERNAL, NULL, "%s", "");
    return reply_json(
        rq, 200, arena_printf(rq->arena, "%.*s%s}", (int)(end - rq->answer), rq->answer, members));
}

static bool flag(const struct rows *rows, size_t column)
{
    return str_equal(rows_text(rows, 0, column), "t");
}

static int64_t number(const struct rows *rows, size_t column)
{
    int64_t n = 0;
    const char *text = rows_text(rows, 0, column);
    if (text != NULL)
        (void)str_int(text, 0, INT32_MAX, &n);
    return n;
}

bool proof_read(struct request *rq, const char *account, struct proof *ret)
{
    struct rows *rows = NULL;
    if (!sign_in_counted(rq) || !proof_rows(rq, &SQL_proof_of_account, account, &rows))
        return false;
    if (rows_count(rows) == 0)
        return fail(rq, ERR_NOT_FOUND, NULL, "%s", "");
    *ret = (struct proof){
        .account = account,
        .login = rows_text(rows, 0, PROOF_LOGIN),
        .hash = rows_text(rows, 0, PROOF_HASH),
        .sealed = rows_text(rows, 0, PROOF_SECRET),
        .confirmed = flag(rows, PROOF_CONFIRMED),
        .must_change = flag(rows, PROOF_MUST_CHANGE),
        .expired = flag(rows, PROOF_EXPIRED),
        .administrator = flag(rows, PROOF_ADMINISTRATOR),
        .history = number(rows, PROOF_HISTORY),
        .steps = number(rows, PROOF_STEPS),
        .released = flag(rows, PROOF_RELEASED),
        .release = rows_text(rows, 0, PROOF_RELEASE),
        .locked_s = rows_text(rows, 0, PROOF_LOCKED_S),
        .limits = {.min_length = number(rows, PROOF_MIN_LENGTH),
                   .classes = number(rows, PROOF_CLASSES),
                   .refused = rows_text(rows, 0, PROOF_REFUSED),
                   .login = rows_text(rows, 0, PROOF_LOGIN),
                   .name = rows_text(rows, 0, PROOF_NAME)},
    };
    return true;
}

unsigned proof_must(const struct proof *p, bool administrator)
{
    unsigned must = p->must_change || p->expired ? MUST_CHANGE_PASSWORD : 0;
    if (!administrator)
        return must;
    if (!p->confirmed)
        return must | MUST_ENROL_TOTP;
    return p->released ? must : must | MUST_RELEASE_FACTOR;
}

bool proof_read_own(struct request *rq, struct proof *ret)
{
    int64_t left = 1;
    arena_wipe_on_reset(rq->arena);
    rq->idempotency_key = NULL;
    if (rq->principal.api_token)
        return fail(rq, ERR_FORBIDDEN, NULL,
                    "An API token does not change what proves its account.");
    if (!proof_read(rq, rq->principal.account, ret))
        return false;
    if (ret->locked_s == NULL)
        return true;
    (void)str_int(ret->locked_s, 1, 86400, &left);
    rq->retry_after_s = (int)left;
    return fail(rq, ERR_LOCKED_OUT, NULL, "Try again in %d s.", rq->retry_after_s);
}

bool proof_failed(struct request *rq, const struct proof *p)
{
    struct rows *rows = NULL;
    return arg_bind(rq, "account", p->login) && sign_in_counted(rq) &&
           proof_rows(rq, &SQL_login_failed, p->account, &rows);
}

bool proof_refuse(struct request *rq, const char *pointer, const char *code, const char *detail)
{
    return problem_add(
        rq, (struct problem){.place = AT_POINTER, .name = pointer, .code = code, .detail = detail});
}

bool proof_password(struct request *rq, const struct proof *p, const char *field)
{
    bool matches = false;
    if (!password_matches(arg_text(rq, field), p->hash, &matches, &rq->err))
        return false;
    if (matches)
        return true;
    const char *pointer = arena_printf(rq->arena, "/%s", field);
    if (pointer == NULL)
        return fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
    return proof_failed(rq, p) &&
           proof_refuse(rq, pointer, "wrong_password", "That is not the account's password.");
}

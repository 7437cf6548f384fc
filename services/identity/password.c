/* services/identity/password.c - POST /me:change_password, and setting passwords for
 * administrators. Every fault of a new password is told at once (rules I-201 to I-211,
 * proto/identity.md). */
#include "password.h"

#include <string.h>

#include "core/secret.h"
#include "identity.h"
#include "keys/openssl.h"
#include "password_rules.h"
#include "proof.h"
#include "sql_identity.h"

#include "core/banned.h"

static const char *const next_steps[] = {"refresh_or_log_in", NULL};

/* clang-format off */
static const struct field change_fields[] = {
    F_TEXT("current_password", IN_BODY | REQUIRED | SECRET, 1, 200, "The password in force; a wrong one counts as a failed log-in.", "correct horse battery staple"),
    F_TEXT("new_password", IN_BODY | REQUIRED | SECRET, 1, 200, "The one to be; every rule it breaks is told by its code.", "Kite-over-7-hills"),
    F_UUID("id", SHOWN, "The account."),
    F_INSTANT("password_set_at", SHOWN, "When it was set."),
    F_BOOL("must_change", SHOWN, "False: it is the account's own choice now."),
    F_INT("sessions_ended", SHOWN, 0, INT32_MAX, "Other sessions of the account that ended with it.", "1"),
    F_VERSION(),
    F_ENUM("next", SHOWN, next_steps, "The access token in hand ends within a second: get another by the refresh token, or log in again."),
    FIELDS_END
};

static handler password_change;

const struct route password_routes[] = {
    {METHOD_POST, "/me:change_password", PERM_SIGNED_IN, change_fields, NULL, password_change, "change_password", "Change the own password; other sessions end", .also = "current_password new_password", .status = 200, .probe = &SQL_proof_probe, .unkept = true},
    ROUTES_END
};
/* clang-format on */

static bool refuse_new(struct request *rq, const char *code, const char *detail)
{
    return proof_refuse(rq, "/new_password", code, detail);
}

/* I-201 to I-206 */
static void judge(struct request *rq, const struct proof *p, const char *password)
{
    struct password_fault faults[PASSWORD_FAULTS];
    size_t n = password_faults(rq->arena, password, &p->limits, faults);
    for (size_t i = 0; i < n; i++)
        (void)refuse_new(rq, faults[i].code, faults[i].detail);
}

static bool was_among(struct request *rq, const char *password, const struct rows *rows,
                      bool *ret_found)
{
    *ret_found = false;
    for (size_t i = 0; i < rows_count(rows) && !*ret_found; i++) {
        if (!password_matches(password, rows_text(rows, i, 0), ret_found, &rq->err))
            return false;
    }
    return true;
}

/* I-207: with a history of five, one of the last five, the one in force among them? */
static bool was_used(struct request *rq, const struct proof *p, const char *password,
                     bool *ret_used)
{
    struct rows *rows = NULL;
    *ret_used = p->history > 0 && strcmp(password, arg_text(rq, "current_password")) == 0;
    if (*ret_used || p->history < 2)
        return true;
    const char *limit = arena_printf(rq->arena, "%d", (int)(p->history - 1));
    if (limit == NULL)
        return fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
    return arg_bind(rq, "earlier", limit) &&
           proof_rows(rq, &SQL_password_earlier, p->account, &rows) &&
           was_among(rq, password, rows, ret_used);
}

static bool acceptable(struct request *rq, const struct proof *p, const char *password)
{
    bool used = false;
    if (!was_used(rq, p, password, &used))
        return false;
    judge(rq, p, password);
    if (used)
        (void)refuse_new(rq, "used_before", "The password is, or lately was, the account's.");
    return rq->err.code == ERR_NONE;
}

static bool bind_change(struct request *rq, const char *hash, bool must_change,
                        const char *seen_hash, const char *kept_session)
{
    return arg_bind(rq, "password_hash", hash) && arg_bind(rq, "seen_hash", seen_hash) &&
           arg_bind(rq, "must_change", must_change ? "true" : "false") &&
           arg_bind(rq, "kept_session", kept_session);
}

static bool write_change(struct request *rq, const struct proof *p, const char *password)
{
    char *hash = arena_alloc(rq->arena, PASSWORD_HASH);
    if (hash == NULL)
        return fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
    return password_hash(password, hash, &rq->err) &&
           bind_change(rq, hash, false, p->hash, rq->principal.session) &&
           proof_write(rq, &SQL_password_set, p->account);
}

static bool password_change(struct request *rq)
{
    struct proof p;
    const char *password = arg_text(rq, "new_password");
    return proof_read_own(rq, &p) && proof_password(rq, &p, "current_password") &&
           acceptable(rq, &p, password) && write_change(rq, &p, password) &&
           proof_answer(rq, ",\"next\":\"refresh_or_log_in\"");
}

bool password_set(struct request *rq, const char *account_id, const char *hash, bool must_change)
{
    return proof_hold(rq, account_id) && bind_change(rq, hash, must_change, NULL, NULL) &&
           db_write(rq, &SQL_password_set, 200);
}

/* One of 55 characters, each as likely as another. */
static bool random_character(char *ret)
{
    static const char alphabet[] = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789";
    enum { CHARACTERS = sizeof alphabet - 1, FAIR = 256 - 256 % CHARACTERS };
    unsigned char byte = 0;
    do {
        if (RAND_bytes(&byte, 1) != 1)
            return false;
    } while (byte >= FAIR);
    *ret = alphabet[byte % CHARACTERS];
    return true;
}

static bool random_text(char out[static FIRST_PASSWORD])
{
    enum { GROUP = 5 /* four characters and the '-' behind them */ };
    for (unsigned i = 0; i < FIRST_PASSWORD - 1; i++) {
        out[i] = '-';
        if (i % GROUP != GROUP - 1 && !random_character(&out[i]))
            return false;
    }
    out[FIRST_PASSWORD - 1] = '\0';
    return true;
}

/* By chance a text may hold no digit, or a walk over the keyboard: then another. */
static bool keeps_to_the_rules(struct arena *a, const char *text)
{
    static const struct password_limits limits = {.min_length = FIRST_PASSWORD - 1, .classes = 4};
    struct password_fault faults[PASSWORD_FAULTS];
    return password_faults(a, text, &limits, faults) == 0;
}

bool password_first(struct first_password *ret, struct err *err)
{
    struct arena *a = arena_create((size_t)64 * 1024);
    if (a == NULL)
        return err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
    arena_wipe_on_reset(a);
    bool drawn = false, good = false;
    do {
        arena_reset(a);
        drawn = random_text(ret->text);
        good = drawn && keeps_to_the_rules(a, ret->text);
    } while (drawn && !good);
    arena_destroy(&a);
    return (good || err_set(err, ERR_INTERNAL, NULL, "%s", "")) &&
           password_hash(ret->text, ret->hash, err);
}

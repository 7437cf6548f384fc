/* services/identity/log_in.c - POST /sessions: name, password and, where the account has one, the
 * second factor become a session. A refusal says the same for an unknown name, a wrong password and
 * a disabled account, and takes as long (rules I-001 to I-005, proto/identity.md). */
#include <string.h>

#include "auth/password.h"
#include "core/str.h"
#include "factor.h"
#include "identity.h"
#include "sign_in.h"
#include "sql_identity.h"

#include "core/banned.h"

/* clang-format off */
static const struct field login_fields[] = {
    F_TEXT("account", IN_BODY | REQUIRED, 1, 64, "Log-in name.", "louxing.office"),
    F_TEXT("password", IN_BODY | REQUIRED | SECRET, 1, 200, "Password.", "correct horse battery staple"),
    F_TEXT("code", IN_BODY | SECRET, 6, 64, "Code of the second factor, or a recovery code, where the account has one.", "492039"),
    F_UUID("post_id", IN_BODY, "The post to act in; without it the eldest of the account's posts."),
    F_UUID("access_grant_id", IN_BODY, "The access for a time to act under, in the post it was given to."),
    F_UUID("device_id", IN_BODY, "The registered device this session is for; it then needs an Idempotency-Key."),
    FIELDS_END
};

static handler log_in;

const struct route log_in_routes[] = {
    {METHOD_POST, "/sessions", PERM_PUBLIC, login_fields, NULL, log_in, "open_session", "Log in: an access token of ten minutes and a refresh token", .also = "account password code post_id access_grant_id device_id", .status = 201, .shows = sign_in_fields, .unkept = true},
    ROUTES_END
};
/* clang-format on */

/* Columns of login_account, login_hold and login_session. */
enum {
    ACCOUNT_ID,
    ACCOUNT_KIND,
    ACCOUNT_HASH,
    ACCOUNT_LOCKED_S,
    ACCOUNT_ADDRESS_LOCKED_S,
    ACCOUNT_USUAL
};
enum { HELD_EPOCH, HELD_ADMINISTRATOR };
enum {
    MADE_ID,
    MADE_POST,
    MADE_GRANT,
    MADE_DEVICE,
    MADE_SALT,
    MADE_NUMBER,
    MADE_OVER,
    MADE_LEFT_S,
    MADE_IDLE_S
};

struct login {
    struct sign_in in;
    const char *hash;             /* NULL: unknown or disabled */
    const char *address_locked_s; /* NULL: the address is not locked */
    bool usual;                   /* the account has signed in from there before */
    bool administrator;
    struct rows *made; /* the session that an earlier log-in with this key made; no row: none */
    const char *factors;
};

static bool is_true(const char *text)
{
    return str_equal(text, "t");
}

/* The one refusal of a log-in. */
static bool refuse(struct request *rq)
{
    return fail(rq, ERR_LOGIN_REFUSED, NULL, "%s", "");
}

static bool locked_out(struct request *rq, const char *seconds)
{
    int64_t left = 1;
    (void)str_int(seconds, 1, 86400, &left);
    rq->retry_after_s = (int)left;
    return fail(rq, ERR_LOCKED_OUT, NULL, "Try again in %d s.", rq->retry_after_s);
}

/* Programs say which of their log-ins this is, or each lost answer would leave a session behind. */
static bool check_device_key(struct request *rq)
{
    if (arg_text(rq, "device_id") == NULL || rq->idempotency_key != NULL)
        return true;
    return fail(rq, ERR_KEY_REQUIRED, "Idempotency-Key",
                "Devices send a key with every log-in, the same one when they try again.");
}

static bool find_account(struct request *rq, struct login *l)
{
    struct rows *rows = NULL;
    if (!sign_in_counted(rq) || !sign_in_rows(rq, &SQL_login_account, &rows))
        return false;
    if (rows_text(rows, 0, ACCOUNT_LOCKED_S) != NULL)
        return locked_out(rq, rows_text(rows, 0, ACCOUNT_LOCKED_S));
    l->address_locked_s = rows_text(rows, 0, ACCOUNT_ADDRESS_LOCKED_S);
    const char *id = rows_text(rows, 0, ACCOUNT_ID);
    if (id == NULL)
        return true; /* refused after as much work as a wrong password takes */
    l->in.kind = rows_text(rows, 0, ACCOUNT_KIND);
    l->hash = rows_text(rows, 0, ACCOUNT_HASH);
    l->usual = is_true(rows_text(rows, 0, ACCOUNT_USUAL));
    return sign_in_copy(rq, l->in.who.account, sizeof l->in.who.account, id) &&
           sign_in_bind(rq, "account_id", l->in.who.account) &&
           sign_in_bind(rq, "checked_hash", l->hash);
}

/* From a locked address only those get in who have signed in from there before; all others, and
 * every wrong password, hear the same (I-004). */
static bool check_password(struct request *rq, const struct login *l)
{
    bool matches = false;
    struct rows *rows = NULL;
    if (!password_matches(arg_text(rq, "password"), l->hash, &matches, &rq->err))
        return false;
    if (matches && (l->address_locked_s == NULL || l->usual))
        return true;
    if (!matches && !sign_in_rows(rq, &SQL_login_failed, &rows))
        return false;
    return l->address_locked_s != NULL ? locked_out(rq, l->address_locked_s) : refuse(rq);
}

/* From here to the commit log-ins of one account come one after another: of fifty with one key the
 * first makes the session and the others find it. */
static bool hold_account(struct request *rq, struct login *l)
{
    struct rows *rows = NULL;
    if (!sign_in_begin(rq) || !sign_in_rows(rq, &SQL_login_hold, &rows))
        return false;
    if (rows_count(rows) == 0)
        return refuse(rq);
    l->in.who.epoch = sign_in_number(rows_text(rows, 0, HELD_EPOCH), 0);
    l->administrator = is_true(rows_text(rows, 0, HELD_ADMINISTRATOR));
    return sign_in_bind(rq, "login_key", rq->idempotency_key) &&
           sign_in_rows(rq, &SQL_login_session, &l->made);
}

/* What was written so far is given up, and with it the count of a wrong code: it is counted anew.
 */
static bool count_failure(struct request *rq)
{
    struct err refusal = rq->err;
    struct rows *rows = NULL;
    tx_end(&rq->tx);
    err_clear(&rq->err);
    if (!sign_in_rows(rq, &SQL_login_failed, &rows))
        return false;
    rq->err = refusal;
    return false;
}

static bool check_factor(struct request *rq, struct login *l)
{
    bool repeated = rows_count(l->made) > 0;
    if (factor_check(rq, l->in.who.account, l->administrator, repeated, &l->in.who.must,
                     &l->factors))
        return sign_in_bind(rq, "factors", l->factors);
    bool wrong = rq->err.code == ERR_SECOND_FACTOR && arg_text(rq, "code") != NULL;
    return wrong ? count_failure(rq) : false;
}

/* --- a session that is there already --- */

/* Is what this call asks for what the first one with its key was given? */
static bool same_wish(struct request *rq, const struct login *l)
{
    const char *post = arg_text(rq, "post_id"), *grant = arg_text(rq, "access_grant_id");
    const char *device = arg_text(rq, "device_id");
    return (post == NULL || str_equal(post, rows_text(l->made, 0, MADE_POST))) &&
           (grant == NULL || str_equal(grant, rows_text(l->made, 0, MADE_GRANT))) &&
           (device == NULL || str_equal(device, rows_text(l->made, 0, MADE_DEVICE)));
}

static bool take_made(struct request *rq, struct login *l)
{
    struct sign_in *s = &l->in;
    const struct rows *made = l->made;
    if (!same_wish(rq, l))
        return fail(rq, ERR_KEY_REUSED, "Idempotency-Key", "%s", "");
    if (is_true(rows_text(made, 0, MADE_OVER)))
        return sign_in_over(rq);
    s->number = sign_in_number(rows_text(made, 0, MADE_NUMBER), 0);
    if (s->number != 1)
        return fail(rq, ERR_STATE, "Idempotency-Key",
                    "The session of this log-in has gone on: use its refresh token.");
    s->device = rows_text(made, 0, MADE_DEVICE);
    s->salt = rows_text(made, 0, MADE_SALT);
    s->left_s = sign_in_number(rows_text(made, 0, MADE_LEFT_S), 0);
    s->idle_s = sign_in_number(rows_text(made, 0, MADE_IDLE_S), 0);
    if (!sign_in_choose(s, rows_text(made, 0, MADE_POST), rows_text(made, 0, MADE_GRANT)))
        return sign_in_over(rq);
    return sign_in_copy(rq, s->who.session, sizeof s->who.session, rows_text(made, 0, MADE_ID)) &&
           sign_in_fill(rq, s);
}

/* --- a new one --- */

static bool check_device(struct request *rq, struct login *l)
{
    struct rows *rows = NULL;
    l->in.device = arg_text(rq, "device_id");
    if (l->in.device == NULL)
        return true;
    if (!sign_in_rows(rq, &SQL_login_device, &rows))
        return false;
    return rows_count(rows) > 0 ||
           sign_in_not_yours(rq, "/device_id", "The account has registered no such device.");
}

static bool choose(struct request *rq, struct login *l)
{
    const char *post = arg_text(rq, "post_id"), *grant = arg_text(rq, "access_grant_id");
    if (rows_count(l->in.posts) == 0)
        return fail(rq, ERR_LOGIN_REFUSED, NULL, "The account has no post to act in.");
    if (sign_in_choose(&l->in, post, grant))
        return true;
    if (grant != NULL)
        return sign_in_not_yours(rq, "/access_grant_id", "The account has no such access now.");
    return sign_in_not_yours(rq, "/post_id", "The account may not act in this post.");
}

/* An account that was locked or disabled while its password was checked gets no session. */
static bool write_session(struct request *rq, struct login *l)
{
    struct rows *rows = NULL;
    struct sign_in *s = &l->in;
    char *salt = arena_alloc(rq->arena, REFRESH_SALT);
    if (salt == NULL)
        return fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
    if (!refresh_salt(salt, &rq->err) || !sign_in_bind(rq, "salt", salt) ||
        !sign_in_bind_choice(rq, s) || !sign_in_rows(rq, &SQL_session_insert, &rows))
        return false;
    if (rows_count(rows) == 0)
        return refuse(rq);
    s->salt = salt;
    s->number = 1;
    s->left_s = sign_in_number(rows_text(rows, 0, 0), 0);
    s->idle_s = sign_in_number(rows_text(rows, 0, 1), 0);
    return true;
}

static bool make_session(struct request *rq, struct login *l)
{
    struct sign_in *s = &l->in;
    return check_device(rq, l) && choose(rq, l) &&
           sign_in_copy(rq, s->who.session, sizeof s->who.session, rq->new_id) &&
           sign_in_fill(rq, s) && write_session(rq, l);
}

/* One transaction for code and session. Its answer is stored nowhere, its audit row has no token;
 * a repeated Idempotency-Key finds the session itself. */
static bool log_in(struct request *rq)
{
    arena_wipe_on_reset(rq->arena);
    struct login *l = arena_new(rq->arena, struct login);
    if (l == NULL)
        return fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
    if (!check_device_key(rq) || !find_account(rq, l) || !check_password(rq, l) ||
        !hold_account(rq, l) || !check_factor(rq, l) || !sign_in_contexts(rq, &l->in))
        return false;
    bool done = rows_count(l->made) > 0 ? take_made(rq, l) : make_session(rq, l);
    return done && sign_in_answer(rq, &l->in, 201);
}

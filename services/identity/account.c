/* services/identity/account.c - accounts, administered: made, disabled, given a new password or a
 * fresh second factor. Rules and A-7 (proto/identity.md). Nobody chooses another's
 * password: it is drawn here, shown in the one answer and stored in none. */
#include <string.h>

#include "core/buf.h"
#include "core/secret.h"
#include "core/str.h"
#include "factor.h"
#include "http/problem.h"
#include "identity.h"
#include "password.h"
#include "sql_identity.h"

#include "core/banned.h"

static const char *const kinds[] = {"person", "machine", "device", NULL};

/* clang-format off */
static const struct field account_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id of the account; may come from the client."),
    F_TEXT("login", IN_BODY | REQUIRED | SHOWN | NO_ID_NUMBER, 2, 64, "The name to log in by; it stays.", "louxing.office"),
    F_ENUM("kind", IN_BODY | REQUIRED | SHOWN, kinds, "Whose it is: a person's, a machine's or a device's."),
    F_UUID("person_id", IN_BODY | IN_QUERY | SHOWN | NULLABLE, "The person, of kind person alone; it stays: another person gets another account."),
    F_CODE("owner_division", IN_BODY | REQUIRED | SHOWN | OWN_SCOPE, "Where it is administered: the person's division, or the machine's organisation's."),
    F_BOOL("disabled", IN_BODY | IN_QUERY | SHOWN, "It cannot log in, and its tokens ended."),
    F_BOOL("must_change", SHOWN, "The password must be changed before anything else."),
    F_BOOL("second_factor", SHOWN, "A second factor is in force."),
    F_TEXT("login_prefix", IN_QUERY, 1, 64, "Only names that begin so.", "louxing"),
    F_INSTANT("created_at", SHOWN, "When it was made."),
    F_VERSION(),
    FIELDS_END
};

static const struct field made_fields[] = {
    F_UUID("id", SHOWN, "Id of the account."),
    F_TEXT("login", SHOWN, 2, 64, "The name to log in by.", "louxing.office"),
    F_ENUM("kind", SHOWN, kinds, "Whose it is."),
    F_UUID("person_id", SHOWN | NULLABLE, "The person."),
    F_CODE("owner_division", SHOWN, "Where it is administered."),
    F_BOOL("disabled", SHOWN, "False."),
    F_BOOL("must_change", SHOWN, "The password must be changed before anything else."),
    F_BOOL("second_factor", SHOWN, "False."),
    F_TEXT("password", SHOWN | NULLABLE, 1, 40, "A person's first password, shown this once; null for others and in a rehearsal.", "Kx7m-Qp4t-Zw9r-Hn3d-Vb6s"),
    F_INSTANT("created_at", SHOWN, "When it was made."),
    F_VERSION(),
    FIELDS_END
};

static const struct field reset_fields[] = {
    F_UUID("id", IN_PATH | SHOWN, "The account."),
    F_INSTANT("password_set_at", SHOWN, "Now."),
    F_BOOL("must_change", SHOWN, "True: it must be changed before anything else."),
    F_INT("sessions_ended", SHOWN, 0, INT32_MAX, "Sessions that ended with the password before.", "1"),
    F_TEXT("password", SHOWN | NULLABLE, 1, 40, "The new password, shown this once; null in a rehearsal.", "Kx7m-Qp4t-Zw9r-Hn3d-Vb6s"),
    F_VERSION(),
    FIELDS_END
};

static const struct field factor_reset_fields[] = {
    F_UUID("id", IN_PATH | SHOWN, "The account."),
    F_BOOL("second_factor", SHOWN, "False: none any more."),
    F_VERSION(),
    FIELDS_END
};

static const struct field unlock_fields[] = {
    F_UUID("id", IN_PATH | SHOWN, "The account."),
    F_BOOL("was_locked", SHOWN, "Failed log-ins had locked its name."),
    F_VERSION(),
    FIELDS_END
};

static handler account_make, account_reset_password, account_reset_factor;

const struct route account_routes[] = {
    {METHOD_GET,   "/accounts",                    PERM_ACCOUNT_READ,  account_fields, &SQL_account_list,   read_page, "list_accounts", "Accounts kept in the caller's divisions", .probe = NULL},
    {METHOD_GET,   "/accounts/:id",                PERM_ACCOUNT_READ,  account_fields, &SQL_account_get,    read_one,  "get_account", "One account", .probe = NULL},
    {METHOD_POST,  "/accounts",                    PERM_ACCOUNT_WRITE, account_fields, NULL, account_make, "create_account", "Make an account; a person's gets a password that is shown once", .also = "id login kind person_id owner_division", .status = 201, .shows = made_fields, .location = "/accounts/"},
    {METHOD_PATCH, "/accounts/:id",                PERM_ACCOUNT_WRITE, account_fields, &SQL_account_change, write_one, "update_account", "Disable an account, which ends its tokens within a second, or enable it", .probe = &SQL_account_get},
    {METHOD_POST,  "/accounts/:id:reset_password", PERM_ACCOUNT_WRITE, reset_fields,   NULL, account_reset_password, "reset_password", "Give an account a new password, shown once; its sessions end", .status = 200, .probe = &SQL_account_get, .media = MEDIA_NONE},
    {METHOD_POST,  "/accounts/:id:unlock",         PERM_ACCOUNT_WRITE, unlock_fields,  &SQL_account_unlock, write_one, "unlock_account", "Forget the failed log-ins of an account's name", .probe = &SQL_account_get, .media = MEDIA_NONE},
    {METHOD_POST,  "/accounts/:id:reset_factor",   PERM_SESSION_END,   factor_reset_fields, NULL, account_reset_factor, "reset_factor", "Take an account's second factor away; an administrator enrols another before anything else", .status = 200, .probe = &SQL_account_get, .media = MEDIA_NONE},
    ROUTES_END
};
/* clang-format on */

enum { ANSWER_MAX = 8192 };

static bool no_memory(struct request *rq)
{
    return fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
}

/* The stored answer of the request's key: not the one with the password, but that it was shown. */
static bool store_told(struct request *rq, const char *account_id)
{
    struct buf b;
    struct rows *rows = NULL;
    if (rq->idempotency_key == NULL || rq->validate_only)
        return true;
    buf_init(&b, rq->arena, ANSWER_MAX);
    buf_str(&b, "{\"type\":\"urn:zeren:problem:duplicate\",\"title\":\"A record like this exists "
                "already\",\"status\":409,\"detail\":\"This call was made before: its password was "
                "shown then, and is shown once. Reset it if it was lost.\",\"code\":\"duplicate\"");
    buf_printf(&b, ",\"request_id\":\"%s\",\"id\":\"%s\"}", rq->request_id, account_id);
    const char *told = buf_text(&b);
    return told == NULL || !arg_bind(rq, "told", told) ? no_memory(rq)
                                                       : db_rows(rq, &SQL_account_told, &rows);
}

/* The written answer with the password behind it; a rehearsal shows none, since none was set. */
static bool show_password(struct request *rq, const char *password)
{
    struct buf b;
    size_t n = rq->answer_len;
    while (n > 0 && rq->answer[n - 1] != '}')
        n--;
    if (n == 0)
        return fail(rq, ERR_INTERNAL, NULL, "%s", "");
    buf_init(&b, rq->arena, ANSWER_MAX);
    buf_add(&b, rq->answer, n - 1);
    buf_str(&b, ",\"password\":");
    buf_json(&b, rq->validate_only ? NULL : password);
    buf_char(&b, '}');
    return reply_json(rq, rq->status, buf_text(&b));
}

/* Draws a password into memory that is wiped; the hash alone goes into a statement. */
static const struct first_password *draw(struct request *rq)
{
    struct first_password *p = arena_new(rq->arena, struct first_password);
    arena_wipe_on_reset(rq->arena);
    if (p == NULL)
        (void)no_memory(rq);
    return p != NULL && password_first(p, &rq->err) ? p : NULL;
}

static bool account_make(struct request *rq)
{
    const struct first_password *p = NULL;
    bool person = str_equal(arg_text(rq, "kind"), "person");
    if (person && (p = draw(rq)) == NULL)
        return false;
    return (arg_bind(rq, "password_hash", p == NULL ? NULL : p->hash) || no_memory(rq)) &&
           db_begin(rq) && db_write(rq, &SQL_account_insert, 201) &&
           (p == NULL || store_told(rq, rq->new_id)) &&
           show_password(rq, p == NULL ? NULL : p->text);
}

/* One of the caller's to administer, of a kind that has a password. */
static bool check(struct request *rq, bool with_password)
{
    struct rows *rows = NULL;
    if (!db_rows(rq, &SQL_account_check, &rows))
        return false;
    if (rows_count(rows) == 0)
        return fail(rq, ERR_NOT_FOUND, NULL, "%s", "");
    return !with_password || str_equal(rows_text(rows, 0, 1), "person") ||
           fail(rq, ERR_STATE, NULL, "Machines and devices prove themselves by keys and tokens.");
}

static bool account_reset_password(struct request *rq)
{
    const struct first_password *p = draw(rq);
    return p != NULL && db_begin(rq) && check(rq, true) &&
           password_set(rq, arg_text(rq, "id"), p->hash, true) &&
           store_told(rq, arg_text(rq, "id")) && show_password(rq, p->text);
}

static bool account_reset_factor(struct request *rq)
{
    return db_begin(rq) && check(rq, false) && factor_reset(rq, arg_text(rq, "id"));
}

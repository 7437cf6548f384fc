/* services/identity/factor_release.c - whose second factor it is: the security administrator draws
 * a code for a person they know, and the person shows it from the account that has the factor (rule
 * I-229). Whoever gives out passwords gets no administrator's rights so. Does not enrol factors:
 * second_factor.c. */
#include <string.h>

#include "core/secret.h"
#include "factor.h"
#include "identity.h"
#include "recovery.h"
#include "sql_identity.h"

#include "core/banned.h"

/* clang-format off */
static const char *const next_steps[] = {"refresh_or_log_in", NULL};

static const struct field drawn_fields[] = {
    F_UUID("id", IN_PATH | SHOWN, "The account."),
    F_TEXT("reason", IN_BODY | REQUIRED, 1, 500, "How its owner was recognised; kept in the audit log.", "当面核对身份证和工作证"),
    F_TEXT("release_code", SHOWN, 19, 19, "What its owner shows at POST /me/totp:release, shown this once; the one before ends.", "JBSW-Y3DP-EHPK-3PXP"),
    F_INSTANT("release_until", SHOWN, "How long it is good."),
    F_VERSION(),
    FIELDS_END
};

static const struct field release_fields[] = {
    F_TEXT("release_code", IN_BODY | REQUIRED | SECRET, 16, 40, "The code that the security administrator drew; a wrong one counts as a failed log-in.", "JBSW-Y3DP-EHPK-3PXP"),
    F_UUID("id", SHOWN, "The account."),
    F_INSTANT("released_at", SHOWN, "Now."),
    F_VERSION(),
    F_ENUM("next", SHOWN, next_steps, "The access token in hand has no rights still: get another by the refresh token, or log in again."),
    FIELDS_END
};

static handler draw_release, show_release;

const struct route factor_release_routes[] = {
    {METHOD_POST, "/accounts/:id:release_factor", PERM_SESSION_END, drawn_fields, NULL, draw_release, "release_factor", "Vouch for whose second factor an account has: a code for its owner, shown once", .also = "reason", .status = 200, .probe = &SQL_account_get, .unkept = true},
    {METHOD_POST, "/me/totp:release", PERM_SIGNED_IN, release_fields, NULL, show_release, "show_release", "Show the code by which the security administrator vouches for the own second factor", .also = "release_code", .status = 200, .probe = &SQL_proof_probe, .unkept = true},
    ROUTES_END
};
/* clang-format on */

static bool no_memory(struct request *rq)
{
    return fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
}

/* One of the caller's to administer, of a person. */
static bool check(struct request *rq)
{
    struct rows *rows = NULL;
    if (!db_rows(rq, &SQL_account_check, &rows))
        return false;
    if (rows_count(rows) == 0)
        return fail(rq, ERR_NOT_FOUND, NULL, "%s", "");
    return strcmp(rows_text(rows, 0, 1), "person") == 0 ||
           fail(rq, ERR_STATE, NULL, "Machines and devices have no second factor.");
}

static bool draw_release(struct request *rq)
{
    struct recovery_codes *codes = arena_new(rq->arena, struct recovery_codes);
    arena_wipe_on_reset(rq->arena);
    rq->idempotency_key = NULL; /* nothing is stored under it: the answer has the code */
    if (codes == NULL)
        return no_memory(rq);
    return recovery_make(codes, &rq->err) && arg_bind(rq, "release_digest", codes->digest[0]) &&
           arg_bind(rq, "of_account", arg_text(rq, "id")) && db_begin(rq) && check(rq) &&
           db_write(rq, &SQL_factor_release, 200) &&
           proof_answer(rq, arena_printf(rq->arena, ",\"release_code\":\"%s\"", codes->text[0]));
}

static bool wrong_code(struct request *rq, const struct proof *p)
{
    return proof_failed(rq, p) &&
           proof_refuse(rq, "/release_code", "wrong_code", "The code is wrong, or has run out.");
}

static bool show_release(struct request *rq)
{
    struct proof p;
    char digest[DIGEST_HEX] = "";
    if (!proof_read_own(rq, &p))
        return false;
    if (!p.confirmed || p.released)
        return fail(rq, ERR_STATE, NULL, "%s",
                    p.released ? "The second factor is released already."
                               : "There is no second factor yet: enrol first.");
    bool right = recovery_digest(arg_text(rq, "release_code"), digest) && p.release != NULL &&
                 secret_equal(digest, p.release, DIGEST_HEX - 1);
    if (!right)
        return wrong_code(rq, &p);
    return arg_bind(rq, "release_digest", p.release) &&
           proof_write(rq, &SQL_factor_released, p.account) &&
           proof_answer(rq, ",\"next\":\"refresh_or_log_in\"");
}

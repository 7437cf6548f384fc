/* services/identity/others.c - may the caller look at, and end, what is another account's? Which of
 * those accounts are inside the scope is the database's to say. */
#include "others.h"

#include "core/str.h"
#include "sign_in.h"

#include "core/banned.h"

bool others_bind(struct request *rq)
{
    bool may = permission_in(rq->principal.permissions, PERM_SESSION_END);
    return sign_in_bind(rq, "may_end_others", may ? "true" : "false");
}

static bool check_reason(struct request *rq, const struct stmt *owner)
{
    struct rows *rows = NULL;
    if (!others_bind(rq))
        return false;
    if (arg_text(rq, "reason") != NULL ||
        !permission_in(rq->principal.permissions, PERM_SESSION_END))
        return true;
    if (!db_rows(rq, owner, &rows))
        return false;
    if (rows_count(rows) == 0 || str_equal(rows_text(rows, 0, 0), rq->principal.account))
        return true;
    return problem_add(rq, (struct problem){.place = AT_POINTER,
                                            .name = "/reason",
                                            .code = "required",
                                            .detail = "It is another account's: say why."});
}

bool others_filter(struct request *rq)
{
    const char *account = arg_text(rq, "account_id");
    if (account == NULL || str_equal(account, rq->principal.account) ||
        permission_in(rq->principal.permissions, PERM_SESSION_END))
        return others_bind(rq);
    return fail(rq, ERR_FORBIDDEN, NULL, "Another account's: this needs the permission %s.",
                permission_code(PERM_SESSION_END));
}

/* No row changed: it is not there for the caller, or it is over already. */
static bool tell_apart(struct request *rq, const struct stmt *probe)
{
    struct rows *rows = NULL;
    if (rq->err.code != ERR_NOT_FOUND)
        return false;
    err_clear(&rq->err);
    if (!db_rows(rq, probe, &rows))
        return false;
    if (rows_count(rows) > 0)
        return fail(rq, ERR_STATE, NULL, "It is over already.");
    return fail(rq, ERR_NOT_FOUND, NULL, "%s", "");
}

/* What a script was given is not to log its owner out. */
static bool check_token(struct request *rq)
{
    if (!rq->principal.api_token || permission_in(rq->principal.permissions, PERM_SESSION_END))
        return true;
    return fail(rq, ERR_FORBIDDEN, NULL, "An API token does this with the permission %s only.",
                permission_code(PERM_SESSION_END));
}

bool others_end(struct request *rq, const struct stmt *owner, const struct stmt *probe)
{
    if (!check_token(rq) || !check_reason(rq, owner))
        return false;
    return db_write(rq, rq->route->sql, 200) || tell_apart(rq, probe);
}

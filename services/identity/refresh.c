/* services/identity/refresh.c - POST /sessions:refresh: one refresh token becomes an access token
 * and the next refresh token. Rights are read anew. The number in force moves in one statement
 * (refresh_step); what it may do there is in proto/identity.md, I-006 to I-009. */
#include "core/str.h"
#include "identity.h"
#include "sign_in.h"
#include "sql_identity.h"

#include "core/banned.h"

/* clang-format off */
static const struct field refresh_fields[] = {
    F_TEXT("refresh_token", IN_BODY | REQUIRED | SECRET, 1, 200, "The latest one this session was given.", "zrt_0sKcmQ"),
    FIELDS_END
};

static handler refresh;

const struct route refresh_routes[] = {
    {METHOD_POST, "/sessions:refresh", PERM_PUBLIC, refresh_fields, NULL, refresh, "refresh_session", "The next access token of a session, with what the account may do now", .also = "refresh_token", .shows = sign_in_fields},
    ROUTES_END
};
/* clang-format on */

struct refresh {
    struct sign_in in;
    struct refresh_token token;
    int64_t number;       /* of the token, in the session it leads to */
    struct rows *session; /* that session */
    const char *id;
};

/* What a forger hears, and whoever comes too late. */
static bool find_session(struct request *rq, struct refresh *r)
{
    if (!refresh_parse(arg_text(rq, "refresh_token"), &r->token))
        return sign_in_over(rq);
    r->id = r->token.session;
    r->number = r->token.number;
    if (!sign_in_session(rq, r->id, &r->session))
        return false;
    bool known = rows_count(r->session) > 0 &&
                 sign_in_genuine(&r->token, rows_text(r->session, 0, SESSION_SALT));
    return known || sign_in_over(rq);
}

/* A session that changed its post goes on under another id; the last token of the old one stands
 * before the first of the new one, and so does the one before it while it has its grace. One that
 * was older stays older (I-010). */
static bool follow(struct request *rq, struct refresh *r)
{
    const char *next = rows_text(r->session, 0, SESSION_SWITCHED_TO);
    if (next == NULL)
        return true;
    int64_t in_force = sign_in_number(rows_text(r->session, 0, SESSION_NUMBER), 0);
    bool in_grace = str_equal(rows_text(r->session, 0, SESSION_IN_GRACE), "t");
    r->number = r->number >= in_force - (in_grace ? 1 : 0) ? 0 : -1;
    r->id = next;
    if (!sign_in_session(rq, next, &r->session))
        return false;
    return rows_count(r->session) > 0 || sign_in_over(rq);
}

static bool take_session(struct request *rq, struct refresh *r)
{
    const struct rows *row = r->session;
    if (str_equal(rows_text(row, 0, SESSION_OVER), "t"))
        return sign_in_over(rq);
    if (!sign_in_take(rq, &r->in, row) ||
        !sign_in_copy(rq, r->in.who.session, sizeof r->in.who.session, r->id))
        return false;
    r->in.number = r->number + 1;
    return true;
}

/* A post that is no longer held, or an access that ended, ends what was done in it. */
static bool read_rights(struct request *rq, struct refresh *r)
{
    if (!sign_in_contexts(rq, &r->in) || !sign_in_must(rq, &r->in))
        return false;
    if (!sign_in_choose(&r->in, rows_text(r->session, 0, SESSION_POST),
                        rows_text(r->session, 0, SESSION_GRANT)))
        return sign_in_over(rq);
    return sign_in_fill(rq, &r->in);
}

/* Sets `*ret_gone` when the session is not there to be refreshed. */
static bool step(struct request *rq, struct refresh *r, bool *ret_gone)
{
    struct rows *rows = NULL;
    const char *number = arena_printf(rq->arena, "%lld", (long long)r->number);
    if (!sign_in_bind(rq, "session_id", r->id) || !sign_in_bind(rq, "number", number) ||
        !sign_in_bind(rq, "grace_s", rows_text(r->session, 0, SESSION_GRACE_S)) ||
        !sign_in_rows(rq, &SQL_refresh_step, &rows))
        return false;
    const char *taken = rows_count(rows) == 0 ? NULL : rows_text(rows, 0, 0);
    *ret_gone = taken == NULL;
    if (str_equal(taken, "first") || str_equal(taken, "again"))
        return true;
    if (str_equal(taken, "reused"))
        return fail(rq, ERR_TOKEN_REUSED, NULL, "%s", "");
    if (str_equal(taken, "late"))
        return fail(rq, ERR_SESSION_OVER, NULL,
                    "The token was used while this call was under way.");
    return sign_in_over(rq);
}

static bool take_step(struct request *rq, struct refresh *r, bool *ret_gone)
{
    *r = (struct refresh){.number = 0};
    return find_session(rq, r) && follow(rq, r) && take_session(rq, r) && read_rights(rq, r) &&
           step(rq, r, ret_gone);
}

/* A session that was there when it was read, and not when its number was to move, has changed its
 * post between the two, or ended: once more, from the beginning, tells. */
static bool refresh(struct request *rq)
{
    arena_wipe_on_reset(rq->arena);
    struct refresh *r = arena_new(rq->arena, struct refresh);
    bool gone = false;
    if (r == NULL)
        return fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
    bool done = take_step(rq, r, &gone);
    if (!done && gone) {
        gone = false;
        err_clear(&rq->err);
        done = take_step(rq, r, &gone);
    }
    return done && sign_in_answer(rq, &r->in, 200);
}

/* services/identity/session.c - sessions as their accounts see them: list, end, act in another
 * post. Does not open them (log_in.c) and does not refresh them (refresh.c). */
#include <string.h>

#include "core/str.h"
#include "identity.h"
#include "others.h"
#include "sign_in.h"
#include "sql_identity.h"

#include "core/banned.h"

/* clang-format off */
static const char *const ends[] = {"logged_out", "reused", "replaced", "revoked", "device_revoked", "password_changed", "switched", NULL};

static const struct field session_fields[] = {
    F_UUID("id", IN_PATH | SHOWN, "Id of the session."),
    F_UUID("account_id", IN_QUERY | SHOWN, "The account; as a filter another than the own one for those who may end its sessions."),
    F_UUID("post_id", SHOWN, "The post acted in."),
    F_UUID("access_grant_id", SHOWN | NULLABLE, "The access for a time acted under."),
    F_UUID("device_id", SHOWN | NULLABLE, "The registered device it is for."),
    F_TEXT("device_name", SHOWN | NULLABLE, 1, 80, "That device's name.", "移动终端"),
    F_TEXT("address", SHOWN | NULLABLE, 1, 45, "Where it was opened from.", "10.43.13.2"),
    F_TEXT("factors", SHOWN, 1, 40, "What proved the account.", "password+totp"),
    F_INSTANT("created_at", SHOWN, "When it began."),
    F_INSTANT("used_at", SHOWN, "When it was refreshed last."),
    F_INSTANT("expires_at", SHOWN, "When it ends whatever happens."),
    F_INSTANT("ended_at", SHOWN | NULLABLE, "When it was ended."),
    F_ENUM("ended_because", SHOWN | NULLABLE, ends, "Why it was ended."),
    F_BOOL("current", SHOWN, "It is the one that asks."),
    F_TEXT("reason", IN_BODY, 1, 500, "Why another account's session is ended; kept in the audit log.", "终端遗失"),
    F_VERSION(),
    FIELDS_END
};

static const struct field switch_fields[] = {
    F_UUID("id", IN_PATH, "Id of the session that asks."),
    F_UUID("post_id", IN_BODY, "The post to act in from now on."),
    F_UUID("access_grant_id", IN_BODY, "The access for a time to act under from now on, in place of a post."),
    FIELDS_END
};

static handler session_page, session_end, session_switch;

const struct route session_routes[] = {
    {METHOD_GET,  "/sessions",            PERM_SIGNED_IN, session_fields, &SQL_session_list, session_page,   "list_sessions", "The own running sessions; with session.end another account's"},
    {METHOD_POST, "/sessions/:id:end",    PERM_SIGNED_IN, session_fields, &SQL_session_end,  session_end,    "end_session", "Log out; or end another account's session, with session.end and a reason: its tokens are refused within a second", .also = "reason", .status = 200},
    {METHOD_POST, "/sessions/:id:switch", PERM_SIGNED_IN, switch_fields,  NULL,              session_switch, "switch_session", "Act in another post, or under an access for a time: the session goes on under a new id", .also = "post_id access_grant_id", .shows = sign_in_fields, .unkept = true},
    ROUTES_END
};
/* clang-format on */

/* --- list and end --- */

static bool session_page(struct request *rq)
{
    return others_filter(rq) && read_page(rq);
}

static bool session_end(struct request *rq)
{
    return others_end(rq, &SQL_session_owner, &SQL_session_probe);
}

/* --- another post --- */

struct change {
    struct sign_in in;
    struct rows *session;
};

/* Only from within: the session's own token asks. */
static bool find_own(struct request *rq, struct change *c)
{
    const char *id = arg_text(rq, "id");
    if (!str_equal(id, rq->principal.session))
        return fail(rq, ERR_NOT_FOUND, NULL, "%s", "");
    if (!sign_in_session(rq, id, &c->session))
        return false;
    bool own = rows_count(c->session) > 0 &&
               str_equal(rows_text(c->session, 0, SESSION_ACCOUNT), rq->principal.account);
    return own || fail(rq, ERR_NOT_FOUND, NULL, "%s", "");
}

static bool choose(struct request *rq, struct change *c)
{
    const char *post = arg_text(rq, "post_id"), *grant = arg_text(rq, "access_grant_id");
    if (post == NULL && grant == NULL)
        return problem_add(rq, (struct problem){.place = AT_POINTER,
                                                .name = "/post_id",
                                                .code = "required",
                                                .detail = "Name a post or an access."});
    if (!sign_in_contexts(rq, &c->in) || !sign_in_must(rq, &c->in))
        return false;
    if (sign_in_choose(&c->in, post, grant))
        return sign_in_fill(rq, &c->in);
    if (grant != NULL)
        return sign_in_not_yours(rq, "/access_grant_id", "The account has no such access now.");
    return sign_in_not_yours(rq, "/post_id", "The account may not act in this post.");
}

/* The same call again, whose answer was lost: what the first one made, while nothing came after. */
static bool take_successor(struct request *rq, struct change *c, const char *id)
{
    struct rows *next = NULL;
    struct sign_in *s = &c->in;
    if (!sign_in_session(rq, id, &next))
        return false;
    bool there = rows_count(next) > 0 && !str_equal(rows_text(next, 0, SESSION_OVER), "t");
    if (!there)
        return sign_in_over(rq);
    const char *grant = rows_text(next, 0, SESSION_GRANT);
    bool same = str_equal(rows_text(next, 0, SESSION_POST), s->who.post) &&
                str_equal(grant == NULL ? "" : grant, s->who.access_grant);
    if (!same || !str_equal(rows_text(next, 0, SESSION_NUMBER), "1"))
        return fail(rq, ERR_STATE, NULL, "The session has gone on under another id.");
    return sign_in_take(rq, s, next) && sign_in_copy(rq, s->who.session, sizeof s->who.session, id);
}

static bool write_change(struct request *rq, struct change *c)
{
    struct rows *rows = NULL;
    struct sign_in *s = &c->in;
    char *salt = arena_alloc(rq->arena, REFRESH_SALT);
    if (salt == NULL)
        return fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
    if (!refresh_salt(salt, &rq->err) || !sign_in_bind(rq, "salt", salt) ||
        !sign_in_bind(rq, "session_id", arg_text(rq, "id")) || !sign_in_bind_choice(rq, s) ||
        !sign_in_rows(rq, &SQL_session_switch, &rows))
        return false;
    if (rows_count(rows) > 0) {
        s->salt = salt;
        return sign_in_copy(rq, s->who.session, sizeof s->who.session, rq->new_id);
    }
    if (!sign_in_session(rq, arg_text(rq, "id"), &c->session)) /* another call was first */
        return false;
    const char *next = rows_text(c->session, 0, SESSION_SWITCHED_TO);
    return next == NULL ? sign_in_over(rq) : take_successor(rq, c, next);
}

static bool session_switch(struct request *rq)
{
    arena_wipe_on_reset(rq->arena);
    struct change *c = arena_new(rq->arena, struct change);
    if (c == NULL)
        return fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
    if (!find_own(rq, c) || !sign_in_take(rq, &c->in, c->session) || !choose(rq, c))
        return false;
    const char *next = rows_text(c->session, 0, SESSION_SWITCHED_TO);
    bool over = str_equal(rows_text(c->session, 0, SESSION_OVER), "t");
    c->in.number = 1;
    if (next == NULL && over)
        return sign_in_over(rq);
    bool done = next != NULL ? take_successor(rq, c, next) : write_change(rq, c);
    return done && sign_in_answer(rq, &c->in, 200);
}

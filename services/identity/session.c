/* services/identity/session.c - log-in, log-out and the public keys. A refusal says the same for an
 * unknown name, a wrong password and a disabled account, and takes as long. Keeps no token. */
#include <stdlib.h>
#include <string.h>

#include "auth/password.h"
#include "core/buf.h"
#include "core/str.h"
#include "http/request.h"
#include "identity.h"
#include "sql_identity.h"

#include "core/banned.h"

enum { ANSWER_MAX = 64 * 1024 };

/* clang-format off */
static const struct field login_fields[] = {
    F_TEXT("account", IN_BODY | REQUIRED, 1, 64, "Log-in name.", "louxing.office"),
    F_TEXT("password", IN_BODY | REQUIRED | SECRET, 1, 200, "Password.", "correct horse battery staple"),
    F_UUID("post_id", IN_BODY, "The post to act in; without it the eldest of the account's posts."),
    FIELDS_END
};

static const struct field own_post_fields[] = {
    F_UUID("id", SHOWN, "Id of the post."),
    F_TEXT("title", SHOWN, 1, 80, "Its name.", "党组书记、局长"),
    F_UUID("organisation_id", SHOWN, "The organisation it is in."),
    FIELDS_END
};

static const struct field token_fields[] = {
    F_TEXT("access_token", SHOWN, 1, TOKEN_MAX, "Bearer token for every service.", "eyJhbGciOiJFUzI1NiIsImtpZCI6Ii4uLiJ9.e30.c2ln"),
    F_TEXT("token_type", SHOWN, 1, 10, "How to send it.", "Bearer"),
    F_INT("expires_in", SHOWN, 1, 600, "Seconds it runs.", "600"),
    F_UUID("session_id", SHOWN, "What log-out names."),
    F_UUID("account_id", SHOWN, "The account."),
    F_UUID("post_id", SHOWN, "The post acted in."),
    F_UUID("organisation_id", SHOWN, "That post's organisation."),
    F_TEXT("role", SHOWN, 1, 40, "That post's role.", "county_office"),
    F_TEXTS("permissions", SHOWN, 64, "What the role permits."),
    F_ARRAY("posts", SHOWN, own_post_fields, 500, "Every post the account may act in."),
    FIELDS_END
};

static const struct field session_fields[] = {
    F_UUID("id", IN_PATH | SHOWN, "Id of the session."),
    F_UUID("account_id", SHOWN, "The account."),
    F_UUID("post_id", SHOWN, "The post acted in."),
    F_INSTANT("created_at", SHOWN, "When it began."),
    F_INSTANT("expires_at", SHOWN, "When its token expires by itself."),
    F_INSTANT("ended_at", SHOWN, "When it was ended."),
    F_VERSION(),
    FIELDS_END
};

static const struct field jwk_fields[] = {
    F_TEXT("kty", SHOWN, 1, 10, "Kind of key.", "EC"),
    F_TEXT("crv", SHOWN, 1, 10, "Its curve.", "P-256"),
    F_TEXT("x", SHOWN, 43, 43, "Point on it.", "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4"),
    F_TEXT("y", SHOWN, 43, 43, "Point on it.", "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"),
    F_TEXT("kid", SHOWN, 43, 43, "Its RFC 7638 thumbprint, as in a token's header.", "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s"),
    F_TEXT("use", SHOWN, 1, 10, "What it is for.", "sig"),
    F_TEXT("alg", SHOWN, 1, 10, "The one algorithm.", "ES256"),
    FIELDS_END
};

static const struct field jwks_fields[] = {
    F_ARRAY("keys", SHOWN, jwk_fields, 16, "Keys that tokens may be signed with."),
    FIELDS_END
};

static handler session_open;

const struct route session_routes[] = {
    {METHOD_POST, "/sessions",         PERM_PUBLIC,    login_fields,   NULL,             session_open, "open_session", "Log in and get an access token of ten minutes", .also = "account password post_id", .status = 201, .shows = token_fields},
    {METHOD_POST, "/sessions/:id:end", PERM_SIGNED_IN, session_fields, &SQL_session_end, write_one,    "end_session", "Log out: the session's token is refused within a second", .probe = &SQL_session_probe, .media = MEDIA_NONE},
    {METHOD_GET,  "/jwks",             PERM_PUBLIC,    jwks_fields,    &SQL_signing_key_set, read_one,        "get_jwks", "The public keys of access tokens (RFC 7517)", .probe = NULL},
    ROUTES_END
};
/* clang-format on */

/* Columns of login_account and login_posts. */
enum { ACCOUNT_ID, ACCOUNT_KIND, ACCOUNT_HASH, ACCOUNT_LOCKED_S };
enum {
    POST_ID,
    POST_TITLE,
    POST_ORGANISATION,
    POST_DIVISION,
    POST_ROLE,
    POST_LINES,
    POST_RANGES,
    POST_PERMISSIONS
};

struct login {
    const char *kind, *hash; /* hash NULL: unknown or disabled */
    struct rows *posts;
    size_t chosen;
    struct principal who;
};

/* The one refusal of a log-in. */
static bool refuse(struct request *rq)
{
    return fail(rq, ERR_LOGIN_REFUSED, NULL, "%s", "");
}

static bool bind(struct request *rq, const char *name, const char *text)
{
    return arg_bind(rq, name, text) || fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
}

static bool copy(struct request *rq, char *to, size_t size, const char *text)
{
    if (text == NULL || strlen(text) >= size)
        return fail(rq, ERR_INTERNAL, NULL, "%s", "");
    memcpy(to, text, strlen(text) + 1);
    return true;
}

static bool locked_out(struct request *rq, const char *seconds)
{
    int64_t left = 1;
    (void)str_int(seconds, 1, 86400, &left);
    rq->retry_after_s = (int)left;
    return fail(rq, ERR_LOCKED_OUT, NULL, "Try again in %d s.", rq->retry_after_s);
}

static bool find_account(struct request *rq, struct login *l)
{
    struct rows *rows = NULL;
    if (!db_rows(rq, &SQL_login_account, &rows))
        return false;
    if (rows_text(rows, 0, ACCOUNT_LOCKED_S) != NULL)
        return locked_out(rq, rows_text(rows, 0, ACCOUNT_LOCKED_S));
    if (rows_text(rows, 0, ACCOUNT_ID) == NULL)
        return true; /* refused after as much work as a wrong password takes */
    l->kind = rows_text(rows, 0, ACCOUNT_KIND);
    l->hash = rows_text(rows, 0, ACCOUNT_HASH);
    const char *id = rows_text(rows, 0, ACCOUNT_ID);
    return copy(rq, l->who.account, sizeof l->who.account, id) &&
           bind(rq, "account_id", l->who.account);
}

static bool check_password(struct request *rq, const struct login *l)
{
    bool matches = false;
    struct rows *rows = NULL;
    if (!password_matches(arg_text(rq, "password"), l->hash, &matches, &rq->err))
        return false;
    if (matches)
        return true;
    if (!db_rows(rq, &SQL_login_failed, &rows))
        return false;
    return refuse(rq);
}

/* Before a post is chosen there is no scope, so the account's own posts are read under the whole
 * country's; the statement names the account, and nothing else runs so (README). */
static bool read_posts(struct request *rq, struct login *l)
{
    const char *scope = rq->tx.scope;
    rq->tx.scope = "{[\"\",\"~\")}";
    bool done = db_rows(rq, &SQL_login_posts, &l->posts);
    rq->tx.scope = scope;
    return done;
}

static bool choose_post(struct request *rq, struct login *l)
{
    const char *wanted = arg_text(rq, "post_id");
    size_t n = rows_count(l->posts);
    if (n == 0)
        return fail(rq, ERR_LOGIN_REFUSED, NULL, "The account has no post to act in.");
    if (wanted == NULL)
        return true;
    while (l->chosen < n && !str_equal(rows_text(l->posts, l->chosen, POST_ID), wanted))
        l->chosen++;
    if (l->chosen < n)
        return true;
    return problem_add(rq, (struct problem){.place = AT_POINTER,
                                            .name = "/post_id",
                                            .code = "not_yours",
                                            .detail = "The account may not act in this post."});
}

/* Calls `each` with every element of a list whose elements end with a comma. */
static bool each_element(const char *list, bool (*each)(struct principal *p, const char *text),
                         struct principal *p)
{
    for (const char *at = list; at != NULL && *at != '\0';) {
        char text[64];
        size_t n = strcspn(at, ",");
        if (n >= sizeof text)
            return false;
        memcpy(text, at, n);
        text[n] = '\0';
        if (!each(p, text))
            return false;
        at += n + 1;
    }
    return true;
}

static bool add_prefix(struct principal *p, const char *prefix)
{
    if (p->n_prefixes == SCOPE_PREFIXES_MAX || strlen(prefix) >= sizeof p->prefixes[0])
        return false;
    memcpy(p->prefixes[p->n_prefixes++], prefix, strlen(prefix) + 1);
    return true;
}

/* A permission of a newer migration than this program grants nothing. */
static bool add_permission(struct principal *p, const char *code)
{
    enum permission found = permission_find(code);
    if (found > PERM_SIGNED_IN)
        p->permissions = permission_add(p->permissions, found);
    return true;
}

static enum principal_kind kind_of(const char *kind)
{
    if (str_equal(kind, "machine"))
        return PRINCIPAL_MACHINE;
    return str_equal(kind, "device") ? PRINCIPAL_DEVICE : PRINCIPAL_PERSON;
}

static bool fill_scope(struct request *rq, struct login *l)
{
    struct principal *p = &l->who;
    const char *lines = rows_text(l->posts, l->chosen, POST_LINES);
    if (each_element(rows_text(l->posts, l->chosen, POST_RANGES), add_prefix, p) &&
        each_element(rows_text(l->posts, l->chosen, POST_PERMISSIONS), add_permission, p) &&
        principal_set_scope(p) && copy(rq, p->lines, sizeof p->lines, lines == NULL ? "" : lines))
        return true;
    err_set(&rq->err, ERR_INTERNAL, NULL, "%s", "");
    err_cause(&rq->err, "the scope of post %s does not fit a token",
              rows_text(l->posts, l->chosen, POST_ID));
    return false;
}

static bool fill_principal(struct request *rq, struct login *l)
{
    struct principal *p = &l->who;
    p->kind = kind_of(l->kind);
    return copy(rq, p->session, sizeof p->session, rq->new_id) &&
           copy(rq, p->post, sizeof p->post, rows_text(l->posts, l->chosen, POST_ID)) &&
           copy(rq, p->organisation, sizeof p->organisation,
                rows_text(l->posts, l->chosen, POST_ORGANISATION)) &&
           copy(rq, p->role, sizeof p->role, rows_text(l->posts, l->chosen, POST_ROLE)) &&
           fill_scope(rq, l);
}

/* An account that was locked or disabled while its password was checked gets no session. */
static bool write_session(struct request *rq, struct login *l)
{
    struct rows *rows = NULL;
    char *expires_at = arena_alloc(rq->arena, 32);
    if (expires_at == NULL)
        return fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
    clock_format(rq->now + identity_settings.access_token_s * 1000000, expires_at);
    if (!bind(rq, "chosen_post", l->who.post) || !bind(rq, "expires_at", expires_at) ||
        !bind(rq, "post_division", rows_text(l->posts, l->chosen, POST_DIVISION)) ||
        !db_rows(rq, &SQL_session_insert, &rows))
        return false;
    if (rows_count(rows) == 0)
        return refuse(rq);
    return str_int(rows_text(rows, 0, 0), 0, INT32_MAX, &l->who.epoch) ||
           fail(rq, ERR_INTERNAL, NULL, "%s", "");
}

static void add_member(struct buf *b, const char *name, const char *text)
{
    buf_printf(b, ",\"%s\":", name);
    buf_json(b, text);
}

static void add_permissions(struct buf *b, permission_set set)
{
    const char *comma = "";
    buf_str(b, ",\"permissions\":[");
    for (unsigned p = PERM_SIGNED_IN + 1; p < PERM_COUNT; p++) {
        if (!permission_in(set, (enum permission)p))
            continue;
        buf_printf(b, "%s\"%s\"", comma, permission_code((enum permission)p));
        comma = ",";
    }
    buf_char(b, ']');
}

static void add_posts(struct buf *b, const struct rows *posts)
{
    buf_str(b, ",\"posts\":[");
    for (size_t i = 0; i < rows_count(posts); i++) {
        buf_printf(b, "%s{\"id\":\"%s\"", i > 0 ? "," : "", rows_text(posts, i, POST_ID));
        add_member(b, "title", rows_text(posts, i, POST_TITLE));
        add_member(b, "organisation_id", rows_text(posts, i, POST_ORGANISATION));
        buf_char(b, '}');
    }
    buf_char(b, ']');
}

static bool answer(struct request *rq, const struct login *l, const struct token_key *key)
{
    struct buf b;
    const char *token = NULL;
    int seconds = (int)identity_settings.access_token_s;
    if (!token_sign(rq->arena, key, &l->who, rq->now, seconds, &token, &rq->err))
        return false;
    buf_init(&b, rq->arena, ANSWER_MAX);
    buf_printf(&b, "{\"access_token\":\"%s\",\"token_type\":\"Bearer\",\"expires_in\":%d", token,
               seconds);
    add_member(&b, "session_id", l->who.session);
    add_member(&b, "account_id", l->who.account);
    add_member(&b, "post_id", l->who.post);
    add_member(&b, "organisation_id", l->who.organisation);
    add_member(&b, "role", l->who.role);
    add_permissions(&b, l->who.permissions);
    add_posts(&b, l->posts);
    buf_char(&b, '}');
    return reply_json(rq, 201, buf_text(&b));
}

/* Statements of its own: no stored answer under an Idempotency-Key, no audit row with a token. */
static bool session_open(struct request *rq)
{
    const struct token_key *key = NULL;
    arena_wipe_on_reset(rq->arena);
    struct login *l = arena_new(rq->arena, struct login);
    if (l == NULL)
        return fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
    return signing_key(rq, &key) && find_account(rq, l) && check_password(rq, l) &&
           read_posts(rq, l) && choose_post(rq, l) && fill_principal(rq, l) &&
           write_session(rq, l) && answer(rq, l, key);
}

/* services/identity/sign_in_tokens.c - the tokens of a session and the answer that carries them.
 * Knows the key of refresh tokens; which number is in force is refresh.c's. */
#include "sign_in.h"

#include "core/buf.h"
#include "core/log.h"
#include "identity.h"
#include "signing_key.h"

#include "core/banned.h"

enum { ANSWER_MAX = 256 * 1024 };

/* clang-format off */
static const char *const masks[] = {"hidden", "strict", "usual", NULL};

static const struct field own_post_fields[] = {
    F_UUID("id", SHOWN, "Id of the post."),
    F_TEXT("title", SHOWN, 1, 80, "Its name.", "党组书记、局长"),
    F_UUID("organisation_id", SHOWN, "The organisation it is in."),
    FIELDS_END
};

static const struct field own_grant_fields[] = {
    F_UUID("id", SHOWN, "Id of the access."),
    F_UUID("post_id", SHOWN, "The post it was given to."),
    F_CODE("owner_division", SHOWN, "Where it holds: this division and those below."),
    F_TEXT("reason", SHOWN, 1, 500, "Why it was given.", "2026年上半年督查"),
    F_INSTANT("ends_at", SHOWN, "When it ends."),
    FIELDS_END
};

const struct field sign_in_fields[] = {
    F_TEXT("access_token", SHOWN, 1, TOKEN_MAX, "Bearer token for every service.", "eyJhbGciOiJFUzI1NiIsImtpZCI6Ii4uLiJ9.e30.c2ln"),
    F_TEXT("token_type", SHOWN, 1, 10, "How to send it.", "Bearer"),
    F_INT("expires_in", SHOWN, 1, 600, "Seconds it runs; less than ten minutes where the session, the post or the access ends before.", "600"),
    F_TEXT("refresh_token", SHOWN, 1, REFRESH_TEXT, "For the next access token, once: the answer brings its successor. A call whose answer was lost may be repeated with it.", "zrt_0sKcmQ"),
    F_INT("refresh_expires_in", SHOWN, 0, INT32_MAX, "Seconds until the session is over unless it is refreshed.", "1800"),
    F_UUID("session_id", SHOWN, "What log-out names."),
    F_UUID("account_id", SHOWN, "The account."),
    F_UUID("post_id", SHOWN, "The post acted in."),
    F_UUID("organisation_id", SHOWN, "That post's organisation."),
    F_TEXT("role", SHOWN, 1, 40, "That post's role.", "county_office"),
    F_UUID("access_grant_id", SHOWN | NULLABLE, "The access for a time acted under; null: the post's own rights."),
    F_TEXTS("permissions", SHOWN, 128, "What may be done; nothing while `must` names something."),
    F_ENUM("mask", SHOWN, masks, "How masked personal data is shown."),
    F_TEXTS("must", SHOWN, 4, "What has to be done first: change_password, enrol_totp, release_factor."),
    F_ARRAY("posts", SHOWN, own_post_fields, 500, "Every post the account may act in."),
    F_ARRAY("access_grants", SHOWN, own_grant_fields, 500, "Every access for a time that these posts have."),
    FIELDS_END
};
/* clang-format on */

static struct keyring *ring; /* written by sign_in_start() alone; locks for itself */

static void log_refused(void *ctx, const struct err *err)
{
    (void)ctx;
    log_event(ERR_LEVEL_ERROR, "keys", "cause", err->cause);
}

bool sign_in_start(const char *path, struct err *err)
{
    ring = keyring_open(path, KEY_NEEDS(KEY_REFRESH), err);
    if (ring != NULL)
        keyring_on_refused(ring, log_refused, NULL);
    return ring != NULL;
}

void sign_in_stop(void)
{
    keyring_close(ring);
    ring = NULL;
}

bool sign_in_genuine(const struct refresh_token *token, const char *salt)
{
    return salt != NULL && refresh_holds(ring, token, salt);
}

static void add_member(struct buf *b, const char *name, const char *text)
{
    buf_printf(b, ",\"%s\":", name);
    buf_json(b, text);
}

static void put_permissions(struct buf *b, permission_set set)
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

static void put_must(struct buf *b, unsigned must)
{
    static const char *const words[] = {"change_password", "enrol_totp", "release_factor"};
    const char *comma = "";
    buf_str(b, ",\"must\":[");
    for (unsigned i = 0; i < sizeof words / sizeof *words; i++) {
        if ((must & 1U << i) == 0)
            continue;
        buf_printf(b, "%s\"%s\"", comma, words[i]);
        comma = ",";
    }
    buf_char(b, ']');
}

static void put_posts(struct buf *b, const struct rows *posts)
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

static void put_grants(struct buf *b, const struct rows *grants)
{
    buf_str(b, ",\"access_grants\":[");
    for (size_t i = 0; i < rows_count(grants); i++) {
        buf_printf(b, "%s{\"id\":\"%s\"", i > 0 ? "," : "", rows_text(grants, i, GRANT_ID));
        add_member(b, "post_id", rows_text(grants, i, GRANT_POST));
        add_member(b, "owner_division", rows_text(grants, i, GRANT_DIVISION));
        add_member(b, "reason", rows_text(grants, i, GRANT_REASON));
        add_member(b, "ends_at", rows_text(grants, i, GRANT_ENDS_AT));
        buf_char(b, '}');
    }
    buf_char(b, ']');
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Until the holder's last day, the access or the session ends, ten minutes at most. */
static int64_t token_seconds(const struct sign_in *s)
{
    int64_t left = least(identity_settings.access_token_s, s->left_s);
    left = least(left, sign_in_number(sign_in_post(s, POST_LEFT_S), left));
    return least(left, sign_in_number(sign_in_grant(s, GRANT_LEFT_S), left));
}

static int64_t refresh_seconds(const struct sign_in *s)
{
    return s->device != NULL || s->idle_s <= 0 ? s->left_s : least(s->left_s, s->idle_s);
}

struct tokens {
    const char *access;
    char refresh[REFRESH_TEXT];
    int64_t seconds;
};

static bool make_tokens(struct request *rq, const struct sign_in *s, struct tokens *t)
{
    const struct token_key *key = NULL;
    t->seconds = token_seconds(s);
    if (t->seconds < 1)
        return sign_in_over(rq);
    return signing_key(rq, &key) &&
           token_sign(rq->arena, key, &s->who, rq->now, (int)t->seconds, &t->access, &rq->err) &&
           refresh_make(ring, s->who.session, (uint32_t)s->number, s->salt, t->refresh, &rq->err);
}

static void put_tokens(struct buf *b, const struct sign_in *s, const struct tokens *t)
{
    buf_printf(b, "{\"access_token\":\"%s\",\"token_type\":\"Bearer\",\"expires_in\":%lld",
               t->access, (long long)t->seconds);
    add_member(b, "refresh_token", t->refresh);
    buf_printf(b, ",\"refresh_expires_in\":%lld", (long long)refresh_seconds(s));
}

bool sign_in_answer(struct request *rq, const struct sign_in *s, int status)
{
    struct buf b;
    struct tokens *t = arena_new(rq->arena, struct tokens);
    if (t == NULL)
        return fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
    if (!make_tokens(rq, s, t))
        return false;
    buf_init(&b, rq->arena, ANSWER_MAX);
    put_tokens(&b, s, t);
    add_member(&b, "session_id", s->who.session);
    add_member(&b, "account_id", s->who.account);
    add_member(&b, "post_id", s->who.post);
    add_member(&b, "organisation_id", s->who.organisation);
    add_member(&b, "role", s->who.role);
    add_member(&b, "access_grant_id", sign_in_grant(s, GRANT_ID));
    put_permissions(&b, s->who.permissions);
    add_member(&b, "mask", masks[s->who.mask]);
    put_must(&b, s->who.must);
    put_posts(&b, s->posts);
    put_grants(&b, s->grants);
    buf_char(&b, '}');
    return reply_json(rq, status, buf_text(&b));
}

/* services/identity/sign_in.h - what log-in, refresh and the change of a post have in common: a
 * session, what its account may act in today, the context chosen, and the tokens that follow. Does
 * not prove who calls and does not write sessions. */
#ifndef ZEREN_IDENTITY_SIGN_IN_H
#define ZEREN_IDENTITY_SIGN_IN_H

#include "http/request.h"
#include "http/route.h"
#include "keys/refresh.h"

#define NO_GRANT SIZE_MAX

struct sign_in {
    const char *kind;            /* of the account */
    const char *device;          /* the registered device, or NULL */
    const char *salt;            /* of the session's refresh tokens */
    int64_t number;              /* of the refresh token to give out */
    int64_t left_s, idle_s;      /* of the session; without refreshes, 0: any time */
    struct rows *posts, *grants; /* what the account may act in */
    size_t post, grant;          /* the choice among them; NO_GRANT: the post's own rights */
    struct principal who;        /* account, session and epoch are the caller's to fill */
};

/* Columns of sign_in_session. */
enum {
    SESSION_ACCOUNT,
    SESSION_KIND,
    SESSION_EPOCH,
    SESSION_POST,
    SESSION_GRANT,
    SESSION_DEVICE,
    SESSION_FACTORS,
    SESSION_SALT,
    SESSION_NUMBER,
    SESSION_SWITCHED_TO,
    SESSION_OVER,
    SESSION_LEFT_S,
    SESSION_IDLE_S,
    SESSION_GRACE_S,
    SESSION_IN_GRACE
};

/* Columns of sign_in_posts and sign_in_grants. */
enum {
    POST_ID,
    POST_TITLE,
    POST_ORGANISATION,
    POST_DIVISION,
    POST_ROLE,
    POST_LINES,
    POST_RANGES,
    POST_FORMER,
    POST_PERMISSIONS,
    POST_MASK,
    POST_ROLE_EPOCH,
    POST_LEFT_S
};
enum {
    GRANT_ID,
    GRANT_POST,
    GRANT_DIVISION,
    GRANT_REASON,
    GRANT_ENDS_AT,
    GRANT_PERMISSIONS,
    GRANT_LEFT_S
};

/* Of the post and the grant chosen; NULL without a grant. */
const char *sign_in_post(const struct sign_in *s, unsigned column);
const char *sign_in_grant(const struct sign_in *s, unsigned column);

/* A number of the database; `absent` for NULL. */
int64_t sign_in_number(const char *text, int64_t absent);

/* The answer of all three. */
extern const struct field sign_in_fields[];

/* Opens the key file of refresh tokens; and ends with the process. */
bool sign_in_start(const char *path, struct err *err);
void sign_in_stop(void);

/* Did a key of ours make that token for a session with that salt? */
bool sign_in_genuine(const struct refresh_token *token, const char *salt);

/* Accounts and posts are scoped rows, and before a post is chosen there is no scope: what signing
 * in reads and writes runs under the whole country's. Every statement run so names the account, the
 * session or the name tried (README). The second opens a transaction so. */
bool sign_in_rows(struct request *rq, const struct stmt *st, struct rows **ret);
bool sign_in_begin(struct request *rq);

bool sign_in_bind(struct request *rq, const char *name, const char *text);

/* Binds :counted_address, by which failures are counted (I-004). */
bool sign_in_counted(struct request *rq);

/* Fails unless the text fits: it comes from the database. */
bool sign_in_copy(struct request *rq, char *to, size_t size, const char *text);

/* Reads one session by its id: the columns above, in row 0. No row: there is none. */
bool sign_in_session(struct request *rq, const char *id, struct rows **ret);

/* Takes kind, device, salt, left_s, idle_s, account and epoch over from such a row. */
bool sign_in_take(struct request *rq, struct sign_in *s, const struct rows *session);

/* Reads what s->who.account may act in. */
bool sign_in_contexts(struct request *rq, struct sign_in *s);

/* Chooses the grant, or the post, or with neither the eldest post. Is it the account's today? */
bool sign_in_choose(struct sign_in *s, const char *post, const char *grant);

/* Binds the choice for a statement: :chosen_post, :chosen_grant, :post_division. */
bool sign_in_bind_choice(struct request *rq, const struct sign_in *s);

/* What an account must do first that is signed in already. */
bool sign_in_must(struct request *rq, struct sign_in *s);

/* Makes the principal of the choice. */
bool sign_in_fill(struct request *rq, struct sign_in *s);

/* Signs the tokens and answers. Over when the choice ends now. */
bool sign_in_answer(struct request *rq, const struct sign_in *s, int status);

/* 401: log in again. */
bool sign_in_over(struct request *rq);

/* more ranges than a token holds; says so, for nothing is left out in silence. False. */
bool sign_in_too_wide(struct request *rq, const char *post);

/* A bad member of the body. */
bool sign_in_not_yours(struct request *rq, const char *pointer, const char *detail);

#endif

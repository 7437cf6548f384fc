/* services/identity/sign_in.c - from an account and its choice to a principal. The one place where
 * the whole country's scope is set for signing in. Makes no tokens: sign_in_tokens.c. */
#include "sign_in.h"

#include <stdio.h>
#include <string.h>

#include "auth/address.h"
#include "core/division_code.h"
#include "core/str.h"
#include "proof.h"
#include "sql_identity.h"

#include "core/banned.h"

static const char whole_country[] = "{[\"\",\"~\")}";

bool sign_in_rows(struct request *rq, const struct stmt *st, struct rows **ret)
{
    const char *scope = rq->tx.scope;
    rq->tx.scope = whole_country;
    bool done = db_rows(rq, st, ret);
    rq->tx.scope = scope;
    return done;
}

bool sign_in_begin(struct request *rq)
{
    const char *scope = rq->tx.scope;
    rq->tx.scope = whole_country;
    bool done = db_begin(rq);
    rq->tx.scope = scope;
    return done;
}

bool sign_in_bind(struct request *rq, const char *name, const char *text)
{
    return arg_bind(rq, name, text) || fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
}

bool sign_in_counted(struct request *rq)
{
    char *counted = arena_alloc(rq->arena, ADDRESS_RANGE_TEXT);
    if (counted == NULL)
        return fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
    address_counted(rq->address == NULL ? "" : rq->address, counted);
    return sign_in_bind(rq, "counted_address", counted);
}

bool sign_in_copy(struct request *rq, char *to, size_t size, const char *text)
{
    if (text == NULL || strlen(text) >= size)
        return fail(rq, ERR_INTERNAL, NULL, "%s", "");
    memcpy(to, text, strlen(text) + 1);
    return true;
}

bool sign_in_over(struct request *rq)
{
    return fail(rq, ERR_SESSION_OVER, NULL, "%s", "");
}

bool sign_in_not_yours(struct request *rq, const char *pointer, const char *detail)
{
    return problem_add(
        rq, (struct problem){
                .place = AT_POINTER, .name = pointer, .code = "not_yours", .detail = detail});
}

bool sign_in_too_wide(struct request *rq, const char *post)
{
    fail(rq, ERR_SCOPE_WIDE, NULL,
         "The divisions of the post and the former codes that they came from are more than %d"
         " ranges: its administrator divides the post.",
         SCOPE_PREFIXES_MAX);
    err_cause(&rq->err, "the scope of post %s does not fit a token", post);
    return false;
}

int64_t sign_in_number(const char *text, int64_t absent)
{
    int64_t n = absent;
    if (text != NULL)
        (void)str_int(text, INT64_MIN, INT64_MAX, &n);
    return n;
}

bool sign_in_session(struct request *rq, const char *id, struct rows **ret)
{
    return sign_in_bind(rq, "session_id", id) && sign_in_rows(rq, &SQL_sign_in_session, ret);
}

bool sign_in_take(struct request *rq, struct sign_in *s, const struct rows *session)
{
    s->kind = rows_text(session, 0, SESSION_KIND);
    s->device = rows_text(session, 0, SESSION_DEVICE);
    s->salt = rows_text(session, 0, SESSION_SALT);
    s->left_s = sign_in_number(rows_text(session, 0, SESSION_LEFT_S), 0);
    s->idle_s = sign_in_number(rows_text(session, 0, SESSION_IDLE_S), 0);
    s->who.epoch = sign_in_number(rows_text(session, 0, SESSION_EPOCH), 0);
    return sign_in_copy(rq, s->who.account, sizeof s->who.account,
                        rows_text(session, 0, SESSION_ACCOUNT));
}

bool sign_in_contexts(struct request *rq, struct sign_in *s)
{
    return sign_in_bind(rq, "account_id", s->who.account) &&
           sign_in_rows(rq, &SQL_sign_in_posts, &s->posts) &&
           sign_in_rows(rq, &SQL_sign_in_grants, &s->grants);
}

/* The row with that text in the column, or the number of rows. */
static size_t find(const struct rows *rows, unsigned column, const char *text)
{
    size_t i = 0, n = rows_count(rows);
    while (i < n && !str_equal(rows_text(rows, i, column), text))
        i++;
    return i;
}

bool sign_in_choose(struct sign_in *s, const char *post, const char *grant)
{
    s->grant = NO_GRANT;
    s->post = 0;
    if (grant != NULL) {
        s->grant = find(s->grants, GRANT_ID, grant);
        if (s->grant == rows_count(s->grants))
            return false;
        const char *its_post = rows_text(s->grants, s->grant, GRANT_POST);
        if (post != NULL && !str_equal(post, its_post))
            return false;
        post = its_post;
    }
    if (post != NULL)
        s->post = find(s->posts, POST_ID, post);
    return s->post < rows_count(s->posts);
}

const char *sign_in_post(const struct sign_in *s, unsigned column)
{
    return rows_text(s->posts, s->post, column);
}

const char *sign_in_grant(const struct sign_in *s, unsigned column)
{
    return s->grant == NO_GRANT ? NULL : rows_text(s->grants, s->grant, column);
}

bool sign_in_bind_choice(struct request *rq, const struct sign_in *s)
{
    return sign_in_bind(rq, "chosen_post", sign_in_post(s, POST_ID)) &&
           sign_in_bind(rq, "chosen_grant", sign_in_grant(s, GRANT_ID)) &&
           sign_in_bind(rq, "post_division", sign_in_post(s, POST_DIVISION));
}

bool sign_in_must(struct request *rq, struct sign_in *s)
{
    struct proof p;
    if (!proof_read(rq, s->who.account, &p))
        return false;
    s->who.must |= proof_must(&p, p.administrator);
    return true;
}

/* --- the principal --- */

static bool add_ranges(const struct sign_in *s, struct principal *p)
{
    char prefix[DIVISION_CODE];
    if (s->grant == NO_GRANT)
        return principal_add_prefixes(p, sign_in_post(s, POST_RANGES)) &&
               principal_add_former(p, sign_in_post(s, POST_FORMER));
    if (!division_prefix(sign_in_grant(s, GRANT_DIVISION), prefix))
        return false;
    char list[sizeof prefix + 1]; /* an element ends with a comma: the country's is empty */
    (void)snprintf(list, sizeof list, "%s,", prefix);
    return principal_add_prefixes(p, list);
}

/* An account that must do something first has no rights until then. */
static bool add_permissions(const struct sign_in *s, struct principal *p)
{
    if (p->must != 0)
        return true;
    const char *own = sign_in_post(s, POST_PERMISSIONS),
               *given = sign_in_grant(s, GRANT_PERMISSIONS);
    return principal_add_permissions(p, s->grant == NO_GRANT ? own : given);
}

static enum principal_kind kind_of(const struct sign_in *s)
{
    if (s->device != NULL || str_equal(s->kind, "device"))
        return PRINCIPAL_DEVICE;
    return str_equal(s->kind, "machine") ? PRINCIPAL_MACHINE : PRINCIPAL_PERSON;
}

static enum personal_mask mask_of(const char *word)
{
    if (str_equal(word, "usual"))
        return MASK_USUAL;
    return str_equal(word, "hidden") ? MASK_HIDDEN : MASK_STRICT;
}

static bool fill_scope(struct request *rq, struct sign_in *s)
{
    struct principal *p = &s->who;
    const char *lines = sign_in_post(s, POST_LINES);
    p->n_prefixes = p->n_former = 0;
    p->permissions = 0;
    if (!add_ranges(s, p) || !principal_set_scope(p))
        return sign_in_too_wide(rq, sign_in_post(s, POST_ID));
    return (add_permissions(s, p) || fail(rq, ERR_INTERNAL, NULL, "%s", "")) &&
           sign_in_copy(rq, p->lines, sizeof p->lines, lines == NULL ? "" : lines);
}

bool sign_in_fill(struct request *rq, struct sign_in *s)
{
    struct principal *p = &s->who;
    const char *grant = sign_in_grant(s, GRANT_ID);
    p->kind = kind_of(s);
    p->mask = mask_of(sign_in_post(s, POST_MASK));
    p->role_epoch = sign_in_number(sign_in_post(s, POST_ROLE_EPOCH), 0);
    return sign_in_copy(rq, p->post, sizeof p->post, sign_in_post(s, POST_ID)) &&
           sign_in_copy(rq, p->organisation, sizeof p->organisation,
                        sign_in_post(s, POST_ORGANISATION)) &&
           sign_in_copy(rq, p->role, sizeof p->role, sign_in_post(s, POST_ROLE)) &&
           sign_in_copy(rq, p->access_grant, sizeof p->access_grant, grant == NULL ? "" : grant) &&
           fill_scope(rq, s);
}

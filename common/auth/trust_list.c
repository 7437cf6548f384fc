/* common/auth/trust_list.c - keys in an array, revocations sorted for binary search. Contract: the
 * header. */
#include "auth/trust_list.h"

#include <stdlib.h>
#include <string.h>

#include "auth/token.h"
#include "core/str.h"

#include "core/banned.h"

static int compare(const void *a, const void *b)
{
    const struct revocation *x = a, *y = b;
    int order = strcmp(x->subject, y->subject);
    return order != 0 ? order : (int)x->of_session - (int)y->of_session;
}

static bool copy_text(char *to, size_t size, const char *text)
{
    if (text == NULL || strlen(text) >= size)
        return false;
    memcpy(to, text, strlen(text) + 1);
    return true;
}

/* A key that was there before is not parsed again. */
static void *parse(const struct trust_key *key, const struct trust_list *old)
{
    const struct trust_key *was = trust_list_key(old, key->kid);
    if (was != NULL && strcmp(was->pem, key->pem) == 0)
        return token_public_share(was->parsed);
    return token_public_open(key->pem);
}

static bool read_key(struct trust_list *l, const struct trust_list *old, const char *kid,
                     const char *pem)
{
    if (l->n_keys == TRUST_KEYS_MAX)
        return false;
    struct trust_key *key = &l->keys[l->n_keys];
    if (!copy_text(key->kid, sizeof key->kid, kid) || !copy_text(key->pem, sizeof key->pem, pem))
        return false;
    key->parsed = parse(key, old); /* NULL refuses every token of that key */
    l->n_keys++;
    return true;
}

static bool read_row(struct trust_list *l, const struct trust_list *old, const struct rows *rows,
                     size_t i)
{
    const char *kind = rows_text(rows, i, 0), *id = rows_text(rows, i, 1);
    const char *value = rows_text(rows, i, 2);
    if (str_equal(kind, "key"))
        return read_key(l, old, id, value);
    struct revocation *r = &l->revoked[l->n_revoked++];
    r->of_session = str_equal(kind, "session");
    r->epoch = 0;
    if (!copy_text(r->subject, sizeof r->subject, id))
        return false;
    return r->of_session ||
           (str_equal(kind, "account") && value != NULL && str_int(value, 0, INT32_MAX, &r->epoch));
}

bool trust_list_read(struct trust_list *l, const struct trust_list *old, const struct rows *rows,
                     struct err *err)
{
    size_t n = rows_count(rows);
    l->n_keys = 0;
    l->n_revoked = 0;
    l->revoked = calloc(n + 1, sizeof *l->revoked);
    if (l->revoked == NULL)
        return err_set(err, ERR_NO_MEMORY, NULL, "no memory for revocations");
    for (size_t i = 0; i < n; i++) {
        if (!read_row(l, old, rows, i)) {
            trust_list_release(l);
            return err_set(err, ERR_INTERNAL, NULL, "a key or revocation makes no sense");
        }
    }
    qsort(l->revoked, l->n_revoked, sizeof *l->revoked, compare);
    return true;
}

void trust_list_release(struct trust_list *l)
{
    for (unsigned i = 0; i < l->n_keys; i++)
        token_public_close(l->keys[i].parsed);
    free(l->revoked);
    l->revoked = NULL;
    l->n_revoked = 0;
    l->n_keys = 0;
}

const struct trust_key *trust_list_key(const struct trust_list *l, const char *kid)
{
    for (unsigned i = 0; i < l->n_keys; i++) {
        if (strcmp(l->keys[i].kid, kid) == 0)
            return &l->keys[i];
    }
    return NULL;
}

static const struct revocation *find(const struct trust_list *l, const char *subject,
                                     bool of_session)
{
    struct revocation wanted = {.of_session = of_session};
    if (l->n_revoked == 0 || !copy_text(wanted.subject, sizeof wanted.subject, subject))
        return NULL;
    return bsearch(&wanted, l->revoked, l->n_revoked, sizeof wanted, compare);
}

bool trust_list_revokes(const struct trust_list *l, const struct principal *p)
{
    const struct revocation *account = find(l, p->account, false);
    return (account != NULL && p->epoch < account->epoch) || find(l, p->session, true) != NULL;
}

bool trust_list_refuses_more(const struct trust_list *l, const struct trust_list *old)
{
    for (size_t i = 0; i < l->n_revoked; i++) {
        const struct revocation *r = &l->revoked[i];
        const struct revocation *was = find(old, r->subject, r->of_session);
        if (was == NULL || was->epoch < r->epoch)
            return true;
    }
    return false;
}

bool trust_list_lacks_key(const struct trust_list *l, const struct trust_list *old)
{
    for (unsigned i = 0; i < old->n_keys; i++) {
        const struct trust_key *now = trust_list_key(l, old->keys[i].kid);
        if (now == NULL || strcmp(now->pem, old->keys[i].pem) != 0)
            return true;
    }
    return false;
}

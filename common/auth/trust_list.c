/* common/auth/trust_list.c - keys in an array, revocations sorted for binary search. Contract: the
 * header. */
#include "auth/trust_list.h"

#include <stdlib.h>
#include <string.h>

#include "auth/token.h"
#include "core/clock.h"
#include "core/str.h"

#include "core/banned.h"

/* Tokens run ten minutes, and what is read here may have been revoked a while before. */
enum { KEPT_S = 900, SIFT_S = 60 };

static int compare(const void *a, const void *b)
{
    const struct revocation *x = a, *y = b;
    int order = strcmp(x->subject, y->subject);
    return order != 0 ? order : (int)x->kind - (int)y->kind;
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

static bool read_epoch(const char *text, int64_t *ret)
{
    return text != NULL && str_int(text, 0, INT32_MAX, ret);
}

static bool read_revocation(struct trust_list *l, const char *kind, const char *id,
                            const char *value)
{
    struct revocation *r = &l->revoked[l->n_revoked++];
    r->read_us = l->sifted_us;
    r->kind = str_equal(kind, "session") ? REVOKED_SESSION
              : str_equal(kind, "role")  ? REVOKED_ROLE
                                         : REVOKED_ACCOUNT;
    if (!copy_text(r->subject, sizeof r->subject, id))
        return false;
    if (r->kind == REVOKED_SESSION)
        return true;
    return (r->kind == REVOKED_ROLE || str_equal(kind, "account")) && read_epoch(value, &r->epoch);
}

static bool read_row(struct trust_list *l, const struct trust_list *old, const struct rows *rows,
                     size_t i)
{
    const char *kind = rows_text(rows, i, 0), *id = rows_text(rows, i, 1);
    const char *value = rows_text(rows, i, 2);
    if (str_equal(kind, "key"))
        return read_key(l, old, id, value);
    if (!str_equal(kind, "snapshot"))
        return read_revocation(l, kind, id, value);
    if (!copy_text(l->snapshot, sizeof l->snapshot, id))
        l->snapshot[0] = '\0'; /* with very many writers at once: everything is read again */
    return true;
}

static bool runs(const struct revocation *r, int64_t now_us)
{
    return now_us - r->read_us < (int64_t)KEPT_S * 1000000;
}

/* Of two about one subject the later epoch holds. */
static void add(struct trust_list *to, const struct revocation *r)
{
    struct revocation *last = to->revoked + to->n_revoked;
    if (to->n_revoked == 0 || compare(last - 1, r) != 0) {
        *last = *r;
        to->n_revoked++;
        return;
    }
    last--;
    last->epoch = last->epoch > r->epoch ? last->epoch : r->epoch;
    last->read_us = last->read_us > r->read_us ? last->read_us : r->read_us;
}

/* What was read, which is sorted, and what `old` had, into an array of their own. */
static bool merge(struct trust_list *l, const struct trust_list *old)
{
    struct trust_list all = {.revoked = NULL};
    size_t x = 0, y = 0;
    all.revoked = calloc(l->n_revoked + old->n_revoked + 1, sizeof *all.revoked);
    if (all.revoked == NULL)
        return false;
    while (x < l->n_revoked || y < old->n_revoked) {
        bool first = y == old->n_revoked ||
                     (x < l->n_revoked && compare(&l->revoked[x], &old->revoked[y]) <= 0);
        const struct revocation *r = first ? &l->revoked[x++] : &old->revoked[y++];
        if (runs(r, l->sifted_us))
            add(&all, r);
    }
    free(l->revoked);
    l->revoked = all.revoked;
    l->n_revoked = all.n_revoked;
    return true;
}

/* With nothing new, and nothing that may have run out, they stay where they are. */
static bool keep_old(struct trust_list *l, const struct trust_list *old)
{
    l->more = l->n_revoked > 0;
    l->same = !l->more && l->sifted_us - old->sifted_us < (int64_t)SIFT_S * 1000000;
    if (l->same) {
        l->sifted_us = old->sifted_us;
        return true;
    }
    qsort(l->revoked, l->n_revoked, sizeof *l->revoked, compare);
    return merge(l, old);
}

bool trust_list_read(struct trust_list *l, const struct trust_list *old, const struct rows *rows,
                     struct err *err)
{
    size_t n = rows_count(rows);
    *l = (struct trust_list){.sifted_us = clock_ticks_us()};
    l->revoked = calloc(n + 1, sizeof *l->revoked);
    if (l->revoked == NULL)
        return err_set(err, ERR_NO_MEMORY, NULL, "no memory for revocations");
    for (size_t i = 0; i < n; i++) {
        if (!read_row(l, old, rows, i)) {
            trust_list_release(l);
            return err_set(err, ERR_INTERNAL, NULL, "a key or revocation makes no sense");
        }
    }
    if (keep_old(l, old))
        return true;
    trust_list_release(l);
    return err_set(err, ERR_NO_MEMORY, NULL, "no memory for revocations");
}

void trust_list_adopt(struct trust_list *l, struct trust_list *old)
{
    if (!l->same)
        return;
    free(l->revoked);
    l->revoked = old->revoked;
    l->n_revoked = old->n_revoked;
    l->same = false;
    old->revoked = NULL;
    old->n_revoked = 0;
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
                                     enum revoked kind)
{
    struct revocation wanted = {.kind = kind};
    if (l->n_revoked == 0 || !copy_text(wanted.subject, sizeof wanted.subject, subject))
        return NULL;
    return bsearch(&wanted, l->revoked, l->n_revoked, sizeof wanted, compare);
}

bool trust_list_revokes(const struct trust_list *l, const struct principal *p)
{
    const struct revocation *account = find(l, p->account, REVOKED_ACCOUNT);
    const struct revocation *role = find(l, p->role, REVOKED_ROLE);
    return (account != NULL && p->epoch < account->epoch) ||
           (role != NULL && p->role_epoch < role->epoch) ||
           find(l, p->session, REVOKED_SESSION) != NULL;
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

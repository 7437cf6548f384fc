/* common/auth/trust_list.h - one poll's answer: the keys that tokens may be signed with, and what
 * was revoked. Not locked: auth/trust.c does. Does not poll. */
#ifndef ZEREN_AUTH_TRUST_LIST_H
#define ZEREN_AUTH_TRUST_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/principal.h"
#include "core/err.h"
#include "db/tx.h"

#define TRUST_KEYS_MAX 16
#define TRUST_PEM_MAX                                                                              \
    512 /* bytes of a public P-256 key in PEM, the NUL included: about 180 are used */

struct trust_key {
    char kid[64];
    char pem[TRUST_PEM_MAX];
    void *parsed; /* token_public_open() */
};

struct revocation {
    char subject[UUID_TEXT];
    bool of_session; /* else of an account, up to `epoch` */
    int64_t epoch;
};

struct trust_list {
    unsigned n_keys;
    struct trust_key keys[TRUST_KEYS_MAX];
    size_t n_revoked;
    struct revocation *revoked; /* sorted; malloc */
};

/* Reads rows of (kind, id, value): `key`, kid, PEM · `account`, id, epoch · `session`, id, NULL.
 * Keys that `old` has are shared with it. On failure nothing is held. ERR_INTERNAL for rows that
 * make no sense, ERR_NO_MEMORY. */
bool trust_list_read(struct trust_list *l, const struct trust_list *old, const struct rows *rows,
                     struct err *err);
void trust_list_release(struct trust_list *l);

/* NULL when there is no such key. */
const struct trust_key *trust_list_key(const struct trust_list *l, const char *kid);

/* Was the session ended, or the account's epoch raised above the token's? */
bool trust_list_revokes(const struct trust_list *l, const struct principal *p);

/* Does `l` have a revocation that `old` had not? Does it lack a key that `old` had? */
bool trust_list_refuses_more(const struct trust_list *l, const struct trust_list *old);
bool trust_list_lacks_key(const struct trust_list *l, const struct trust_list *old);

#endif

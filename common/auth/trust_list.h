/* common/auth/trust_list.h - the keys that tokens may be signed with, and what was revoked: a poll
 * brings every key, and those revocations alone that the one before had not. Not locked:
 * auth/trust.c does. Does not poll. */
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

#define TRUST_SUBJECT 40   /* an id, or the code of a role */
#define TRUST_SNAPSHOT 512 /* text of a pg_snapshot; a longer one is not kept */

enum revoked { REVOKED_ACCOUNT, REVOKED_ROLE, REVOKED_SESSION };

struct revocation {
    char subject[TRUST_SUBJECT];
    enum revoked kind;
    int64_t epoch;   /* of accounts and roles: what is older is refused */
    int64_t read_us; /* ticks when it was read */
};

struct trust_list {
    unsigned n_keys;
    struct trust_key keys[TRUST_KEYS_MAX];
    size_t n_revoked;
    struct revocation *revoked;    /* sorted; malloc */
    int64_t sifted_us;             /* ticks when what had run out was dropped last */
    char snapshot[TRUST_SNAPSHOT]; /* what the database had seen; "": read everything */
    bool more, same; /* it has what `old` had not; trust_list_adopt() is to fill the revocations */
};

/* Reads rows of (kind, id, value): `snapshot`, text, NULL · `key`, kid, PEM · `account`, id, epoch
 * · `role`, code, epoch · `session`, id, NULL; and keeps what `old` had, for as long as a token may
 * run that it refuses. Keys that `old` has are shared with it. On failure nothing is held.
 * ERR_INTERNAL for rows that make no sense, ERR_NO_MEMORY. */
bool trust_list_read(struct trust_list *l, const struct trust_list *old, const struct rows *rows,
                     struct err *err);

/* Where nothing changed the revocations are not copied: they move from `old` to `l`. */
void trust_list_adopt(struct trust_list *l, struct trust_list *old);
void trust_list_release(struct trust_list *l);

/* NULL when there is no such key. */
const struct trust_key *trust_list_key(const struct trust_list *l, const char *kid);

/* Was the session ended, or the account's or the role's epoch raised above the token's? */
bool trust_list_revokes(const struct trust_list *l, const struct principal *p);

/* Does `l` lack a key that `old` had? */
bool trust_list_lacks_key(const struct trust_list *l, const struct trust_list *old);

#endif

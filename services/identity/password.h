/* services/identity/password.h - setting passwords, for whoever may. Does not hash and does not
 * match: auth/password.h; does not judge: password_rules.h. */
#ifndef ZEREN_IDENTITY_PASSWORD_H
#define ZEREN_IDENTITY_PASSWORD_H

#include <stdbool.h>

#include "auth/password.h"
#include "http/request.h"

enum { FIRST_PASSWORD = 25 /* "Kx7m-Qp4t-Zw9r-Hn3d-Vb6s" and the NUL */ };

struct first_password {
    char text[FIRST_PASSWORD]; /* to be shown once, in an answer that is stored nowhere */
    char hash[PASSWORD_HASH];
};

/* A random password of 114 bits that keeps to every rule, without characters that are read for one
 * another, and its hash. ERR_RATE as password_hash(). Wipe it: secret_wipe(). */
bool password_first(struct first_password *ret, struct err *err);

/* Makes `hash` the account's password (a credential row is made where there is none): the one
 * before joins the history, every session of the account ends. A :write on the request's own terms
 * (scope, key, audit by the route's id), for an account in the request's scope; its answer is {id,
 * version, password_set_at, must_change, sessions_ended}. Clear rq->idempotency_key first when the
 * answer is to carry a secret. */
bool password_set(struct request *rq, const char *account_id, const char *hash, bool must_change);

#endif

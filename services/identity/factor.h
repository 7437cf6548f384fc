/* services/identity/factor.h - the second factor: codes of an authenticator app, and recovery codes
 * that stand in for them. Rules I-221 to I-228 (proto/identity.md). Does not check passwords. */
#ifndef ZEREN_IDENTITY_FACTOR_H
#define ZEREN_IDENTITY_FACTOR_H

#include <stdbool.h>

#include "http/request.h"
#include "proof.h"

/* What its secret is sealed for, under the account's id (keys/field.h). */
#define FACTOR_COLUMN "identity.credential.totp_secret"

/* After a right password, with the log-in's field `code`: is the second factor there, where the
 * account has one? `repeated`: the same log-in again, whose answer was lost; its code passes once
 * more. `*ret_must` gets what the account must do first (enum must_do is or-ed in), `*ret_factors`
 * "password", "password+totp" or "password+recovery". Refuses with ERR_SECOND_FACTOR; a wrong code
 * (one was given) is a failed log-in, which the log-in counts: it may hold a transaction that would
 * take the count with it. */
bool factor_check(struct request *rq, const char *account_id, bool administrator, bool repeated,
                  unsigned *ret_must, const char **ret_factors);

/* Are there keys to seal and open secrets with (setting FIELD_KEYS_FILE)? Else refuses. */
bool factor_keys(struct request *rq);

enum factor_kind { FACTOR_WRONG, FACTOR_TOTP, FACTOR_RECOVERY };

/* Takes a code of a confirmed factor, once for all. False when that could not be found out. */
bool factor_take(struct request *rq, const struct proof *p, const char *code, bool repeated,
                 enum factor_kind *ret);

/* The time step whose code `code` is, by the account's secret, confirmed or not; 0: none. */
bool factor_step(struct request *rq, const struct proof *p, const char *code, int64_t *ret_step);

/* Takes secret and recovery codes away, for whoever administers the account (POST
 * /accounts/{id}:reset_factor): a :write on the request's own terms (scope, key, audit by the
 * route's id). Its answer is {id, version, second_factor: false}. */
bool factor_reset(struct request *rq, const char *account_id);

#endif

/* services/identity/proof.h - what proves an account, read once a request: its password hash, its
 * second factor, the limits that hold for it; and what a wrong answer costs. Does not hash and does
 * not know codes: password.c, factor.c. */
#ifndef ZEREN_IDENTITY_PROOF_H
#define ZEREN_IDENTITY_PROOF_H

#include <stdbool.h>

#include "http/request.h"
#include "password_rules.h"

struct proof {
    const char *account, *login;
    const char *hash;   /* NULL: no password */
    const char *sealed; /* the second factor's secret, sealed; NULL: none */
    bool confirmed;     /* the second factor is in force */
    bool must_change, expired;
    bool administrator;     /* may act, today or later, as one of the three kinds */
    int64_t history, steps; /* passwords held against; time steps a clock may be off */
    bool released;          /* a security administrator vouches for the second factor */
    const char *release;    /* digest of the code that would say so; NULL: none is out */
    const char *locked_s;   /* NULL: the name is not locked */
    struct password_limits limits;
};

/* Runs a statement that names one account with the whole country's scope: the caller's own account
 * may be kept outside the scope acted in. Binds :of_account. */
bool proof_rows(struct request *rq, const struct stmt *st, const char *account, struct rows **ret);

/* As proof_rows() for a :write; sets the answer as db_write() does. No key is claimed and nothing
 * is stored under one: these answers carry secrets, and a digest of the request would be one of a
 * password. */
bool proof_write(struct request *rq, const struct stmt *st, const char *account);

/* What the account has. ERR_NOT_FOUND when there is none. */
bool proof_read(struct request *rq, const char *account, struct proof *ret);

/* As proof_read() of the caller's own account, for a change that a password or code must prove:
 * not an API token's, and of a name that is not locked. The request's memory is wiped when it ends.
 */
bool proof_read_own(struct request *rq, struct proof *ret);

/* What it must do before anything else (enum must_do). */
unsigned proof_must(const struct proof *p, bool administrator);

/* Counts a failed log-in of the account's name (rule I-210). Not within a
 * transaction that the request's refusal would undo. */
bool proof_failed(struct request *rq, const struct proof *p);

/* Is the value of body field `field` the account's password? Else counts and refuses (422). */
bool proof_password(struct request *rq, const struct proof *p, const char *field);

/* Within a transaction, before a change of what proves an account: log-ins of it wait for its end,
 * and those under way are waited for. */
bool proof_hold(struct request *rq, const char *account);

/* Adds members (",\"next\":\"confirm\"") to the answer of proof_write(); NULL: no memory for them.
 */
bool proof_answer(struct request *rq, const char *members);

/* A bad value of a body field; always false. */
bool proof_refuse(struct request *rq, const char *pointer, const char *code, const char *detail);

#endif

/* common/audit/sealer.h - numbers and chains the audit rows of services, a batch after the other,
 * so that writers never wait for it. One thread; one sealer a directory of heads. */
#ifndef ZEREN_AUDIT_SEALER_H
#define ZEREN_AUDIT_SEALER_H

#include <signal.h>

#include "audit/heads.h"
#include "audit/store.h"

struct sealer_options {
    struct store *const *stores; /* one a service */
    size_t n_stores;
    struct heads heads;
};

/* Seals until a signal of `stop` (blocked by the caller) comes. A service whose chain is not the
 * one that was left is not sealed on, and that is said in the log until it is mended; the others
 * are. False when it could not begin. */
bool sealer_run(const struct sealer_options *o, const sigset_t *stop, struct err *err);

/* Goes over the seals behind `head` up to the database's end: all chained and under keys of the
 * ring? Moves `head` there. ERR_INVALID with the reason when not. */
bool sealer_catch_up(struct store *s, struct keyring *ring, struct arena *work, int64_t until,
                     struct audit_head *head, struct err *err);

#endif

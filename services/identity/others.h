/* services/identity/others.h - sessions and devices of other accounts: with session.end, inside the
 * own scope, and never without a reason (I-011). */
#ifndef ZEREN_IDENTITY_OTHERS_H
#define ZEREN_IDENTITY_OTHERS_H

#include "http/request.h"

/* Binds :may_end_others. */
bool others_bind(struct request *rq);

/* For a list with the filter account_id: another account's needs the permission. Binds as above. */
bool others_filter(struct request *rq);

/* Runs the route's :write, which ends one thing by its id. `owner` says whose it is, `probe`
 * whether it is there: 404, or 409 when it is over. 422 without a reason where it is another
 * account's. */
bool others_end(struct request *rq, const struct stmt *owner, const struct stmt *probe);

#endif

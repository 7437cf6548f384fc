/* services/monitoring/citizen.h - what unmask.c and citizen.c share: why personal data is not shown
 * in full. */
#ifndef ZEREN_MONITORING_CITIZEN_H
#define ZEREN_MONITORING_CITIZEN_H

#include "http/request.h"

/* M-221, M-222. `why` is what monitoring.unmasking_refused() says: "minor" or "rate". Always false.
 */
bool unmasking_refused(struct request *rq, const char *why);

/* False with 403 where the caller does not hold the permission that a field needs. */
bool unmasking_permits(struct request *rq, enum permission p);

#endif

/* common/http/ops.h - the second listener, for those who run the service: /livez, /readyz,
 * /metrics. Not reachable through the gateway. */
#ifndef ZEREN_HTTP_OPS_H
#define ZEREN_HTTP_OPS_H

#include "core/err.h"
#include "http/lifecycle.h"

struct ops;

/* Listens on listen:ops_port. The engine outlives it. NULL with ERR_INTERNAL and the cause. */
struct ops *ops_start(const struct engine *e, struct err *err);

/* From now on /readyz answers 200 when database and trust are there, 503 otherwise; before, always
 * 503. */
void ops_set_ready(struct ops *o, bool ready);

/* Accepts NULL, nulls the pointer. */
void ops_stop(struct ops **o);

#endif

/* common/http/housekeeping.h - once a minute, what time has used up is removed: stored answers of
 * Idempotency-Keys, and what the service's own statements name. */
#ifndef ZEREN_HTTP_HOUSEKEEPING_H
#define ZEREN_HTTP_HOUSEKEEPING_H

#include <stdint.h>

#include "core/err.h"
#include "db/pool.h"
#include "db/stmt.h"

struct housekeeping;

/* Starts the thread on a worker's pool, which outlives it. `forget` as in struct service; its
 * statements may use :now. `files`: what is left over of them is collected, too; NULL: the service
 * keeps none. NULL with `err` set. */
struct file_store; /* files/store.h */
struct housekeeping *housekeeping_start(struct pool *worker, int64_t idempotency_hours,
                                        const struct stmt *const *forget,
                                        const struct file_store *files, struct err *err);

/* Ends the thread, waiting for its statement. Accepts NULL, nulls the pointer. */
void housekeeping_stop(struct housekeeping **h);

#endif

/* common/http/worker.h - the second process of a service (`registry --worker`): what is done behind
 * requests, beside them. It takes no request; a kill of it loses none, and what it does is picked
 * up where it was committed. */
#ifndef ZEREN_HTTP_WORKER_H
#define ZEREN_HTTP_WORKER_H

#include <signal.h>

#include "http/route.h"

struct process; /* http/process.h */

/* Settings, connections, tasks and the operators' port; what fails is in `err`. */
bool worker_configure(struct process *p, const struct service *s, struct err *err);
bool worker_start(struct process *p, struct err *err);

/* Ends the tasks after the steps under way, and releases what is there. */
void worker_stop(struct process *p);

#endif

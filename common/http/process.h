/* common/http/process.h - what one serving process holds, made in order and released in reverse. */
#ifndef ZEREN_HTTP_PROCESS_H
#define ZEREN_HTTP_PROCESS_H

#include <stdbool.h>

#include "http/lifecycle.h"

struct ops;
struct server;
struct file_store; /* files/store.h */

struct process {
    const struct service *service;
    struct engine_settings settings;
    struct engine engine;
    struct arena *arena;
    struct pool *trust_pool; /* polling must not queue behind requests */
    struct ops *ops;
    struct server *server;
    struct file_store *store; /* a worker's, where the service keeps files */
};

/* The service as it is served and as its contract shows it: with the routes that the engine adds to
 * every service (but the contract's own). NULL when out of memory. */
const struct service *service_whole(struct arena *a, const struct service *s);

/* Settings from the environment. */
bool process_configure(struct process *p, const struct service *s, struct err *err);

/* Routes, statements, contract, and what is wrong with them. Touches no network. */
bool process_compose(struct process *p, struct err *err);

/* Pools, trust, the service's own start, listeners. */
bool process_start(struct process *p, struct err *err);

/* Not ready, no new connections, running requests to their end. False when some did not end in
 * time. */
bool process_drain(struct process *p);

/* Parts of it that a worker (http/worker.h) needs, too: a pool, keys of sealed fields (none may be
 * missing where the service's tables have such fields), and TODAY of test builds. */
bool process_open_keys(struct process *p, struct err *err);
struct pool *process_open_pool(const struct process *p, const char *work, int64_t size,
                               bool worker);
bool process_move_clock(const struct process *p, struct err *err);

/* Releases whatever is there. */
void process_stop(struct process *p);

#endif

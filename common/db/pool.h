/* common/db/pool.h - a bounded pool of PostgreSQL connections: the only queue of a service.
 * One pool a class of work (interactive, worker). A connection is lent to one thread at a time.
 * Thread-safe. */
#ifndef ZEREN_DB_POOL_H
#define ZEREN_DB_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

struct pool;
struct conn; /* opaque outside common/db */

struct pool_options {
    const char *conninfo;         /* libpq; must name host, dbname and user */
    const char *password;         /* or NULL */
    const char *search_path;      /* "registry, zeren" */
    const char *application_name; /* "registry/interactive" */
    int size;                     /* connections at most */
    int acquire_ms;               /* longest wait for one */
    int statement_ms;             /* statement_timeout */
    int lock_ms;    /* lock_timeout: also how long a repeated key waits (charter D9) */
    int lifetime_s; /* a connection older than this (with jitter) is replaced */
};

struct pool_stats {
    int size, open, busy, waiting;
    uint64_t acquired, timeouts, opened, failed;
    uint64_t wait_us_sum;
};

/* Copies the options. Opens nothing yet. NULL when out of memory. */
struct pool *pool_create(const struct pool_options *o);

/* Closes what is idle; all connections must have been released. Accepts NULL, nulls the pointer. */
void pool_destroy(struct pool **p);

/* Takes an idle connection (the one used last), or opens one, waiting at most acquire_ms in fair
 * order. The caller gives it back with pool_release() on every path. ERR_BUSY when none came free,
 * ERR_DB_DOWN when none can be opened. */
struct conn *pool_acquire(struct pool *p, struct err *err) __attribute__((warn_unused_result));

/* Gives a connection back. One in doubt (in a transaction, answers outstanding, broken, too old) is
 * closed. */
void pool_release(struct pool *p, struct conn *c);

/* Can a connection be had and does it answer, within acquire_ms? For /readyz. */
bool pool_ready(struct pool *p, struct err *err);

void pool_stats(struct pool *p, struct pool_stats *ret);

#endif

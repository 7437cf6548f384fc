/* common/db/conn.h - what pool.c and tx.c know of a connection; private to common/db. */
#ifndef ZEREN_DB_CONN_H
#define ZEREN_DB_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "db/pool.h"

/* Places in a connection's prepared set: tx.c's own statements, trip.c's, then those of the
 * services. */
enum { FORM_PING = 15, FORM_INDEX_FREE = 16 };

struct conn {
    PGconn *pg;         /* NULL while closed */
    uint64_t *prepared; /* a bit per stmt_form.index */
    size_t prepared_words;
    int64_t expires_at; /* clock_ticks_us() */
    bool broken;        /* lost, or answers are outstanding: not to be used again */
    struct conn *below; /* on the stack of idle or of closed ones */
};

/* Closes a connection found dead and opens another in its place, trying for at most acquire_ms. */
bool pool_replace(struct pool *p, struct conn *c, struct err *err)
    __attribute__((warn_unused_result));

#endif

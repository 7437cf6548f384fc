/* common/db/connect.h - how every connection to PostgreSQL is opened; private to common/db.
 * All settings that change what a statement means or returns are pinned here. */
#ifndef ZEREN_DB_CONNECT_H
#define ZEREN_DB_CONNECT_H

#include <libpq-fe.h>

#include "core/err.h"

struct connect_options {
    const char *conninfo, *password; /* password may be NULL */
    const char *application_name, *search_path;
    int connect_ms;                     /* rounded up to whole seconds, at least two */
    int statement_ms, lock_ms, idle_ms; /* 0: no limit */
};

/* Takes the PG* variables out of the environment, so that none changes a connection. Call before
 * threads; once is enough. */
void connect_ignore_environment(void);

/* An open connection, or NULL with ERR_DB_DOWN (ERR_INTERNAL when `conninfo` itself is wrong). The
 * caller PQfinish()es it. */
PGconn *connect_open(const struct connect_options *o, struct err *err);

#endif

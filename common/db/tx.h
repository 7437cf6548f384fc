/* common/db/tx.h - statements under a scope: the one-trip request and the transaction (charter D2).
 *
 * One trip: [claim of the idempotency key], scope, statement and one sync travel in one libpq
 * pipeline and are one implicit transaction. The scope is set transaction-locally every time, so it
 * cannot come back as another caller's. A deferred constraint, which fails only at the sync, fails
 * the call. */
#ifndef ZEREN_DB_TX_H
#define ZEREN_DB_TX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/err.h"
#include "db/pool.h"
#include "db/stmt.h"

/* Rows of text, borrowed from the arena of the transaction. */
struct rows;
size_t rows_count(const struct rows *r);
const char *rows_text(const struct rows *r, size_t row, size_t column); /* NULL for NULL */

/* What one request needs of the database. The caller fills it; one thread. Holds at most one
 * connection. */
struct tx {
    struct pool *pool;
    struct arena *arena;
    const char *scope;     /* multirange text of zeren.code_multirange; "{}": nothing */
    const char *lines;     /* "" : every line; else a text array literal "{agriculture}" */
    const char *ancestors; /* divisions above the scope, as a text array literal; NULL: none */
    bool auditing;         /* may see audit rows: the caller has audit.read or audit.export */
    bool validate_only;    /* roll back in place of commit: the answer is what would have been */
    bool snapshot; /* tx_begin(): all statements see one moment, and none changes anything */

    struct conn *conn;      /* private */
    bool open;              /* private: inside tx_begin() */
    int64_t db_us, wait_us; /* what it cost so far */
    size_t rows;
};

/* An Idempotency-Key on its way: at most one row per (account, key). */
struct claim {
    const char *account; /* uuid text */
    const char *key;     /* NULL: none */
    const char *digest;  /* of method, path, query, If-Match, post acted in and body */
};

/* The answer stored under a key. */
struct stored_answer {
    int status;
    const char *body, *etag, *location, *digest;
};

/* One trip: runs `f` with `values` (text, NULL for NULL, f->n_params of them) and returns its rows.
 * Fails with the code that db/sqlstate.h gives the server's refusal. Inside tx_begin() it is an
 * ordinary statement of that transaction. */
bool tx_run(struct tx *t, const struct stmt_form *f, const char *const *values, struct rows **ret,
            struct err *err) __attribute__((warn_unused_result));

/* As tx_run for a :write form, with the key claimed first in the same trip. When the key is already
 * there, fails with ERR_KEY_IN_USE: ask tx_stored(). `status` is what the stored answer will say. A
 * commit whose outcome is unknown: ERR_UNKNOWN_OUTCOME. */
bool tx_write(struct tx *t, const struct claim *c, int status, const struct stmt_form *f,
              const char *const *values, struct rows **ret, struct err *err)
    __attribute__((warn_unused_result));

/* BEGIN, scope and claim in one trip, for a handler that must look before it writes. */
bool tx_begin(struct tx *t, const struct claim *c, struct err *err)
    __attribute__((warn_unused_result));

/* COMMIT (or ROLLBACK when validate_only), checked by its command tag (style D.6 P2). No-op when
 * not open. */
bool tx_commit(struct tx *t, struct err *err) __attribute__((warn_unused_result));

/* Gives up: rolls back if open and releases the connection. Safe on every path, any number of
 * times. */
void tx_end(struct tx *t);

/* The stored answer of a key, after ERR_KEY_IN_USE; `ret->status` 0: none, the call is still
 * running (the claim has waited for it as long as the pool's lock_ms). Gives up an open transaction
 * first. */
bool tx_stored(struct tx *t, const struct claim *c, struct stored_answer *ret, struct err *err)
    __attribute__((warn_unused_result));

/* Stores a 409 answer under a key, in a transaction of its own (charter D9). Gives up an open
 * transaction first; does nothing without a key or with validate_only. */
bool tx_store(struct tx *t, const struct claim *c, const struct stored_answer *answer,
              struct err *err) __attribute__((warn_unused_result));

/* Makes the server-side text of `f` ready on a fresh connection, for the test that prepares all:
 * names and types of columns and parameters as arrays in the arena. */
struct stmt_shape {
    size_t n_columns, n_params;
    const char **column_names;
    unsigned *column_types, *param_types; /* OIDs */
};
bool tx_describe(struct tx *t, const struct stmt_form *f, struct stmt_shape *ret, struct err *err);

#endif

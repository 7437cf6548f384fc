/* common/db/sqlstate.h - the one place where a refusal of PostgreSQL becomes a code
 * (proto/errors.def), by SQLSTATE and by constraint name (proto/constraints.def), never by message
 * text. Our own functions raise class ZR: ZR001 no row changed · ZR002 no such referenced record
 * (field in COLUMN) · ZR003 state (detail in MESSAGE) · ZR004 another unit's ZR005 invalid value
 * (field in COLUMN, detail in MESSAGE) · ZR000 rolled back on purpose (validate_only) · ZR006 no
 * calendar data (422) · ZR007 more than the caller may give (field in COLUMN, detail in MESSAGE).
 */
#ifndef ZEREN_DB_SQLSTATE_H
#define ZEREN_DB_SQLSTATE_H

#include "core/err.h"

/* What the server said; any member may be NULL. `routine` is the server's function that refused: it
 * tells a row outside the caller's scope from a grant that we forgot, which share 42501. */
struct sql_refusal {
    const char *sqlstate, *constraint, *column, *message, *routine;
};

/* Sets `err` from a refusal. A missing SQLSTATE is a lost connection: ERR_DB_DOWN. */
bool sqlstate_refuse(const struct sql_refusal *r, struct err *err);

/* The names in proto/constraints.def, for the test that finds each in the catalogues.
 * NULL-terminated. */
const char *const *sqlstate_constraints(void);

#endif

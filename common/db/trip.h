/* common/db/trip.h - one way to the server and back in libpq's pipeline mode; private to common/db.
 */
#ifndef ZEREN_DB_TRIP_H
#define ZEREN_DB_TRIP_H

#include <stdbool.h>

#include "core/err.h"
#include "db/conn.h"
#include "db/stmt.h"

enum { TRIP_STEPS = 6 };

struct step {
    const struct stmt_form *form;
    const char *const *values;
};

/* Steps, then one sync: outside BEGIN … COMMIT one transaction. Zeroed by the caller, who sets
 * conn. */
struct trip {
    struct conn *conn;
    struct step steps[TRIP_STEPS];
    unsigned n, wanted;       /* which step's result is kept */
    unsigned unprepared;      /* a bit per step that is prepared in this trip */
    PGresult *kept, *refused; /* the first refusal; both the caller's to clear */
    unsigned refused_at;      /* n: at the sync */
    bool lost;                /* the connection broke before the sync's answer */
    bool unsent;              /* … and before the sync was sent: nothing has happened */
};

void trip_add(struct trip *x, const struct stmt_form *form, const char *const *values);

/* Adds the step whose rows are wanted. */
void trip_want(struct trip *x, const struct stmt_form *form, const char *const *values);

/* Goes and comes back. A connection that was lost is marked broken. */
void trip_run(struct trip *x);

/* Forgets results, so that the same steps can go again. */
void trip_clear(struct trip *x);

bool trip_refused_with(const struct trip *x, const char *sqlstate);

/* Sets `err` from the refusal. */
bool trip_refuse(const struct trip *x, struct err *err);

/* Has the server closed an idle connection? Then nothing that is sent now would have an effect. */
bool trip_hung_up(const struct conn *c);

/* Does the server answer? */
bool trip_ping(struct conn *c);

/* Prepares a form and asks what it takes and returns; the result is the caller's. NULL when refused
 * or lost. */
PGresult *trip_describe(struct conn *c, const struct stmt_form *f, struct err *err);

#endif

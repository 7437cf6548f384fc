/* common/db/trip.c - the only file that uses libpq's pipeline mode (style D.6 P10). A connection is
 * put in that mode once and left there; a statement is prepared in the trip that first needs it.
 * Decides nothing about what a refusal means: sqlstate.c does; nor about trying again: tx.c does.
 */
#include "db/trip.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "db/sqlstate.h"

#include "core/banned.h"

static const struct stmt_form ping = {.name = "trip.ping", .text = "SELECT 1", .index = FORM_PING};

void trip_add(struct trip *x, const struct stmt_form *form, const char *const *values)
{
    assert(x->n < TRIP_STEPS);
    x->steps[x->n++] = (struct step){.form = form, .values = values};
}

void trip_want(struct trip *x, const struct stmt_form *form, const char *const *values)
{
    x->wanted = x->n;
    trip_add(x, form, values);
}

void trip_clear(struct trip *x)
{
    PQclear(x->kept);
    PQclear(x->refused);
    x->kept = x->refused = NULL;
    x->unprepared = 0;
    x->lost = x->unsent = false;
}

static bool is_prepared(const struct conn *c, unsigned index)
{
    size_t word = index / 64;
    return word < c->prepared_words && (c->prepared[word] >> index % 64 & 1) != 0;
}

/* Without memory the statement is prepared under a name that is taken: refused then, never wrong.
 */
static void note_prepared(struct conn *c, unsigned index)
{
    size_t word = index / 64;
    if (word >= c->prepared_words) {
        size_t words = word + 4;
        uint64_t *grown = realloc(c->prepared, words * sizeof *grown);
        if (grown == NULL) {
            c->broken = true;
            return;
        }
        memset(grown + c->prepared_words, 0, (words - c->prepared_words) * sizeof *grown);
        c->prepared = grown;
        c->prepared_words = words;
    }
    c->prepared[word] |= (uint64_t)1 << index % 64;
}

static bool send_step(struct trip *x, unsigned i)
{
    const struct step *s = &x->steps[i];
    PGconn *pg = x->conn->pg;
    if (!is_prepared(x->conn, s->form->index)) {
        if (PQsendPrepare(pg, s->form->name, s->form->text, 0, NULL) != 1)
            return false;
        x->unprepared |= 1u << i;
    }
    return PQsendQueryPrepared(pg, s->form->name, (int)s->form->n_params, s->values, NULL, NULL,
                               0) == 1;
}

/* Sends the steps and the sync; the bytes leave together. */
static bool trip_send(struct trip *x)
{
    PGconn *pg = x->conn->pg;
    if (PQpipelineStatus(pg) == PQ_PIPELINE_OFF && PQenterPipelineMode(pg) != 1)
        return false;
    for (unsigned i = 0; i < x->n; i++) {
        if (!send_step(x, i))
            return false;
    }
    return PQpipelineSync(pg) == 1;
}

/* Keeps the first refusal; an aborted step says nothing of its own. */
static void note_refusal(struct trip *x, unsigned step, PGresult *r)
{
    if (PQresultStatus(r) == PGRES_FATAL_ERROR && x->refused == NULL) {
        x->refused = r;
        x->refused_at = step;
        return;
    }
    PQclear(r);
}

static bool went_well(const PGresult *r)
{
    return PQresultStatus(r) == PGRES_TUPLES_OK || PQresultStatus(r) == PGRES_COMMAND_OK;
}

/* The one result of a command, and the NULL that ends it. NULL when the connection is gone. */
static PGresult *next_result(PGconn *pg)
{
    PGresult *r = PQgetResult(pg), *more;
    while (r != NULL && (more = PQgetResult(pg)) != NULL)
        PQclear(more);
    return r;
}

static bool receive_step(struct trip *x, unsigned i)
{
    PGconn *pg = x->conn->pg;
    if ((x->unprepared >> i & 1) != 0) {
        PGresult *r = next_result(pg);
        if (r == NULL)
            return false;
        if (went_well(r))
            note_prepared(x->conn, x->steps[i].form->index);
        note_refusal(x, i, r);
    }
    PGresult *r = next_result(pg);
    if (r == NULL)
        return false;
    if (went_well(r) && i == x->wanted)
        x->kept = r;
    else
        note_refusal(x, i, r);
    return true;
}

/* The end of the implicit transaction: a deferred constraint is refused here, before the sync's
 * own result. */
static bool receive_sync(struct trip *x)
{
    PGconn *pg = x->conn->pg;
    for (int results = 0; results < 8 && PQstatus(pg) == CONNECTION_OK; results++) {
        PGresult *r = PQgetResult(pg);
        if (r != NULL && PQresultStatus(r) == PGRES_PIPELINE_SYNC) {
            PQclear(r);
            return true;
        }
        if (r != NULL)
            note_refusal(x, x->n, r);
    }
    return false;
}

static bool trip_receive(struct trip *x)
{
    for (unsigned i = 0; i < x->n; i++) {
        if (!receive_step(x, i))
            return false;
    }
    return receive_sync(x);
}

void trip_run(struct trip *x)
{
    x->unsent = !trip_send(x);
    x->lost = x->unsent || !trip_receive(x);
    if (x->lost)
        x->conn->broken = true;
}

bool trip_refused_with(const struct trip *x, const char *sqlstate)
{
    const char *given =
        x->refused == NULL ? NULL : PQresultErrorField(x->refused, PG_DIAG_SQLSTATE);
    return given != NULL && strcmp(given, sqlstate) == 0;
}

bool trip_refuse(const struct trip *x, struct err *err)
{
    const struct sql_refusal r = {
        .sqlstate = PQresultErrorField(x->refused, PG_DIAG_SQLSTATE),
        .constraint = PQresultErrorField(x->refused, PG_DIAG_CONSTRAINT_NAME),
        .column = PQresultErrorField(x->refused, PG_DIAG_COLUMN_NAME),
        .message = PQresultErrorField(x->refused, PG_DIAG_MESSAGE_PRIMARY),
        .routine = PQresultErrorField(x->refused, PG_DIAG_SOURCE_FUNCTION),
    };
    return sqlstate_refuse(&r, err);
}

bool trip_hung_up(const struct conn *c)
{
    char byte;
    ssize_t n = recv(PQsocket(c->pg), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return n >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

bool trip_ping(struct conn *c)
{
    struct trip x = {.conn = c};
    trip_want(&x, &ping, NULL);
    trip_run(&x);
    bool ok = !x.lost && x.refused == NULL;
    trip_clear(&x);
    return ok;
}

static bool describe_send(struct trip *x, const struct stmt_form *f)
{
    PGconn *pg = x->conn->pg;
    if (PQpipelineStatus(pg) == PQ_PIPELINE_OFF && PQenterPipelineMode(pg) != 1)
        return false;
    if (!is_prepared(x->conn, f->index)) {
        if (PQsendPrepare(pg, f->name, f->text, 0, NULL) != 1)
            return false;
        x->unprepared = 1;
    }
    return PQsendDescribePrepared(pg, f->name) == 1 && PQpipelineSync(pg) == 1;
}

PGresult *trip_describe(struct conn *c, const struct stmt_form *f, struct err *err)
{
    struct trip x = {.conn = c, .n = 1, .steps = {{.form = f}}};
    x.lost = !describe_send(&x, f) || !trip_receive(&x);
    c->broken |= x.lost;
    if (x.refused != NULL)
        trip_refuse(&x, err);
    else if (x.lost)
        err_set(err, ERR_DB_DOWN, NULL, "%s", "");
    PGresult *described = x.lost || x.refused != NULL ? NULL : x.kept;
    if (described != NULL)
        x.kept = NULL;
    trip_clear(&x);
    return described;
}

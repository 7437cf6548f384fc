/* common/db/tx.c - statements under a scope. Composes the trips, decides what is tried again after
 * a lost connection, and what an end without answer means. Sends nothing itself: trip.c does. */
#include "db/tx.h"

#include <assert.h>
#include <string.h>

#include "core/clock.h"
#include "core/str.h"
#include "db/trip.h"

#include "core/banned.h"

struct rows {
    PGresult *result;
};

/* Statements of our own, prepared like all others. Their indexes are below FORM_INDEX_FREE. */
#define OWN(i, n, statement)                                                                       \
    {                                                                                              \
        .name = "tx." #i, .text = (statement), .n_params = (n), .index = (i)                       \
    }
#define OWN_READ(i, n, statement)                                                                  \
    {                                                                                              \
        .name = "tx." #i, .text = (statement), .n_params = (n), .index = (i), .read_only = true    \
    }
static const struct stmt_form own_scope =
    OWN(0, 3,
        "SELECT set_config('zeren.scope', $1, true), set_config('zeren.lines', $2, true),"
        " set_config('zeren.ancestors', $3, true)");
static const struct stmt_form own_scope_custom =
    OWN(1, 3,
        "SELECT set_config('zeren.scope', $1, true), set_config('zeren.lines', $2, true),"
        " set_config('zeren.ancestors', $3, true), set_config('plan_cache_mode', "
        "'force_custom_plan', true)");
static const struct stmt_form own_custom =
    OWN(2, 0, "SELECT set_config('plan_cache_mode', 'force_custom_plan', true)");
static const struct stmt_form own_claim =
    OWN(3, 3, "INSERT INTO idempotency (account_id, key, digest) VALUES ($1::uuid, $2, $3)");
static const struct stmt_form own_begin = OWN(4, 0, "BEGIN");
static const struct stmt_form own_commit = OWN(5, 0, "COMMIT");
static const struct stmt_form own_rollback = OWN(6, 0, "ROLLBACK");
static const struct stmt_form own_check = OWN(7, 0, "SET CONSTRAINTS ALL IMMEDIATE");
static const struct stmt_form own_undo = OWN(8, 0, "SELECT zeren.refuse('ZR000', NULL, '')");
static const struct stmt_form own_stored =
    OWN_READ(9, 2,
             "SELECT status, body, etag, location, digest FROM idempotency"
             " WHERE account_id = $1::uuid AND key = $2");
static const struct stmt_form own_store =
    OWN(10, 7,
        "INSERT INTO idempotency (account_id, key, digest, status, body, etag, location)"
        " VALUES ($1::uuid, $2, $3, $4::smallint, $5, $6, $7)"
        " ON CONFLICT ON CONSTRAINT idempotency_pkey DO NOTHING");
static const struct stmt_form own_begin_snapshot =
    OWN(12, 0, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
static const struct stmt_form own_auditing =
    OWN(11, 0, "SELECT set_config('zeren.auditing', 'on', true)");

/* What is at stake when a connection is lost on the way. */
enum stake {
    STAKE_NONE,  /* nothing changes: try again once, then the database is down */
    STAKE_WRITE, /* it may have been committed */
    STAKE_PART,  /* of an open transaction, which is gone with its connection */
    STAKE_COMMIT /* the end of one: it may have been committed */
};

size_t rows_count(const struct rows *r)
{
    return (size_t)PQntuples(r->result);
}

const char *rows_text(const struct rows *r, size_t row, size_t column)
{
    if (PQgetisnull(r->result, (int)row, (int)column) != 0)
        return NULL;
    return PQgetvalue(r->result, (int)row, (int)column);
}

static void rows_clear(void *rows)
{
    PQclear(((struct rows *)rows)->result);
}

/* Made before anything is sent, so that memory cannot run out between a commit and its answer. */
static struct rows *rows_new(struct arena *a, struct err *err)
{
    struct rows *r = arena_new(a, struct rows);
    if (r != NULL && arena_defer(a, rows_clear, r))
        return r;
    err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
    return NULL;
}

static bool lend(struct tx *t, struct err *err)
{
    if (t->conn != NULL)
        return true;
    int64_t start = clock_ticks_us();
    t->conn = pool_acquire(t->pool, err);
    t->wait_us += clock_ticks_us() - start;
    return t->conn != NULL;
}

static void give_back(struct tx *t)
{
    if (t->conn != NULL)
        pool_release(t->pool, t->conn);
    t->conn = NULL;
    t->open = false;
}

/* The connection has forgotten a statement, or holds one from before a migration. */
static bool is_outdated(const struct trip *x)
{
    return trip_refused_with(x, "26000") || trip_refused_with(x, "0A000");
}

static bool may_go_again(const struct trip *x, enum stake stake)
{
    if (stake == STAKE_NONE)
        return x->lost || is_outdated(x);
    return stake == STAKE_WRITE && (is_outdated(x) || (x->lost && x->unsent));
}

/* Runs the steps, a second time on a new connection where that cannot double an effect. */
static bool go(struct tx *t, struct trip *x, enum stake stake, struct err *err)
{
    x->conn = t->conn;
    if (stake == STAKE_WRITE && trip_hung_up(t->conn) && !pool_replace(t->pool, t->conn, err))
        return false;
    trip_run(x);
    if (!may_go_again(x, stake))
        return true;
    trip_clear(x);
    if (!pool_replace(t->pool, t->conn, err))
        return false;
    trip_run(x);
    return true;
}

/* The server's word that all was rolled back, and not that it is going away. */
static bool surely_refused(const struct trip *x)
{
    const char *state =
        x->refused == NULL ? NULL : PQresultErrorField(x->refused, PG_DIAG_SQLSTATE);
    return state != NULL && (!x->lost || strncmp(state, "57P", 3) != 0);
}

static bool outcome(const struct trip *x, enum stake stake, struct err *err)
{
    bool refused = surely_refused(x);
    bool at_claim = refused && x->refused_at < x->n && x->steps[x->refused_at].form == &own_claim;
    if (at_claim && trip_refused_with(x, "55P03"))
        return err_set(err, ERR_KEY_IN_USE, NULL, "%s", "");
    if (refused)
        return trip_refuse(x, err);
    if (!x->lost && x->refused == NULL)
        return true;
    bool at_stake = stake == STAKE_WRITE || stake == STAKE_COMMIT;
    err_set(err, at_stake && !x->unsent ? ERR_UNKNOWN_OUTCOME : ERR_DB_DOWN, NULL, "%s", "");
    err_cause(err, "%s", "the connection to the database was lost");
    return false;
}

/* Rolled back on purpose, after all constraints held. */
static bool was_undone(const struct trip *x)
{
    return x->refused != NULL && x->refused_at + 1 == x->n &&
           x->steps[x->refused_at].form == &own_undo && trip_refused_with(x, "ZR000");
}

/* Runs the trip on the connection of `t` and moves the wanted rows to `rows` (NULL: none). */
static bool travel(struct tx *t, struct trip *x, enum stake stake, struct rows *rows,
                   struct err *err)
{
    int64_t start = clock_ticks_us();
    bool ok = go(t, x, stake, err) && (was_undone(x) || outcome(x, stake, err));
    if (ok && rows != NULL) {
        rows->result = x->kept;
        x->kept = NULL;
        t->rows += rows_count(rows);
    }
    trip_clear(x);
    t->db_us += clock_ticks_us() - start;
    return ok;
}

static bool run_inside(struct tx *t, const struct stmt_form *f, const char *const *values,
                       struct rows *rows, struct err *err)
{
    struct trip x = {.n = 0};
    if (f->custom_plan)
        trip_add(&x, &own_custom, NULL);
    trip_want(&x, f, values);
    return travel(t, &x, STAKE_PART, rows, err);
}

/* One trip that is a transaction of its own. `claim` may be NULL. */
static bool run_alone(struct tx *t, const char *const *claim, const struct step *s,
                      struct rows *rows, struct err *err)
{
    const char *const scope[] = {t->scope, t->lines, t->ancestors != NULL ? t->ancestors : ""};
    struct trip x = {.n = 0};
    if (claim != NULL)
        trip_add(&x, &own_claim, claim);
    trip_add(&x, s->form->custom_plan ? &own_scope_custom : &own_scope, scope);
    if (t->auditing)
        trip_add(&x, &own_auditing, NULL);
    trip_want(&x, s->form, s->values);
    if (t->validate_only && !s->form->read_only) {
        trip_add(&x, &own_check, NULL);
        trip_add(&x, &own_undo, NULL);
    }
    if (!lend(t, err))
        return false;
    bool ok = travel(t, &x, s->form->read_only ? STAKE_NONE : STAKE_WRITE, rows, err);
    give_back(t);
    return ok;
}

bool tx_run(struct tx *t, const struct stmt_form *f, const char *const *values, struct rows **ret,
            struct err *err)
{
    *ret = rows_new(t->arena, err);
    if (*ret == NULL)
        return false;
    if (t->open)
        return run_inside(t, f, values, *ret, err);
    return run_alone(t, NULL, &(struct step){f, values}, *ret, err);
}

/* The values with the status of the answer in its place. */
static const char *const *with_status(struct arena *a, const struct stmt_form *f,
                                      const char *const *values, int status)
{
    const char **copy = arena_array(a, const char *, f->n_params + 1);
    const char *text = arena_printf(a, "%d", status);
    if (copy == NULL || text == NULL)
        return NULL;
    for (unsigned i = 0; i < f->n_params; i++)
        copy[i] = strcmp(f->params[i], "answer_status") == 0 ? text : values[i];
    return copy;
}

bool tx_write(struct tx *t, const struct claim *c, int status, const struct stmt_form *f,
              const char *const *values, struct rows **ret, struct err *err)
{
    *ret = rows_new(t->arena, err);
    if (*ret == NULL)
        return false;
    const struct step s = {f, with_status(t->arena, f, values, status)};
    if (s.values == NULL)
        return err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
    if (t->open)
        return run_inside(t, f, s.values, *ret, err);
    if (c == NULL || c->key == NULL || t->validate_only)
        return run_alone(t, NULL, &s, *ret, err);
    const char *const claim[] = {c->account, c->key, c->digest};
    return run_alone(t, claim, &s, *ret, err);
}

bool tx_begin(struct tx *t, const struct claim *c, struct err *err)
{
    assert(!t->open);
    bool claims = c != NULL && c->key != NULL && !t->validate_only;
    const char *const scope[] = {t->scope, t->lines, t->ancestors != NULL ? t->ancestors : ""};
    const char *const claim[] = {claims ? c->account : NULL, claims ? c->key : NULL,
                                 claims ? c->digest : NULL};
    struct trip x = {.n = 0};
    trip_want(&x, t->snapshot ? &own_begin_snapshot : &own_begin, NULL);
    trip_add(&x, &own_scope, scope);
    if (t->auditing)
        trip_add(&x, &own_auditing, NULL);
    if (claims)
        trip_add(&x, &own_claim, claim);
    if (!lend(t, err))
        return false;
    t->open = true;
    if (travel(t, &x, STAKE_NONE, NULL, err))
        return true;
    tx_end(t);
    return false;
}

/* COMMIT of a failed transaction succeeds with the tag ROLLBACK. */
static bool was_committed(const struct rows *r, struct err *err)
{
    if (strcmp(PQcmdStatus(r->result), "COMMIT") == 0)
        return true;
    err_set(err, ERR_INTERNAL, NULL, "%s", "");
    err_cause(err, "%s", "commit of a transaction that had failed");
    return false;
}

bool tx_commit(struct tx *t, struct err *err)
{
    if (!t->open)
        return true;
    struct trip x = {.n = 0};
    struct rows *r = rows_new(t->arena, err);
    if (r == NULL)
        return false;
    if (t->validate_only) {
        trip_want(&x, &own_check, NULL);
        trip_add(&x, &own_rollback, NULL);
    } else {
        trip_want(&x, &own_commit, NULL);
    }
    bool ok = travel(t, &x, t->validate_only ? STAKE_PART : STAKE_COMMIT, r, err) &&
              (t->validate_only || was_committed(r, err));
    if (ok)
        t->open = false;
    tx_end(t);
    return ok;
}

void tx_end(struct tx *t)
{
    if (t->conn != NULL && t->open && !t->conn->broken) {
        struct err ignored = {.code = ERR_NONE};
        struct trip x = {.n = 0};
        trip_want(&x, &own_rollback, NULL);
        (void)travel(t, &x, STAKE_PART, NULL, &ignored);
    }
    give_back(t);
}

static const char *kept_text(struct tx *t, const struct rows *r, size_t column)
{
    return arena_strdup(t->arena, rows_text(r, 0, column));
}

bool tx_stored(struct tx *t, const struct claim *c, struct stored_answer *ret, struct err *err)
{
    *ret = (struct stored_answer){0};
    tx_end(t);
    const char *const values[] = {c->account, c->key};
    struct rows *r;
    if (!tx_run(t, &own_stored, values, &r, err))
        return false;
    if (rows_count(r) == 0 || rows_text(r, 0, 0) == NULL)
        return true;
    int64_t status = 0;
    if (!str_int(rows_text(r, 0, 0), 0, 999, &status))
        return err_set(err, ERR_INTERNAL, NULL, "%s", "");
    *ret = (struct stored_answer){
        .status = (int)status,
        .body = kept_text(t, r, 1),
        .etag = kept_text(t, r, 2),
        .location = kept_text(t, r, 3),
        .digest = kept_text(t, r, 4),
    };
    return ret->digest != NULL ? true : err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
}

bool tx_store(struct tx *t, const struct claim *c, const struct stored_answer *answer,
              struct err *err)
{
    tx_end(t);
    if (c == NULL || c->key == NULL || t->validate_only)
        return true;
    const char *status = arena_printf(t->arena, "%d", answer->status);
    const char *const values[] = {c->account,   c->key,       c->digest,       status,
                                  answer->body, answer->etag, answer->location};
    struct rows *r;
    return tx_run(t, &own_store, values, &r, err);
}

static bool shape_from(struct arena *a, const PGresult *r, struct stmt_shape *ret)
{
    int columns = PQnfields(r), params = PQnparams(r);
    *ret = (struct stmt_shape){
        .n_columns = (size_t)columns,
        .n_params = (size_t)params,
        .column_names = arena_array(a, const char *, columns),
        .column_types = arena_array(a, unsigned, columns),
        .param_types = arena_array(a, unsigned, params),
    };
    if (ret->column_names == NULL || ret->column_types == NULL || ret->param_types == NULL)
        return false;
    for (int i = 0; i < columns; i++) {
        ret->column_names[i] = arena_strdup(a, PQfname(r, i));
        ret->column_types[i] = PQftype(r, i);
    }
    for (int i = 0; i < params; i++)
        ret->param_types[i] = PQparamtype(r, i);
    return true;
}

bool tx_describe(struct tx *t, const struct stmt_form *f, struct stmt_shape *ret, struct err *err)
{
    *ret = (struct stmt_shape){.n_columns = 0};
    if (!lend(t, err))
        return false;
    PGresult *r = trip_describe(t->conn, f, err);
    bool ok = r != NULL && shape_from(t->arena, r, ret);
    PQclear(r);
    if (!t->open)
        give_back(t);
    return ok || err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
}

/* common/db/sqlstate.c - from SQLSTATE and constraint name to a code of the vocabulary. Reads no
 * message to decide anything; shows a message only where our own function wrote it for the client.
 */
#include "db/sqlstate.h"

#include <stddef.h>
#include <string.h>

#include "core/banned.h"

struct constraint {
    const char *name;
    enum err_code code;
    const char *field, *detail;
};

static const struct constraint constraints[] = {
#define X(name, code, field, detail) {#name, ERR_##code, field, detail},
#include "constraints.def"
#undef X
};

static const char *const names[] = {
#define X(name, code, field, detail) #name,
#include "constraints.def"
#undef X
    NULL};

/* By the whole state, or by its class of two characters; the first row that fits holds. */
struct state {
    const char *prefix;
    enum err_code code;
};

static const struct state states[] = {
    {"40001", ERR_BUSY},    /* serialization failure: the engine tries again */
    {"40P01", ERR_BUSY},    /* deadlock: likewise */
    {"57014", ERR_BUSY},    /* statement_timeout */
    {"55P03", ERR_BUSY},    /* lock_timeout */
    {"53", ERR_BUSY},       /* out of connections, memory, disk */
    {"57P", ERR_DB_DOWN},   /* shut down, crashed, starting */
    {"08", ERR_DB_DOWN},    /* connection lost */
    {"25006", ERR_DB_DOWN}, /* this server only reads: it is a standby now */
    {"25P03", ERR_DB_DOWN}, /* idle_in_transaction_session_timeout */
};

/* Our own refusals (class ZR). An empty detail: the one the server sent. */
struct own {
    const char *sqlstate;
    enum err_code code;
    const char *detail;
    bool told; /* the message is for the client */
};

static const struct own owns[] = {
    {"ZR001", ERR_NOT_FOUND, "", false},  {"ZR002", ERR_INVALID, "there is no such record", false},
    {"ZR003", ERR_STATE, "", true},       {"ZR004", ERR_NOT_YOUR_UNIT, "", true},
    {"ZR005", ERR_INVALID, "", true},     {"ZR006", ERR_INVALID, "", true},
    {"ZR007", ERR_EXCEEDS_OWN, "", true}, {"ZR011", ERR_QUOTA, "", true},
    {"ZR012", ERR_TOO_LARGE, "", true},   {"ZR013", ERR_SAME_PERSON, "", true},
    {"ZR014", ERR_ELSEWHERE, "", true},
};

const char *const *sqlstate_constraints(void)
{
    return names;
}

static const char *or_empty(const char *s)
{
    return s == NULL ? "" : s;
}

/* The message for the log, without the value that some of them end with. */
static bool say(const struct sql_refusal *r, struct err *err)
{
    const char *message = or_empty(r->message);
    const char *value = strstr(message, ": \"");
    size_t len = value == NULL ? strlen(message) : (size_t)(value - message);
    err_cause(err, "%s%s%.*s", or_empty(r->constraint), r->constraint == NULL ? "" : ": ",
              (int)(len < sizeof err->cause ? len : sizeof err->cause), message);
    return false;
}

static bool by_constraint(const struct sql_refusal *r, struct err *err)
{
    for (size_t i = 0; i < sizeof constraints / sizeof constraints[0]; i++) {
        const struct constraint *c = &constraints[i];
        if (strcmp(c->name, or_empty(r->constraint)) == 0)
            return err_set(err, c->code, c->field, "%s", c->detail);
    }
    return err_set(err, ERR_INTERNAL, NULL, "%s", "");
}

static bool by_own_code(const struct sql_refusal *r, struct err *err)
{
    for (size_t i = 0; i < sizeof owns / sizeof owns[0]; i++) {
        const struct own *o = &owns[i];
        if (strcmp(o->sqlstate, r->sqlstate) == 0)
            return err_set(err, o->code, or_empty(r->column), "%s",
                           o->told ? or_empty(r->message) : o->detail);
    }
    return err_set(err, ERR_INTERNAL, NULL, "%s", "");
}

static bool by_state(const struct sql_refusal *r, struct err *err)
{
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        if (strncmp(r->sqlstate, states[i].prefix, strlen(states[i].prefix)) == 0)
            return err_set(err, states[i].code, NULL, "%s", "");
    }
    return err_set(err, ERR_INTERNAL, NULL, "%s", "");
}

static bool refused_by_policy(const struct sql_refusal *r)
{
    return strcmp(r->sqlstate, "42501") == 0 &&
           (r->routine == NULL || strcmp(r->routine, "ExecWithCheckOptions") == 0);
}

static bool choose(const struct sql_refusal *r, struct err *err)
{
    if (r->sqlstate == NULL)
        return err_set(err, ERR_DB_DOWN, NULL, "%s", "");
    if (refused_by_policy(r))
        return err_set(err, ERR_OUT_OF_SCOPE, NULL, "%s", "");
    if (strncmp(r->sqlstate, "23", 2) == 0)
        return by_constraint(r, err);
    if (strncmp(r->sqlstate, "ZR", 2) == 0)
        return by_own_code(r, err);
    return by_state(r, err);
}

bool sqlstate_refuse(const struct sql_refusal *r, struct err *err)
{
    if (err->code != ERR_NONE)
        return false;
    choose(r, err);
    const char *state = or_empty(r->sqlstate);
    size_t n = strnlen(state, sizeof err->sqlstate - 1);
    memcpy(err->sqlstate, state, n);
    err->sqlstate[n] = '\0';
    return say(r, err);
}

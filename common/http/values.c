/* common/http/values.c - from the names of a statement's parameters to their values. Does not
 * convert: fields are canonical text already, and the engine's own are made here as PostgreSQL
 * reads them. */
#include "http/values.h"

#include <string.h>

#include "core/buf.h"
#include "core/str.h"
#include "http/decode.h"
#include "http/lifecycle.h"
#include "http/sealed.h"

#include "core/banned.h"

typedef const char *source(struct request *rq, const struct value_context *c);

static const char *or_null(const struct request *rq, const char *text)
{
    return rq->signed_in && *text != '\0' ? text : NULL;
}

/* Without memory there is no value, and NULL would be one. */
static const char *made(struct request *rq, const char *text)
{
    if (text == NULL)
        fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
    return text;
}

static const char *now_text(struct request *rq, const struct value_context *c)
{
    (void)c;
    char *text = arena_alloc(rq->arena, 32);
    if (text != NULL)
        clock_format(rq->now, text);
    return made(rq, text);
}

static const char *today_text(struct request *rq, const struct value_context *c)
{
    (void)c;
    char *text = arena_alloc(rq->arena, 11);
    if (text != NULL)
        date_format(rq->today, text);
    return made(rq, text);
}

static const char *caller_account(struct request *rq, const struct value_context *c)
{
    (void)c;
    return or_null(rq, rq->principal.account);
}

static const char *caller_post(struct request *rq, const struct value_context *c)
{
    (void)c;
    return or_null(rq, rq->principal.post);
}

static const char *caller_organisation(struct request *rq, const struct value_context *c)
{
    (void)c;
    return or_null(rq, rq->principal.organisation);
}

static const char *caller_session(struct request *rq, const struct value_context *c)
{
    (void)c;
    return or_null(rq, rq->principal.session);
}

static const char *caller_address(struct request *rq, const struct value_context *c)
{
    (void)c;
    return rq->address;
}

/* The value of a field that the route takes, or NULL. */
static const char *taken(const struct request *rq, const char *name)
{
    const struct field *f = route_field(rq->route, name);
    return f == NULL || rq->args == NULL ? NULL : rq->args[f - rq->route->fields];
}

/* */
static const char *audit_reason(struct request *rq, const struct value_context *c)
{
    (void)c;
    const char *reason = taken(rq, "reason");
    return reason != NULL ? reason : taken(rq, "decision_note");
}

static const char *scope_lo(struct request *rq, const struct value_context *c)
{
    (void)c;
    return rq->signed_in ? rq->principal.scope_lo : "";
}

static const char *scope_hi(struct request *rq, const struct value_context *c)
{
    (void)c;
    return rq->signed_in ? rq->principal.scope_hi : "";
}

static const char *request_id(struct request *rq, const struct value_context *c)
{
    (void)c;
    return rq->request_id;
}

static const char *trace_id(struct request *rq, const struct value_context *c)
{
    (void)c; /* 00-<32>-…, checked by the guard */
    if (rq->traceparent == NULL)
        return NULL;
    return made(rq, arena_strndup(rq->arena, rq->traceparent + 3, 32));
}

static const char *new_id(struct request *rq, const struct value_context *c)
{
    (void)c;
    return rq->new_id;
}

static const char *idempotency_key(struct request *rq, const struct value_context *c)
{
    (void)c;
    return rq->signed_in && !rq->validate_only ? rq->idempotency_key : NULL;
}

static const char *verb(struct request *rq, const struct value_context *c)
{
    (void)c;
    return rq->route->id;
}

static const char *answer_status(struct request *rq, const struct value_context *c)
{
    return made(rq, arena_printf(rq->arena, "%d", c->status));
}

static const char *location_prefix(struct request *rq, const struct value_context *c)
{
    if ((c->status != 201 && c->status != 202) || rq->route->location == NULL)
        return NULL;
    return made(rq, arena_printf(rq->arena, "/api/v1/%s%s", rq->engine->service->name,
                                 rq->route->location));
}

static bool is_step(const struct route *r, const struct transition *t)
{
    return r->verb != NULL && strcmp(t->verb, r->verb) == 0;
}

/* The states that the route's verb may start from, as an array literal. */
static const char *from_states(struct request *rq, const struct value_context *c)
{
    (void)c;
    struct buf b;
    char gap = '{';
    buf_init(&b, rq->arena, 1024);
    for (const struct transition *t = rq->route->fsm; t != NULL && t->verb != NULL; t++) {
        if (!is_step(rq->route, t) || t->from == NULL)
            continue;
        buf_char(&b, gap);
        buf_str(&b, t->from);
        gap = ',';
    }
    buf_str(&b, gap == '{' ? "{}" : "}");
    return made(rq, buf_text(&b));
}

static const char *to_state(struct request *rq, const struct value_context *c)
{
    (void)c;
    for (const struct transition *t = rq->route->fsm; t != NULL && t->verb != NULL; t++) {
        if (is_step(rq->route, t))
            return t->to;
    }
    return NULL;
}

static const char *limit(struct request *rq, const struct value_context *c)
{
    (void)rq;
    return c->limit;
}

static const char *after_sort(struct request *rq, const struct value_context *c)
{
    (void)rq;
    return c->after_sort;
}

static const char *after_key(struct request *rq, const struct value_context *c)
{
    (void)rq;
    return c->after_key;
}

/* clang-format off */
static const struct {
    const char *name;
    source *value;
} sources[] = {
    {"now", now_text},                  {"today", today_text},
    {"caller_account", caller_account}, {"caller_post", caller_post},
    {"caller_organisation", caller_organisation},
    {"caller_session", caller_session}, {"caller_address", caller_address},
    {"audit_reason", audit_reason},
    {"request_id", request_id},         {"trace_id", trace_id},
    {"new_id", new_id},                 {"idempotency_key", idempotency_key},
    {"verb", verb},                     {"scope_lo", scope_lo},
    {"scope_hi", scope_hi},             {"answer_status", answer_status},
    {"location_prefix", location_prefix},
    {"from_states", from_states},       {"to_state", to_state},
    {"limit", limit},                   {"after_sort", after_sort},
    {"after_key", after_key},
};
/* clang-format on */

/* Is `name` one of :caller_may_<permission>? Then its value: what the caller holds. */
bool values_may(const struct request *rq, const char *name, const char **ret_value)
{
    enum permission p = permission_of_param(name);
    if (p == PERM_NONE)
        return false;
    bool may = rq->signed_in && permission_in(rq->principal.permissions, p);
    *ret_value = may ? "true" : "false";
    return true;
}

static source *source_of(const char *name)
{
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        if (strcmp(sources[i].name, name) == 0)
            return sources[i].value;
    }
    return NULL;
}

/* The field that "<field>_given" asks about, or NULL. */
static const struct field *given_field(const struct route *r, const char *name)
{
    static const char suffix[] = "_given";
    size_t len = strlen(name), tail = sizeof suffix - 1;
    if (len <= tail || strcmp(name + len - tail, suffix) != 0)
        return NULL;
    for (const struct field *f = r->fields; f != NULL && f->name != NULL; f++) {
        if (strlen(f->name) == len - tail && strncmp(f->name, name, len - tail) == 0)
            return f;
    }
    return NULL;
}

bool values_know(const struct route *r, const char *name)
{
    const struct field *f = route_field(r, name);
    return source_of(name) != NULL || permission_of_param(name) != PERM_NONE ||
           (f != NULL && !sealed_within(f)) || given_field(r, name) != NULL ||
           sealed_field(r, name) != NULL;
}

const char *values_fault(const struct stmt *const *all, const char **ret_param)
{
    for (; all != NULL && *all != NULL; all++) {
        for (unsigned i = 0; i < (*all)->n_params; i++) {
            const char *name = (*all)->params[i];
            *ret_param = name;
            if (str_starts(name, CALLER_MAY) && permission_of_param(name) == PERM_NONE)
                return (*all)->name;
        }
    }
    return NULL;
}

/* A field as it came; not with personal data in the clear inside: sealed_members(). */
static const char *plain_value(struct request *rq, const struct field *f)
{
    if (!sealed_within(f))
        return rq->args[f - rq->route->fields];
    fail(rq, ERR_INTERNAL, f->name, "%s", "");
    err_cause(&rq->err, "%s holds sealed fields and cannot be bound", f->name);
    return NULL;
}

static const char *value_of(struct request *rq, const char *name, const struct value_context *c)
{
    source *own = source_of(name);
    if (own != NULL)
        return own(rq, c);
    for (const struct binding *b = rq->bindings; b != NULL; b = b->next) {
        if (strcmp(b->name, name) == 0)
            return b->text;
    }
    const char *made = NULL;
    if (values_may(rq, name, &made) || sealed_bind(rq, name, &made))
        return made;
    const struct field *f = route_field(rq->route, name);
    if (f != NULL)
        return plain_value(rq, f);
    f = given_field(rq->route, name);
    return f == NULL ? NULL : rq->given[f - rq->route->fields] ? "true" : "false";
}

const char *const *values_of(struct request *rq, const struct stmt_form *f,
                             const struct value_context *c)
{
    enum err_code before = rq->err.code; /* faults of a table are gathered across statements */
    const char **values = arena_array(rq->arena, const char *, f->n_params + 1);
    if (values == NULL) {
        fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
        return NULL;
    }
    for (unsigned i = 0; i < f->n_params; i++)
        values[i] = value_of(rq, f->params[i], c);
    return rq->err.code == before ? values : NULL;
}

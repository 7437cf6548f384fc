/* common/http/lint.c - what is wrong with a service's tables, found before it serves. Ambiguous
 * paths are http/match.c's. */
#include <string.h>

#include "http/decode.h"
#include "http/lifecycle.h"
#include "http/sealed.h"
#include "http/sync.h"
#include "http/values.h"

#include "core/banned.h"

static bool wrong(const struct route *r, struct err *err, const char *what, const char *name)
{
    err_set(err, ERR_INTERNAL, r->id, "%s", "");
    err_cause(err, "route %s (%s): %s%s%s", r->id == NULL ? "?" : r->id, r->path, what,
              name == NULL ? "" : " ", name == NULL ? "" : name);
    return false;
}

static bool lint_shape(const struct route *r, struct err *err)
{
    if (r->id == NULL || r->summary == NULL)
        return wrong(r, err, "no id or no summary", NULL);
    if (r->path[0] != '/')
        return wrong(r, err, "a path that does not begin with a slash", NULL);
    if (r->fields == NULL || r->handler == NULL)
        return wrong(r, err, "no fields or no handler", NULL);
    if (r->permission <= PERM_NONE || r->permission >= PERM_COUNT)
        return wrong(r, err, "an unknown permission", NULL);
    const struct field *clash = route_clash(r);
    return clash == NULL ||
           wrong(r, err, "a field that is a parameter of every such route:", clash->name);
}

/* Each parameter of the path has a field that comes from there. */
static bool lint_path(const struct route *r, struct err *err)
{
    for (const char *at = strstr(r->path, "/:"); at != NULL; at = strstr(at + 1, "/:")) {
        char name[40] = {0};
        size_t n = strcspn(at + 2, "/:");
        if (n >= sizeof name)
            return wrong(r, err, "a path parameter with a long name", NULL);
        memcpy(name, at + 2, n);
        const struct field *f = route_field(r, name);
        if (f == NULL || (f->flags & IN_PATH) == 0)
            return wrong(r, err, "a path parameter without a field:", name);
    }
    return true;
}

/* A stock handler knows all its values; another may add some by arg_bind(). */
static bool lint_statement(const struct route *r, const struct stmt *st, struct err *err)
{
    for (unsigned i = 0; st != NULL && i < st->n_params; i++) {
        if (!values_know(r, st->params[i]))
            return wrong(r, err, "a statement parameter without a source:", st->params[i]);
    }
    return true;
}

static bool is_stock(const struct route *r)
{
    return r->handler == read_one || r->handler == read_page || r->handler == write_one ||
           r->handler == step_one;
}

static bool lint_handler(const struct route *r, struct err *err)
{
    bool writes = r->handler == write_one || r->handler == step_one;
    if (!is_stock(r))
        return true;
    if (r->sql == NULL)
        return wrong(r, err, "a stock handler without a statement", NULL);
    enum stmt_kind kind = r->sql->kind;
    if (writes && kind != STMT_WRITE)
        return wrong(r, err, "a write whose statement is not :write", NULL);
    if (r->handler == read_page && kind != STMT_PAGE)
        return wrong(r, err, "a page whose statement is not :page", NULL);
    if (r->handler == read_one && kind != STMT_ONE && kind != STMT_VIEW)
        return wrong(r, err, "a read whose statement is not :one or :view", NULL);
    return writes == (r->method != METHOD_GET) ||
           wrong(r, err, "a method that is not the handler's", NULL);
}

static bool lint_version(const struct route *r, struct err *err)
{
    for (const struct field *f = r->fields; f->name != NULL; f++) {
        if (route_takes(r, f, IS_VERSION) && r->probe == NULL)
            return wrong(r, err, "If-Match without a probe", NULL);
    }
    if (r->probe != NULL && r->probe->kind != STMT_ONE && r->probe->kind != STMT_VIEW)
        return wrong(r, err, "a probe that is not :one or :view", NULL);
    return !is_stock(r) || lint_statement(r, r->probe, err);
}

static bool lint_step(const struct route *r, struct err *err)
{
    if (r->verb == NULL && r->fsm == NULL)
        return r->handler != step_one || wrong(r, err, "a step without a state table", NULL);
    if (r->verb == NULL || r->fsm == NULL)
        return wrong(r, err, "a verb without a state table, or the other way round", NULL);
    for (const struct transition *t = r->fsm; t->verb != NULL; t++) {
        if (strcmp(t->verb, r->verb) == 0)
            return true;
    }
    return wrong(r, err, "a verb that its state table does not have:", r->verb);
}

static bool lint_location(const struct route *r, struct err *err)
{
    size_t n = r->location == NULL ? 0 : strlen(r->location);
    if (r->location == NULL)
        return true;
    return (n > 2 && r->location[0] == '/' && r->location[n - 1] == '/') ||
           wrong(r, err, "a location that does not begin and end with a slash", NULL);
}

static bool lint_sealed(const struct route *r, struct err *err)
{
    const struct field *f = NULL;
    const char *why = sealed_fault(r->fields, &f);
    if (why == NULL)
        why = sealed_fault(r->shows, &f);
    return why == NULL || wrong(r, err, why, f->name);
}

static bool lint_route(const struct route *r, struct err *err)
{
    return lint_shape(r, err) && lint_path(r, err) && lint_handler(r, err) &&
           (!is_stock(r) || lint_statement(r, r->sql, err)) && lint_version(r, err) &&
           lint_step(r, err) && lint_location(r, err) && lint_sealed(r, err);
}

static bool lint_may(const struct service *s, struct err *err)
{
    const char *param = NULL, *name = values_fault(s->statements, &param);
    if (name == NULL)
        return true;
    err_set(err, ERR_INTERNAL, name, "%s", "");
    err_cause(err, "statement %s: there is no permission as in :%s", name, param);
    return false;
}

bool lifecycle_lint(const struct engine *e, struct err *err)
{
    for (size_t i = 0; e->service->resources[i] != NULL; i++) {
        for (const struct route *r = e->service->resources[i]; r->path != NULL; r++) {
            if (!lint_route(r, err))
                return false;
        }
    }
    return lint_may(e->service, err) && sync_lint(e->service, err);
}

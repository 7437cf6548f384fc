/* common/http/request.c - what a handler asks of its request: values by name, further values for
 * statements, bad values. Does not decode and does not answer. */
#include "http/request.h"

#include <assert.h>
#include <string.h>

#include "core/limits.h"
#include "core/str.h"
#include "http/decode.h"

#include "core/banned.h"

enum {
    PROBLEMS_FIRST = 8, /* room that doubles */
};

/* Room for one more; false when there is enough or memory ran out. */
static bool problem_room(struct request *rq)
{
    size_t n = rq->n_problems;
    if (n >= LIMIT_PROBLEMS)
        return false;
    bool full = n == 0 || (n >= PROBLEMS_FIRST && (n & (n - 1)) == 0);
    if (!full)
        return true;
    struct problem *more = arena_array(rq->arena, struct problem, n == 0 ? PROBLEMS_FIRST : 2 * n);
    if (more == NULL)
        return false;
    if (n > 0)
        memcpy(more, rq->problems, n * sizeof *more);
    rq->problems = more;
    return true;
}

bool problem_add(struct request *rq, struct problem p)
{
    assert((p.name != NULL || p.place == AT_CELL) && p.code != NULL && p.detail != NULL);
    bool outside_body = p.place == AT_PARAMETER || p.place == AT_HEADER;
    if (outside_body && rq->err.code == ERR_INVALID) /* 400 goes before 422 */
        err_clear(&rq->err);
    /* A name of the caller's own making is told to the caller, not to the log. */
    const char *field = str_starts(p.code, "unknown_") ? NULL : p.name;
    err_set(&rq->err, outside_body ? ERR_BAD_PARAMETER : ERR_INVALID, field, "%s", p.detail);
    if (problem_room(rq))
        rq->problems[rq->n_problems++] = p;
    return false;
}

static size_t field_index(const struct request *rq, const char *name)
{
    const struct field *f = route_field(rq->route, name);
    assert(f != NULL); /* a name that the route's table does not have */
    return (size_t)(f - rq->route->fields);
}

const char *arg_text(const struct request *rq, const char *name)
{
    return rq->args[field_index(rq, name)];
}

bool arg_given(const struct request *rq, const char *name)
{
    return rq->given[field_index(rq, name)];
}

bool arg_date(const struct request *rq, const char *name, struct date *ret)
{
    const char *text = arg_text(rq, name);
    return text != NULL && date_parse(text, ret);
}

bool arg_int(const struct request *rq, const char *name, int64_t *ret)
{
    const char *text = arg_text(rq, name);
    return text != NULL && str_int(text, INT64_MIN, INT64_MAX, ret);
}

bool arg_decimal(const struct request *rq, const char *name, struct decimal *ret)
{
    size_t i = field_index(rq, name);
    return rq->args[i] != NULL && decimal_parse(rq->args[i], (int)rq->route->fields[i].max, ret);
}

bool arg_bind(struct request *rq, const char *name, const char *text)
{
    struct binding *b = arena_new(rq->arena, struct binding);
    if (b == NULL)
        return fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
    *b = (struct binding){.next = rq->bindings, .name = name, .text = text};
    rq->bindings = b;
    return true;
}

const char *arg_bound(const struct request *rq, const char *name)
{
    const struct binding *b = rq->bindings;
    while (b != NULL && strcmp(b->name, name) != 0)
        b = b->next;
    return b == NULL ? NULL : b->text;
}

/* common/http/openapi_plan.h - what a contract is made of before it is written: all routes in a
 * row, and a name for every answer and body. Shared by the openapi_*.c files only. */
#ifndef ZEREN_HTTP_OPENAPI_PLAN_H
#define ZEREN_HTTP_OPENAPI_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "http/json_writer.h"
#include "http/openapi_schema.h"
#include "http/route.h"

/* A field table that answers are made of; several routes may share it. */
struct contract_answer {
    const struct field *fields;
    const char *name; /* "DutyList" */
    bool paged;       /* some route lists it */
};

struct contract {
    struct arena *arena;
    const struct service *service;
    const struct route **routes;
    const char **bodies; /* by route: the name of the body's schema, or NULL */
    size_t n_routes;
    struct contract_answer *answers;
    size_t n_answers;
};

/* False when out of memory. */
bool contract_plan(struct contract *c, struct arena *a, const struct service *s);

/* The answer of a route; NULL when it has none (204, or nothing shown). */
const struct contract_answer *contract_answer_of(const struct contract *c, const struct route *r);

/* "/reports/:id:confirm" -> "/reports/{id}:confirm". */
const char *contract_path(struct arena *a, const char *pattern);

/* The first segment: "/duty_lists/:id/tasks" -> "duty_lists". */
const char *contract_tag(struct arena *a, const char *pattern);

/* Has the pattern a path parameter (of that name)? */
bool contract_path_has(const char *pattern, const char *name);
bool contract_path_has_any(const char *pattern);

/* The status of success, and whether a body is taken. */
int contract_status(const struct route *r);
bool contract_takes_body(const struct route *r);
bool contract_takes_version(const struct route *r);

/* Is it a read of one versioned record, which knows If-None-Match? */
bool contract_reads_one(const struct route *r);

/* What the JSON body of a route holds. */
struct schema_part contract_body(const struct route *r);

/* One operation with its key ("get"), openapi_operation.c. */
void operation_render(struct json *j, const struct contract *c, size_t route);

/* The operation that serves the contract itself. */
void operation_contract(struct json *j, const struct contract *c);

/* components.parameters, .headers and .responses that the routes use, openapi_shared.c. */
void shared_parameters(struct json *j, const struct contract *c);
void shared_headers(struct json *j, const struct contract *c);
void shared_responses(struct json *j, const struct contract *c);

/* The references to what can be refused, inside "responses". */
void refusals_render(struct json *j, const struct route *r);

/* A member {"$ref": "#/components/<room>/<name>"}. */
void shared_ref(struct json *j, const char *key, const char *room, const char *name);

#endif

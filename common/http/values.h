/* common/http/values.h - what a statement is bound to: the engine's own values, a handler's, the
 * request's fields, by name. */
#ifndef ZEREN_HTTP_VALUES_H
#define ZEREN_HTTP_VALUES_H

#include <stdbool.h>

#include "db/stmt.h"
#include "http/request.h"

/* What is known only where the statement is run. */
struct value_context {
    int status; /* of the answer, for :answer_status and :location_prefix */
    const char *limit, *after_sort, *after_key; /* of a page */
};

/* :caller_may_<permission>, dots as underscores: 'true' or 'false', whether the caller holds it.
 * False when `name` is none of them. */
bool values_may(const struct request *rq, const char *name, const char **ret_value);

/* The first statement that asks for a permission that there is none of, and the parameter by which;
 * NULL when all are good. */
const char *values_fault(const struct stmt *const *all, const char **ret_param);

/* The values of a form in its order, in the arena: the engine's names first, then arg_bind(),
 * `<field>_given`, the fields. NULL with ERR_NO_MEMORY. */
const char *const *values_of(struct request *rq, const struct stmt_form *f,
                             const struct value_context *c);

/* Has that name a source on this route, arg_bind() aside? */
bool values_know(const struct route *r, const char *name);

#endif

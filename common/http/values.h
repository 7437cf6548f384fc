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

/* The values of a form in its order, in the arena: the engine's names first, then arg_bind(),
 * `<field>_given`, the fields. NULL with ERR_NO_MEMORY. */
const char *const *values_of(struct request *rq, const struct stmt_form *f,
                             const struct value_context *c);

/* Has that name a source on this route, arg_bind() aside? */
bool values_know(const struct route *r, const char *name);

#endif

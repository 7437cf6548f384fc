/* common/jobs/job_values.h - values of a statement's parameters by their names. */
#ifndef ZEREN_JOBS_JOB_VALUES_H
#define ZEREN_JOBS_JOB_VALUES_H

#include "core/arena.h"
#include "db/stmt.h"

/* `pairs` is name, value, name, value, ... NULL; the first of a name holds, names it does not have
 * are NULL to the statement, but :caller_may_<permission>, which says whether `permissions`, an
 * array literal or NULL, has it. A value may be NULL. NULL when out of memory. */
const char *const *job_values(struct arena *a, const struct stmt_form *f, const char *const *pairs,
                              const char *const *more, const char *permissions);

#endif

/* common/jobs/job_values.c - see job_values.h. */
#include "jobs/job_values.h"

#include <string.h>

#include "core/banned.h"

static const char *value_of(const char *const *pairs, const char *name, bool *ret_found)
{
    for (; pairs != NULL && pairs[0] != NULL; pairs += 2) {
        *ret_found = strcmp(pairs[0], name) == 0;
        if (*ret_found)
            return pairs[1];
    }
    return NULL;
}

const char *const *job_values(struct arena *a, const struct stmt_form *f, const char *const *pairs,
                              const char *const *more)
{
    const char **values = arena_array(a, const char *, f->n_params + 1);
    for (unsigned i = 0; values != NULL && i < f->n_params; i++) {
        bool found = false;
        values[i] = value_of(pairs, f->params[i], &found);
        if (!found)
            values[i] = value_of(more, f->params[i], &found);
    }
    return values;
}

/* common/jobs/job_values.c - see job_values.h. */
#include "jobs/job_values.h"

#include <string.h>

#include "jobs/job.h"

#include "core/banned.h"

#define CALLER_MAY "caller_may_"

static const char *value_of(const char *const *pairs, const char *name, bool *ret_found)
{
    for (; pairs != NULL && pairs[0] != NULL; pairs += 2) {
        *ret_found = strcmp(pairs[0], name) == 0;
        if (*ret_found)
            return pairs[1];
    }
    return NULL;
}

static char plain(char c)
{
    return c == '.' ? '_' : c;
}

/* Is that word the element of an array literal, dots as underscores? */
static bool is_element(const char *element, size_t len, const char *word)
{
    size_t i = 0;
    while (i < len && word[i] != '\0' && plain(element[i]) == plain(word[i]))
        i++;
    return i == len && word[i] == '\0';
}

static bool is_among(const char *permissions, const char *word)
{
    for (const char *at = permissions; at != NULL && *at != '\0';) {
        at += strspn(at, "{},\"");
        size_t len = strcspn(at, "{},\"");
        if (len > 0 && is_element(at, len, word))
            return true;
        at += len;
    }
    return false;
}

bool job_may(const struct job_run *r, const char *right)
{
    return is_among(r->permissions, right);
}

/* 'true' or 'false' for :caller_may_<permission>, NULL for any other name. */
static const char *permitted(const char *permissions, const char *name)
{
    if (strncmp(name, CALLER_MAY, sizeof CALLER_MAY - 1) != 0)
        return NULL;
    return is_among(permissions, name + sizeof CALLER_MAY - 1) ? "true" : "false";
}

const char *const *job_values(struct arena *a, const struct stmt_form *f, const char *const *pairs,
                              const char *const *more, const char *permissions)
{
    const char **values = arena_array(a, const char *, f->n_params + 1);
    for (unsigned i = 0; values != NULL && i < f->n_params; i++) {
        bool found = false;
        values[i] = value_of(pairs, f->params[i], &found);
        if (!found)
            values[i] = value_of(more, f->params[i], &found);
        if (!found)
            values[i] = permitted(permissions, f->params[i]);
    }
    return values;
}

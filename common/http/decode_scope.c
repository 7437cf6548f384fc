/* common/http/decode_scope.c - divisions that the caller named: inside the own scope, or 403
 * (charter D1). What the caller did not name is the database's business: row-level security. */
#include <string.h>

#include "core/division_code.h"
#include "http/decode_parts.h"

#include "core/banned.h"

/* Does a division of the caller's lie below `code`? */
static bool is_above(const struct principal *p, const char *code)
{
    char prefix[DIVISION_CODE];
    if (!division_prefix(code, prefix))
        return false;
    for (unsigned i = 0; i < p->n_prefixes; i++) {
        if (strncmp(p->prefixes[i], prefix, strlen(prefix)) == 0)
            return true;
    }
    return false;
}

bool decode_scope(struct decoder *d)
{
    struct request *rq = d->rq;
    for (size_t i = 0; rq->signed_in && d->route->fields[i].name != NULL; i++) {
        const struct field *f = &d->route->fields[i];
        const char *code = d->args[i];
        if (code == NULL || (f->flags & (OWN_SCOPE | OWN_OR_ABOVE)) == 0 ||
            principal_covers(&rq->principal, code))
            continue;
        if ((f->flags & OWN_OR_ABOVE) == 0 || !is_above(&rq->principal, code))
            return fail(rq, ERR_OUT_OF_SCOPE, f->name, "%s is outside your scope.", code);
    }
    return true;
}

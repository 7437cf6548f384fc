/* common/http/sealed.c - from values to ciphertext: see sealed.h. Showing them is sealed_show.c. */
#include "http/sealed.h"

#include <string.h>

#include "http/decode.h"
#include "http/lifecycle.h"
#include "keys/field.h"

#include "core/banned.h"

static struct span span_of(const char *plain)
{
    return (struct span){plain, strlen(plain)};
}

/* process.c saw to it that there is one. */
static struct keyring *keys_of(struct request *rq)
{
    if (rq->engine->keyring == NULL)
        fail(rq, ERR_INTERNAL, NULL, "%s", "");
    return rq->engine->keyring;
}

bool sealed_text(struct request *rq, const struct field *f, const char *record, const char *plain,
                 const char **ret_hex)
{
    const struct field_place place = {f->column, record};
    *ret_hex = NULL;
    if (plain == NULL)
        return true;
    return keys_of(rq) != NULL &&
           field_seal(rq->engine->keyring, &place, span_of(plain), rq->arena, ret_hex, &rq->err);
}

bool sealed_hash(struct request *rq, const struct field *f, const char *plain, const char **ret_hex)
{
    *ret_hex = NULL;
    if (plain == NULL)
        return true;
    return keys_of(rq) != NULL && field_lookup(rq->engine->keyring, f->column, span_of(plain),
                                               rq->arena, ret_hex, &rq->err);
}

bool sealed_hashes(struct request *rq, const struct field *f, const char *plain,
                   const char **ret_array)
{
    *ret_array = NULL;
    if (plain == NULL)
        return true;
    return keys_of(rq) != NULL && field_lookups(rq->engine->keyring, f->column, span_of(plain),
                                                rq->arena, ret_array, &rq->err);
}

static const struct field *find(const struct route *r, const char *param, const char *suffix)
{
    for (const struct field *f = r->fields; f != NULL && f->name != NULL; f++) {
        size_t len = strlen(f->name);
        if (f->type == FIELD_SEALED && strncmp(param, f->name, len) == 0 &&
            strcmp(param + len, suffix) == 0)
            return f;
    }
    return NULL;
}

const struct field *sealed_field(const struct route *r, const char *param)
{
    const struct field *f = find(r, param, "_hash");
    return f != NULL ? f : find(r, param, "_hashes");
}

/* The id of the record that the request is about. */
static const char *record_of(const struct request *rq)
{
    return strstr(rq->route->path, "/:id") != NULL ? arg_text(rq, "id") : rq->new_id;
}

bool sealed_bind(struct request *rq, const char *param, const char **ret_value)
{
    const struct route *r = rq->route;
    const struct field *whole = find(r, param, ""), *hash = find(r, param, "_hash"),
                       *hashes = find(r, param, "_hashes");
    if (whole != NULL)
        (void)sealed_text(rq, whole, record_of(rq), rq->args[whole - r->fields], ret_value);
    else if (hash != NULL)
        (void)sealed_hash(rq, hash, rq->args[hash - r->fields], ret_value);
    else if (hashes != NULL)
        (void)sealed_hashes(rq, hashes, rq->args[hashes - r->fields], ret_value);
    return whole != NULL || hash != NULL || hashes != NULL;
}

bool sealed_on_route(const struct route *r)
{
    return sealed_within(&(struct field){.of = r->fields}) ||
           sealed_within(&(struct field){.of = r->shows});
}

bool sealed_in_service(const struct service *s)
{
    for (size_t i = 0; s->resources[i] != NULL; i++) {
        for (const struct route *r = s->resources[i]; r->path != NULL; r++) {
            if (sealed_on_route(r))
                return true;
        }
    }
    return s->sealed != NULL && s->sealed[0].column != NULL;
}

static bool is_permission(int p)
{
    return p == 0 || (p > PERM_SIGNED_IN && p < PERM_COUNT);
}

/* `inside`: of a nested record. */
static const char *fault_of(const struct field *f, bool inside)
{
    if (f->type != FIELD_SEALED)
        return NULL;
    if (f->column == NULL || strchr(f->column, '.') == NULL)
        return "a sealed field without its column:";
    if (f->min < 0 || f->min >= SEALED_KINDS)
        return "a sealed field of an unknown kind:";
    if ((f->flags & (IN_QUERY | IN_PATH)) != 0) /* addresses are logged on their way */
        return "a sealed field in an address:";
    if (inside && f->min == SEALED_TEXT && (f->flags & IN_BODY) != 0)
        return "a sealed text inside a nested body:";
    bool known = is_permission(f->shown_to) && is_permission(f->masked_to);
    if (f->masked_to != 0 && (f->flags & SHOWN) != 0 && (f->flags & NULLABLE) == 0)
        return "a sealed field that some see as null and that is not nullable:";
    return known ? NULL : "a sealed field shown to an unknown permission:";
}

static const char *fault_in(const struct field *fields, bool inside, const struct field **ret_field)
{
    const char *why = NULL;
    for (const struct field *f = fields; f != NULL && f->name != NULL && why == NULL; f++) {
        *ret_field = f;
        why = fault_of(f, inside);
        if (why == NULL && f->of != NULL) {
            const struct field *inner = NULL;
            why = fault_in(f->of, true, &inner);
            *ret_field = why == NULL ? f : inner;
        }
    }
    return why;
}

const char *sealed_fault(const struct field *fields, const struct field **ret_field)
{
    return fault_in(fields, false, ret_field);
}

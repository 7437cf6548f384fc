/* common/http/sealed.c - from values to ciphertext: see sealed.h. Showing them is sealed_show.c. */
#include "http/sealed.h"

#include <string.h>

#include "core/citizen_id.h"
#include "core/phone.h"
#include "http/decode.h"
#include "http/lifecycle.h"
#include "keys/field.h"

#include "core/banned.h"

enum { CITIZEN_ID_LENGTH = 18 };

static const char *refuse(const char **ret_problem, const char **ret_detail, const char *code,
                          const char *detail)
{
    *ret_problem = code;
    *ret_detail = detail;
    return NULL;
}

static const char *normal_citizen_id(struct arena *a, const char *text, const char **ret_problem,
                                     const char **ret_detail)
{
    struct citizen_id id;
    char upper[CITIZEN_ID_LENGTH + 1] = {0};
    bool whole = strnlen(text, sizeof upper) == CITIZEN_ID_LENGTH;
    if (whole)
        memcpy(upper, text, CITIZEN_ID_LENGTH);
    if (upper[CITIZEN_ID_LENGTH - 1] == 'x')
        upper[CITIZEN_ID_LENGTH - 1] = 'X';
    if (!whole || !citizen_id_parse(upper, clock_date(clock_now()), &id))
        return refuse(ret_problem, ret_detail, "not_a_citizen_id",
                      "Seventeen digits with a birth date that exists, and their check character.");
    return arena_strdup(a, upper);
}

static const char *normal_phone(struct arena *a, const char *text, const char **ret_problem,
                                const char **ret_detail)
{
    char number[PHONE_TEXT];
    if (!phone_parse(text, number))
        return refuse(ret_problem, ret_detail, "not_a_phone_number",
                      "A mobile number of 11 digits, or area code and number.");
    return arena_strdup(a, number);
}

const char *sealed_normal(struct arena *a, enum sealed_kind kind, const char *text,
                          const char **ret_problem, const char **ret_detail)
{
    *ret_problem = *ret_detail = NULL;
    return kind == SEALED_CITIZEN_ID ? normal_citizen_id(a, text, ret_problem, ret_detail)
                                     : normal_phone(a, text, ret_problem, ret_detail);
}

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

static bool in_fields(const struct field *f)
{
    for (; f != NULL && f->name != NULL; f++) {
        if (f->type == FIELD_SEALED || in_fields(f->of))
            return true;
    }
    return false;
}

bool sealed_on_route(const struct route *r)
{
    return in_fields(r->fields) || in_fields(r->shows);
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

/* `inside`: of a body's nested records, which are bound as JSON text. */
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
    return inside && (f->flags & IN_BODY) != 0 ? "a sealed field inside a nested body:" : NULL;
}

static const char *fault_in(const struct field *fields, bool inside, const struct field **ret_field)
{
    const char *why = NULL;
    for (const struct field *f = fields; f != NULL && f->name != NULL && why == NULL; f++) {
        *ret_field = f;
        why = fault_of(f, inside);
        if (why == NULL)
            why = fault_in(f->of, (f->flags & IN_BODY) != 0, ret_field);
    }
    return why;
}

const char *sealed_fault(const struct field *fields, const struct field **ret_field)
{
    return fault_in(fields, false, ret_field);
}

/* common/http/decode_query.c - values outside the body: path, query, If-Match. Does not open
 * cursors. */
#include <string.h>

#include "core/str.h"
#include "http/decode_parts.h"
#include "http/query.h"

#include "core/banned.h"

enum { CURSOR_MAX = 1024 /* bytes; ours are shorter */ };

bool decode_refuse(struct decoder *d, enum problem_place place, const char *name, const char *code,
                   const char *detail)
{
    if (code == NULL || name == NULL || detail == NULL)
        return fail(d->rq, ERR_NO_MEMORY, NULL, "%s", "");
    return problem_add(d->rq, (struct problem){place, name, 0, code, detail});
}

static bool refuse(struct decoder *d, const char *name, const char *code, const char *detail)
{
    return decode_refuse(d, AT_PARAMETER, name, code, detail);
}

/* Decodes one raw value; NULL with a problem under `name`. */
static const char *take_raw(struct decoder *d, const char *name, const char *raw, size_t len,
                            bool plus)
{
    const char *text = NULL;
    enum url_fault fault = url_decode(d->rq->arena, raw, len, plus, &text);
    if (fault == URL_OK)
        return text;
    refuse(d, name, fault == URL_MEMORY ? NULL : "malformed",
           "The value is not UTF-8, percent-encoded.");
    return NULL;
}

static void take_field(struct decoder *d, const struct field *f, const char *text)
{
    const char *problem = NULL, *detail = NULL;
    size_t i = (size_t)(f - d->route->fields);
    d->given[i] = true;
    d->args[i] = decode_value(d->rq->arena, f, text, &problem, &detail);
    if (d->args[i] == NULL)
        refuse(d, f->name, problem, detail);
}

void decode_path(struct decoder *d, const struct match *m)
{
    for (unsigned i = 0; i < m->n_params; i++) {
        const struct field *f = route_field(d->route, m->names[i]);
        const char *raw = m->values[i];
        const char *text = take_raw(d, m->names[i], raw, strlen(raw), false);
        if (f != NULL && text != NULL)
            take_field(d, f, text);
    }
}

static void take_limit(struct decoder *d, const char *text)
{
    int64_t n = 0;
    if (!str_int(text, 1, LIMIT_MAX, &n))
        refuse(d, "limit", "out_of_range", "A whole number from 1 to 500; 50 when absent.");
    else
        d->rq->limit = (long)n;
}

static void take_cursor(struct decoder *d, const char *text)
{
    size_t len = strlen(text);
    if (len == 0 || len > CURSOR_MAX)
        refuse(d, "cursor", "malformed", "A cursor is taken as it stands in a page's next link.");
    else
        d->rq->cursor = text;
}

static void take_sort(struct decoder *d, const char *text)
{
    const struct stmt *st = d->route->sql;
    const char *name = *text == '-' ? text + 1 : text;
    bool offered = false;
    for (const char *const *sort = st->sorts; sort != NULL && *sort != NULL; sort++)
        offered |= strcmp(*sort, name) == 0;
    if (offered)
        d->rq->sort = text;
    else
        refuse(d, "sort", "not_one_of", "That order is not offered here.");
}

static bool shows(const struct route *r, const char *name, size_t len)
{
    const struct field *f = r->shows != NULL ? r->shows : r->fields;
    for (; f != NULL && f->name != NULL; f++) {
        if ((f->flags & SHOWN) != 0 && strlen(f->name) == len && strncmp(f->name, name, len) == 0)
            return true;
    }
    return false;
}

static void take_fields(struct decoder *d, const char *text)
{
    const char *at = text;
    bool known = true;
    while (known) {
        size_t len = strcspn(at, ",");
        known = shows(d->route, at, len);
        if (at[len] == '\0')
            break;
        at += len + 1;
    }
    if (known)
        d->rq->only_fields = text;
    else
        refuse(d, "fields", "unknown_field", "Names of the record's fields, with commas between.");
}

static void take_validate_only(struct decoder *d, const char *text)
{
    d->rq->validate_only = strcmp(text, "true") == 0;
    if (!d->rq->validate_only && strcmp(text, "false") != 0)
        refuse(d, "validate_only", "not_a_boolean", "Either true or false.");
}

static void take_option(struct decoder *d, enum route_option option, const char *text)
{
    static void (*const takers[OPTION_COUNT])(struct decoder *, const char *) = {
        [OPTION_LIMIT] = take_limit,
        [OPTION_CURSOR] = take_cursor,
        [OPTION_SORT] = take_sort,
        [OPTION_FIELDS] = take_fields,
        [OPTION_VALIDATE_ONLY] = take_validate_only,
    };
    takers[option](d, text);
}

/* The option of that name which the route takes, or OPTION_COUNT. */
static enum route_option find_option(const struct route *r, const char *name)
{
    enum route_option option = 0;
    while (option < OPTION_COUNT &&
           (strcmp(route_option_name(option), name) != 0 || !route_takes_option(r, option)))
        option++;
    return option;
}

static void take_pair(struct decoder *d, const char *name, const struct query_pair *pair,
                      unsigned *options_seen)
{
    const struct field *f = route_field(d->route, name);
    enum route_option option = find_option(d->route, name);
    bool is_option = option < OPTION_COUNT;
    if (!is_option && (f == NULL || !route_takes(d->route, f, IN_QUERY))) {
        refuse(d, name, "unknown_parameter", "This address takes no such parameter.");
        return;
    }
    bool seen = is_option ? (*options_seen >> option & 1U) != 0 : d->given[f - d->route->fields];
    if (seen) {
        refuse(d, name, "repeated", "This parameter may come once.");
        return;
    }
    const char *text = take_raw(d, name, pair->value, pair->value_len, true);
    if (is_option)
        *options_seen |= 1U << option;
    if (text != NULL && is_option)
        take_option(d, option, text);
    else if (text != NULL)
        take_field(d, f, text);
}

static void demand_fields(struct decoder *d)
{
    for (size_t i = 0; d->route->fields != NULL && d->route->fields[i].name != NULL; i++) {
        const struct field *f = &d->route->fields[i];
        if (!d->given[i] && route_takes(d->route, f, IN_QUERY) && route_demands(d->route, f))
            refuse(d, f->name, "required", "This parameter is required.");
    }
}

void decode_query(struct decoder *d)
{
    const char *at = d->rq->url + strcspn(d->rq->url, "?");
    struct query_pair pair;
    unsigned options_seen = 0;
    if (*at == '?')
        at++;
    while (d->rq->err.code != ERR_NO_MEMORY && query_next(&at, &pair)) {
        const char *name = NULL;
        enum url_fault fault = url_decode(d->rq->arena, pair.name, pair.name_len, true, &name);
        if (fault == URL_OK)
            take_pair(d, name, &pair, &options_seen);
        else
            refuse(d, "?", fault == URL_MEMORY ? NULL : "malformed",
                   "A parameter's name is not UTF-8, percent-encoded.");
    }
    demand_fields(d);
}

/* "7" or W/"7" in quotes; NULL for anything else. */
static const char *version_text(struct decoder *d, const char *etag)
{
    int64_t n = 0;
    if (str_starts(etag, "W/"))
        etag += 2;
    size_t len = strlen(etag);
    if (len < 3 || etag[0] != '"' || etag[len - 1] != '"')
        return NULL;
    const char *digits = arena_strndup(d->rq->arena, etag + 1, len - 2);
    return digits != NULL && str_int(digits, 1, INT32_MAX, &n) ? digits : NULL;
}

const struct field *decode_version_field(const struct route *r)
{
    for (const struct field *f = r->fields; f != NULL && f->name != NULL; f++) {
        if (route_takes(r, f, IS_VERSION))
            return f;
    }
    return NULL;
}

void decode_version(struct decoder *d)
{
    const char *etag = d->rq->if_match;
    const struct field *f = decode_version_field(d->route);
    if (etag == NULL || (f == NULL && !route_is_write(d->route)))
        return;
    if (f == NULL) { /* a condition that is not kept must not look kept */
        decode_refuse(d, AT_HEADER, "If-Match", "not_taken", "This address takes no condition.");
        return;
    }
    size_t i = (size_t)(f - d->route->fields);
    d->given[i] = true;
    d->args[i] = version_text(d, etag);
    if (d->args[i] == NULL)
        decode_refuse(d, AT_HEADER, "If-Match", "malformed",
                      "The version as its ETag has it: \"7\".");
}

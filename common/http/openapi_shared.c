/* common/http/openapi_shared.c - what operations of a contract have in common: parameters, headers
 * of answers, and the refusals with their problem document. Which codes a status stands for comes
 * from proto/errors.def. */
#include <string.h>

#include "core/err.h"
#include "http/decode.h"
#include "http/openapi_plan.h"

#include "core/banned.h"

enum { CURSOR_MAX = 1024 };

/* When a refusal can occur. */
enum occasion {
    ALWAYS,
    WITH_TOKEN, /* also where log-in itself is refused */
    WITH_PERMISSION,
    WITH_PATH,  /* a record is named */
    WITH_KEY,   /* a write that an Idempotency-Key can stand on */
    WITH_INPUT, /* such a write, one with a body, or a read that counts on the calendar */
    WITH_BODY,
    WITH_VERSION,
    WITH_PLACE /* in the feed */
};

struct refusal {
    int status;
    enum occasion when;
    const char *name, *says;
};

static const struct refusal refusals[] = {
    {400, ALWAYS, "BadRequest",
     "The request is malformed, or a parameter or header is wrong, unknown or missing."},
    {401, WITH_TOKEN, "Unauthenticated", "There is no valid token, or the log-in is refused."},
    {403, WITH_PERMISSION, "Forbidden", "The caller may not do this, or not there."},
    {404, WITH_PATH, "NotFound", "There is no such record within the caller's scope."},
    {409, WITH_KEY, "Conflict",
     "The record's state, another record or a running call with the same key stands against it."},
    {410, WITH_PLACE, "Gone", "That place is too old: begin again, as the problem says."},
    {412, WITH_VERSION, "Stale",
     "The record has changed since the version in If-Match; the problem shows it as it stands."},
    {413, WITH_BODY, "TooLarge", "The body is too large."},
    {415, WITH_BODY, "UnsupportedMediaType",
     "The body has another content type than this address takes."},
    {422, WITH_INPUT, "Unprocessable",
     "Fields are not acceptable, each of them named; or the key was used for another request."},
    {428, WITH_VERSION, "PreconditionRequired", "If-Match is missing."},
    {429, ALWAYS, "TooManyRequests",
     "The caller is over the limit; Retry-After says how long to wait."},
    {503, ALWAYS, "Unavailable",
     "The service cannot answer just now; Retry-After says when to try again."},
};
enum { N_REFUSALS = sizeof refusals / sizeof refusals[0] };

static bool takes_key(const struct route *r)
{
    return route_is_write(r) && !r->reads && (r->permission != PERM_PUBLIC || r->unkept);
}

/* A year without calendar data refuses what counts work days (charter D17). */
static bool counts_work_days(const struct route *r)
{
    const char *text = r->sql == NULL ? NULL : r->sql->text;
    return text != NULL && strstr(text, "zeren.work_days_between") != NULL;
}

static bool occurs(const struct refusal *f, const struct route *r)
{
    switch (f->when) {
    case ALWAYS:
        return true;
    case WITH_TOKEN:
        return r->permission != PERM_PUBLIC || route_is_write(r);
    case WITH_PERMISSION: /* any token may come from an address that it does not work from */
        return r->permission != PERM_PUBLIC;
    case WITH_PATH:
        return r->misses || contract_path_has_any(r->path);
    case WITH_KEY: /* what answers in a form of its own keeps no answer under a key */
        return takes_key(r) && r->answers == NULL;
    case WITH_INPUT:
        return takes_key(r) || contract_takes_body(r) || counts_work_days(r);
    case WITH_BODY:
        return contract_takes_body(r);
    case WITH_VERSION:
        return contract_takes_version(r);
    case WITH_PLACE:
        return r->forgets;
    }
    return false;
}

void shared_ref(struct json *j, const char *key, const char *room, const char *name)
{
    put_object(j, key);
    put_text(j, "$ref", arena_printf(j->to->arena, "#/components/%s/%s", room, name));
    put_close(j);
}

void refusals_render(struct json *j, const struct route *r)
{
    for (const struct refusal *f = refusals; f < refusals + N_REFUSALS; f++) {
        if (occurs(f, r))
            shared_ref(j, arena_printf(j->to->arena, "%d", f->status), "responses", f->name);
    }
}

static bool used(const struct refusal *f, const struct contract *c)
{
    for (size_t i = 0; i < c->n_routes; i++) {
        if (occurs(f, c->routes[i]))
            return true;
    }
    return f->when == ALWAYS;
}

/* "The record has changed … Codes: `stale` (…)." */
static const char *refusal_doc(struct arena *a, const struct refusal *f)
{
    struct buf b;
    buf_init(&b, a, 4096);
    buf_str(&b, f->says);
    const char *before = " Codes: ";
    for (enum err_code code = ERR_NONE + 1; code < ERR_COUNT; code++) {
        const struct err_class *e = err_class(code);
        if (e->status != f->status)
            continue;
        buf_printf(&b, "%s`%s` (%s)", before, e->code, e->title);
        before = ", ";
    }
    buf_char(&b, '.');
    return buf_text(&b);
}

static const struct err_class *first_of_status(int status)
{
    enum err_code code = ERR_NONE + 1;
    while (code + 1 < ERR_COUNT && err_class(code)->status != status)
        code++;
    return err_class(code);
}

static void problem_example(struct json *j, int status)
{
    const struct err_class *e = first_of_status(status);
    put_object(j, "example");
    put_text(j, "type", arena_printf(j->to->arena, "urn:zeren:problem:%s", e->code));
    put_text(j, "title", e->title);
    put_int(j, "status", status);
    put_text(j, "detail", e->title);
    put_text(j, "code", e->code);
    put_text(j, "request_id", "5f0c6d1be0a94c6e8b0f2f6d3a7c9e10");
    put_close(j);
}

static bool waits(int status)
{
    return status == 429 || status == 503;
}

void shared_responses(struct json *j, const struct contract *c)
{
    put_object(j, "responses");
    for (const struct refusal *f = refusals; f < refusals + N_REFUSALS; f++) {
        if (!used(f, c))
            continue;
        put_object(j, f->name);
        put_text(j, "description", refusal_doc(c->arena, f));
        put_object(j, "headers");
        shared_ref(j, "X-Request-Id", "headers", "RequestId");
        if (f->status == 401)
            shared_ref(j, "WWW-Authenticate", "headers", "Challenge");
        if (waits(f->status))
            shared_ref(j, "Retry-After", "headers", "RetryAfter");
        shared_ref(j, "RateLimit-Limit", "headers", "RateLimitLimit");
        shared_ref(j, "RateLimit-Remaining", "headers", "RateLimitRemaining");
        shared_ref(j, "RateLimit-Reset", "headers", "RateLimitReset");
        put_close(j);
        put_object(j, "content");
        put_object(j, "application/problem+json");
        shared_ref(j, "schema", "schemas", "Problem");
        problem_example(j, f->status);
        put_close(j);
        put_close(j);
        put_close(j);
    }
    put_close(j);
}

/* A schema of text or a whole number, as headers and shared parameters have it. */
struct simple {
    const char *name, *doc;
    const char *pattern; /* text; NULL: a number of `min` to `max` */
    int64_t min, max;    /* of the text's length, too */
    const char *example;
};

static void simple_schema(struct json *j, const struct simple *s)
{
    bool text = s->pattern != NULL;
    put_object(j, "schema");
    put_text(j, "type", text ? "string" : "integer");
    if (!text)
        put_text(j, "format", "int32");
    put_int(j, text ? "minLength" : "minimum", s->min);
    put_int(j, text ? "maxLength" : "maximum", s->max);
    if (text)
        put_text(j, "pattern", s->pattern);
    put_array(j, "examples");
    if (text)
        put_text(j, NULL, s->example);
    else
        put_literal(j, NULL, s->example);
    put_close(j);
    put_close(j);
}

#define VERSION_TAG "^\"[0-9]{1,10}\"$"
static const struct simple rate_limit = {
    "RateLimitLimit", "Requests a minute.", NULL, 1, INT32_MAX, "600"};
static const struct simple rate_remaining = {
    "RateLimitRemaining", "Requests left of them.", NULL, 0, INT32_MAX, "599"};
static const struct simple rate_reset = {
    "RateLimitReset", "Seconds until all of them are back.", NULL, 0, 3600, "1"};
static const struct simple request_id = {
    "RequestId", "Stands in the log, too.",         "^[A-Za-z0-9._:-]+$", 1,
    64,          "5f0c6d1be0a94c6e8b0f2f6d3a7c9e10"};
static const struct simple retry_after = {"RetryAfter", "Seconds to wait.", NULL, 0, 3600, "1"};
static const struct simple challenge = {
    "Challenge", "What is asked for.",    "^Bearer realm=\"zeren\"", 20,
    200,         "Bearer realm=\"zeren\""};
static const struct simple etag = {
    "ETag", "The record's version, for If-Match.", VERSION_TAG, 3, 12, "\"1\""};
static const struct simple replayed = {
    "Replayed", "true: the stored answer of an earlier call with the same Idempotency-Key.",
    "^true$",   4,
    4,          "true"};
static const struct simple location = {
    "Location",  "The new record's address.",
    "^/api/v1/", 9,
    300,         "/api/v1/registry/items/019b7a3e-8d52-7c41-9f06-2b8e5d1a4c70"};
static const struct simple next_link = {
    "Link", "The next page, rel=\"next\"; absent on the last.",        "^<.*>; rel=\"next\"$", 14,
    8192,   "</api/v1/registry/items?cursor=eyJhIjoxfQ>; rel=\"next\""};

static void header(struct json *j, const struct simple *s, bool required)
{
    put_object(j, s->name);
    put_text(j, "description", s->doc);
    if (required)
        put_bool(j, "required", true);
    simple_schema(j, s);
    put_close(j);
}

static bool any_route(const struct contract *c, bool (*is)(const struct route *))
{
    for (size_t i = 0; i < c->n_routes; i++) {
        if (is(c->routes[i]))
            return true;
    }
    return false;
}

static bool shows_version(const struct route *r)
{
    const struct field *f = r->shows != NULL ? r->shows : r->fields;
    while (f != NULL && f->name != NULL && (f->flags & IS_VERSION) == 0)
        f++;
    return f != NULL && f->name != NULL && !route_is_page(r);
}

static bool creates(const struct route *r)
{
    return r->location != NULL;
}

static bool asks_for_token(const struct route *r)
{
    return occurs(&refusals[1], r);
}

void shared_headers(struct json *j, const struct contract *c)
{
    put_object(j, "headers");
    header(j, &request_id, true);
    header(j, &rate_limit, false);
    header(j, &rate_remaining, false);
    header(j, &rate_reset, false);
    header(j, &retry_after, true);
    if (any_route(c, asks_for_token))
        header(j, &challenge, false);
    if (any_route(c, shows_version))
        header(j, &etag, true);
    if (any_route(c, takes_key))
        header(j, &replayed, false);
    if (any_route(c, creates))
        header(j, &location, true);
    if (any_route(c, route_is_page))
        header(j, &next_link, false);
    put_close(j);
}

struct parameter {
    const char *in;
    bool required;
    struct simple value; /* value.name is the parameter's */
};

static void parameter(struct json *j, const char *key, const struct parameter *p)
{
    put_object(j, key);
    put_text(j, "name", p->value.name);
    put_text(j, "in", p->in);
    put_text(j, "description", p->value.doc);
    put_bool(j, "required", p->required);
    simple_schema(j, &p->value);
    put_close(j);
}

static const struct parameter limit = {
    "query",
    false,
    {"limit", "How many records a page holds at most; 50 when absent.", NULL, 1, LIMIT_MAX, "50"}};
static const struct parameter cursor = {
    "query",
    false,
    {"cursor",
     "Where the page begins: next_cursor of the page before, with the same filters and sort.",
     "^[A-Za-z0-9_-]+$", 1, CURSOR_MAX, "eyJhIjoxfQ"}};
static const struct parameter key = {"header",
                                     false,
                                     {"Idempotency-Key",
                                      "Chosen by the caller: a repeated call with the same key has "
                                      "its effect once and gets the same answer. "
                                      "Tokens of machines and devices must send it.",
                                      "^[A-Za-z0-9._:-]+$", 1, 64, "20260630-0001"}};
static const struct parameter known = {
    "header",
    false,
    {"If-None-Match", "ETags that the caller holds: 304 when the record still has one of them.",
     "^(\\*|(W/)?\"[0-9]{1,10}\"(, ?(W/)?\"[0-9]{1,10}\")*)$", 1, 300, "\"1\""}};
static const struct parameter match = {"header",
                                       true,
                                       {"If-Match",
                                        "The ETag of the version that the change is made to.",
                                        "^(W/)?\"[0-9]{1,10}\"$", 3, 14, "\"1\""}};

void shared_parameters(struct json *j, const struct contract *c)
{
    bool pages = any_route(c, route_is_page), writes = any_route(c, takes_key);
    if (!pages && !writes)
        return;
    put_object(j, "parameters");
    if (pages) {
        parameter(j, "Limit", &limit);
        parameter(j, "Cursor", &cursor);
    }
    if (any_route(c, contract_reads_one))
        parameter(j, "IfNoneMatch", &known);
    if (any_route(c, contract_takes_version))
        parameter(j, "IfMatch", &match);
    if (writes) {
        parameter(j, "IdempotencyKey", &key);
        put_object(j, "ValidateOnly");
        put_text(j, "name", "validate_only");
        put_text(j, "in", "query");
        put_text(j, "description",
                 "true: everything is checked and answered as if done, and nothing is kept.");
        put_bool(j, "required", false);
        put_object(j, "schema");
        put_text(j, "type", "boolean");
        put_close(j);
        put_close(j);
    }
    put_close(j);
}

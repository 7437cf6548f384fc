/* common/http/openapi.c - the contract of a service: document, paths and schemas, out of its route,
 * field, permission, state and error tables. The same tables decide at run time, so what it says
 * holds. Does not serve it. */
#include "http/openapi.h"

#include <string.h>

#include "core/err.h"
#include "core/limits.h"
#include "core/str.h"
#include "http/decode.h"
#include "http/openapi_plan.h"
#include "http/openapi_schema.h"

#include "core/banned.h"

enum { CONTRACT_MAX = 4 * 1024 * 1024 };

static const char *const conventions =
    "Failures are `application/problem+json`; `code` is the stable word, `errors` names every bad "
    "value. Besides the answers listed with an operation, any "
    "address may answer 404 `no_route`, 405 `method_not_allowed`, 413 `too_large`, 414 "
    "`uri_too_long` and 431 `headers_too_large`.\n\n"
    "A record carries a version: it leaves as `ETag`, and a change names it in `If-Match`. Lists "
    "come in pages: follow `Link` or `next_cursor`. "
    "Unknown query parameters and members are refused. Dates are civil dates in Asia/Shanghai.";

/* What a problem document holds besides `errors` and `current`. */
static const struct field problem_fields[] = {
    F_TEXT("type", SHOWN, 1, 100, "A URN that ends in the code.", "urn:zeren:problem:stale"),
    F_TEXT("title", SHOWN, 1, 200,
           "What it is, for people; the same for every problem of this code.",
           "The record has changed since you read it"),
    F_INT("status", SHOWN, 400, 599, "The HTTP status.", "412"),
    F_TEXT("detail", SHOWN, 1, 1200, "What it is this time.", "The record is at version 2."),
    F_TEXT("instance", 0, 1, 8192, "The address that was called.", NULL),
    F_TEXT("request_id", 0, 1, 64, "As in the log.", "5f0c6d1be0a94c6e8b0f2f6d3a7c9e10"),
    F_TEXT("about", 0, 1, 200, "The address of the record to go on with, where there is one.",
           NULL),
    F_INT("current_version", 0, 1, INT32_MAX, "With `stale`: the version as it stands.", "2"),
    FIELDS_END};

static const struct field fault_fields[] = {
    F_TEXT("pointer", 0, 0, 1000, "The member of the body, as a JSON pointer.", "/due_on"),
    F_TEXT("parameter", 0, 1, 200, "The path or query parameter.", "due_on"),
    F_TEXT("header", 0, 1, 200, "The request header.", "If-Match"),
    F_INT("row", 0, 1, INT32_MAX, "The row of the table, its heading being 1.", "2"),
    F_TEXT("column", 0, 1, 1000, "The column of the table.", "due_on"),
    F_TEXT("code", SHOWN, 1, 64, "A stable word.", "not_a_date"),
    F_TEXT("detail", 0, 1, 1200, "What is wrong with it.",
           "A date of the calendar, as YYYY-MM-DD, 1900 to 2199."),
    F_TEXT("severity", 0, 1, 20,
           "Of what a rule found: error, or besides errors warning or alert; absent: a bad value.",
           "error"),
    F_TEXT("record", 0, 1, 200, "Of what a rule found: the fact, within the household.",
           "/members/0199d1f0-8a5c-7000-8000-000000000001/sex"),
    FIELDS_END};

static void about(struct json *j, const struct contract *c)
{
    const struct service *s = c->service;
    put_text(j, "openapi", "3.1.0");
    put_object(j, "info");
    put_text(j, "title", arena_printf(c->arena, "Zeren (责任): %s", s->name));
    put_text(j, "version", "1.0.0");
    put_text(j, "summary", "The responsibility regime of rural revitalization");
    put_text(j, "description",
             arena_printf(c->arena, "%s\n\n%s", s->description != NULL ? s->description : s->name,
                          conventions));
    put_close(j);
    put_array(j, "servers");
    put_object(j, NULL);
    put_text(j, "url", arena_printf(c->arena, "/api/v1/%s", s->name));
    put_text(j, "description", "The gateway that this contract was read through");
    put_close(j);
    put_close(j);
    put_array(j, "security");
    put_object(j, NULL);
    put_array(j, "bearerAuth");
    put_close(j);
    put_close(j);
    put_close(j);
}

static bool first_of_tag(const struct contract *c, size_t route)
{
    const char *tag = contract_tag(c->arena, c->routes[route]->path);
    for (size_t i = 0; i < route; i++) {
        if (str_equal(contract_tag(c->arena, c->routes[i]->path), tag))
            return false;
    }
    return true;
}

static void tag(struct json *j, const char *name)
{
    put_object(j, NULL);
    put_text(j, "name", name);
    put_text(j, "description", arena_printf(j->to->arena, "Everything under /%s", name));
    put_close(j);
}

static void tags(struct json *j, const struct contract *c)
{
    put_array(j, "tags");
    for (size_t i = 0; i < c->n_routes; i++) {
        if (first_of_tag(c, i))
            tag(j, contract_tag(c->arena, c->routes[i]->path));
    }
    tag(j, "openapi.json");
    put_close(j);
}

static bool first_of_path(const struct contract *c, size_t route)
{
    for (size_t i = 0; i < route; i++) {
        if (str_equal(c->routes[i]->path, c->routes[route]->path))
            return false;
    }
    return true;
}

static void paths(struct json *j, const struct contract *c)
{
    put_object(j, "paths");
    for (size_t i = 0; i < c->n_routes; i++) {
        if (!first_of_path(c, i))
            continue;
        put_object(j, contract_path(c->arena, c->routes[i]->path));
        for (size_t k = i; k < c->n_routes; k++) {
            if (str_equal(c->routes[i]->path, c->routes[k]->path))
                operation_render(j, c, k);
        }
        put_close(j);
    }
    operation_contract(j, c);
    put_close(j);
}

static void problem_codes(struct json *j)
{
    put_object(j, "code");
    put_text(j, "type", "string");
    put_text(j, "description", "The stable word for what happened.");
    put_array(j, "enum");
    for (enum err_code code = ERR_NONE + 1; code < ERR_COUNT; code++)
        put_text(j, NULL, err_class(code)->code);
    put_close(j);
    put_close(j);
}

static void fault_schema(struct json *j)
{
    put_object(j, "errors");
    put_text(j, "type", "array");
    put_text(j, "description", "Every bad value, at most 100 of them.");
    put_object(j, "items");
    put_text(j, "type", "object");
    put_object(j, "properties");
    for (const struct field *f = fault_fields; f->name != NULL; f++)
        schema_value(j, f->name, f, true, false);
    put_close(j);
    put_array(j, "required");
    put_text(j, NULL, "code");
    put_close(j);
    put_bool(j, "additionalProperties", false);
    put_close(j);
    put_int(j, "maxItems", LIMIT_PROBLEMS);
    put_array(j, "examples");
    put_array(j, NULL);
    put_close(j);
    put_close(j);
    put_close(j);
}

static void problem_schema(struct json *j)
{
    put_object(j, "Problem");
    put_text(j, "type", "object");
    put_text(j, "description", "Why it was refused (RFC 9457).");
    put_object(j, "properties");
    for (const struct field *f = problem_fields; f->name != NULL; f++)
        schema_value(j, f->name, f, true, false);
    problem_codes(j);
    fault_schema(j);
    put_object(j, "current");
    put_text(j, "type", "object");
    put_text(j, "description", "With `stale`: the record as it stands.");
    put_close(j);
    put_close(j);
    put_array(j, "required");
    for (const struct field *f = problem_fields; f->name != NULL; f++) {
        if ((f->flags & SHOWN) != 0)
            put_text(j, NULL, f->name);
    }
    put_text(j, NULL, "code");
    put_close(j);
    put_bool(j, "additionalProperties", false);
    put_close(j);
}

static void page_schema(struct json *j, const struct contract_answer *answer)
{
    put_object(j, arena_printf(j->to->arena, "%sPage", answer->name));
    put_text(j, "type", "object");
    put_object(j, "properties");
    put_object(j, "items");
    put_text(j, "type", "array");
    shared_ref(j, "items", "schemas", answer->name);
    put_int(j, "maxItems", LIMIT_MAX);
    put_close(j);
    put_object(j, "next_cursor");
    put_array(j, "type");
    put_text(j, NULL, "string");
    put_text(j, NULL, "null");
    put_close(j);
    put_text(j, "description", "For the next page; null on the last.");
    put_int(j, "maxLength", 1024);
    put_text(j, "pattern", "^[A-Za-z0-9_-]+$");
    put_close(j);
    put_close(j);
    put_array(j, "required");
    put_text(j, NULL, "items");
    put_text(j, NULL, "next_cursor");
    put_close(j);
    put_bool(j, "additionalProperties", false);
    put_close(j);
}

static void schemas(struct json *j, const struct contract *c)
{
    put_object(j, "schemas");
    problem_schema(j);
    for (size_t i = 0; i < c->n_answers; i++) {
        schema_object(j, c->answers[i].name, c->answers[i].fields, &schema_answer, NULL);
        if (c->answers[i].paged)
            page_schema(j, &c->answers[i]);
    }
    for (size_t i = 0; i < c->n_routes; i++) {
        struct schema_part part = contract_body(c->routes[i]);
        if (c->bodies[i] != NULL)
            schema_object(j, c->bodies[i], c->routes[i]->fields, &part, NULL);
    }
    put_close(j);
}

static void components(struct json *j, const struct contract *c)
{
    put_object(j, "components");
    put_object(j, "securitySchemes");
    put_object(j, "bearerAuth");
    put_text(j, "type", "http");
    put_text(j, "scheme", "bearer");
    put_text(j, "bearerFormat", "JWT");
    put_text(
        j, "description",
        "An access token from /api/v1/identity, good for ten minutes; checked as RFC8725 says.");
    put_close(j);
    put_close(j);
    shared_parameters(j, c);
    shared_headers(j, c);
    shared_responses(j, c);
    schemas(j, c);
    put_close(j);
}

const char *openapi_render(struct arena *a, const struct service *s)
{
    struct contract c;
    if (!contract_plan(&c, a, s))
        return NULL;
    struct buf b;
    struct json j;
    buf_init(&b, a, CONTRACT_MAX);
    put_start(&j, &b);
    put_object(&j, NULL);
    about(&j, &c);
    tags(&j, &c);
    paths(&j, &c);
    components(&j, &c);
    put_close(&j);
    buf_char(&b, '\n');
    return buf_text(&b);
}

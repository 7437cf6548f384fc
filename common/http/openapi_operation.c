/* common/http/openapi_operation.c - one operation of the contract out of one route.
 * Refers to the schemas, headers and refusals that openapi.c and openapi_shared.c write. */
#include <string.h>

#include "core/str.h"
#include "http/decode.h"
#include "http/openapi_plan.h"

#include "core/banned.h"

enum { ANSWER_MAX_BYTES = 64 * 1024 * 1024 };

static const char *const method_keys[] = {
    [METHOD_GET] = "get", [METHOD_POST] = "post", [METHOD_PATCH] = "patch"};

static void describe_permission(struct buf *b, enum permission p)
{
    if (p == PERM_PUBLIC)
        buf_str(b, "Public: needs no token.");
    else if (p == PERM_SIGNED_IN)
        buf_str(b, "Needs a valid token of any role.");
    else
        buf_printf(b, "Needs the permission `%s` (%s).", permission_code(p), permission_prose(p));
}

static void describe_transitions(struct buf *b, const struct route *r)
{
    if (r->fsm == NULL || r->verb == NULL)
        return;
    for (const struct transition *t = r->fsm; t->verb != NULL; t++) {
        if (!str_equal(t->verb, r->verb))
            continue;
        buf_printf(b, "\n\nTransition: `%s` → `%s`.", t->from, t->to);
        if (t->rule != NULL)
            buf_printf(b, " %s", t->rule);
    }
}

static const char *description(const struct contract *c, const struct route *r)
{
    struct buf b;
    buf_init(&b, c->arena, 8192);
    describe_permission(&b, r->permission);
    describe_transitions(&b, r);
    if (route_is_page(r))
        buf_printf(&b, "\n\nSorted by `%s` unless asked otherwise.", r->sql->sorts[0]);
    if (contract_takes_version(r))
        buf_str(&b, "\n\nIf-Match names the version that is changed.");
    return buf_text(&b);
}

static void field_parameter(struct json *j, const struct field *f, const char *in, bool required)
{
    put_object(j, NULL);
    put_text(j, "name", f->name);
    put_text(j, "in", in);
    if (f->doc != NULL)
        put_text(j, "description", f->doc);
    put_bool(j, "required", required);
    if (f->type == FIELD_UUIDS || f->type == FIELD_TEXTS) {
        put_text(j, "style", "form");
        put_bool(j, "explode", false);
    }
    schema_value(j, "schema", f, false, false);
    put_close(j);
}

static void path_parameters(struct json *j, const struct route *r)
{
    for (const struct field *f = r->fields; f != NULL && f->name != NULL; f++) {
        if (contract_path_has(r->path, f->name))
            field_parameter(j, f, "path", true);
    }
}

static void query_parameters(struct json *j, const struct route *r)
{
    for (const struct field *f = r->fields; f != NULL && f->name != NULL; f++) {
        if (route_takes(r, f, IN_QUERY) && !contract_path_has(r->path, f->name))
            field_parameter(j, f, "query", route_demands(r, f));
    }
}

static void sort_column(struct json *j, const char *column)
{
    put_text(j, NULL, column);
    put_text(j, NULL, arena_printf(j->to->arena, "-%s", column));
}

static void sort_parameter(struct json *j, const struct stmt *page)
{
    put_object(j, NULL);
    put_text(j, "name", "sort");
    put_text(j, "in", "query");
    put_text(j, "description", "The order; with a leading - descending.");
    put_bool(j, "required", false);
    put_object(j, "schema");
    put_text(j, "type", "string");
    put_array(j, "enum");
    for (const char *const *s = page->sorts; *s != NULL; s++)
        sort_column(j, *s);
    put_close(j);
    put_text(j, "default", page->sorts[0]);
    put_close(j);
    put_close(j);
}

static void fields_parameter(struct json *j, const struct field *shown)
{
    int64_t n = 0;
    put_object(j, NULL);
    put_text(j, "name", "fields");
    put_text(j, "in", "query");
    put_text(j, "description",
             "The members wanted, separated by commas: the answer then holds these only.");
    put_bool(j, "required", false);
    put_text(j, "style", "form");
    put_bool(j, "explode", false);
    put_object(j, "schema");
    put_text(j, "type", "array");
    put_object(j, "items");
    put_text(j, "type", "string");
    put_array(j, "enum");
    for (const struct field *f = shown; f->name != NULL; f++) {
        if ((f->flags & SHOWN) == 0)
            continue;
        put_text(j, NULL, f->name);
        n++;
    }
    put_close(j);
    put_close(j);
    put_int(j, "minItems", 1);
    put_int(j, "maxItems", n);
    put_bool(j, "uniqueItems", true);
    put_close(j);
    put_close(j);
}

static void offset_parameter(struct json *j)
{
    put_object(j, NULL);
    put_text(j, "name", "Upload-Offset");
    put_text(j, "in", "header");
    put_text(j, "description", "Where these bytes begin: the `received` of the file.");
    put_bool(j, "required", true);
    put_object(j, "schema");
    put_text(j, "type", "integer");
    put_text(j, "format", "int64");
    put_int(j, "minimum", 0);
    put_int(j, "maximum", INT64_C(1) << 50);
    put_close(j);
    put_close(j);
}

static void parameters(struct json *j, const struct contract *c, const struct route *r)
{
    const struct contract_answer *answer = contract_answer_of(c, r);
    put_array(j, "parameters");
    path_parameters(j, r);
    query_parameters(j, r);
    if (route_is_page(r)) {
        shared_ref(j, NULL, "parameters", "Limit");
        shared_ref(j, NULL, "parameters", "Cursor");
        sort_parameter(j, r->sql);
    }
    if (answer != NULL && route_takes_option(r, OPTION_FIELDS))
        fields_parameter(j, answer->fields);
    if (route_takes_option(r, OPTION_VALIDATE_ONLY))
        shared_ref(j, NULL, "parameters", "ValidateOnly");
    if (route_takes_option(r, OPTION_VALIDATE_ONLY) || r->unkept)
        shared_ref(j, NULL, "parameters", "IdempotencyKey");
    if (r->media == MEDIA_BYTES)
        offset_parameter(j);
    if (contract_reads_one(r))
        shared_ref(j, NULL, "parameters", "IfNoneMatch");
    if (contract_takes_version(r))
        shared_ref(j, NULL, "parameters", "IfMatch");
    put_close(j);
}

static bool demands_any(const struct route *r)
{
    for (const struct field *f = r->fields; f->name != NULL; f++) {
        if (route_takes(r, f, IN_BODY) && route_demands(r, f))
            return true;
    }
    return false;
}

static const char *own_example(const struct service *s, const struct route *r)
{
    for (const struct body_example *e = s->examples; e != NULL && e->id != NULL; e++) {
        if (strcmp(e->id, r->id) == 0)
            return e->body;
    }
    return NULL;
}

static void json_media(struct json *j, const char *type, const struct contract *c, size_t route)
{
    const struct route *r = c->routes[route];
    struct schema_part part = contract_body(r);
    const char *own = own_example(c->service, r);
    put_object(j, type);
    shared_ref(j, "schema", "schemas", c->bodies[route]);
    if (own != NULL)
        put_literal(j, "example", own);
    else
        example_object(j, "example", r->fields, &part);
    put_close(j);
}

static void json_body(struct json *j, const struct contract *c, size_t route)
{
    const struct route *r = c->routes[route];
    bool patch = r->method == METHOD_PATCH;
    put_object(j, "requestBody");
    put_bool(j, "required", patch || demands_any(r));
    put_object(j, "content");
    if (patch)
        json_media(j, "application/merge-patch+json", c, route);
    json_media(j, "application/json", c, route);
    put_close(j);
    put_close(j);
}

static void csv_body(struct json *j, const struct route *r)
{
    put_object(j, "requestBody");
    put_text(j, "description",
             "A table with a heading, comma-separated (RFC 4180), in UTF-8 or, with "
             "`charset=GB18030` in the Content-Type, in GB18030.");
    put_bool(j, "required", true);
    put_object(j, "content");
    put_object(j, "text/csv");
    put_object(j, "schema");
    put_text(j, "type", "string");
    put_int(j, "minLength", 1);
    put_int(j, "maxLength", (r->body_max_kib != 0 ? r->body_max_kib : 16 * 1024) * INT64_C(1024));
    put_text(j, "pattern", "^[^\\u0000]*$");
    put_text(j, "contentMediaType", "text/csv");
    put_close(j);
    put_close(j);
    put_close(j);
    put_close(j);
}

static void bytes_body(struct json *j, const struct route *r)
{
    put_object(j, "requestBody");
    put_text(j, "description", "Bytes as they are; none to ask again how the last ones ended.");
    put_bool(j, "required", false);
    put_object(j, "content");
    put_object(j, "application/offset+octet-stream");
    put_object(j, "schema");
    put_text(j, "type", "string");
    put_text(j, "format", "binary");
    put_int(j, "maxLength", r->body_max_kib * INT64_C(1024));
    put_close(j);
    put_close(j);
    put_close(j);
    put_close(j);
}

static bool shows_version(const struct contract_answer *answer)
{
    const struct field *f = answer->fields;
    while (f->name != NULL && (f->flags & IS_VERSION) == 0)
        f++;
    return f->name != NULL;
}

static void answer_headers(struct json *j, const struct route *r,
                           const struct contract_answer *answer, int status)
{
    put_object(j, "headers");
    if (answer != NULL && !route_is_page(r) && shows_version(answer))
        shared_ref(j, "ETag", "headers", "ETag");
    if (r->location != NULL && (status == 201 || status == 202))
        shared_ref(j, "Location", "headers", "Location");
    if (route_takes_option(r, OPTION_VALIDATE_ONLY))
        shared_ref(j, "Idempotency-Replayed", "headers", "Replayed");
    if (route_is_page(r))
        shared_ref(j, "Link", "headers", "Link");
    shared_ref(j, "X-Request-Id", "headers", "RequestId");
    shared_ref(j, "RateLimit-Limit", "headers", "RateLimitLimit");
    shared_ref(j, "RateLimit-Remaining", "headers", "RateLimitRemaining");
    shared_ref(j, "RateLimit-Reset", "headers", "RateLimitReset");
    put_close(j);
}

static void page_example(struct json *j, const struct contract_answer *answer)
{
    put_object(j, "example");
    put_array(j, "items");
    example_object(j, NULL, answer->fields, &schema_answer);
    put_close(j);
    put_text(j, "next_cursor", NULL);
    put_close(j);
}

static const char *success_doc(const struct route *r, int status)
{
    if (status != contract_status(r))
        return "With validate_only=true: what would be created; nothing is kept.";
    if (status == 204)
        return "Done.";
    if (route_is_page(r))
        return "A page of records.";
    if (!route_is_write(r))
        return "What was asked for.";
    return status == 201 ? "Created." : "Done, and how it stands now.";
}

static void json_answer(struct json *j, const struct contract *c, const struct route *r,
                        const struct contract_answer *answer)
{
    bool page = route_is_page(r);
    put_object(j, "content");
    put_object(j, "application/json");
    shared_ref(j, "schema", "schemas",
               page ? arena_printf(c->arena, "%sPage", answer->name) : answer->name);
    if (page)
        page_example(j, answer);
    else
        example_object(j, "example", answer->fields, &schema_answer);
    put_close(j);
    put_close(j);
}

/* Lines of JSON, say: text to this contract. */
static void other_media(struct json *j, const char *media)
{
    put_object(j, "content");
    put_object(j, media);
    put_object(j, "schema");
    put_text(j, "type", "string");
    put_int(j, "maxLength", ANSWER_MAX_BYTES);
    put_text(j, "pattern", "^[^\\u0000]*$");
    put_close(j);
    put_close(j);
    put_close(j);
}

static void success(struct json *j, const struct contract *c, const struct route *r, int status)
{
    const struct contract_answer *answer = contract_answer_of(c, r);
    put_object(j, arena_printf(c->arena, "%d", status));
    put_text(j, "description", success_doc(r, status));
    answer_headers(j, r, answer, status);
    if (r->answers != NULL)
        other_media(j, r->answers);
    else if (answer != NULL)
        json_answer(j, c, r, answer);
    put_close(j);
}

static void not_modified(struct json *j)
{
    put_object(j, "304");
    put_text(j, "description", "The record still has that version.");
    put_object(j, "headers");
    shared_ref(j, "ETag", "headers", "ETag");
    shared_ref(j, "X-Request-Id", "headers", "RequestId");
    put_close(j);
    put_close(j);
}

static void security(struct json *j, enum permission p)
{
    if (p == PERM_PUBLIC) {
        put_array(j, "security");
        put_close(j);
    }
    put_text(j, "x-permission", permission_code(p));
}

static void heading(struct json *j, const char *tag, const char *id, const char *summary)
{
    put_array(j, "tags");
    put_text(j, NULL, tag);
    put_close(j);
    put_text(j, "operationId", id);
    put_text(j, "summary", summary);
}

void operation_render(struct json *j, const struct contract *c, size_t route)
{
    const struct route *r = c->routes[route];
    put_object(j, method_keys[r->method]);
    heading(j, contract_tag(c->arena, r->path), r->id, r->summary);
    put_text(j, "description", description(c, r));
    security(j, r->permission);
    parameters(j, c, r);
    if (c->bodies[route] != NULL)
        json_body(j, c, route);
    else if (r->media == MEDIA_BYTES)
        bytes_body(j, r);
    else if (contract_takes_body(r))
        csv_body(j, r);
    put_object(j, "responses");
    if (contract_status(r) != 200 && route_takes_option(r, OPTION_VALIDATE_ONLY))
        success(j, c, r, 200);
    success(j, c, r, contract_status(r));
    if (contract_reads_one(r))
        not_modified(j);
    refusals_render(j, r);
    put_close(j);
    put_close(j);
}

void operation_contract(struct json *j, const struct contract *c)
{
    static const struct route itself = {
        .method = METHOD_GET, .path = "/openapi.json", .permission = PERM_PUBLIC};
    put_object(j, "/openapi.json");
    put_object(j, "get");
    heading(j, "openapi.json", "read_contract", "This contract");
    put_text(j, "description", "Public: needs no token.");
    security(j, PERM_PUBLIC);
    put_object(j, "responses");
    put_object(j, "200");
    put_text(j, "description", "The contract, OpenAPI 3.1.");
    answer_headers(j, &itself, NULL, 200);
    put_object(j, "content");
    put_object(j, "application/json");
    put_object(j, "schema");
    put_text(j, "type", "object");
    put_text(j, "description", "An OpenAPI 3.1 document.");
    put_close(j);
    put_close(j);
    put_close(j);
    put_close(j);
    refusals_render(j, &itself);
    put_close(j);
    put_close(j);
    put_close(j);
    (void)c;
}

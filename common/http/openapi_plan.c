/* common/http/openapi_plan.c - gathers the routes of a service and names their answers and bodies.
 * Writes nothing. */
#include "http/openapi_plan.h"

#include <string.h>

#include "core/str.h"
#include "http/decode.h"

#include "core/banned.h"

static bool parameter_ends(char c)
{
    return c == '\0' || c == '/' || c == ':';
}

const char *contract_path(struct arena *a, const char *pattern)
{
    struct buf b;
    buf_init(&b, a, 1024);
    for (const char *p = pattern; *p != '\0'; p++) {
        if (*p != ':' || p == pattern || p[-1] != '/') {
            buf_char(&b, *p);
            continue;
        }
        buf_char(&b, '{');
        while (!parameter_ends(p[1]))
            buf_char(&b, *++p);
        buf_char(&b, '}');
    }
    return buf_text(&b);
}

const char *contract_tag(struct arena *a, const char *pattern)
{
    return arena_strndup(a, pattern + 1, strcspn(pattern + 1, "/:"));
}

bool contract_path_has(const char *pattern, const char *name)
{
    size_t len = strlen(name);
    for (const char *p = strstr(pattern, "/:"); p != NULL; p = strstr(p + 1, "/:")) {
        if (strncmp(p + 2, name, len) == 0 && parameter_ends(p[2 + len]))
            return true;
    }
    return false;
}

bool contract_path_has_any(const char *pattern)
{
    return strstr(pattern, "/:") != NULL;
}

/* "/reports/:id:confirm" and "/divisions:import" do something other than create. */
static bool has_verb(const char *pattern)
{
    const char *colon = strrchr(pattern, ':');
    return colon != NULL && colon > pattern && colon[-1] != '/';
}

int contract_status(const struct route *r)
{
    if (r->status != 0)
        return r->status;
    bool creates = r->method == METHOD_POST && r->sql != NULL && r->sql->kind == STMT_WRITE &&
                   r->probe == NULL;
    return creates ? 201 : 200;
}

bool contract_takes_body(const struct route *r)
{
    if (r->method == METHOD_GET || r->media == MEDIA_NONE)
        return false;
    if (r->media == MEDIA_CSV || r->media == MEDIA_BYTES)
        return true;
    for (const struct field *f = r->fields; f != NULL && f->name != NULL; f++) {
        if (route_takes(r, f, IN_BODY))
            return true;
    }
    return false;
}

static bool body_takes(const void *of, const struct field *f)
{
    return route_takes(of, f, IN_BODY);
}

static bool body_demands(const void *of, const struct field *f)
{
    return route_demands(of, f);
}

struct schema_part contract_body(const struct route *r)
{
    return (struct schema_part){body_takes, body_demands, r, false, r->method == METHOD_PATCH};
}

bool contract_takes_version(const struct route *r)
{
    for (const struct field *f = r->fields; f != NULL && f->name != NULL; f++) {
        if (route_takes(r, f, IS_VERSION))
            return true;
    }
    return false;
}

bool contract_reads_one(const struct route *r)
{
    return r->method == METHOD_GET && r->sql != NULL && r->sql->kind == STMT_ONE;
}

/* "duty_lists" -> "DutyLists", "confirm_report" -> "ConfirmReport". */
static char *pascal(struct arena *a, const char *words, size_t len)
{
    struct buf b;
    buf_init(&b, a, 200);
    bool capital = true;
    for (size_t i = 0; i < len; i++) {
        if (words[i] == '_') {
            capital = true;
            continue;
        }
        char c = words[i];
        if (capital && c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        buf_char(&b, c);
        capital = false;
    }
    return (char *)buf_text(&b);
}

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);
    return n >= m && strcmp(s + n - m, end) == 0;
}

static void make_singular(char *s)
{
    size_t n = strlen(s);
    if (ends_with(s, "ies")) {
        s[n - 3] = 'y';
        s[n - 2] = '\0';
    } else if (ends_with(s, "ches") || ends_with(s, "shes") || ends_with(s, "sses")) {
        s[n - 2] = '\0';
    } else if (ends_with(s, "s") && !ends_with(s, "ss")) {
        s[n - 1] = '\0';
    }
}

/* The last segment that is not a parameter. */
static const char *last_noun(const char *pattern, size_t *ret_len)
{
    const char *noun = pattern + 1;
    for (const char *p = pattern; *p != '\0'; p++) {
        if (*p == '/' && p[1] != ':')
            noun = p + 1;
    }
    *ret_len = strcspn(noun, "/:");
    return noun;
}

static char *resource_name(struct arena *a, const struct route *r)
{
    size_t len = 0;
    const char *noun = last_noun(r->path, &len);
    char *name = pascal(a, noun, len);
    bool one_of_many = noun[len] != '\0' || r->method == METHOD_POST || route_is_page(r);
    if (name != NULL && one_of_many)
        make_singular(name);
    return name;
}

static bool name_taken(const struct contract *c, const char *name)
{
    for (size_t i = 0; i < c->n_answers; i++) {
        if (str_equal(c->answers[i].name, name))
            return true;
    }
    for (size_t i = 0; i < c->n_routes; i++) {
        if (str_equal(c->bodies[i], name))
            return true;
    }
    return str_equal(name, "Problem");
}

static const struct field *answer_fields(const struct route *r)
{
    const struct field *fields = r->shows != NULL ? r->shows : r->fields;
    bool silent = contract_status(r) == 204 || fields == NULL || !schema_shows(fields);
    return silent ? NULL : fields;
}

const struct contract_answer *contract_answer_of(const struct contract *c, const struct route *r)
{
    const struct field *fields = answer_fields(r);
    for (size_t i = 0; fields != NULL && i < c->n_answers; i++) {
        if (c->answers[i].fields == fields)
            return &c->answers[i];
    }
    return NULL;
}

/* Names the answer after its resource, or after the operation when that name has gone. */
static bool add_answer(struct contract *c, const struct route *r)
{
    const struct field *fields = answer_fields(r);
    if (fields == NULL || contract_answer_of(c, r) != NULL)
        return true;
    const char *name = resource_name(c->arena, r);
    if (name != NULL && name_taken(c, name))
        name = pascal(c->arena, r->id, strlen(r->id));
    c->answers[c->n_answers++] = (struct contract_answer){.fields = fields, .name = name};
    return name != NULL;
}

static bool add_answers(struct contract *c)
{
    /* Routes that answer with their own fields name them first: /items before /items/overdue. */
    for (int shown = 0; shown <= 1; shown++) {
        for (size_t i = 0; i < c->n_routes; i++) {
            bool other = c->routes[i]->shows != NULL;
            if (other == (shown == 1) && !add_answer(c, c->routes[i]))
                return false;
        }
    }
    for (size_t i = 0; i < c->n_routes; i++) {
        struct contract_answer *answer = (void *)contract_answer_of(c, c->routes[i]);
        if (answer != NULL && route_is_page(c->routes[i]))
            answer->paged = true;
    }
    return true;
}

static bool add_body(struct contract *c, size_t i)
{
    const struct route *r = c->routes[i];
    if (!contract_takes_body(r) || r->media != MEDIA_JSON)
        return true;
    const struct contract_answer *answer = contract_answer_of(c, r);
    const char *name = NULL;
    if (!has_verb(r->path) && answer != NULL && r->shows == NULL)
        name = arena_printf(c->arena, "%s%s", answer->name,
                            r->method == METHOD_PATCH ? "Patch" : "Create");
    if (name == NULL || name_taken(c, name))
        name = pascal(c->arena, r->id, strlen(r->id));
    if (name != NULL && name_taken(c, name))
        name = arena_printf(c->arena, "%sBody", name);
    c->bodies[i] = name;
    return name != NULL;
}

static bool gather(struct contract *c)
{
    size_t n = 0;
    for (const struct route *const *t = c->service->resources; *t != NULL; t++) {
        for (const struct route *r = *t; r->path != NULL; r++)
            n++;
    }
    c->routes = arena_array(c->arena, const struct route *, n + 1);
    c->bodies = arena_array(c->arena, const char *, n + 1);
    c->answers = arena_array(c->arena, struct contract_answer, n + 1);
    if (c->routes == NULL || c->bodies == NULL || c->answers == NULL)
        return false;
    for (const struct route *const *t = c->service->resources; *t != NULL; t++) {
        for (const struct route *r = *t; r->path != NULL; r++)
            c->routes[c->n_routes++] = r;
    }
    return true;
}

bool contract_plan(struct contract *c, struct arena *a, const struct service *s)
{
    *c = (struct contract){.arena = a, .service = s};
    if (!gather(c) || !add_answers(c))
        return false;
    for (size_t i = 0; i < c->n_routes; i++) {
        if (!add_body(c, i))
            return false;
    }
    return true;
}

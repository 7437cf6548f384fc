/* tests/unit/test_match.c - which route an address means, 404 and 405, and which tables are
 * refused. */
#include <criterion/criterion.h>

#include "toy_service.h"

TestSuite(match, .timeout = 120);

static struct arena *arena;

static void setup(void)
{
    arena = arena_create(1 << 20);
}

static void teardown(void)
{
    arena_destroy(&arena);
}

struct address {
    const char *method, *path, *route, *values; /* values: "id=7 code=8" */
    enum err_code code;
    const char *allow;
};

/* clang-format off */
static const struct address addresses[] = {
    {"GET",   "/api/v1/toy/items",                 "/items",                 "",            ERR_NONE, "GET, HEAD, POST"},
    {"POST",  "/api/v1/toy/items",                 "/items",                 "",            ERR_NONE, "GET, HEAD, POST"},
    {"GET",   "/api/v1/toy/items?limit=5",         "/items",                 "",            ERR_NONE, "GET, HEAD, POST"},
    {"GET",   "/api/v1/toy/items?a=/b/c",          "/items",                 "",            ERR_NONE, "GET, HEAD, POST"},
    {"GET",   "/api/v1/toy/items/7",               "/items/:id",             "id=7 ",       ERR_NONE, "GET, HEAD, PATCH"},
    {"HEAD",  "/api/v1/toy/items/7",               "/items/:id",             "id=7 ",       ERR_NONE, "GET, HEAD, PATCH"},
    {"PATCH", "/api/v1/toy/items/7?x=1",           "/items/:id",             "id=7 ",       ERR_NONE, "GET, HEAD, PATCH"},
    {"GET",   "/api/v1/toy/items/newest",          "/items/newest",          "",            ERR_NONE, "GET, HEAD"},
    {"POST",  "/api/v1/toy/items/7:confirm",       "/items/:id:confirm",     "id=7 ",       ERR_NONE, "POST"},
    {"POST",  "/api/v1/toy/items/7:touch",         "/items/:id:touch",       "id=7 ",       ERR_NONE, "POST"},
    {"POST",  "/api/v1/toy/items/a:b:confirm",     "/items/:id:confirm",     "id=a:b ",     ERR_NONE, "POST"},
    {"POST",  "/api/v1/toy/items:import",          "/items:import",          "",            ERR_NONE, "POST"},
    {"GET",   "/api/v1/toy/items/7/parts/8",       "/items/:id/parts/:code", "id=7 code=8 ", ERR_NONE, "GET, HEAD"},
    {"GET",   "/api/v1/toy/items/a%20b",           "/items/:id",             "id=a%20b ",   ERR_NONE, "GET, HEAD, PATCH"},
    {"PATCH", "/api/v1/toy/items/newest",          NULL, "", ERR_METHOD, "GET, HEAD"},
    {"DELETE", "/api/v1/toy/items/7",              NULL, "", ERR_METHOD, "GET, HEAD, PATCH"},
    {"get",   "/api/v1/toy/items/7",               NULL, "", ERR_METHOD, "GET, HEAD, PATCH"},
    {"HEAD",  "/api/v1/toy/items:import",          NULL, "", ERR_METHOD, "POST"},
    {"GET",   "/api/v1/toy/items/7:confirm",       NULL, "", ERR_METHOD, "POST"},
    {"POST",  "/api/v1/toy/items/7:nothing",       NULL, "", ERR_NO_ROUTE, NULL},
    {"POST",  "/api/v1/toy/items/:confirm",        NULL, "", ERR_NO_ROUTE, NULL},
    {"POST",  "/api/v1/toy/items/7:confirm:",      NULL, "", ERR_NO_ROUTE, NULL},
    {"GET",   "/api/v1/toy/items/",                NULL, "", ERR_NO_ROUTE, NULL},
    {"GET",   "/api/v1/toy//items",                NULL, "", ERR_NO_ROUTE, NULL},
    {"GET",   "/api/v1/toy/items/7/parts",         NULL, "", ERR_NO_ROUTE, NULL},
    {"GET",   "/api/v1/toy/items/7/parts/8/9",     NULL, "", ERR_NO_ROUTE, NULL},
    {"GET",   "/api/v1/toy/%69tems",               NULL, "", ERR_NO_ROUTE, NULL},
    {"GET",   "/api/v1/toy/Items",                 NULL, "", ERR_NO_ROUTE, NULL},
    {"GET",   "/api/v1/toys/items",                NULL, "", ERR_NO_ROUTE, NULL},
    {"GET",   "/api/v1/toy",                       NULL, "", ERR_NO_ROUTE, NULL},
    {"GET",   "/items",                            NULL, "", ERR_NO_ROUTE, NULL},
    {"GET",   "",                                  NULL, "", ERR_NO_ROUTE, NULL},
    {"GET",   "/api/v1/toy/a/b/c/d/e/f/g/h/i/j/k", NULL, "", ERR_NO_ROUTE, NULL},
};
/* clang-format on */

static const char *values_of(const struct match *m)
{
    const char *text = "";
    for (unsigned i = 0; i < m->n_params; i++)
        text = arena_printf(arena, "%s%s=%s ", text, m->names[i], m->values[i]);
    return text;
}

Test(match, addresses_mean_what_the_table_says, .init = setup, .fini = teardown)
{
    struct err err = {.code = ERR_NONE};
    struct match_table *t = match_create(arena, &toy_service, &err);
    cr_assert_not_null(t, "%s", err.detail);
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        const struct address *c = &addresses[i];
        struct match m;
        err_clear(&err);
        bool found = match_find(t, arena, c->method, c->path, &m, &err);
        cr_expect_eq(found, c->code == ERR_NONE, "%s %s", c->method, c->path);
        cr_expect_eq(err.code, c->code, "%s %s: %d", c->method, c->path, (int)err.code);
        cr_expect_eq(m.path_exists, c->allow != NULL, "%s %s", c->method, c->path);
        cr_expect((m.allow == NULL && c->allow == NULL) || strcmp(m.allow, c->allow) == 0,
                  "%s %s: %s", c->method, c->path, m.allow);
        cr_expect_eq(m.route != NULL, c->route != NULL, "%s %s", c->method, c->path);
        if (m.route != NULL && c->route != NULL)
            cr_expect_str_eq(m.route->path, c->route);
        cr_expect_str_eq(values_of(&m), c->values, "%s %s", c->method, c->path);
    }
}

struct pair {
    enum method first_method;
    const char *first;
    enum method second_method;
    const char *second;
    bool accepted;
};

/* clang-format off */
static const struct pair pairs[] = {
    {METHOD_GET, "/a/:id",     METHOD_GET,  "/a/:id/b",      true},
    {METHOD_GET, "/a/:id",     METHOD_PATCH, "/a/:other",    true},
    {METHOD_GET, "/a/:id",     METHOD_GET,  "/a/new",        true},
    {METHOD_GET, "/a/:id",     METHOD_POST, "/a/:id:go",     true},
    {METHOD_POST, "/a/:id:go", METHOD_POST, "/a/:id:stop",   true},
    {METHOD_POST, "/a/:id:go", METHOD_POST, "/a/all:go",     true},
    {METHOD_GET, "/a:x",       METHOD_GET,  "/a/:x",         true},
    {METHOD_GET, "/:x/b",      METHOD_GET,  "/a/c",          true},
    {METHOD_GET, "/a/:id",     METHOD_GET,  "/a/:id",        false},
    {METHOD_GET, "/a/:id",     METHOD_GET,  "/a/:other",     false},
    {METHOD_GET, "/a",         METHOD_GET,  "/a",            false},
    {METHOD_GET, "/a/:x/c",    METHOD_GET,  "/a/b/:y",       false},
    {METHOD_GET, "/:x/b",      METHOD_POST, "/a/:y",         false},
    {METHOD_POST, "/:x:go/b",  METHOD_POST, "/a:go/:y",      false},
};
static const char *const bad_paths[] = {"", "a", "/", "/a/", "//a", "/:", "/:id:", "/:Id", "/:a b", "/:id/x/:id",
    "/:a/:b/:c/:d/:e", "/1/2/3/4/5/6/7/8/9"};
/* clang-format on */

static struct route bare_route(enum method method, const char *path)
{
    return (struct route){.method = method, .path = path, .permission = PERM_SIGNED_IN};
}

static bool accepts(const struct route *routes, struct err *err)
{
    const struct route *const resources[] = {routes, NULL};
    const struct service s = {.name = "toy", .resources = resources};
    err_clear(err);
    return match_create(arena, &s, err) != NULL;
}

Test(match, tables_with_ambiguous_paths_are_refused, .init = setup, .fini = teardown)
{
    struct err err;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        const struct pair *c = &pairs[i];
        struct route routes[] = {bare_route(c->first_method, c->first),
                                 bare_route(c->second_method, c->second), ROUTES_END};
        cr_expect_eq(accepts(routes, &err), c->accepted, "%s %s", c->first, c->second);
        if (!c->accepted) {
            cr_expect_eq(err.code, ERR_INTERNAL);
            cr_expect_not_null(strstr(err.detail, c->first), "%s", err.detail);
            cr_expect_not_null(strstr(err.detail, c->second), "%s", err.detail);
        }
    }
}

Test(match, paths_that_are_no_patterns_are_refused, .init = setup, .fini = teardown)
{
    struct err err;
    for (size_t i = 0; i < sizeof bad_paths / sizeof bad_paths[0]; i++) {
        struct route routes[] = {bare_route(METHOD_GET, bad_paths[i]), ROUTES_END};
        cr_expect_not(accepts(routes, &err), "%s", bad_paths[i]);
    }
}

Test(match, a_query_field_may_not_be_called_limit, .init = setup, .fini = teardown)
{
    static const struct field fields[] = {F_INT("limit", IN_QUERY, 0, 1, "Limit.", "1"),
                                          FIELDS_END};
    static const char *const params[] = {"limit"};
    static const struct stmt list = {.kind = STMT_PAGE, .params = params, .n_params = 1};
    static const struct stmt view = {.kind = STMT_VIEW, .params = params, .n_params = 1};
    struct err err;
    struct route routes[] = {bare_route(METHOD_GET, "/a"), ROUTES_END};
    routes[0].fields = fields;
    routes[0].sql = &list;
    cr_expect_not(accepts(routes, &err));
    cr_expect_not_null(strstr(err.detail, "limit"));
    routes[0].sql = &view;
    cr_expect(accepts(routes, &err));
}

Test(match, no_memory_is_said, .init = setup, .fini = teardown)
{
    struct err err = {.code = ERR_NONE};
    struct match m;
    struct match_table *t = match_create(arena, &toy_service, &err);
    arena_fail_after(1);
    cr_expect_not(match_find(t, arena, "GET", "/api/v1/toy/items/7", &m, &err));
    cr_expect_eq(err.code, ERR_NO_MEMORY);
}

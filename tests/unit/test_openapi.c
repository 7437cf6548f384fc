/* tests/unit/test_openapi.c - the contract and the diagrams that come out of small tables. */
#include <criterion/criterion.h>
#include <string.h>

#include "http/diagram.h"
#include "http/json_writer.h"
#include "http/openapi.h"

static struct arena *arena;

static void set_up(void)
{
    arena = arena_create(16 << 20);
}

static void tear_down(void)
{
    arena_destroy(&arena);
}

TestSuite(json_writer, .init = set_up, .fini = tear_down);
TestSuite(openapi, .init = set_up, .fini = tear_down);
TestSuite(diagram, .init = set_up, .fini = tear_down);

/* clang-format off */
static const char *const kinds[] = {"town", "village", NULL};
static const struct field part_fields[] = {
    F_INT("position", SHOWN, 1, 24, "Its place.", "1"),
    F_TEXT("name", IN_BODY | REQUIRED | SHOWN, 1, 100, "Its name.", "第一步"),
    FIELDS_END
};
static const struct field unit_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id."),
    F_TEXT("name", IN_BODY | REQUIRED | SHOWN, 1, 80, "Name.", "水利局"),
    F_ENUM("kind", IN_BODY | SHOWN | NULLABLE, kinds, "Sort."),
    F_DECIMAL("target", IN_BODY | SHOWN, 1, 4, "Target.", "14"),
    F_ARRAY("parts", IN_BODY | SHOWN, part_fields, 24, "Parts."),
    F_TEXT("name_prefix", IN_QUERY, 1, 80, "Beginning of the name.", "水"),
    F_TEXT("password", IN_BODY | SECRET, 1, 80, "Never shown.", NULL),
    F_VERSION(),
    FIELDS_END
};
static const struct transition unit_fsm[] = {
    {"draft", "approve", "approved", PERM_DUTY_LIST_APPROVE, "It needs items."},
    {"approved", "close", "closed", PERM_DUTY_LIST_FILE, "The year is over."},
    {0}
};
static const char *const list_params[] = {"name_prefix", NULL}, *const get_params[] = {"id", NULL};
static const char *const write_params[] = {"new_id", "name", "kind", "target", "parts", "password", NULL};
static const char *const correct_params[] = {"id", "version", "name", "kind_given", NULL};
static const char *const step_params[] = {"id", "version", NULL};
static const char *const sorts[] = {"name", NULL};
static const struct stmt list = {.kind = STMT_PAGE, .params = list_params, .n_params = 1, .sorts = sorts, .key = "id"};
static const struct stmt get = {.kind = STMT_ONE, .params = get_params, .n_params = 1, .key = "id"};
static const struct stmt insert = {.kind = STMT_WRITE, .params = write_params, .n_params = 6, .key = "id"};
static const struct stmt correct = {.kind = STMT_WRITE, .params = correct_params, .n_params = 4, .key = "id"};
static const struct stmt step = {.kind = STMT_WRITE, .params = step_params, .n_params = 2, .key = "id"};
static const struct route unit_routes[] = {
    {METHOD_GET, "/units", PERM_ORGANISATION_READ, unit_fields, &list, NULL, "list_units", "Units", .probe = NULL},
    {METHOD_GET, "/units/:id", PERM_ORGANISATION_READ, unit_fields, &get, NULL, "get_unit", "One", .probe = NULL},
    {METHOD_POST, "/units", PERM_ORGANISATION_WRITE, unit_fields, &insert, NULL, "create_unit", "New", .location = "/units/"},
    {METHOD_PATCH, "/units/:id", PERM_ORGANISATION_WRITE, unit_fields, &correct, NULL, "update_unit", "Correct", .probe = &get},
    {METHOD_POST, "/units/:id:approve", PERM_DUTY_LIST_APPROVE, unit_fields, &step, NULL, "approve_unit", "Approve",
     .probe = &get, .fsm = unit_fsm, .verb = "approve", .media = MEDIA_NONE},
    {METHOD_POST, "/units:load", PERM_PUBLIC, unit_fields, NULL, NULL, "load_units", "Load", .media = MEDIA_CSV},
    ROUTES_END
};
static const struct route *const resources[] = {unit_routes, NULL};
static const struct service registry = {.name = "registry", .resources = resources, .description = "Units."};
/* clang-format on */

/* The text between two marks of the contract; fails when either is missing. */
static const char *between(const char *from, const char *to)
{
    const char *text = openapi_render(arena, &registry);
    cr_assert_not_null(text);
    const char *start = strstr(text, from);
    cr_assert_not_null(start, "no %s", from);
    const char *end = strstr(start + strlen(from), to);
    cr_assert_not_null(end, "no %s after %s", to, from);
    return arena_strndup(arena, start, (size_t)(end - start));
}

static const char *operation(const char *id)
{
    return between(arena_printf(arena, "\"operationId\": \"%s\"", id), "\n      }");
}

static const char *schema(const char *name)
{
    return between(arena_printf(arena, "\n      \"%s\": {", name), "\n      }");
}

static bool has(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

Test(json_writer, indents_by_two_and_keeps_the_order)
{
    struct buf b;
    struct json j;
    buf_init(&b, arena, 1000);
    put_start(&j, &b);
    put_object(&j, NULL);
    put_text(&j, "b", "x\"y");
    put_array(&j, "a");
    put_int(&j, NULL, -1);
    put_bool(&j, NULL, true);
    put_text(&j, NULL, NULL);
    put_close(&j);
    put_object(&j, "empty");
    put_close(&j);
    put_close(&j);
    cr_assert_str_eq(buf_text(&b), "{\n  \"b\": \"x\\\"y\",\n  \"a\": [\n    -1,\n    true,\n"
                                   "    null\n  ],\n  \"empty\": {}\n}");
}

Test(openapi, paths_are_relative_to_the_service_and_verbs_stand_behind_the_parameter)
{
    const char *text = openapi_render(arena, &registry);
    cr_assert(has(text, "\"url\": \"/api/v1/registry\""));
    cr_assert(has(text, "\n    \"/units/{id}\": {"));
    cr_assert(has(text, "\n    \"/units/{id}:approve\": {"));
    cr_assert(has(text, "\n    \"/units:load\": {"));
    cr_assert(has(text, "\n    \"/openapi.json\": {"));
}

Test(openapi, says_the_permission_and_the_transition_of_a_step)
{
    const char *approve = operation("approve_unit");
    cr_assert(has(approve, "\"x-permission\": \"duty_list.approve\""));
    cr_assert(has(approve, "`draft` → `approved`. It needs items."));
    cr_assert_not(has(approve, "requestBody"));
    cr_assert_not(has(approve, "closed"));
}

Test(openapi, a_page_offers_its_filters_orders_and_members)
{
    const char *page = operation("list_units");
    cr_assert(has(page, "\"name\": \"name_prefix\""));
    cr_assert(has(page, "\"-name\""));
    cr_assert_not(has(page, "\"-id\"")); /* not among the sorts */
    cr_assert(has(page, "parameters/Limit"));
    cr_assert(has(page, "schemas/UnitPage"));
    cr_assert(has(page, "headers/Link"));
    cr_assert_not(has(page, "parameters/IdempotencyKey"));
    cr_assert_not(has(page, "\"409\""));
}

Test(openapi, a_change_takes_the_version_and_declares_what_refuses_it)
{
    const char *patch = operation("update_unit");
    const char *const parts[] = {"parameters/IfMatch",
                                 "parameters/IdempotencyKey",
                                 "application/merge-patch+json",
                                 "schemas/UnitPatch",
                                 "\"404\"",
                                 "\"409\"",
                                 "\"412\"",
                                 "\"415\"",
                                 "\"422\"",
                                 "\"428\""};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        cr_assert(has(patch, parts[i]), "no %s", parts[i]);
}

Test(openapi, what_creates_answers_201_with_its_address_and_needs_no_version)
{
    const char *create = operation("create_unit");
    cr_assert(has(create, "\"201\""));
    cr_assert(has(create, "\"200\""), "the answer of validate_only");
    cr_assert(has(create, "headers/Location"));
    cr_assert_not(has(create, "\"412\""));
    cr_assert_not(has(create, "\"428\""));
}

Test(openapi, a_public_route_needs_no_token_and_no_permission)
{
    const char *load = operation("load_units");
    cr_assert(has(load, "\"security\": []"));
    cr_assert(has(load, "\"x-permission\": \"public\""));
    cr_assert(has(load, "text/csv"));
    cr_assert_not(has(load, "\"403\""));
    cr_assert_not(has(operation("get_unit"), "\"security\""));
}

Test(openapi, an_answer_shows_every_shown_field_and_no_other)
{
    const char *unit = schema("Unit");
    cr_assert(has(unit, "\"additionalProperties\": false"));
    cr_assert(has(unit, "\n              null"), "an enum that may be null lists null");
    cr_assert(has(unit, "\"version\""));
    cr_assert_not(has(unit, "password"));
    cr_assert_not(has(unit, "name_prefix"));
    cr_assert(has(unit, "\"position\""));
}

Test(openapi, a_body_holds_what_the_statement_uses_and_demands_what_is_required)
{
    const char *create = schema("UnitCreate"), *patch = schema("UnitPatch");
    cr_assert(has(create, "\"writeOnly\": true"));
    cr_assert(has(create, "\"required\": [\n          \"name\"\n        ]"));
    cr_assert_not(has(create, "\"position\""), "a nested member that only answers show");
    cr_assert_not(has(create, "\"version\""));
    cr_assert(has(patch, "\"minProperties\": 1"));
    cr_assert(has(patch, "\"kind\""));
    cr_assert_not(has(patch, "\"target\""));
    cr_assert_not(has(patch, "\n        \"required\""));
}

Test(openapi, a_decimal_above_zero_says_so_in_its_pattern)
{
    cr_assert(has(schema("UnitCreate"),
                  "^([1-9][0-9]{0,13}(\\\\.[0-9]{1,4})?|0\\\\.(?!0+$)[0-9]{1,4})$"));
}

Test(openapi, is_the_same_every_time)
{
    cr_assert_str_eq(openapi_render(arena, &registry), openapi_render(arena, &registry));
}

Test(openapi, gives_up_without_memory)
{
    struct arena *small = arena_create(32 * 1024);
    cr_assert_null(openapi_render(small, &registry));
    arena_destroy(&small);
}

Test(diagram, begins_and_ends_where_no_step_leads_to_or_from)
{
    const char *text = diagram_render(arena, &registry);
    cr_assert(has(text, "### units\n"));
    cr_assert(has(
        text, "    [*] --> draft\n    draft --> approved: approve\n    approved --> closed: close\n"
              "    closed --> [*]\n"));
    cr_assert(has(text, "| approved | close | closed | duty_list.file | The year is over. |"));
}

/* tests/unit/test_problem.c - failures as problem documents: always JSON, always UTF-8, never more
 * than the client may know. */
#include <criterion/criterion.h>
#include <jansson.h>

#include "core/str.h"
#include "toy_service.h"

TestSuite(problem, .timeout = 120);

static struct arena *arena;
static struct request rq;

static void setup(void)
{
    arena = arena_create(1 << 20);
    rq = toy_request(arena, "GET", "/api/v1/toy/items?limit=0");
}

static void teardown(void)
{
    arena_destroy(&arena);
}

static void release(void *root)
{
    json_decref(root);
}

/* Renders, and reads the document back. */
static json_t *document(const char *current)
{
    problem_render(&rq, current);
    cr_assert_eq(rq.answer_len, strlen(rq.answer));
    json_t *root = json_loads(rq.answer, JSON_REJECT_DUPLICATES, NULL);
    cr_assert_not_null(root, "%s", rq.answer);
    cr_assert(arena_defer(arena, release, root));
    return root;
}

static const char *text(json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));
    return value == NULL ? "(none)" : value;
}

Test(problem, has_the_members_of_the_contract, .init = setup, .fini = teardown)
{
    fail(&rq, ERR_MALFORMED, NULL, "The \"address\" is\n%s.", "odd");
    json_t *d = document(NULL);
    cr_expect_str_eq(text(d, "type"), "urn:zeren:problem:malformed");
    cr_expect_str_eq(text(d, "title"), "The request is malformed");
    cr_expect_eq(json_integer_value(json_object_get(d, "status")), 400);
    cr_expect_str_eq(text(d, "detail"), "The \"address\" is\nodd.");
    cr_expect_str_eq(text(d, "instance"), "/api/v1/toy/items");
    cr_expect_str_eq(text(d, "code"), "malformed");
    cr_expect_str_eq(text(d, "request_id"), "req-1");
    cr_expect_null(json_object_get(d, "errors"));
    cr_expect_eq(rq.status, 400);
    cr_expect_eq(rq.retry_after_s, 0);
}

Test(problem, lists_every_bad_value_by_its_place, .init = setup, .fini = teardown)
{
    problem_add(&rq, (struct problem){AT_POINTER, "/a~1b", 0, "too_long", "At most 3."});
    problem_add(&rq, (struct problem){AT_PARAMETER, "limit", 0, "out_of_range", "1 to 500."});
    problem_add(&rq, (struct problem){AT_HEADER, "If-Match", 0, "malformed", "\"7\"."});
    problem_add(&rq, (struct problem){AT_CELL, "标题", 12, "blank", "Empty."});
    problem_add(&rq, (struct problem){AT_POINTER, "", 0, "empty_patch", "Nothing."});
    json_t *d = document(NULL);
    json_t *errors = json_object_get(d, "errors");
    cr_assert_eq(json_array_size(errors), 5);
    cr_expect_str_eq(text(json_array_get(errors, 0), "pointer"), "/a~1b");
    cr_expect_str_eq(text(json_array_get(errors, 0), "code"), "too_long");
    cr_expect_str_eq(text(json_array_get(errors, 0), "detail"), "At most 3.");
    cr_expect_str_eq(text(json_array_get(errors, 1), "parameter"), "limit");
    cr_expect_str_eq(text(json_array_get(errors, 2), "header"), "If-Match");
    json_t *cell = json_array_get(errors, 3);
    cr_expect_str_eq(text(cell, "column"), "标题");
    cr_expect_eq(json_integer_value(json_object_get(cell, "row")), 12);
    cr_expect_null(json_object_get(cell, "pointer"));
    cr_expect_str_eq(text(json_array_get(errors, 4), "pointer"), "");
    cr_expect_eq(rq.status, 400);
    cr_expect_str_eq(text(d, "detail"), "1 to 500.");
}

Test(problem, body_values_alone_are_422, .init = setup, .fini = teardown)
{
    cr_expect_not(problem_add(&rq, (struct problem){AT_POINTER, "/a", 0, "x", "X."}));
    problem_add(&rq, (struct problem){AT_CELL, "b", 2, "y", "Y."});
    json_t *d = document(NULL);
    cr_expect_eq(rq.status, 422);
    cr_expect_str_eq(text(d, "code"), "invalid");
    cr_expect_str_eq(text(d, "detail"), "X.");
}

struct named_case {
    const char *field, *place, *name;
};

Test(problem, a_refusal_by_a_rule_names_its_field, .init = setup, .fini = teardown)
{
    static const struct named_case named[] = {{"title", "pointer", "/title"},
                                              {"id", "parameter", "id"},
                                              {"version", "header", "If-Match"},
                                              {"Content-Type", "header", "Content-Type"},
                                              {"something", "parameter", "something"}};
    rq.route = &toy_routes[3]; /* PATCH /items/:id */
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
        err_clear(&rq.err);
        fail(&rq, ERR_DUPLICATE, named[i].field, "It is there.");
        json_t *e = json_array_get(json_object_get(document(NULL), "errors"), 0);
        cr_expect_str_eq(text(e, named[i].place), named[i].name, "%s", rq.answer);
        cr_expect_str_eq(text(e, "code"), "duplicate");
        cr_expect_str_eq(text(e, "detail"), "It is there.");
    }
}

Test(problem, never_says_the_cause, .init = setup, .fini = teardown)
{
    fail(&rq, ERR_INTERNAL, NULL, "%s", "");
    err_cause(&rq.err, "relation \"secret\" does not exist");
    json_t *d = document(NULL);
    cr_expect_str_eq(text(d, "detail"), text(d, "title"));
    cr_expect_null(strstr(rq.answer, "secret"));
}

Test(problem, bytes_that_are_not_text_are_left_out, .init = setup, .fini = teardown)
{
    static const char *const odd[] = {"/a\xFF", "/\xED\xA0\x80?x", "/\xE6\xB9"};
    for (size_t i = 0; i < 3; i++) {
        rq = toy_request(arena, "GET", odd[i]);
        rq.request_id = "\xC0\xAF";
        fail(&rq, ERR_INVALID, NULL, "%s", odd[i]);
        problem_add(&rq, (struct problem){AT_PARAMETER, odd[i], 0, "odd", odd[i]});
        json_t *d = document(NULL);
        cr_expect_null(json_object_get(d, "instance"));
        cr_expect_null(json_object_get(d, "request_id"));
        cr_expect(str_utf8(rq.answer, rq.answer_len));
    }
    rq = toy_request(arena, "GET", "/\"\\\x01?");
    fail(&rq, ERR_NO_ROUTE, NULL, "%s", "");
    cr_expect_str_eq(text(document(NULL), "instance"), "/\"\\\x01");
}

Test(problem, a_stale_write_sees_the_record, .init = setup, .fini = teardown)
{
    const char *record =
        "{\"id\":\"version\",\"place\":{\"version\":3},\"note\":\"\\\"version\\\":4\","
        "\"version\" : 8}";
    fail(&rq, ERR_STALE, "version", "It is at version 8.");
    rq.etag = "\"8\"";
    json_t *d = document(record);
    cr_expect_eq(json_integer_value(json_object_get(d, "current_version")), 8);
    cr_expect_str_eq(text(json_object_get(d, "current"), "id"), "version");
    cr_expect_str_eq(rq.etag, "\"8\"");
    d = document("{\"id\":1}");
    cr_expect_null(json_object_get(d, "current_version"));
    cr_expect_not_null(json_object_get(d, "current"));
    err_clear(&rq.err);
    fail(&rq, ERR_STATE, NULL, "%s", "");
    d = document(record);
    cr_expect_null(json_object_get(d, "current"));
    cr_expect_null(rq.etag);
}

Test(problem, what_a_failed_handler_left_is_taken_back, .init = setup, .fini = teardown)
{
    rq.location = "/x";
    rq.link = "<y>";
    rq.etag = "\"1\"";
    fail(&rq, ERR_DB_DOWN, NULL, "%s", "");
    document(NULL);
    cr_expect_null(rq.location);
    cr_expect_null(rq.link);
    cr_expect_null(rq.etag);
    cr_expect_eq(rq.retry_after_s, 1);
    rq.retry_after_s = 30;
    document(NULL);
    cr_expect_eq(rq.retry_after_s, 30);
}

Test(problem, works_without_memory_for_every_code, .init = setup, .fini = teardown)
{
    for (enum err_code code = 1; code < ERR_COUNT; code++) {
        rq = toy_request(arena_create(0), "GET", "/a");
        fail(&rq, code, NULL, "%s", "");
        problem_render(&rq, NULL);
        json_t *d = json_loads(rq.answer, JSON_REJECT_DUPLICATES, NULL);
        cr_assert_not_null(d, "%s", rq.answer);
        cr_expect_str_eq(text(d, "code"), err_class(code)->code);
        cr_expect_eq(json_integer_value(json_object_get(d, "status")), err_class(code)->status);
        cr_expect_eq(rq.status, err_class(code)->status);
        json_decref(d);
        arena_destroy(&rq.arena);
    }
}

Test(problem, a_refusal_without_a_reason_is_500, .init = setup, .fini = teardown)
{
    cr_expect_str_eq(text(document(NULL), "code"), "internal");
    cr_expect_eq(rq.status, 500);
}

/* tests/unit/test_render.c - headers of answers, conditional reads, `fields=`. */
#include <criterion/criterion.h>
#include <string.h>

#include "http/render.h"

TestSuite(render, .timeout = 120);

static const struct field fields[] = {
    F_UUID("id", IN_PATH | SHOWN, "id"),
    F_TEXT("title", IN_BODY | SHOWN, 0, 20, "title", "x"),
    F_TEXT("password", IN_BODY | SECRET, 0, 20, "never shown", "x"),
    F_VERSION(),
    FIELDS_END,
};
static const struct route route = {
    .method = METHOD_GET, .fields = fields, .id = "read_item", .path = "/items/:id"};

static struct arena *arena;

static void setup(void)
{
    arena = arena_create(1 << 20);
}

static void teardown(void)
{
    arena_destroy(&arena);
}

static struct request answered(int status, const char *json)
{
    return (struct request){.arena = arena,
                            .route = &route,
                            .status = status,
                            .answer = json,
                            .answer_len = strlen(json),
                            .request_id = "r-1"};
}

static const char *header(struct request *rq, const char *name)
{
    static struct header headers[HEADERS_MAX];
    size_t n = render_headers(rq, headers);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(headers[i].name, name) == 0)
            return headers[i].value;
    }
    return NULL;
}

Test(render, every_answer_has_its_headers, .init = setup, .fini = teardown)
{
    struct request rq = answered(200, "{}");
    cr_expect_str_eq(header(&rq, "Content-Type"), "application/json");
    cr_expect_str_eq(header(&rq, "X-Request-Id"), "r-1");
    cr_expect_str_eq(header(&rq, "Cache-Control"), "no-store");
    cr_expect_str_eq(header(&rq, "X-Content-Type-Options"), "nosniff");
    cr_expect_null(header(&rq, "WWW-Authenticate"));
    cr_expect_null(header(&rq, "Retry-After"));
    rq.rate = (struct rate_answer){.limit = 10, .remaining = 0, .reset_s = 6};
    cr_expect_str_eq(header(&rq, "RateLimit-Limit"), "10");
    cr_expect_str_eq(header(&rq, "RateLimit-Remaining"), "0");
    cr_expect_str_eq(header(&rq, "RateLimit-Reset"), "6");
}

Test(render, a_refusal_is_a_problem_document, .init = setup, .fini = teardown)
{
    struct request rq = answered(401, "{}");
    rq.err.code = ERR_UNAUTHENTICATED;
    cr_expect_str_eq(header(&rq, "Content-Type"), "application/problem+json");
    cr_expect_str_eq(header(&rq, "WWW-Authenticate"), "Bearer realm=\"zeren\"");
    rq.authorization = "Bearer x";
    cr_expect_str_eq(header(&rq, "WWW-Authenticate"),
                     "Bearer realm=\"zeren\", error=\"invalid_token\"");
}

Test(render, a_read_whose_tag_the_caller_has_is_304, .init = setup, .fini = teardown)
{
    static const struct {
        const char *list;
        bool same;
    } cases[] = {
        {"\"7\"", true},
        {"W/\"7\"", true},
        {"\"1\", \"7\"", true},
        {"*", true},
        {"\"8\"", false},
        {"\"77\"", false},
        {"7", false},
        {"", false},
        {"\"7", false},
        {"\"1\",\"6\"", false},
        {"\"1\",W/\"7\"", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct request rq = answered(200, "{\"id\":1}");
        rq.etag = "\"7\"";
        rq.if_none_match = cases[i].list;
        render_finish(&rq);
        cr_expect_eq(rq.status, cases[i].same ? 304 : 200, "%s", cases[i].list);
    }
}

Test(render, only_reads_are_conditional, .init = setup, .fini = teardown)
{
    struct route write = route;
    write.method = METHOD_POST;
    struct request rq = answered(200, "{}");
    rq.route = &write;
    rq.etag = "\"7\"";
    rq.if_none_match = "*";
    render_finish(&rq);
    cr_expect_eq(rq.status, 200);
}

Test(render, fields_cuts_an_object_by_member, .init = setup, .fini = teardown)
{
    static const struct {
        const char *fields, *object, *expected;
    } cases[] = {
        {NULL, "{\"a\":1}", "{\"a\":1}"},
        {"a", "{\"a\":1,\"b\":2}", "{\"a\":1}"},
        {"b,a", "{\"a\":1,\"b\":2,\"c\":3}", "{\"a\":1,\"b\":2}"},
        {"b", "{\"a\":{\"b\":1},\"b\":[1,{\"b\":\"}\"}],\"c\":3}", "{\"b\":[1,{\"b\":\"}\"}]}"},
        {"b", "{\"a\":\"x\\\",\\\"b\\\":1\",\"b\":0.1}", "{\"b\":0.1}"},
        {"a", "{\"aa\":1,\"a\":null}", "{\"a\":null}"},
        {"z", "{\"a\":1}", "{}"},
        {"a", "{}", "{}"},
        {"a", "{ \"a\" : \"x y\" , \"b\" : 1 }", "{\"a\":\"x y\" }"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct request rq = answered(200, "{}");
        rq.only_fields = cases[i].fields;
        cr_expect_str_eq(render_fields(&rq, cases[i].object), cases[i].expected);
    }
}

Test(render, only_shown_fields_can_be_asked_for, .init = setup, .fini = teardown)
{
    static const struct {
        const char *fields;
        bool known;
    } cases[] = {
        {NULL, true},        {"id", true},       {"id,title,version", true},
        {"password", false}, {"id,nope", false}, {"", false},
        {"id,", true},       {",id", false},     {"ID", false},
        {"titl", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct request rq = answered(200, "{}");
        rq.only_fields = cases[i].fields;
        cr_expect_eq(render_fields_known(&rq), cases[i].known, "fields=%s",
                     cases[i].fields == NULL ? "NULL" : cases[i].fields);
        cr_expect_eq(rq.err.code, cases[i].known ? ERR_NONE : ERR_BAD_PARAMETER);
    }
}

Test(render, a_word_is_found_at_the_top_level_only, .init = setup, .fini = teardown)
{
    const char *object = "{\"x\":{\"status\":\"inner\"},\"status\":\"draft\",\"n\":1}";
    cr_expect_str_eq(render_word(arena, object, "status"), "draft");
    cr_expect_null(render_word(arena, object, "n"));
    cr_expect_null(render_word(arena, object, "missing"));
}

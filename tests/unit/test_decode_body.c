/* tests/unit/test_decode_body.c - JSON bodies: what is no JSON, what does not fit the field table,
 * what the arguments become. */
#define _GNU_SOURCE /* memmem */
#include <criterion/criterion.h>
#include <jansson.h>
#include <malloc.h>

#include "toy_service.h"

TestSuite(decode_body, .timeout = 120);

static struct arena *arena;

static void setup(void)
{
    arena = arena_create(8 << 20);
}

static void teardown(void)
{
    arena_destroy(&arena);
}

#define P "/api/v1/toy"
#define MERGE "application/merge-patch+json"

static struct request post(const char *body, size_t len)
{
    struct request rq = toy_request(arena, "POST", P "/items");
    toy_body(&rq, "application/json", body, len);
    toy_decode(&rq);
    return rq;
}

static struct request patch(const char *body)
{
    struct request rq = toy_request(arena, "PATCH", P "/items/" TOY_ID);
    toy_body(&rq, MERGE, body, strlen(body));
    rq.if_match = "\"7\"";
    toy_decode(&rq);
    return rq;
}

struct malformed_case {
    const char *body;
    size_t len; /* 0: up to its NUL */
    const char *words;
};

/* clang-format off */
static const struct malformed_case malformed[] = {
    {"{\"title\":\"a\"", 0, "ends too early"},
    {"{\"title\":\"a", 0, "ends too early"},
    {"{", 0, "ends too early"},
    {" ", 0, "ends too early"},
    {"{\"title\":\"a\"}x", 0, "line 1, column 14"},
    {"{\"title\":\"a\"}{}", 0, "goes on behind its end"},
    {"{\"title\":\"a\",}", 0, "not well-formed"},
    {"{\"title\":'a'}", 0, "not well-formed"},
    {"{\n \"title\":\n  nope}", 0, "line 3"},
    {"{\"title\":\"a\",\"title\":\"b\"}", 0, "same member twice"},
    {"{\"title\":\"a\",\"place\":{\"road\":\"a\",\"road\":\"b\"}}", 0, "same member twice"},
    {"{\"title\":\"a\\u0000b\"}", 0, "NUL"},
    {"{\"a\\u0000b\":1}", 0, "NUL"},
    {"{\"title\":\"a\0b\"}", 15, "line 1"},
    {"{\"title\":\"a\"}\0", 14, "line 1"},
    {"{\"title\":\"\xFF\"}", 0, "not UTF-8"},
    {"{\"title\":\"\xED\xA0\x80\"}", 0, "not UTF-8"},
    {"{\"title\":\"\xCE\xC4\"}", 0, "not UTF-8"}, /* GB18030 */
    {"{\"title\":\"\\uD800\"}", 0, "not well-formed"},
    {"\xEF\xBB\xBF{}", 0, "line 1"},
    {"{\"count\":9223372036854775808}", 0, "too large"},
    {"[]", 0, "not a JSON object"},
    {"\"a\"", 0, "not a JSON object"},
    {"null", 0, "not a JSON object"},
    {"7", 0, "not a JSON object"},
};

struct body_case {
    const char *body, *problems; /* "": accepted */
};
static const struct body_case posts[] = {
    {"{\"title\":\"a\"}", ""},
    {"{}", "/title required"},
    {"{\"title\":null}", "/title null"},
    {"{\"title\":\" \",\"note\":null,\"count\":null}", "/title blank"},
    {"{\"title\":1,\"count\":\"1\",\"ready\":\"true\",\"price\":1.5}",
        "/title not_a_string, /count not_an_integer, /ready not_a_boolean, /price not_a_string"},
    {"{\"title\":\"a\",\"count\":1.0}", "/count not_an_integer"},
    {"{\"title\":\"a\",\"count\":101,\"kind\":\"x\",\"division\":\"43\"}",
        "/count too_large, /kind not_one_of, /division not_a_division_code"},
    {"{\"title\":\"a\",\"version\":1,\"year\":2026,\"secret\":\"x\",\"code\":\"431302000000\"}",
        "/version unknown_field, /year unknown_field, /secret unknown_field, /code unknown_field"},
    {"{\"title\":\"a\",\"a/b~c\":1,\"\":2,\"Title\":3}", "/a~1b~0c unknown_field, / unknown_field, /Title unknown_field"},
    {"{\"title\":\"a\",\"unit_ids\":\"" TOY_ID "\"}", "/unit_ids not_an_array"},
    {"{\"title\":\"a\",\"unit_ids\":[\"x\",\"" TOY_ID "\",1]}", "/unit_ids/0 not_a_uuid, /unit_ids/2 not_a_string"},
    {"{\"title\":\"a\",\"unit_ids\":[\"" TOY_ID "\",\"" TOY_ID "\"]}", "/unit_ids repeated"},
    {"{\"title\":\"a\",\"names\":[\"a\",\"b\",\"c\",\"d\"]}", "/names too_many"},
    {"{\"title\":\"a\",\"names\":[null,\" \"]}", "/names/0 not_a_string, /names/1 blank"},
    {"{\"title\":\"a\",\"place\":[]}", "/place not_an_object"},
    {"{\"title\":\"a\",\"place\":{}}", "/place/road required"},
    {"{\"title\":\"a\",\"place\":{\"road\":null,\"number\":0,\"seen_by\":\"" TOY_ID "\"}}",
        "/place/seen_by unknown_field, /place/road null, /place/number too_small"},
    {"{\"title\":\"a\",\"parts\":{}}", "/parts not_an_array"},
    {"{\"title\":\"a\",\"parts\":[{},{\"name\":\"a\"},{\"name\":\"b\",\"weight\":\"0\",\"x/y\":1,\"place\":{\"road\":7}}]}",
        "/parts/0/name required, /parts/2/x~1y unknown_field, /parts/2/weight too_small, /parts/2/place/road not_a_string"},
    {"{\"title\":\"a\",\"parts\":[null,7]}", "/parts/0 not_an_object, /parts/1 not_an_object"},
    {"{\"title\":\"a\",\"parts\":[{\"name\":\"a\"},{\"name\":\"a\"},{\"name\":\"a\"},{\"name\":\"a\"}]}", "/parts too_many"},
};
static const struct body_case patches[] = {
    {"{\"title\":\"a\"}", ""},
    {"{\"due_on\":null}", ""},
    {"{\"place\":{\"number\":7}}", ""},
    {"{\"place\":{\"number\":null}}", ""},
    {"{}", " empty_patch"},
    {"{\"title\":null}", "/title null"},
    {"{\"place\":{\"road\":null}}", "/place/road null"},
    {"{\"count\":1}", "/count unknown_field"},
};
/* clang-format on */

Test(decode_body, what_is_no_json_is_refused_with_its_place, .init = setup, .fini = teardown)
{
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++) {
        const struct malformed_case *c = &malformed[i];
        struct request rq = post(c->body, c->len > 0 ? c->len : strlen(c->body));
        cr_expect_eq(rq.err.code, ERR_MALFORMED, "%s", c->body);
        cr_expect_not_null(strstr(rq.err.detail, c->words), "%s: %s", c->body, rq.err.detail);
        cr_expect_eq(rq.n_problems, 0);
    }
}

Test(decode_body, every_bad_member_is_listed, .init = setup, .fini = teardown)
{
    for (size_t i = 0; i < sizeof posts / sizeof posts[0]; i++) {
        struct request rq = post(posts[i].body, strlen(posts[i].body));
        cr_expect_str_eq(toy_problems(&rq), posts[i].problems, "%s: %s", posts[i].body,
                         toy_problems(&rq));
        cr_expect_eq(rq.err.code, *posts[i].problems == '\0' ? ERR_NONE : ERR_INVALID);
    }
}

Test(decode_body, a_patch_demands_no_field_but_at_least_one, .init = setup, .fini = teardown)
{
    for (size_t i = 0; i < sizeof patches / sizeof patches[0]; i++) {
        struct request rq = patch(patches[i].body);
        cr_expect_str_eq(toy_problems(&rq), patches[i].problems, "%s: %s", patches[i].body,
                         toy_problems(&rq));
        cr_expect_eq(rq.err.code, *patches[i].problems == '\0' ? ERR_NONE : ERR_INVALID);
    }
}

Test(decode_body, null_is_given_and_absent_is_not, .init = setup, .fini = teardown)
{
    struct request rq = patch("{\"due_on\":null,\"note\":\"\"}");
    cr_expect(arg_given(&rq, "due_on"));
    cr_expect_null(arg_text(&rq, "due_on"));
    cr_expect(arg_given(&rq, "note"));
    cr_expect_str_eq(arg_text(&rq, "note"), "");
    cr_expect_not(arg_given(&rq, "title"));
    cr_expect_null(arg_text(&rq, "title"));
}

Test(decode_body, members_become_canonical_text, .init = setup, .fini = teardown)
{
    const char *body =
        "{\"title\":\"\\u6E58\\\"江\",\"count\":-0,\"ready\":false,\"price\":\"1.50\","
        "\"unit_ids\":[\"0191D3C4-0000-7000-8000-00000000000A\"],"
        "\"names\":[\"a,b\",\"c\\\"\\\\d\",\"NULL\"],\"parts\":[ {\"good\":true, "
        "\"weight\":\"2.0\","
        "\"name\":\"\\\"x\\n\",\"place\":null,\"maker_id\":\"0191D3C4-0000-7000-8000-"
        "00000000000A\"},"
        "{\"name\":\"y\",\"marks\":[\"m\",\"n\"],\"place\":{\"number\":7,\"road\":\"r\"}}]}";
    struct request rq = post(body, strlen(body));
    cr_assert_eq(rq.err.code, ERR_NONE, "%s", toy_problems(&rq));
    cr_expect_str_eq(arg_text(&rq, "title"), "湘\"江");
    cr_expect_str_eq(arg_text(&rq, "count"), "0");
    cr_expect_str_eq(arg_text(&rq, "ready"), "false");
    cr_expect_str_eq(arg_text(&rq, "price"), "1.50");
    cr_expect_str_eq(arg_text(&rq, "unit_ids"), "{\"" TOY_ID "\"}");
    cr_expect_str_eq(arg_text(&rq, "names"), "{\"a,b\",\"c\\\"\\\\d\",\"NULL\"}");
    cr_expect_str_eq(
        arg_text(&rq, "parts"),
        "[{\"name\":\"\\\"x\\n\",\"weight\":\"2.0\",\"good\":true,\"maker_id\":\"" TOY_ID
        "\",\"place\":null},{\"name\":\"y\",\"marks\":[\"m\",\"n\"],"
        "\"place\":{\"road\":\"r\",\"number\":7}}]");
    rq = patch("{\"place\":{\"number\":null,\"road\":\"x\"}}");
    cr_expect_str_eq(arg_text(&rq, "place"), "{\"road\":\"x\",\"number\":null}");
}

static struct request post_nested(size_t depth)
{
    char *body = arena_alloc(arena, 2 * depth + 20);
    size_t len = strlen(strcpy(body, "{\"title\":"));
    memset(body + len, '[', depth);
    memset(body + len + depth, ']', depth);
    body[len + 2 * depth] = '}';
    return post(body, len + 2 * depth + 1);
}

Test(decode_body, deep_nesting_is_refused_before_parsing, .init = setup, .fini = teardown)
{
    struct request rq = post_nested(31);
    cr_expect_eq(rq.err.code, ERR_INVALID);
    rq = post_nested(32);
    cr_expect_eq(rq.err.code, ERR_MALFORMED);
    cr_expect_not_null(strstr(rq.err.detail, "byte 41"), "%s", rq.err.detail);
    rq = post_nested(20000);
    cr_expect_eq(rq.err.code, ERR_MALFORMED);
    rq = post("{\"title\":\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[\"}", 52);
    cr_expect_str_eq(toy_problems(&rq), "/title too_long");
}

Test(decode_body, too_many_values_are_refused_before_parsing, .init = setup, .fini = teardown)
{
    size_t len = 100000;
    char *body = arena_alloc(arena, len + 1);
    memset(body, ',', len);
    body[0] = '{';
    struct request rq = post(body, len);
    cr_expect_eq(rq.err.code, ERR_TOO_LARGE);
}

Test(decode_body, long_names_are_not_repeated, .init = setup, .fini = teardown)
{
    char *body = arena_printf(arena, "{\"title\":\"a\",\"%0500d\":1}", 0);
    struct request rq = post(body, strlen(body));
    cr_expect_str_eq(toy_problems(&rq), " unknown_field");
}

static bool watching, seen_again;

/* Looks for the password in what the parsed body gives back. */
static void watch_free(void *at)
{
    size_t n = at == NULL ? 0 : malloc_usable_size(at);
    seen_again |= watching && memmem(at, n, "Tr0ub4dor", 9) != NULL;
    free(at);
}

/* Zeroed, since watch_free() looks at all of it. */
static void *zeroed(size_t n)
{
    return calloc(1, n);
}

Test(decode_body, a_password_is_wiped_with_the_request, .init = setup, .fini = teardown)
{
    json_set_alloc_funcs(zeroed, watch_free);
    struct request rq = toy_request(arena, "POST", P "/log_in");
    toy_body(&rq, "application/json", "{\"title\":\"a\",\"secret\":\"Tr0ub4dor\"}", 34);
    cr_assert(toy_decode(&rq), "%s", toy_problems(&rq));
    cr_expect_str_eq(arg_text(&rq, "secret"), "Tr0ub4dor");
    watching = true;
    arena_reset(arena);
    cr_expect_not(seen_again);
}

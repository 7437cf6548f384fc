/* tests/unit/test_decode.c - requests become arguments, or problems that name every bad value. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "toy_service.h"

TestSuite(decode, .timeout = 120);

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
#define ITEM P "/items/" TOY_ID
#define JSON "application/json"

struct request_case {
    const char *method, *url, *type, *body, *if_match;
    enum err_code code;
    const char *problems; /* "" for a refusal without a list */
};

/* clang-format off */
static const struct request_case cases[] = {
    /* queries */
    {"GET", P "/items", NULL, NULL, NULL, ERR_NONE, ""},
    {"GET", P "/items?", NULL, NULL, NULL, ERR_NONE, ""},
    {"GET", P "/items?&limit=500&&sort=-due_on&", NULL, NULL, NULL, ERR_NONE, ""},
    {"GET", P "/items?sort=title&fields=id,title,version&cursor=abc&limit=1", NULL, NULL, NULL, ERR_NONE, ""},
    {"GET", P "/items?count=-5&ready=true&kind=%E6%B8%85%E5%8D%95&names=a+b,c%2Bd", NULL, NULL, NULL, ERR_NONE, ""},
    {"HEAD", P "/items?limit=2", NULL, NULL, NULL, ERR_NONE, ""},
    {"GET", P "/items?limit=0", NULL, NULL, NULL, ERR_BAD_PARAMETER, "limit out_of_range"},
    {"GET", P "/items?limit=501", NULL, NULL, NULL, ERR_BAD_PARAMETER, "limit out_of_range"},
    {"GET", P "/items?limit=", NULL, NULL, NULL, ERR_BAD_PARAMETER, "limit out_of_range"},
    {"GET", P "/items?limit=ten&cursor=&sort=price&fields=id,nothing", NULL, NULL, NULL, ERR_BAD_PARAMETER,
        "limit out_of_range, cursor malformed, sort not_one_of, fields unknown_field"},
    {"GET", P "/items?sort=--id&fields=", NULL, NULL, NULL, ERR_BAD_PARAMETER, "sort not_one_of, fields unknown_field"},
    {"GET", P "/items?fields=secret", NULL, NULL, NULL, ERR_BAD_PARAMETER, "fields unknown_field"},
    {"GET", P "/items?fields=id,", NULL, NULL, NULL, ERR_BAD_PARAMETER, "fields unknown_field"},
    {"GET", P "/items?colour=red&count=1000", NULL, NULL, NULL, ERR_BAD_PARAMETER, "colour unknown_parameter, count too_large"},
    {"GET", P "/items?count=1&count=1", NULL, NULL, NULL, ERR_BAD_PARAMETER, "count repeated"},
    {"GET", P "/items?limit=1&limit=2", NULL, NULL, NULL, ERR_BAD_PARAMETER, "limit repeated"},
    {"GET", P "/items?title=a", NULL, NULL, NULL, ERR_BAD_PARAMETER, "title unknown_parameter"},
    {"GET", P "/items?=1", NULL, NULL, NULL, ERR_BAD_PARAMETER, " unknown_parameter"},
    {"GET", P "/items?place=%7B%7D", NULL, NULL, NULL, ERR_BAD_PARAMETER, "place unknown_parameter"},
    {"GET", P "/items?count=%ff&%zz=1", NULL, NULL, NULL, ERR_BAD_PARAMETER, "count malformed, ? malformed"},
    {"GET", P "/items?validate_only=true", NULL, NULL, NULL, ERR_BAD_PARAMETER, "validate_only unknown_parameter"},
    {"GET", ITEM "?fields=id", NULL, NULL, NULL, ERR_NONE, ""},
    {"GET", ITEM "?limit=1", NULL, NULL, NULL, ERR_BAD_PARAMETER, "limit unknown_parameter"},
    {"GET", P "/divisions/431302000000?fields=id", NULL, NULL, NULL, ERR_BAD_PARAMETER, "fields unknown_parameter"},
    {"POST", P "/items?validate_only=yes", JSON, "{\"title\":\"a\"}", NULL, ERR_BAD_PARAMETER, "validate_only not_a_boolean"},
    {"POST", P "/items?count=1", JSON, "{\"title\":\"a\"}", NULL, ERR_BAD_PARAMETER, "count unknown_parameter"},
    {"POST", P "/log_in?validate_only=true", JSON, "{\"title\":\"a\"}", NULL, ERR_BAD_PARAMETER,
        "validate_only unknown_parameter"},
    /* paths */
    {"GET", P "/items/seven", NULL, NULL, NULL, ERR_BAD_PARAMETER, "id not_a_uuid"},
    {"GET", P "/items/a%ff", NULL, NULL, NULL, ERR_BAD_PARAMETER, "id malformed"},
    {"GET", P "/items/x/parts/4313?a=1", NULL, NULL, NULL, ERR_BAD_PARAMETER,
        "id not_a_uuid, code not_a_division_code, a unknown_parameter"},
    {"GET", P "/divisions/43130200000%30", NULL, NULL, NULL, ERR_NONE, ""},
    {"GET", P "/divisions/43130200000+", NULL, NULL, NULL, ERR_BAD_PARAMETER, "code not_a_division_code"},
    /* content types */
    {"POST", P "/items", JSON, "{\"title\":\"a\"}", NULL, ERR_NONE, ""},
    {"POST", P "/items", "Application/JSON;charset=UTF-8", "{\"title\":\"a\"}", NULL, ERR_NONE, ""},
    {"POST", P "/items", JSON " ; charset=\"utf-8\" ", "{\"title\":\"a\"}", NULL, ERR_NONE, ""},
    {"POST", P "/items", NULL, "{\"title\":\"a\"}", NULL, ERR_MEDIA_TYPE, ""},
    {"POST", P "/items", "", "{\"title\":\"a\"}", NULL, ERR_MEDIA_TYPE, ""},
    {"POST", P "/items", "text/json", "{\"title\":\"a\"}", NULL, ERR_MEDIA_TYPE, ""},
    {"POST", P "/items", "application/json+x", "{\"title\":\"a\"}", NULL, ERR_MEDIA_TYPE, ""},
    {"POST", P "/items", "application/merge-patch+json", "{\"title\":\"a\"}", NULL, ERR_MEDIA_TYPE, ""},
    {"POST", P "/items", JSON "; charset=gb18030", "{\"title\":\"a\"}", NULL, ERR_MEDIA_TYPE, ""},
    {"POST", P "/items", JSON "; charset=utf-8; charset=utf-8", "{\"title\":\"a\"}", NULL, ERR_MEDIA_TYPE, ""},
    {"POST", P "/items", JSON "; boundary=x", "{\"title\":\"a\"}", NULL, ERR_MEDIA_TYPE, ""},
    {"POST", P "/items", JSON ";", "{\"title\":\"a\"}", NULL, ERR_MEDIA_TYPE, ""},
    {"POST", P "/items", JSON "; charset=\"utf-8", "{\"title\":\"a\"}", NULL, ERR_MEDIA_TYPE, ""},
    {"POST", P "/items", "text/csv", NULL, NULL, ERR_MEDIA_TYPE, ""},
    {"POST", P "/items", NULL, NULL, NULL, ERR_MALFORMED, ""},
    {"POST", P "/items", JSON, "", NULL, ERR_MALFORMED, ""},
    {"PATCH", ITEM, "application/merge-patch+json", "{\"title\":\"a\"}", "\"7\"", ERR_NONE, ""},
    {"PATCH", ITEM, JSON, "{\"title\":\"a\"}", "\"7\"", ERR_NONE, ""},
    {"PATCH", ITEM, JSON, NULL, "\"7\"", ERR_MALFORMED, ""},
    {"POST", P "/items:import?year=2026", "text/csv", "a\n", NULL, ERR_NONE, ""},
    {"POST", P "/items:import?year=2026&division=431302000000&validate_only=true", "Text/CSV; Charset=gb18030", "a\n", NULL,
        ERR_NONE, ""},
    {"POST", P "/items:import?year=2026", "text/csv;charset=latin1", "a\n", NULL, ERR_MEDIA_TYPE, ""},
    {"POST", P "/items:import?year=2026", JSON, "{}", NULL, ERR_MEDIA_TYPE, ""},
    {"POST", P "/items:import?year=2026", "text/csv", NULL, NULL, ERR_MALFORMED, ""},
    {"POST", P "/items:import?division=x", "text/csv", "a\n", NULL, ERR_BAD_PARAMETER,
        "division not_a_division_code, year required"},
    {"GET", P "/items", JSON, NULL, NULL, ERR_NONE, ""},
    {"GET", P "/items", JSON, " { }\n", NULL, ERR_NONE, ""},
    {"GET", P "/items", JSON, "{\"a\":1}", NULL, ERR_MALFORMED, ""},
    {"GET", P "/items", "text/plain", "{}", NULL, ERR_MALFORMED, ""},
    {"POST", ITEM ":touch", NULL, NULL, NULL, ERR_NONE, ""},
    {"POST", ITEM ":touch", JSON, "{}", NULL, ERR_NONE, ""},
    {"POST", ITEM ":touch", JSON, "{}{}", NULL, ERR_MALFORMED, ""},
    {"POST", ITEM ":touch", JSON, "[]", NULL, ERR_MALFORMED, ""},
    {"POST", ITEM ":touch", NULL, "{}", NULL, ERR_MALFORMED, ""},
    /* If-Match */
    {"PATCH", ITEM, JSON, "{\"title\":\"a\"}", NULL, ERR_PRECONDITION, ""},
    {"PATCH", ITEM, JSON, "{\"title\":\"a\"}", "W/\"7\"", ERR_NONE, ""},
    {"PATCH", ITEM, JSON, "{\"title\":\"a\"}", "*", ERR_BAD_PARAMETER, "If-Match malformed"},
    {"PATCH", ITEM, JSON, "{\"title\":\"a\"}", "7", ERR_BAD_PARAMETER, "If-Match malformed"},
    {"PATCH", ITEM, JSON, "{\"title\":\"a\"}", "\"\"", ERR_BAD_PARAMETER, "If-Match malformed"},
    {"PATCH", ITEM, JSON, "{\"title\":\"a\"}", "\"0\"", ERR_BAD_PARAMETER, "If-Match malformed"},
    {"PATCH", ITEM, JSON, "{\"title\":\"a\"}", "\"x7\"", ERR_BAD_PARAMETER, "If-Match malformed"},
    {"PATCH", ITEM, JSON, "{\"title\":\"a\"}", "\"2147483648\"", ERR_BAD_PARAMETER, "If-Match malformed"},
    {"PATCH", ITEM, JSON, "{\"title\":\"a\"}", "", ERR_BAD_PARAMETER, "If-Match malformed"},
    {"PATCH", ITEM, JSON, "{\"title\":\"\"}", NULL, ERR_INVALID, "/title blank"},
    {"POST", ITEM ":confirm", NULL, NULL, "\"7\"", ERR_NONE, ""},
    {"POST", ITEM ":confirm", NULL, NULL, NULL, ERR_PRECONDITION, ""},
    {"POST", P "/items", JSON, "{\"title\":\"a\"}", "\"7\"", ERR_BAD_PARAMETER, "If-Match not_taken"},
    {"GET", ITEM, NULL, NULL, "\"7\"", ERR_NONE, ""},
    /* all of it at once: 400 goes before 422 */
    {"PATCH", P "/items/x?a=1", JSON, "{\"title\":1,\"z\":2}", "*", ERR_BAD_PARAMETER,
        "id not_a_uuid, a unknown_parameter, /title not_a_string, /z unknown_field, If-Match malformed"},
};
/* clang-format on */

static void check_case(const struct request_case *c)
{
    struct request rq = toy_request(arena, c->method, c->url);
    toy_body(&rq, c->type, c->body, c->body == NULL ? 0 : strlen(c->body));
    rq.if_match = c->if_match;
    bool decoded = toy_decode(&rq);
    const char *body = c->body == NULL ? "" : c->body;
    cr_expect_eq(decoded, c->code == ERR_NONE, "%s %s %s", c->method, c->url, body);
    cr_expect_eq(rq.err.code, c->code, "%s %s %s %s: %s %s", c->method, c->url, body,
                 c->type == NULL ? "" : c->type, err_class(rq.err.code)->name, toy_problems(&rq));
    cr_expect_str_eq(toy_problems(&rq), c->problems, "%s %s %s: %s", c->method, c->url, body,
                     toy_problems(&rq));
}

Test(decode, requests_are_accepted_or_refused_as_documented, .init = setup, .fini = teardown)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_case(&cases[i]);
}

Test(decode, a_page_has_defaults_and_takes_what_is_given, .init = setup, .fini = teardown)
{
    struct request rq = toy_request(arena, "GET", P "/items");
    cr_assert(toy_decode(&rq));
    cr_expect_eq(rq.limit, 50);
    cr_expect_null(rq.sort);
    cr_expect_null(rq.cursor);
    cr_expect_null(rq.only_fields);
    cr_expect_null(rq.new_id);
    cr_expect_not(arg_given(&rq, "count"));
    rq = toy_request(arena, "GET",
                     P "/items?limit=7&sort=-title&cursor=c%3D&fields=id,title&names=a+b,c%2Bd"
                       "&price=1.50&due_on=2026-05-01&count=9");
    cr_assert(toy_decode(&rq));
    cr_expect_eq(rq.limit, 7);
    cr_expect_str_eq(rq.sort, "-title");
    cr_expect_str_eq(rq.cursor, "c=");
    cr_expect_str_eq(rq.only_fields, "id,title");
    cr_expect_str_eq(arg_text(&rq, "names"), "{\"a b\",\"c+d\"}");
    struct date day;
    struct decimal price;
    int64_t count = 0;
    cr_expect(arg_date(&rq, "due_on", &day) && day.year == 2026 && day.day == 1);
    cr_expect(arg_decimal(&rq, "price", &price) && price.units == 150 && price.scale == 2);
    cr_expect(arg_int(&rq, "count", &count) && count == 9);
    cr_expect_not(arg_decimal(&rq, "share", &price));
}

Test(decode, path_and_version_become_arguments, .init = setup, .fini = teardown)
{
    struct request rq =
        toy_request(arena, "POST",
                    P "/items/0191D3C4-0000-7000-8000-00000000000%41:confirm?validate_only=true");
    rq.if_match = "W/\"12\"";
    cr_assert(toy_decode(&rq), "%s", toy_problems(&rq));
    cr_expect_str_eq(arg_text(&rq, "id"), TOY_ID);
    cr_expect_str_eq(arg_text(&rq, "version"), "12");
    cr_expect(rq.validate_only);
    cr_expect_str_eq(rq.route->path, "/items/:id:confirm");
}

Test(decode, the_charset_of_a_table_is_known, .init = setup, .fini = teardown)
{
    struct request rq = toy_request(arena, "POST", P "/items:import?year=2026");
    toy_body(&rq, "text/csv; charset=\"GB18030\"", "a", 1);
    cr_assert(toy_decode(&rq));
    cr_expect_eq(decode_charset(&rq), CSV_GB18030);
    rq.content_type = "text/csv";
    cr_expect_eq(decode_charset(&rq), CSV_UTF8);
    cr_expect_str_eq(arg_text(&rq, "year"), "2026");
}

Test(decode, programs_send_a_key_with_every_write, .init = setup, .fini = teardown)
{
    static const enum principal_kind kinds[] = {PRINCIPAL_PERSON, PRINCIPAL_MACHINE,
                                                PRINCIPAL_DEVICE};
    for (size_t i = 0; i < 3; i++) {
        struct request rq = toy_request(arena, "POST", P "/items");
        toy_body(&rq, JSON, "{\"title\":\"a\"}", 13);
        rq.principal.kind = kinds[i];
        cr_expect_eq(toy_decode(&rq), kinds[i] == PRINCIPAL_PERSON);
        cr_expect_eq(rq.err.code, kinds[i] == PRINCIPAL_PERSON ? ERR_NONE : ERR_KEY_REQUIRED);
        rq = toy_request(arena, "POST", P "/items");
        toy_body(&rq, JSON, "{\"title\":\"a\"}", 13);
        rq.principal.kind = kinds[i];
        rq.idempotency_key = "k";
        cr_expect(toy_decode(&rq));
        rq = toy_request(arena, "GET", P "/items");
        rq.principal.kind = kinds[i];
        cr_expect(toy_decode(&rq));
    }
}

Test(decode, a_write_has_the_clients_id_or_a_new_one, .init = setup, .fini = teardown)
{
    const char *own = "{\"title\":\"a\",\"id\":\"0191D3C4-0000-7000-8000-00000000000A\"}";
    struct request rq = toy_request(arena, "POST", P "/items");
    toy_body(&rq, JSON, own, strlen(own));
    cr_assert(toy_decode(&rq), "%s", toy_problems(&rq));
    cr_expect_str_eq(rq.new_id, TOY_ID);
    rq = toy_request(arena, "POST", P "/items");
    toy_body(&rq, JSON, "{\"title\":\"a\"}", 13);
    cr_assert(toy_decode(&rq));
    cr_expect(uuid_valid(rq.new_id), "%s", rq.new_id);
    cr_expect_eq(rq.new_id[14], '7');
    rq = toy_request(arena, "PATCH", ITEM); /* there the path has it */
    toy_body(&rq, JSON, own, strlen(own));
    rq.if_match = "\"1\"";
    cr_expect_not(toy_decode(&rq));
    cr_expect_str_eq(toy_problems(&rq), "/id unknown_field");
}

Test(decode, a_hundred_problems_are_enough, .init = setup, .fini = teardown)
{
    char url[1200] = P "/items?";
    for (size_t len = strlen(url); len + 8 < sizeof url; len = strlen(url))
        snprintf(url + len, sizeof url - len, "x%zu=&", len % 10);
    struct request rq = toy_request(arena, "GET", url);
    cr_expect_not(toy_decode(&rq));
    cr_expect_eq(rq.n_problems, 100);
}

Test(decode, every_failed_allocation_is_a_clean_refusal, .init = setup, .fini = teardown)
{
    const char *body = "{\"title\":\"a\",\"count\":1,\"names\":[\"a\"],\"unit_ids\":[\"" TOY_ID
                       "\"],\"parts\":[{\"name\":\"a\",\"marks\":[\"b\"]}],\"price\":\"1\"}";
    unsigned long n = 1;
    bool decoded = false;
    while (!decoded && n < 500) {
        struct request rq = toy_request(arena, "POST", P "/items?validate_only=false");
        struct match m;
        struct err err = {.code = ERR_NONE};
        struct match_table *t = match_create(arena, &toy_service, &err);
        toy_body(&rq, JSON, body, strlen(body));
        cr_assert(match_find(t, arena, rq.method, rq.url, &m, &rq.err));
        arena_fail_after(n++);
        decoded = decode_request(&rq, &m);
        arena_fail_after(0);
        cr_expect_eq(rq.err.code, decoded ? ERR_NONE : ERR_NO_MEMORY, "%lu", n);
        arena_reset(arena);
    }
    cr_expect(decoded && n > 10);
}

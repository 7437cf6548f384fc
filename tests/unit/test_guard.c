/* tests/unit/test_guard.c - what is refused before any route is looked for. */
#include <criterion/criterion.h>

#include "toy_service.h"

TestSuite(guard, .timeout = 120);

static struct arena *arena;

static void setup(void)
{
    arena = arena_create(1 << 20);
}

static void teardown(void)
{
    arena_destroy(&arena);
}

struct url_case {
    const char *url;
    enum err_code code;
};

static const struct url_case urls[] = {
    {"/", ERR_NONE},
    {"/api/v1/toy/items/7", ERR_NONE},
    {"/api/v1/toy/items/", ERR_NONE}, /* the matcher's 404 */
    {"/a?b=c+d&e=%E6%B9%96", ERR_NONE},
    {"/a?next=/b//c%2Fd", ERR_NONE},
    {"/%E6%B9%96", ERR_NONE},
    {"/\xE6\xB9\x96", ERR_NONE},
    {"/a%2fb", ERR_MALFORMED},
    {"/a%2Fb", ERR_MALFORMED},
    {"//a", ERR_MALFORMED},
    {"/a//b", ERR_MALFORMED},
    {"/a//", ERR_MALFORMED},
    {"/a%00", ERR_MALFORMED},
    {"/a?b=%00", ERR_MALFORMED},
    {"/a%ff", ERR_MALFORMED},
    {"/a?%ff=1", ERR_MALFORMED},
    {"/a?b=%ED%A0%80", ERR_MALFORMED}, /* a surrogate */
    {"/a?b=%C0%AF", ERR_MALFORMED},    /* an overlong slash */
    {"/a\xFF", ERR_MALFORMED},
    {"/a%", ERR_MALFORMED},
    {"/a%4", ERR_MALFORMED},
    {"/a%zz", ERR_MALFORMED},
    {"/a?b=%4g", ERR_MALFORMED},
    {"/a b", ERR_MALFORMED},
    {"/a#b", ERR_MALFORMED},
    {"/a\x01", ERR_MALFORMED},
    {"/a\x7F", ERR_MALFORMED},
    {"*", ERR_MALFORMED},
    {"", ERR_MALFORMED},
    {"http://x/a", ERR_MALFORMED},
};

Test(guard, addresses, .init = setup, .fini = teardown)
{
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        struct request rq = toy_request(arena, "GET", urls[i].url);
        cr_expect_eq(guard_request(&rq), urls[i].code == ERR_NONE, "%s", urls[i].url);
        cr_expect_eq(rq.err.code, urls[i].code, "%s", urls[i].url);
    }
}

static enum err_code code_of_length(size_t path_len, size_t query_len)
{
    char *url = arena_alloc(arena, path_len + query_len + 1);
    memset(url, 'a', path_len + query_len);
    url[0] = '/';
    if (query_len > 0)
        url[path_len] = '?';
    struct request rq = toy_request(arena, "GET", url);
    guard_request(&rq);
    return rq.err.code;
}

Test(guard, long_addresses_are_refused, .init = setup, .fini = teardown)
{
    cr_expect_eq(code_of_length(2048, 0), ERR_NONE);
    cr_expect_eq(code_of_length(2049, 0), ERR_URI_TOO_LONG);
    cr_expect_eq(code_of_length(2048, 6144), ERR_NONE);
    cr_expect_eq(code_of_length(2048, 6145), ERR_URI_TOO_LONG);
}

enum header { AUTHORIZATION, CONTENT_TYPE, IF_MATCH, KEY, TRACE };

struct header_case {
    enum header header;
    const char *value, *problem; /* problem "": accepted */
};

#define A32 "4bf92f3577b34da6a3ce929d0e0e4736"
#define KEY_64 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz012345678901"

static const struct header_case headers[] = {
    {AUTHORIZATION, "Bearer a.b.c", ""},
    {AUTHORIZATION, "Bearer a,Bearer b", "Authorization repeated"},
    {CONTENT_TYPE, "application/json; charset=utf-8", ""},
    {CONTENT_TYPE, "application/json,text/csv", "Content-Type repeated"},
    {IF_MATCH, "\"7\"", ""},
    {IF_MATCH, "\"7\",\"8\"", "If-Match repeated"},
    {KEY, KEY_64, ""},
    {KEY, "2026:a.b_c-9", ""},
    {KEY, KEY_64 "x", "Idempotency-Key malformed"},
    {KEY, "", "Idempotency-Key malformed"},
    {KEY, "a b", "Idempotency-Key malformed"},
    {KEY, "a/b", "Idempotency-Key malformed"},
    {KEY, "\xE6\xB9\x96", "Idempotency-Key malformed"},
    {KEY, "a,b", "Idempotency-Key repeated"},
    {TRACE, "00-" A32 "-00f067aa0ba902b7-01", ""},
    {TRACE, "01-" A32 "-00f067aa0ba902b7-01-more", ""},
    {TRACE, "00-" A32 "-00f067aa0ba902b7-01-more", "traceparent malformed"},
    {TRACE, "ff-" A32 "-00f067aa0ba902b7-01", "traceparent malformed"},
    {TRACE, "00-" A32 "-0000000000000000-01", "traceparent malformed"},
    {TRACE, "00-00000000000000000000000000000000-00f067aa0ba902b7-01", "traceparent malformed"},
    {TRACE, "00-" A32 "-00F067AA0BA902B7-01", "traceparent malformed"},
    {TRACE, "00-" A32 "-00f067aa0ba902b7", "traceparent malformed"},
    {TRACE, "00-" A32, "traceparent malformed"},
    {TRACE, "00-", "traceparent malformed"},
    {TRACE, "", "traceparent malformed"},
    {TRACE, "00-\",drop", "traceparent malformed"},
};

static void set_header(struct request *rq, enum header header, const char *value)
{
    const char **slots[] = {&rq->authorization, &rq->content_type, &rq->if_match,
                            &rq->idempotency_key, &rq->traceparent};
    *slots[header] = value;
}

Test(guard, headers, .init = setup, .fini = teardown)
{
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        const struct header_case *c = &headers[i];
        struct request rq = toy_request(arena, "GET", "/a");
        set_header(&rq, c->header, c->value);
        cr_expect_eq(guard_request(&rq), *c->problem == '\0', "%s", c->value);
        cr_expect_str_eq(toy_problems(&rq), c->problem, "%s", c->value);
        cr_expect_eq(rq.err.code, *c->problem == '\0' ? ERR_NONE : ERR_BAD_PARAMETER, "%s",
                     c->value);
    }
}

Test(guard, no_memory_is_said, .init = setup, .fini = teardown)
{
    struct request rq = toy_request(arena, "GET", "/a");
    arena_fail_after(1);
    cr_expect_not(guard_request(&rq));
    cr_expect_eq(rq.err.code, ERR_NO_MEMORY);
}

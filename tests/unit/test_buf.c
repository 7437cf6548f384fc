/* tests/unit/test_buf.c - the growing buffer: growth, ceiling, JSON and URL text. */
#include <criterion/criterion.h>
#include <string.h>

#include "core/buf.h"

TestSuite(buf, .timeout = 120);

static struct arena *arena;

static void setup(void)
{
    arena = arena_create(1 << 20);
}

static void teardown(void)
{
    arena_destroy(&arena);
}

Test(buf, joins_what_is_appended, .init = setup, .fini = teardown)
{
    struct buf b;
    buf_init(&b, arena, 1000);
    cr_expect_str_eq(buf_text(&b), "");
    buf_str(&b, "a");
    buf_char(&b, 'b');
    buf_add(&b, "cde", 2);
    buf_printf(&b, "[%s:%03d]", "x", 7);
    cr_expect_str_eq(buf_text(&b), "abcd[x:007]");
    buf_str(&b, "!");
    cr_expect_str_eq(buf_text(&b), "abcd[x:007]!");
    cr_expect_eq(b.len, 12);
}

Test(buf, prints_every_integer, .init = setup, .fini = teardown)
{
    static const struct {
        int64_t n;
        const char *text;
    } cases[] = {{0, "0"},
                 {-1, "-1"},
                 {1234567890, "1234567890"},
                 {INT64_MAX, "9223372036854775807"},
                 {INT64_MIN, "-9223372036854775808"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf b;
        buf_init(&b, arena, 100);
        buf_int(&b, cases[i].n);
        cr_expect_str_eq(buf_text(&b), cases[i].text);
    }
}

Test(buf, grows_without_losing_a_byte, .init = setup, .fini = teardown)
{
    struct buf b;
    buf_init(&b, arena, 100000);
    for (int i = 0; i < 10000; i++)
        buf_printf(&b, "%04d,", i);
    const char *text = buf_text(&b);
    cr_assert_not_null(text);
    cr_expect_eq(strlen(text), 50000);
    cr_expect(strncmp(text + 5 * 4321, "4321,4322,", 10) == 0);
}

Test(buf, fills_to_the_ceiling_and_sticks_past_it, .init = setup, .fini = teardown)
{
    struct buf b;
    buf_init(&b, arena, 5);
    buf_str(&b, "12345");
    cr_expect_str_eq(buf_text(&b), "12345");
    buf_char(&b, '6');
    cr_expect_null(buf_text(&b));
    buf_init(&b, arena, 5);
    buf_str(&b, "123456");
    buf_str(&b, "1");
    cr_expect_null(buf_text(&b));
    buf_init(&b, arena, 5);
    buf_printf(&b, "%s", "123456");
    cr_expect_null(buf_text(&b));
}

Test(buf, says_once_that_memory_ran_out, .init = setup, .fini = teardown)
{
    struct buf b;
    buf_init(&b, arena, 5000000);
    for (int i = 0; i < 300; i++)
        buf_printf(&b, "%8000d", i);
    cr_expect_null(buf_text(&b));
}

Test(buf, escapes_json, .init = setup, .fini = teardown)
{
    static const struct {
        const char *text, *json;
    } cases[] = {
        {NULL, "null"},
        {"", "\"\""},
        {"娄星区", "\"娄星区\""},
        {"a\"b\\c", "\"a\\\"b\\\\c\""},
        {"\b\t\n\f\r", "\"\\b\\t\\n\\f\\r\""},
        {"\x01x\x1f", "\"\\u0001x\\u001f\""},
        {"/\x7f", "\"/\x7f\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf b;
        buf_init(&b, arena, 100);
        buf_json(&b, cases[i].text);
        cr_expect_str_eq(buf_text(&b), cases[i].json);
    }
}

Test(buf, encodes_urls, .init = setup, .fini = teardown)
{
    struct buf b;
    buf_init(&b, arena, 200);
    buf_url(&b, "aZ09-._~ /?&=+%村");
    cr_expect_str_eq(buf_text(&b), "aZ09-._~%20%2F%3F%26%3D%2B%25%E6%9D%91");
}

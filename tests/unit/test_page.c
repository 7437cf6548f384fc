/* tests/unit/test_page.c - cursors: round trip, and what is refused. */
#include <criterion/criterion.h>
#include <string.h>

#include "http/page.h"

TestSuite(page, .timeout = 120);

static const struct field fields[] = {
    F_UUID("id", IN_PATH | SHOWN, "id"),
    F_TEXT("status", IN_QUERY | SHOWN, 0, 20, "status", "open"),
    F_TEXT("title", IN_BODY | SHOWN, 0, 20, "title", "x"),
    FIELDS_END,
};
static const struct route route = {.fields = fields, .id = "list_items", .path = "/items"};
static const struct route other = {.fields = fields, .id = "list_reports", .path = "/reports"};

static struct arena *arena;
static const char *args[3];

static void setup(void)
{
    arena = arena_create(1 << 20);
    memset(args, 0, sizeof args);
    args[1] = "open";
}

static void teardown(void)
{
    arena_destroy(&arena);
}

static struct request ask(void)
{
    return (struct request){.arena = arena,
                            .route = &route,
                            .args = args,
                            .sort = "-due_on",
                            .url = "/api/v1/registry/items?status=open&limit=2"};
}

static void expect_refused(struct request *rq)
{
    const char *sort = NULL, *key = NULL;
    cr_expect_not(page_after(rq, &sort, &key));
    cr_expect_eq(rq->err.code, ERR_BAD_PARAMETER);
    cr_expect_str_eq(rq->err.field, "cursor");
}

Test(page, a_cursor_comes_back_as_its_values, .init = setup, .fini = teardown)
{
    static const struct {
        const char *sort, *key;
    } cases[] = {
        {"2026-05-01", "0190a000-0000-7000-8000-000000000001"},
        {"", "k"},
        {"责任 \"x\" &?=", "k"},
        {"a\nb", "k"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct request rq = ask();
        const char *sort = NULL, *key = NULL;
        rq.cursor = page_cursor(&rq, cases[i].sort, cases[i].key);
        cr_assert_not_null(rq.cursor);
        cr_expect_eq(strspn(rq.cursor, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                       "0123456789-_"),
                     strlen(rq.cursor), "a cursor needs no escaping in a URL");
        cr_assert(page_after(&rq, &sort, &key));
        cr_expect_str_eq(sort, cases[i].sort);
        cr_expect_str_eq(key, cases[i].key);
    }
}

Test(page, a_cursor_of_another_question_is_refused, .init = setup, .fini = teardown)
{
    struct request rq = ask();
    const char *cursor = page_cursor(&rq, "2026-05-01", "k");

    struct request sorted = ask();
    sorted.cursor = cursor;
    sorted.sort = "due_on";
    expect_refused(&sorted);

    struct request elsewhere = ask();
    elsewhere.cursor = cursor;
    elsewhere.route = &other;
    expect_refused(&elsewhere);

    struct request filtered = ask();
    filtered.cursor = cursor;
    args[1] = "closed";
    expect_refused(&filtered);

    struct request unfiltered = ask();
    unfiltered.cursor = cursor;
    args[1] = NULL;
    expect_refused(&unfiltered);

    struct request same = ask();
    const char *sort = NULL, *key = NULL;
    args[1] = "open";
    args[2] = "a body's field is no filter";
    same.cursor = cursor;
    cr_expect(page_after(&same, &sort, &key));
}

Test(page, what_is_no_cursor_is_refused, .init = setup, .fini = teardown)
{
    struct request first = ask();
    const char *good = page_cursor(&first, "2026-05-01", "k");
    for (size_t i = 0; i < strlen(good); i++) {
        struct request cut = ask();
        cut.cursor = arena_strndup(arena, good, i);
        expect_refused(&cut);
        struct request changed = ask();
        char *text = arena_strdup(arena, good);
        text[i] = text[i] == 'A' ? 'B' : 'A';
        changed.cursor = text;
        expect_refused(&changed);
    }
    static const char *const odd[] = {"", "x", "====", "%%%", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        struct request rq = ask();
        rq.cursor = odd[i];
        expect_refused(&rq);
    }
}

Test(page, the_link_keeps_the_question_and_replaces_the_cursor, .init = setup, .fini = teardown)
{
    struct request rq = ask();
    cr_expect_str_eq(page_link(&rq, "NEW"),
                     "</api/v1/registry/items?status=open&limit=2&cursor=NEW>; rel=\"next\"");
    rq.url = "/api/v1/registry/items?cursor=OLD&status=open";
    cr_expect_str_eq(page_link(&rq, "NEW"),
                     "</api/v1/registry/items?status=open&cursor=NEW>; rel=\"next\"");
    rq.url = "/api/v1/registry/items";
    cr_expect_str_eq(page_link(&rq, "NEW"), "</api/v1/registry/items?cursor=NEW>; rel=\"next\"");
}

/* tests/unit/test_uuid.c - ids: form, version, order by millisecond, no repeats. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "core/uuid.h"

TestSuite(uuid, .timeout = 120);

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

Test(uuid, new_ids_are_version_7_of_their_millisecond)
{
    char id[UUID_TEXT];
    /* RFC 9562 A.6: 2022-02-22T19:22:22Z is 017F22E2-79B0 */
    cr_assert(uuid_new(1645557742000 * 1000, id));
    cr_expect_eq(strlen(id), 36);
    cr_expect_eq(strncmp(id, "017f22e2-79b0-7", 15), 0, "%s", id);
    cr_expect_not_null(strchr("89ab", id[19]), "%s", id);
    cr_expect(uuid_valid(id));
}

Test(uuid, later_milliseconds_sort_later)
{
    char earlier[UUID_TEXT], later[UUID_TEXT];
    for (instant_us at = 1000000; at < 2000000000000000; at = at * 3 / 2) {
        cr_assert(uuid_new(at, earlier));
        cr_assert(uuid_new(at + 1000, later));
        cr_expect_lt(strcmp(earlier, later), 0, "%s %s", earlier, later);
    }
}

Test(uuid, does_not_repeat)
{
    enum { N = 20000 };
    static char ids[N][UUID_TEXT];
    for (size_t i = 0; i < N; i++)
        cr_assert(uuid_new(1, ids[i]));
    qsort(ids, N, UUID_TEXT, by_text);
    for (size_t i = 1; i < N; i++)
        cr_assert_str_neq(ids[i - 1], ids[i]);
}

Test(uuid, knows_the_canonical_form)
{
    static const struct {
        const char *text;
        bool ok;
    } cases[] = {
        {"017f22e2-79b0-7cc3-98c4-dc0c0c07398f", true},
        {"017F22E2-79B0-7CC3-98C4-DC0C0C07398F", true},
        {"00000000-0000-0000-0000-000000000000", true},
        {"", false},
        {"017f22e2", false},
        {"017f22e279b07cc398c4dc0c0c07398f", false},
        {"{017f22e2-79b0-7cc3-98c4-dc0c0c07398f}", false},
        {"017f22e2-79b0-7cc3-98c4-dc0c0c07398", false},
        {"017f22e2-79b0-7cc3-98c4-dc0c0c07398f0", false},
        {"017f22e2-79b0-7cc3-98c4-dc0c0c07398g", false},
        {"017f22e-279b0-7cc3-98c4-dc0c0c07398f", false},
        {"017f22e2-79b0-7cc3-98c4-dc0c0c07398 ", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect_eq(uuid_valid(cases[i].text), cases[i].ok, "%s", cases[i].text);
}

/* More than the 12 bits count: the next millisecond is borrowed. */
Test(uuid, those_of_one_moment_have_the_order_in_which_they_were_made)
{
    char ids[2][UUID_TEXT];
    cr_assert(uuid_new(1645557742000 * 1000, ids[0]));
    for (int i = 1; i < 10000; i++) {
        cr_assert(uuid_new(1645557742000 * 1000, ids[i % 2]));
        cr_assert_lt(strcmp(ids[(i - 1) % 2], ids[i % 2]), 0, "%d", i);
        cr_assert(uuid_valid(ids[i % 2]));
    }
}

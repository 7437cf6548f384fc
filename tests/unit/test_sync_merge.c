/* tests/unit/test_sync_merge.c - what becomes of a change that meets another one (M-4, M-5). */
#include <criterion/criterion.h>
#include <string.h>

#include "http/sync.h"

TestSuite(sync_merge, .timeout = 120);

/* clang-format off */
static const struct {
    const char *mine, *base, *current, *patch, *fields, *theirs;
} cases[] = {
    /* beside each other */
    {"{\"a\":2}", "{\"a\":1}", "{\"a\":1,\"b\":9}", "{\"a\":2}", NULL, NULL},
    {"{\"a\":2,\"b\":3}", "{\"a\":1,\"b\":1}", "{\"a\":1,\"b\":1}", "{\"a\":2,\"b\":3}", NULL, NULL},
    /* the same change twice */
    {"{\"a\":2}", "{\"a\":1}", "{\"a\":2}", NULL, NULL, NULL},
    {"{\"a\":\"四处\"}", "{\"a\":\"三处\"}", "{\"a\":\"\\u56db\\u5904\"}", NULL, NULL, NULL},
    /* the same member, two ways */
    {"{\"a\":2}", "{\"a\":1}", "{\"a\":3}", NULL, "{\"a\"}", "{\"a\":3}"},
    {"{\"a\":2,\"b\":5}", "{\"a\":1,\"b\":1}", "{\"a\":3,\"b\":1}", "{\"b\":5}", "{\"a\"}", "{\"a\":3}"},
    {"{\"a\":2,\"b\":5}", "{\"a\":1,\"b\":1}", "{\"a\":3,\"b\":4}", NULL, "{\"a\",\"b\"}", "{\"a\":3,\"b\":4}"},
    /* clearing, and what is not there */
    {"{\"a\":null}", "{\"a\":1}", "{\"a\":1}", "{\"a\":null}", NULL, NULL},
    {"{\"a\":null}", "{\"a\":1}", "{}", NULL, NULL, NULL},
    {"{\"a\":null}", "{\"a\":1}", "{\"a\":3}", NULL, "{\"a\"}", "{\"a\":3}"},
    {"{\"a\":1}", "{\"a\":null}", "{\"a\":null}", "{\"a\":1}", NULL, NULL},
    {"{\"a\":1}", "{\"a\":null}", "{}", "{\"a\":1}", NULL, NULL},
    /* nothing known of what was there */
    {"{\"a\":2}", NULL, "{\"a\":1}", NULL, "{\"a\"}", "{\"a\":1}"},
    {"{\"a\":2}", NULL, "{\"a\":2}", NULL, NULL, NULL},
    {"{\"a\":2,\"b\":2}", "{\"a\":1}", "{\"a\":1,\"b\":1}", "{\"a\":2}", "{\"b\"}", "{\"b\":1}"},
    /* lists are one member */
    {"{\"a\":[1,2]}", "{\"a\":[1]}", "{\"a\":[1]}", "{\"a\":[1,2]}", NULL, NULL},
    {"{\"a\":[1,2]}", "{\"a\":[1]}", "{\"a\":[1, 3]}", NULL, "{\"a\"}", "{\"a\":[1,3]}"},
    {"{}", "{}", "{\"a\":1}", NULL, NULL, NULL},
};
/* clang-format on */

static void same(const char *found, const char *wanted, size_t i, const char *what)
{
    cr_assert((found == NULL) == (wanted == NULL), "case %zu: %s is %s", i, what,
              found == NULL ? "null" : found);
    if (found != NULL)
        cr_assert_str_eq(found, wanted, "case %zu: %s", i, what);
}

Test(sync_merge, member_by_member)
{
    struct arena *a = arena_create(1 << 20);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct merge m;
        cr_assert(sync_merge(a, cases[i].mine, cases[i].base, cases[i].current, &m));
        same(m.patch, cases[i].patch, i, "patch");
        same(m.fields, cases[i].fields, i, "fields");
        same(m.theirs, cases[i].theirs, i, "theirs");
    }
    arena_destroy(&a);
}

Test(sync_merge, what_is_no_object_is_refused)
{
    struct arena *a = arena_create(1 << 20);
    struct merge m;
    cr_assert_not(sync_merge(a, "[1]", NULL, "{}", &m));
    cr_assert_not(sync_merge(a, "{", NULL, "{}", &m));
    cr_assert_not(sync_merge(a, "{}", "1", "{}", &m));
    arena_destroy(&a);
}

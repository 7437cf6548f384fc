/* tests/unit/test_token_cache.c - what is remembered of verified tokens, and until when. */
#include <criterion/criterion.h>
#include <string.h>

#include "auth/token_cache.h"

TestSuite(token_cache, .timeout = 120);

static const unsigned char *digest_of(unsigned n)
{
    static unsigned char digest[DIGEST_BYTES];
    memset(digest, 0, sizeof digest);
    memcpy(digest, &n, sizeof n);
    memcpy(digest + 16, &n, sizeof n);
    return digest;
}

static void put(struct token_cache *c, unsigned n, int64_t now_s, int64_t expires_at_s)
{
    struct principal p = {.epoch = n, .expires_at_s = expires_at_s};
    token_cache_put(c, digest_of(n), now_s, &p);
}

static bool holds(const struct token_cache *c, unsigned n, int64_t now_s)
{
    struct principal p;
    bool found = token_cache_get(c, digest_of(n), now_s, &p);
    cr_expect(!found || p.epoch == n);
    return found;
}

Test(token_cache, remembers_until_the_token_expires)
{
    struct token_cache *c = token_cache_create(64);
    put(c, 1, 100, 200);
    cr_expect(holds(c, 1, 100));
    cr_expect(holds(c, 1, 199));
    cr_expect_not(holds(c, 1, 200));
    cr_expect_not(holds(c, 2, 100));
    put(c, 3, 200, 200); /* has expired already */
    cr_expect_not(holds(c, 3, 100));
    token_cache_destroy(&c);
    cr_expect_null(c);
}

Test(token_cache, the_same_place_in_the_table_is_not_the_same_token)
{
    struct token_cache *c = token_cache_create(8);
    unsigned char other[DIGEST_BYTES];
    struct principal p;
    put(c, 7, 0, 100);
    memcpy(other, digest_of(7), sizeof other);
    other[DIGEST_BYTES - 1] ^= 1;
    cr_expect_not(token_cache_get(c, other, 0, &p));
    token_cache_destroy(&c);
}

Test(token_cache, stays_within_its_bound_and_keeps_those_that_live_longest)
{
    struct token_cache *c = token_cache_create(8);
    for (unsigned n = 1; n <= 8; n++)
        put(c, n, 0, 100 + n);
    put(c, 5, 0, 300); /* the same token once more takes no second place */
    cr_expect_eq(token_cache_count(c), 8);
    for (unsigned n = 9; n <= 12; n++)
        put(c, n, 0, 200);
    cr_expect_eq(token_cache_count(c), 8);
    for (unsigned n = 9; n <= 12; n++)
        cr_expect(holds(c, n, 0));
    cr_expect(holds(c, 5, 0));
    cr_expect_not(holds(c, 1, 0));
    token_cache_destroy(&c);
}

static bool is_odd(const struct principal *p, const void *arg)
{
    (void)arg;
    return p->epoch % 2 == 1;
}

Test(token_cache, drops_what_is_unwanted_and_nothing_else)
{
    struct token_cache *c = token_cache_create(64);
    for (unsigned n = 0; n < 6; n++)
        put(c, n, 0, 100);
    token_cache_drop(c, is_odd, NULL);
    cr_expect_eq(token_cache_count(c), 3);
    for (unsigned n = 0; n < 6; n++)
        cr_expect_eq(holds(c, n, 0), n % 2 == 0);
    token_cache_destroy(&c);
}

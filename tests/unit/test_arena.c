/* tests/unit/test_arena.c - regions: ceiling, alignment, zeroing, finalisers, marks, the test hook.
 */
#include <criterion/criterion.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/arena.h"

TestSuite(arena, .timeout = 120);

static char order[16];

static void note(void *letter)
{
    size_t n = strlen(order);
    order[n] = *(const char *)letter;
}

Test(arena, hands_out_zeroed_aligned_memory_also_after_a_reset)
{
    struct arena *a = arena_create(1 << 20);
    for (int round = 0; round < 2; round++) {
        for (size_t n = 1; n < 3000; n += 97) {
            unsigned char *p = arena_alloc(a, n);
            cr_assert_not_null(p);
            cr_expect_eq((uintptr_t)p % alignof(max_align_t), 0);
            for (size_t i = 0; i < n; i++)
                cr_assert_eq(p[i], 0, "byte %zu of %zu", i, n);
            memset(p, 0xAA, n);
        }
        arena_reset(a);
    }
    arena_destroy(&a);
    cr_expect_null(a);
    arena_destroy(&a);
}

Test(arena, refuses_what_passes_the_ceiling_and_goes_on)
{
    struct arena *a = arena_create(100000);
    cr_expect_null(arena_alloc(a, 100001));
    for (volatile size_t n = SIZE_MAX - 40; n != 0; n++) /* volatile: gcc knows better otherwise */
        cr_expect_null(arena_alloc(a, n));
    cr_expect_not_null(arena_alloc(a, 60000));
    cr_expect_null(arena_alloc(a, 60000));
    cr_expect_not_null(arena_alloc(a, 30000));
    cr_expect_leq(arena_used(a), 100000);
    cr_expect_geq(arena_used(a), 90000);
    arena_reset(a);
    cr_expect_eq(arena_used(a), 0);
    cr_expect_not_null(arena_alloc(a, 100000));
    arena_destroy(&a);
}

Test(arena, many_small_ones_stop_at_the_ceiling)
{
    struct arena *a = arena_create(50000);
    size_t n = 0;
    while (arena_alloc(a, 1) != NULL)
        n++;
    cr_expect_gt(n, 1000);
    cr_expect_leq(n, 50000);
    arena_destroy(&a);
}

Test(arena, copies_and_prints)
{
    struct arena *a = arena_create(1 << 16);
    cr_expect_str_eq(arena_strdup(a, "责任"), "责任");
    cr_expect_str_eq(arena_strndup(a, "abcdef", 3), "abc");
    cr_expect_str_eq(arena_strndup(a, "ab", 30), "ab");
    cr_expect_str_eq(arena_printf(a, "%d-%s", 7, "x"), "7-x");
    cr_expect_null(arena_strdup(a, NULL));
    cr_expect_null(arena_strndup(a, NULL, 4));
    arena_destroy(&a);
}

Test(arena, finalisers_run_once_and_backwards)
{
    struct arena *a = arena_create(1 << 16);
    memset(order, 0, sizeof order);
    cr_assert(arena_defer(a, note, "a"));
    cr_assert(arena_defer(a, note, "b"));
    arena_reset(a);
    cr_expect_str_eq(order, "ba");
    cr_assert(arena_defer(a, note, "c"));
    arena_destroy(&a);
    cr_expect_str_eq(order, "bac");
}

Test(arena, a_finaliser_that_finds_no_room_runs_at_once)
{
    struct arena *a = arena_create(1 << 16);
    memset(order, 0, sizeof order);
    arena_fail_after(1);
    cr_expect_not(arena_defer(a, note, "a"));
    cr_expect_str_eq(order, "a");
    arena_destroy(&a);
    cr_expect_str_eq(order, "a");
}

Test(arena, rewinding_releases_only_what_came_after_the_mark)
{
    struct arena *a = arena_create(1 << 20);
    memset(order, 0, sizeof order);
    char *kept = arena_strdup(a, "kept");
    cr_assert(arena_defer(a, note, "k"));
    size_t used = arena_used(a);
    struct arena_mark m = arena_mark(a);
    for (int round = 0; round < 3; round++) {
        cr_assert(arena_defer(a, note, "r"));
        cr_assert_not_null(arena_alloc(a, 200));
        cr_assert_not_null(arena_alloc(a, 100000));
        arena_rewind(a, m);
        cr_expect_eq(arena_used(a), used);
    }
    cr_expect_str_eq(order, "rrr");
    cr_expect_str_eq(kept, "kept");
    arena_destroy(&a);
    cr_expect_str_eq(order, "rrrk");
}

#ifndef ARENA_DEBUG /* looks at memory that is not handed out any more */
__attribute__((no_sanitize("address"))) static char peek(const char *at)
{
    return *(const volatile char *)at;
}

Test(arena, wipe_mode_overwrites_what_is_taken_back)
{
    struct arena *a = arena_create(1 << 12);
    arena_wipe_on_reset(a);
    const char *first = arena_strdup(a, "p");
    struct arena_mark m = arena_mark(a);
    const char *secret = arena_strdup(a, "s");
    arena_rewind(a, m);
    cr_expect_eq(peek(secret), '\0');
    cr_expect_eq(peek(first), 'p');
    arena_reset(a);
    cr_expect_eq(peek(first), '\0');
    arena_destroy(&a);
}
#endif

Test(arena, the_hook_fails_the_nth_allocation_only)
{
    struct arena *a = arena_create(1 << 16);
    arena_fail_after(3);
    cr_expect_not_null(arena_alloc(a, 8));
    cr_expect_not_null(arena_alloc(a, 8));
    cr_expect_null(arena_alloc(a, 8));
    cr_expect_not_null(arena_alloc(a, 8));
    arena_fail_after(1);
    cr_expect_null(arena_create(64));
    arena_fail_after(1);
    arena_fail_after(0);
    cr_expect_not_null(arena_alloc(a, 8));
    arena_destroy(&a);
}

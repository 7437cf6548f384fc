/* common/core/arena.c - regions of memory: blocks in a chain, newest first, and a list of
 * finalisers. Does not return single allocations and does not lock. Under AddressSanitizer what is
 * not handed out is poisoned. With -DARENA_DEBUG every allocation is a malloc of its own, so that
 * an overrun from one into the next is seen too. */
#include "core/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "core/banned.h"

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_POISON 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_POISON 1
#endif
#endif

#ifdef ARENA_POISON
#include <sanitizer/asan_interface.h>
#define poison(at, n) __asan_poison_memory_region((at), (n))
#define unpoison(at, n) __asan_unpoison_memory_region((at), (n))
#else
#define poison(at, n) ((void)(at), (void)(n))
#define unpoison(at, n) ((void)(at), (void)(n))
#endif

#ifdef ARENA_DEBUG
static const bool one_block_each = true;
#else
static const bool one_block_each = false;
#endif

enum {
    FIRST_BLOCK = 16 * 1024, /* an ordinary request fits: no second malloc */
    ALIGNMENT = alignof(max_align_t),
};

struct block {
    struct block *older;
    size_t size, used;
    alignas(max_align_t) char bytes[];
};

struct finaliser {
    struct finaliser *earlier;
    void (*fn)(void *);
    void *ptr;
};

struct arena {
    struct block *newest;
    struct finaliser *last;
    size_t max, used, next_size;
    bool wipe;
};

static atomic_ulong fail_countdown;

void arena_fail_after(unsigned long n)
{
    atomic_store(&fail_countdown, n);
}

static bool must_fail(void)
{
    unsigned long n = atomic_load_explicit(&fail_countdown, memory_order_relaxed);
    while (n > 0 && !atomic_compare_exchange_weak(&fail_countdown, &n, n - 1))
        continue;
    return n == 1;
}

static size_t round_up(size_t n)
{
    return (n + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static bool block_add(struct arena *a, size_t size)
{
    struct block *b = malloc(sizeof *b + size);
    if (b == NULL)
        return false;
    b->older = a->newest;
    b->size = size;
    b->used = 0;
    a->newest = b;
    poison(a->newest->bytes, size);
    return true;
}

/* Takes back what a block handed out past `used`. */
static void block_cut(struct arena *a, struct block *b, size_t used)
{
    size_t given = b->used - used;
    if (a->wipe) {
        unpoison(b->bytes + used, given);
        OPENSSL_cleanse(b->bytes + used, given);
    }
    a->used -= given;
    b->used = used;
    poison(b->bytes + used, b->size - used);
}

static void block_drop_newest(struct arena *a)
{
    struct block *b = a->newest;
    block_cut(a, b, 0);
    unpoison(b->bytes, b->size);
    a->newest = b->older;
    free(b);
}

static void run_finalisers(struct arena *a, const struct finaliser *until)
{
    while (a->last != until) {
        struct finaliser *f = a->last;
        a->last = f->earlier;
        f->fn(f->ptr);
    }
}

struct arena *arena_create(size_t max_bytes)
{
    if (must_fail() || max_bytes > SIZE_MAX / 4)
        return NULL;
    struct arena *a = calloc(1, sizeof *a);
    if (a == NULL)
        return NULL;
    size_t first = round_up(max_bytes) < FIRST_BLOCK ? round_up(max_bytes) : FIRST_BLOCK;
    a->max = max_bytes;
    a->next_size = 2 * first;
    if (!one_block_each && !block_add(a, first)) {
        free(a);
        return NULL;
    }
    return a;
}

void arena_destroy(struct arena **a)
{
    if (*a == NULL)
        return;
    run_finalisers(*a, NULL);
    while ((*a)->newest != NULL)
        block_drop_newest(*a);
    free(*a);
    *a = NULL;
}

void arena_reset(struct arena *a)
{
    run_finalisers(a, NULL);
    while (a->newest != NULL && (one_block_each || a->newest->older != NULL))
        block_drop_newest(a);
    if (a->newest != NULL) {
        block_cut(a, a->newest, 0);
        a->next_size = 2 * a->newest->size;
    }
}

/* Makes the newest block one with room for `n` bytes. */
static bool make_room(struct arena *a, size_t n)
{
    if (one_block_each)
        return block_add(a, n);
    if (a->newest->size - a->newest->used >= n)
        return true;
    size_t left = round_up(a->max - a->used);
    size_t size = a->next_size < left ? a->next_size : left;
    if (!block_add(a, size < n ? n : size))
        return false;
    if (a->next_size < a->max)
        a->next_size *= 2;
    return true;
}

void *arena_alloc(struct arena *a, size_t n)
{
    if (must_fail() || a->used >= a->max || n > a->max - a->used)
        return NULL;
    size_t wanted = n == 0 ? 1 : n;
    size_t taken = one_block_each ? wanted : round_up(wanted);
    if (!make_room(a, taken))
        return NULL;
    struct block *b = a->newest;
    char *at = b->bytes + b->used;
    b->used += taken;
    a->used += taken;
    unpoison(at, wanted);
    return memset(at, 0, wanted);
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
    if (s == NULL)
        return NULL;
    size_t len = strnlen(s, n);
    char *copy = arena_alloc(a, len + 1);
    if (copy != NULL)
        memcpy(copy, s, len);
    return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
    return s == NULL ? NULL : arena_strndup(a, s, strlen(s));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (len < 0)
        return NULL;
    char *text = arena_alloc(a, (size_t)len + 1);
    if (text == NULL)
        return NULL;
    va_start(args, fmt);
    vsnprintf(text, (size_t)len + 1, fmt, args);
    va_end(args);
    return text;
}

bool arena_defer(struct arena *a, void (*fn)(void *), void *ptr)
{
    struct finaliser *f = arena_new(a, struct finaliser);
    if (f == NULL) {
        fn(ptr);
        return false;
    }
    *f = (struct finaliser){.earlier = a->last, .fn = fn, .ptr = ptr};
    a->last = f;
    return true;
}

void arena_wipe_on_reset(struct arena *a)
{
    a->wipe = true;
}

size_t arena_used(const struct arena *a)
{
    return a->used < a->max ? a->used : a->max;
}

struct arena_mark arena_mark(struct arena *a)
{
    return (struct arena_mark){
        .block = a->newest,
        .used = a->newest == NULL ? 0 : a->newest->used,
        .finaliser = a->last,
    };
}

void arena_rewind(struct arena *a, struct arena_mark m)
{
    run_finalisers(a, m.finaliser);
    while (a->newest != m.block) {
        assert(a->newest != NULL); /* a mark of this arena, taken since its last reset */
        block_drop_newest(a);
    }
    if (a->newest != NULL)
        block_cut(a, a->newest, m.used);
}

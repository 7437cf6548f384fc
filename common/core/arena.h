/* common/core/arena.h - memory that lives as long as one request (or one process).
 * Everything handed out is zeroed and dies together; foreign objects are released by finalisers.
 * Does not free single allocations. Not thread-safe: an arena belongs to one thread at a time. */
#ifndef ZEREN_CORE_ARENA_H
#define ZEREN_CORE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct arena_mark {
    void *block;
    size_t used;
    void *finaliser;
};

/* Creates an arena that will hand out at most `max_bytes`. NULL when out of memory. */
struct arena *arena_create(size_t max_bytes);

/* Runs the finalisers in reverse order and frees all; accepts NULL, nulls the pointer. */
void arena_destroy(struct arena **a);

/* Runs the finalisers in reverse order and makes the arena empty again. Keeps at most one block. */
void arena_reset(struct arena *a);

/* Returns `n` zeroed bytes aligned for any type, or NULL past the ceiling or out of memory. */
void *arena_alloc(struct arena *a, size_t n) __attribute__((malloc, alloc_size(2)));

/* Copies into the arena; NULL as above. `s` may be NULL (gives NULL). */
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Registers `fn(ptr)` to run at reset, rewind or destroy. On failure runs it at once: false. */
bool arena_defer(struct arena *a, void (*fn)(void *), void *ptr)
    __attribute__((warn_unused_result));

/* Wipe mode: memory is overwritten before it is freed or reused (passwords, tokens). */
void arena_wipe_on_reset(struct arena *a);

/* Bytes handed out since creation or the last reset. */
size_t arena_used(const struct arena *a);

/* A mark, and the way back to it: what was allocated or deferred since is released. */
struct arena_mark arena_mark(struct arena *a);
void arena_rewind(struct arena *a, struct arena_mark m);

/* Test hook: the n-th allocation from now on fails (0: never). Per process. */
void arena_fail_after(unsigned long n);

#define arena_new(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define arena_array(a, type, n) ((type *)arena_alloc((a), sizeof(type) * (size_t)(n)))

#endif

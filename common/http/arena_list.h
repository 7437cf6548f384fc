/* common/http/arena_list.h - request arenas at rest, so that a request need not ask malloc for its
 * first block. Thread-safe. */
#ifndef ZEREN_HTTP_ARENA_LIST_H
#define ZEREN_HTTP_ARENA_LIST_H

#include <stddef.h>

#include "core/arena.h"

struct arena_list;

/* Arenas of at most `max_bytes` each. NULL when out of memory. */
struct arena_list *arena_list_create(size_t max_bytes);
void arena_list_destroy(struct arena_list **l);

/* An empty arena, or NULL when out of memory. */
struct arena *arena_list_take(struct arena_list *l);

/* Back to rest; destroyed when enough are there. */
void arena_list_give(struct arena_list *l, struct arena *a);

#endif

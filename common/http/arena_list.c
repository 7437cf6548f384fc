/* common/http/arena_list.c - a stack of arenas: the one used last is warm in the cache. Knows
 * nothing of requests. */
#include "http/arena_list.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/banned.h"

enum { AT_REST_MAX = 64 /* 1 MiB; more run at once only while requests wait for the database */ };

struct arena_list {
    pthread_mutex_t lock;
    size_t max_bytes, n;
    struct arena *at_rest[AT_REST_MAX];
};

struct arena_list *arena_list_create(size_t max_bytes)
{
    struct arena_list *l = calloc(1, sizeof *l);
    if (l == NULL)
        return NULL;
    l->max_bytes = max_bytes;
    pthread_mutex_init(&l->lock, NULL);
    return l;
}

void arena_list_destroy(struct arena_list **l)
{
    if (*l == NULL)
        return;
    while ((*l)->n > 0)
        arena_destroy(&(*l)->at_rest[--(*l)->n]);
    pthread_mutex_destroy(&(*l)->lock);
    free(*l);
    *l = NULL;
}

struct arena *arena_list_take(struct arena_list *l)
{
    struct arena *a = NULL;
    pthread_mutex_lock(&l->lock);
    if (l->n > 0)
        a = l->at_rest[--l->n];
    pthread_mutex_unlock(&l->lock);
    return a != NULL ? a : arena_create(l->max_bytes);
}

void arena_list_give(struct arena_list *l, struct arena *a)
{
    arena_reset(a);
    pthread_mutex_lock(&l->lock);
    if (l->n < AT_REST_MAX) {
        l->at_rest[l->n++] = a;
        a = NULL;
    }
    pthread_mutex_unlock(&l->lock);
    arena_destroy(&a);
}

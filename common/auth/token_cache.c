/* common/auth/token_cache.c - a set-associative table of verified tokens. Contract: the header. */
#include "auth/token_cache.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/banned.h"

enum { WAYS = 8 };

struct entry {
    unsigned char digest[DIGEST_BYTES];
    struct principal who;
};

struct token_cache {
    unsigned n_sets;
    int count;
    struct entry **places; /* [n_sets * WAYS]; NULL: free */
};

struct token_cache *token_cache_create(int tokens)
{
    assert(tokens > 0);
    struct token_cache *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    c->n_sets = ((unsigned)tokens + WAYS - 1) / WAYS;
    c->places = calloc((size_t)c->n_sets * WAYS, sizeof(struct entry *));
    if (c->places == NULL)
        token_cache_destroy(&c);
    return c;
}

void token_cache_destroy(struct token_cache **c)
{
    if (*c == NULL)
        return;
    for (size_t i = 0; (*c)->places != NULL && i < (size_t)(*c)->n_sets * WAYS; i++)
        free((*c)->places[i]);
    free((*c)->places);
    free(*c);
    *c = NULL;
}

/* A digest is evenly spread by itself. */
static struct entry **set_of(const struct token_cache *c, const unsigned char *digest)
{
    uint32_t at = 0;
    memcpy(&at, digest, sizeof at);
    return c->places + (size_t)(at % c->n_sets) * WAYS;
}

bool token_cache_get(const struct token_cache *c, const unsigned char digest[static DIGEST_BYTES],
                     int64_t now_s, struct principal *ret)
{
    struct entry *const *set = set_of(c, digest);
    for (int i = 0; i < WAYS; i++) {
        if (set[i] == NULL || memcmp(set[i]->digest, digest, DIGEST_BYTES) != 0)
            continue;
        if (set[i]->who.expires_at_s <= now_s)
            return false;
        *ret = set[i]->who;
        return true;
    }
    return false;
}

/* The same token's place, else a free one, else the one that expires first. */
static struct entry **choose(struct entry **set, const unsigned char *digest)
{
    struct entry **best = &set[0];
    for (int i = 0; i < WAYS; i++) {
        if (set[i] != NULL && memcmp(set[i]->digest, digest, DIGEST_BYTES) == 0)
            return &set[i];
        if (*best == NULL)
            continue;
        if (set[i] == NULL || set[i]->who.expires_at_s < (*best)->who.expires_at_s)
            best = &set[i];
    }
    return best;
}

void token_cache_put(struct token_cache *c, const unsigned char digest[static DIGEST_BYTES],
                     int64_t now_s, const struct principal *p)
{
    if (p->expires_at_s <= now_s)
        return;
    struct entry **place = choose(set_of(c, digest), digest);
    if (*place == NULL) {
        *place = malloc(sizeof **place);
        if (*place == NULL)
            return;
        c->count++;
    }
    memcpy((*place)->digest, digest, DIGEST_BYTES);
    (*place)->who = *p;
}

void token_cache_drop(struct token_cache *c,
                      bool (*unwanted)(const struct principal *p, const void *arg), const void *arg)
{
    for (size_t i = 0; i < (size_t)c->n_sets * WAYS; i++) {
        if (c->places[i] == NULL || !unwanted(&c->places[i]->who, arg))
            continue;
        free(c->places[i]);
        c->places[i] = NULL;
        c->count--;
    }
}

int token_cache_count(const struct token_cache *c)
{
    return c->count;
}

/* common/http/rate.c - token buckets in shards of a few slots, each shard under a mutex of its own.
 * Does not know what a key stands for and forgets nothing by time: a bucket at rest is simply full.
 */
#include "http/rate.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keys/openssl.h"

#include "core/banned.h"

enum {
    SHARDS = 512,  /* a power of two: callers at once rarely meet */
    SLOTS = 16,    /* 8,192 keys in all, below 1 MiB */
    KEY_ROOM = 48, /* a uuid, or an IPv6 address with its zone */
    MINUTE_US = 60 * 1000 * 1000,
};

/* One request costs MINUTE_US units; `per_minute` units come back every microsecond. */
struct bucket {
    char key[KEY_ROOM]; /* "": free */
    int64_t units, seen_us;
};

struct shard {
    pthread_mutex_t lock;
    struct bucket slots[SLOTS];
};

struct rate {
    int per_minute;
    uint64_t seed; /* so that nobody can choose keys that meet in one shard */
    struct shard shards[SHARDS];
};

struct rate *rate_create(int per_minute)
{
    struct rate *r = calloc(1, sizeof *r);
    if (r == NULL)
        return NULL;
    r->per_minute = per_minute;
    if (RAND_bytes((unsigned char *)&r->seed, sizeof r->seed) != 1) {
        free(r);
        return NULL;
    }
    for (size_t i = 0; i < SHARDS; i++)
        pthread_mutex_init(&r->shards[i].lock, NULL);
    return r;
}

void rate_destroy(struct rate **r)
{
    if (*r == NULL)
        return;
    for (size_t i = 0; i < SHARDS; i++)
        pthread_mutex_destroy(&(*r)->shards[i].lock);
    free(*r);
    *r = NULL;
}

/* FNV-1a from a secret start, mixed once more so that the low bits depend on all. */
static struct shard *shard_of(struct rate *r, const char *key)
{
    uint64_t h = r->seed;
    for (const char *c = key; *c != '\0'; c++)
        h = (h ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
    h ^= h >> 32;
    h *= UINT64_C(0x9e3779b97f4a7c15);
    return &r->shards[(h >> 40) % SHARDS];
}

/* The key's bucket, or one made full in a free slot or in the place of the idlest. */
static struct bucket *bucket_of(struct shard *s, const char *key, int64_t full, int64_t ticks_us)
{
    struct bucket *idlest = &s->slots[0];
    for (size_t i = 0; i < SLOTS; i++) {
        struct bucket *b = &s->slots[i];
        if (strncmp(b->key, key, KEY_ROOM - 1) == 0)
            return b;
        if (b->key[0] == '\0') {
            idlest = b;
            break;
        }
        if (b->seen_us < idlest->seen_us)
            idlest = b;
    }
    snprintf(idlest->key, sizeof idlest->key, "%s", key);
    idlest->units = full;
    idlest->seen_us = ticks_us;
    return idlest;
}

static int seconds_up(int64_t us)
{
    return (int)((us + 999999) / 1000000);
}

bool rate_take(struct rate *r, const char *key, int64_t ticks_us, struct rate_answer *ret)
{
    *ret = (struct rate_answer){0};
    if (r->per_minute <= 0)
        return true;
    const int64_t back = r->per_minute, full = back * MINUTE_US;
    struct shard *s = shard_of(r, key);
    pthread_mutex_lock(&s->lock);
    struct bucket *b = bucket_of(s, key, full, ticks_us);
    int64_t passed = ticks_us - b->seen_us;
    passed = passed < 0 ? 0 : passed > MINUTE_US ? MINUTE_US : passed;
    b->units = b->units + passed * back > full ? full : b->units + passed * back;
    b->seen_us = ticks_us;
    bool taken = b->units >= MINUTE_US;
    if (taken)
        b->units -= MINUTE_US;
    int64_t units = b->units;
    pthread_mutex_unlock(&s->lock);
    ret->limit = r->per_minute;
    ret->remaining = (int)(units / MINUTE_US);
    ret->reset_s = seconds_up((full - units) / back);
    ret->retry_after_s = taken ? 0 : seconds_up((MINUTE_US - units + back - 1) / back);
    return taken;
}

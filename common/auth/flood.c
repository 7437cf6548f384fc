/* common/auth/flood.c - budgets of failures in shards of a few slots, each under a mutex of its
 * own, and a counter of those who wait. Contract: the header. */
#include "auth/flood.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "auth/address.h"
#include "core/clock.h"
#include "keys/openssl.h"

#include "core/banned.h"

enum { SHARDS = 128, SLOTS = 16, SECOND_US = 1000 * 1000 };

/* Failures in millionths: one costs SECOND_US, `per_s` come back every microsecond. */
struct budget {
    char key[ADDRESS_RANGE_TEXT]; /* "": free */
    int64_t used, seen_us;
};

struct shard {
    pthread_mutex_t lock;
    struct budget slots[SLOTS];
};

struct flood {
    struct flood_options options;
    uint64_t seed; /* so that nobody can choose addresses that meet in one shard */
    atomic_int waiting;
    atomic_uint_fast64_t charged, waited, refused;
    pthread_mutex_t all_lock;
    struct budget all;
    struct shard shards[SHARDS];
};

struct flood *flood_create(const struct flood_options *o)
{
    struct flood *f = calloc(1, sizeof *f);
    if (f == NULL)
        return NULL;
    f->options = *o;
    if (RAND_bytes((unsigned char *)&f->seed, sizeof f->seed) != 1) {
        free(f);
        return NULL;
    }
    pthread_mutex_init(&f->all_lock, NULL);
    for (size_t i = 0; i < SHARDS; i++)
        pthread_mutex_init(&f->shards[i].lock, NULL);
    return f;
}

void flood_destroy(struct flood **f)
{
    if (*f == NULL)
        return;
    for (size_t i = 0; i < SHARDS; i++)
        pthread_mutex_destroy(&(*f)->shards[i].lock);
    pthread_mutex_destroy(&(*f)->all_lock);
    free(*f);
    *f = NULL;
}

static struct shard *shard_of(struct flood *f, const char *key)
{
    uint64_t h = f->seed;
    for (const char *c = key; *c != '\0'; c++)
        h = (h ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
    h ^= h >> 32;
    h *= UINT64_C(0x9e3779b97f4a7c15);
    return &f->shards[(h >> 40) % SHARDS];
}

static struct budget *find(struct shard *s, const char *key)
{
    for (size_t i = 0; i < SLOTS; i++) {
        if (strcmp(s->slots[i].key, key) == 0)
            return &s->slots[i];
    }
    return NULL;
}

/* A free slot, or that of the address which failed longest ago. */
static struct budget *take_slot(struct shard *s, const char *key)
{
    struct budget *idlest = &s->slots[0];
    for (size_t i = 0; i < SLOTS && idlest->key[0] != '\0'; i++) {
        if (s->slots[i].key[0] == '\0' || s->slots[i].seen_us < idlest->seen_us)
            idlest = &s->slots[i];
    }
    *idlest = (struct budget){.used = 0};
    snprintf(idlest->key, sizeof idlest->key, "%s", key);
    return idlest;
}

/* What is used of a budget by now. */
static int64_t used_now(const struct budget *b, int per_s, int64_t now_us)
{
    int64_t passed = now_us - b->seen_us;
    passed = passed > SECOND_US ? SECOND_US : passed;
    int64_t used = b->used - passed * per_s;
    return used < 0 ? 0 : used;
}

/* One more; what is over the budget is not counted, or a flood's end would be waited for. */
static void use(struct budget *b, int per_s, int64_t now_us)
{
    int64_t most = (int64_t)per_s * SECOND_US;
    int64_t used = used_now(b, per_s, now_us) + SECOND_US;
    b->used = used > most ? most : used;
    b->seen_us = now_us;
}

static bool used_up(const struct budget *b, int per_s, int64_t now_us)
{
    return used_now(b, per_s, now_us) + SECOND_US > (int64_t)per_s * SECOND_US;
}

static bool over(struct flood *f, const char *address)
{
    char key[ADDRESS_RANGE_TEXT];
    int64_t now_us = clock_ticks_us();
    address_counted(address, key);
    struct shard *s = shard_of(f, key);
    pthread_mutex_lock(&s->lock);
    const struct budget *b = find(s, key);
    bool own = b != NULL && used_up(b, f->options.per_s, now_us);
    pthread_mutex_unlock(&s->lock);
    if (own)
        return true;
    pthread_mutex_lock(&f->all_lock);
    bool all = used_up(&f->all, f->options.all_per_s, now_us);
    pthread_mutex_unlock(&f->all_lock);
    return all;
}

void flood_charge(struct flood *f, const char *address)
{
    char key[ADDRESS_RANGE_TEXT];
    int64_t now_us = clock_ticks_us();
    address_counted(address, key);
    struct shard *s = shard_of(f, key);
    pthread_mutex_lock(&s->lock);
    struct budget *b = find(s, key);
    use(b != NULL ? b : take_slot(s, key), f->options.per_s, now_us);
    pthread_mutex_unlock(&s->lock);
    pthread_mutex_lock(&f->all_lock);
    use(&f->all, f->options.all_per_s, now_us);
    pthread_mutex_unlock(&f->all_lock);
    atomic_fetch_add(&f->charged, 1);
}

static void rest(int wait_ms)
{
    uint16_t chance = 0;
    (void)RAND_bytes((unsigned char *)&chance, sizeof chance);
    int64_t us = (int64_t)wait_ms * 750 + (int64_t)wait_ms * 250 * chance / UINT16_MAX;
    struct timespec left = {.tv_sec = us / SECOND_US, .tv_nsec = us % SECOND_US * 1000};
    while (nanosleep(&left, &left) != 0)
        continue;
}

enum flood_way flood_pass(struct flood *f, const char *address)
{
    if (!over(f, address))
        return FLOOD_AT_ONCE;
    if (atomic_fetch_add(&f->waiting, 1) >= f->options.waits) {
        atomic_fetch_sub(&f->waiting, 1);
        atomic_fetch_add(&f->refused, 1);
        return FLOOD_REFUSED;
    }
    rest(f->options.wait_ms);
    atomic_fetch_sub(&f->waiting, 1);
    atomic_fetch_add(&f->waited, 1);
    return FLOOD_WAITED;
}

void flood_stats(struct flood *f, struct flood_stats *ret)
{
    *ret = (struct flood_stats){
        .charged = atomic_load(&f->charged),
        .waited = atomic_load(&f->waited),
        .refused = atomic_load(&f->refused),
    };
}

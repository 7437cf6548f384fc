/* common/http/rate.h - token buckets by text key (token digest, address). One mutex a shard; memory
 * bounded: the idlest bucket goes when a shard is full. Thread-safe. */
#ifndef ZEREN_HTTP_RATE_H
#define ZEREN_HTTP_RATE_H

#include <stdbool.h>

#include "core/clock.h"

struct rate;
struct rate_answer {
    int limit, remaining, reset_s; /* RateLimit-Limit, -Remaining, -Reset */
    int retry_after_s;             /* when refused */
};

/* `per_minute` requests a minute, as many at once; 0: no limit. NULL when out of memory. */
struct rate *rate_create(int per_minute);
void rate_destroy(struct rate **r);

/* Takes one. False when the bucket is empty. */
bool rate_take(struct rate *r, const char *key, int64_t ticks_us, struct rate_answer *ret);

#endif

/* common/auth/token_cache.h - who verified tokens say they are, by the token's SHA-256 digest,
 * until they expire. Bounded: sets of eight places; a new token takes the place of one that
 * expired, else of the one that expires first. Not locked: auth/trust.c does. Does not decide who
 * is revoked. */
#ifndef ZEREN_AUTH_TOKEN_CACHE_H
#define ZEREN_AUTH_TOKEN_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "auth/principal.h"

#define DIGEST_BYTES 32

struct token_cache;

/* For at most `tokens` (rounded up to eight). NULL when out of memory. */
struct token_cache *token_cache_create(int tokens);

/* Accepts NULL, nulls the pointer. */
void token_cache_destroy(struct token_cache **c);

/* Copies the principal. False when it is not there or has expired. Changes nothing: a shared lock
 * is enough. */
bool token_cache_get(const struct token_cache *c, const unsigned char digest[static DIGEST_BYTES],
                     int64_t now_s, struct principal *ret);

/* Without memory it does nothing: the next check verifies again. */
void token_cache_put(struct token_cache *c, const unsigned char digest[static DIGEST_BYTES],
                     int64_t now_s, const struct principal *p);

/* Removes every entry that `unwanted` says true of. */
void token_cache_drop(struct token_cache *c,
                      bool (*unwanted)(const struct principal *p, const void *arg),
                      const void *arg);

int token_cache_count(const struct token_cache *c);

#endif

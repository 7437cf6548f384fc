/* common/auth/flood.h - what forged credentials may cost: a budget of failures for each address,
 * and a waiting line for those who have used it up. Whoever waited is checked all the same, so that
 * an honest newcomer behind a flooding address gets in; other addresses do not notice. Thread-safe;
 * memory bounded. Does not check anything itself. */
#ifndef ZEREN_AUTH_FLOOD_H
#define ZEREN_AUTH_FLOOD_H

#include <stdbool.h>
#include <stdint.h>

struct flood;

struct flood_options {
    int per_s;     /* failures an address may cause a second, also at once */
    int all_per_s; /* and all addresses together: past it nobody's unknown token goes at once */
    int wait_ms;   /* how long one waits: at most 250 */
    int waits;     /* that many at once, in threads of the service; the next is refused */
};

/* NULL when out of memory. */
struct flood *flood_create(const struct flood_options *o);

/* Accepts NULL, nulls the pointer. */
void flood_destroy(struct flood **f);

enum flood_way { FLOOD_REFUSED, FLOOD_AT_ONCE, FLOOD_WAITED };

/* Before something dear is checked for that address: at once within its budget, else after waiting
 * (from three quarters of wait_ms on, so that those who came together do not go together). Refused
 * when too many wait already. */
enum flood_way flood_pass(struct flood *f, const char *address);

/* It was no good. */
void flood_charge(struct flood *f, const char *address);

struct flood_stats {
    uint64_t charged, waited, refused;
};
void flood_stats(struct flood *f, struct flood_stats *ret);

#endif

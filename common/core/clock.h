/* common/core/clock.h - the only reader of the system clocks. Business code takes time as a value.
 */
#ifndef ZEREN_CORE_CLOCK_H
#define ZEREN_CORE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/date.h"

/* Microseconds since 1970-01-01T00:00:00Z. */
typedef int64_t instant_us;

/* Wall clock, plus the offset of clock_set_today() in test builds. */
instant_us clock_now(void);

/* Monotonic microseconds, for durations only. */
int64_t clock_ticks_us(void);

/* Civil date in Asia/Shanghai (UTC+8, no daylight saving since 1991) of an instant (charter D17).
 */
struct date clock_date(instant_us at);

/* RFC 3339 in UTC with microseconds, "2026-05-01T02:03:04.000005Z"; `out` holds 32 bytes. */
void clock_format(instant_us at, char out[static 32]);

/* Parses RFC 3339 with offset or Z. False when it is not one. */
bool clock_parse(const char *text, instant_us *ret_at);

/* Test builds (-DZEREN_TEST_CLOCK=ON) only: moves the clock so that today is `today`. False in a
 * release. */
bool clock_set_today(struct date today);

#endif

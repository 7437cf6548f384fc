/* common/http/metrics.h - counters and histograms in Prometheus text form; lock-free (C11 atomics).
 */
#ifndef ZEREN_HTTP_METRICS_H
#define ZEREN_HTTP_METRICS_H

#include "core/buf.h"
#include "http/lifecycle.h"

/* One histogram and status counters a route; routes are numbered in table order, the last slot is
 * "no route". */
struct metrics *metrics_create(struct arena *a, const struct service *s);

/* Counts one answer. */
void metrics_count(struct metrics *m, const struct route *r, int status, int64_t duration_us);

/* Requests running now. */
void metrics_enter(struct metrics *m);
void metrics_leave(struct metrics *m);

/* Writes the text, with the gauges of pool and trust. */
void metrics_write(const struct engine *e, struct buf *out);

#endif

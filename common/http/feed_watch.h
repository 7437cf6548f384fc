/* common/http/feed_watch.h - calls that wait for events (E-005). A waiting call holds no
 * connection: one thread of the process looks at the feed's head for all of them, and only while
 * somebody waits, and wakes those whose scope a new event's division touches. Also remembers which
 * kinds of event there are. Thread-safe. */
#ifndef ZEREN_HTTP_FEED_WATCH_H
#define ZEREN_HTTP_FEED_WATCH_H

#include "core/buf.h"
#include "http/lifecycle.h"

struct feed_watch;

/* Starts the thread; the engine's pool and statements outlive it. NULL with `err` set. */
struct feed_watch *feed_watch_start(const struct engine *e, struct err *err);

/* Nobody waits from now on: those who do are woken. Accepts NULL. */
void feed_watch_close(struct feed_watch *w);

/* Ends the thread. Accepts NULL, nulls the pointer. */
void feed_watch_stop(struct feed_watch **w);

/* Waits until an event behind `seen` that may concern the caller has been numbered, or until that
 * moment (monotonic). False when it is no use to wait longer: time is up, too many wait, or the
 * process stops. */
bool feed_watch_wait(struct feed_watch *w, const struct principal *p, int64_t seen,
                     int64_t until_us);

/* The kinds of event and the permission that reads each; asked of the database once. */
struct feed_kind {
    char name[40];
    enum permission permission;
};
bool feed_kinds(struct request *rq, const struct feed_kind **ret, size_t *ret_n);

/* How many wait, as a metric. */
void feed_watch_metrics(const struct engine *e, struct buf *out);

#endif

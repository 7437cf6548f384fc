/* common/feed/look.h - how far down the outbox the sequencer looks. Rows below the floor were
 * taken, but for those whose transactions end late; these are found when the whole outbox is looked
 * through, which is not done each time: without a floor each look would pass the dead entries of
 * all that an old transaction anywhere in the database keeps from being cleaned. Pure. */
#ifndef ZEREN_FEED_LOOK_H
#define ZEREN_FEED_LOOK_H

#include <stdbool.h>
#include <stdint.h>

/* Zeroed at first. Times are monotonic microseconds. */
struct look {
    int64_t floor, next_floor, newest; /* ids of the outbox */
    int64_t all_at;                    /* when the whole outbox is looked through next */
    bool through;                      /* it is being looked through, and is not at its end */
};

/* Begins one at `now`: behind which id it looks, 0 for the whole outbox. */
int64_t look_begin(struct look *l, int64_t now);

/* It took rows up to `last_id` (0: none), as many as it may at a time if `full`: then there may be
 * more, and a look through the whole outbox goes on with the next one. What it cost bounds how
 * often that is done, and never to more than LOOK_SECONDS_MOST. Not called for one that failed: the
 * same is then looked at again. */
void look_end(struct look *l, int64_t began, int64_t now, int64_t last_id, bool full);

enum { LOOK_SECONDS = 10, LOOK_SECONDS_MOST = 20 };

#endif

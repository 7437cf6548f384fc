/* common/feed/sequencer.h - gives every committed row of the outbox its number in the feed
 * (proto/feed.md): tasks of a worker process. */
#ifndef ZEREN_FEED_SEQUENCER_H
#define ZEREN_FEED_SEQUENCER_H

#include "work/task.h"

extern const struct work_task feed_sequencer; /* numbers; makes the blocks of events ahead */
extern const struct work_task feed_retention; /* drops blocks that are too old */
extern const struct work_task feed_lag;       /* tells metrics what waits for its number */

#endif

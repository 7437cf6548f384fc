/* common/feed/consumer.h - work that follows the feed (E-007): every event behind the consumer's
 * place is given to it once, in order, and its place moves in the transaction of what it does. */
#ifndef ZEREN_FEED_CONSUMER_H
#define ZEREN_FEED_CONSUMER_H

#include "work/task.h"

/* A consumer is a task: {.name, .step = feed_consume, .busy_ms, .idle_ms, .arg = &consumer}. */
struct consumer {
    const char *name;         /* its row in feed_consumer */
    const char *kinds;        /* of events, as a text array literal "{item,report}"; NULL: all */
    const struct stmt *apply; /* :rows or :exec with :after and :upto: does what events with
                                 after < seq <= upto ask for, of its kinds alone; reads
                                 them as event WHERE in_country = '' AND seq > … */
    int batch;                /* events at a time; 0: 1000 */
};

enum work_result feed_consume(struct work_step *s);

#endif

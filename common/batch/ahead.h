/* common/batch/ahead.h - inside the room: two chunks of a batch at a time. While a chunk is carried
 * out, the next one is too, by a thread on a connection of its own; it is committed behind the
 * first, by the step that follows, or else not at all. Rules: B-019. Decides nothing of rows. */
#ifndef ZEREN_BATCH_AHEAD_H
#define ZEREN_BATCH_AHEAD_H

#include "batch/work.h"

/* What a chunk did: the last row that it looked at, NULL when there was none; numbers of rows. */
struct carried {
    const char *last, *done, *left_out;
};

/* Carries out the chunk behind `after` in r->tx, without its counts and its audit row. */
typedef bool ahead_work(struct job_run *r, struct batch_work *w, const char *after,
                        struct carried *ret, struct err *err);

/* Begins the chunk behind `after` beside the one that is under way, which from now on waits as long
 * as its statement may take: for a chunk that is ahead gives way, but not before it is carried out.
 * Nothing is wrong where none can be begun. */
bool ahead_begin(struct job_run *r, struct batch_work *w, const char *after, ahead_work *work,
                 struct err *err);

/* Before a chunk, when the one before is committed: waits for what was begun. True: r->tx is its
 * transaction, and what it did is in `ret`, to be counted and committed. False: there is none, or
 * it stood in somebody's way and was given up. */
bool ahead_take(struct job_run *r, struct batch_work *w, struct carried *ret);

/* Is a chunk under way beside this one, or carried out, and not taken? */
bool ahead_is(const struct batch_work *w);

/* Gives up what was begun. Accepts NULL, nulls the pointer. */
void ahead_close(struct ahead **a);

#endif

/* common/http/reseal.h - after a rotation of keys: every row of the service's sealed columns
 * (struct sealed_column) is brought under the active keys, while requests go on. One thread on the
 * worker's pool; small batches in key order; safe beside writers and beside other processes, since
 * a row is rewritten only where it still has the ciphertext that was read. Does not rotate keys and
 * does not remove any.
 *
 * Columns of one table may share a pair of statements, which tell them apart by :column.
 *
 * :find     :rows with :column, :after (uuid), :key_id (field_key_id()), :lookup_id, :batch. Looks
 * at the next :batch rows behind :after by id; returns last (the last id it looked at) and, one row
 * each, id and value (bytea) of those not under these keys; id NULL when none is. :rewrite  :rows
 * with :rows (JSON array of {id, was, value, hash}), :now, :new_id, :column; replaces what still is
 * `was` and writes one audit row for all; returns how many it replaced. */
#ifndef ZEREN_HTTP_RESEAL_H
#define ZEREN_HTTP_RESEAL_H

#include "core/buf.h"
#include "db/pool.h"
#include "http/lifecycle.h"

struct reseal;

/* Starts the thread; the pool and the engine's keyring outlive it. NULL with `err` set. */
struct reseal *reseal_start(const struct engine *e, struct pool *worker, struct err *err);

/* Ends the thread, waiting for its statement. Accepts NULL, nulls the pointer. */
void reseal_stop(struct reseal **r);

/* Progress as metrics: rows rewritten, rows that no key of the ring opens (by column, of the last
 * pass), and 1 when the last pass found every row under the active keys. */
void reseal_metrics(const struct engine *e, struct buf *out);

#endif

/* common/http/reseal.h - after a rotation of keys: every row of the service's sealed columns
 * (struct sealed_column) is brought under the active keys, while requests go on. A task of the
 * worker; small batches in key order; safe beside writers and beside other processes, since a row
 * is rewritten only where it still has the ciphertext that was read. Does not rotate keys and does
 * not remove any.
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
#include "http/lifecycle.h"
#include "work/task.h"

struct reseal;

/* What the worker's engine holds as `reseal`, for its sealed columns; the engine and its keyring
 * outlive it. NULL with `err` set. */
struct reseal *reseal_create(const struct engine *e, struct err *err);
void reseal_destroy(struct reseal **r);

/* A look: is there reason for a pass, one over all columns. The owner of the step is the engine. */
enum work_result reseal_step(struct work_step *s);

/* Progress as metrics: rows rewritten, rows that no key of the ring opens (by column, of the last
 * pass), and 1 when the last pass found every row under the active keys. */
void reseal_metrics(const struct engine *e, struct buf *out);

#endif

/* common/files/collect.h - what is left over of uploads, and bytes and rows that lost each other.
 */
#ifndef ZEREN_FILES_COLLECT_H
#define ZEREN_FILES_COLLECT_H

#include "db/pool.h"
#include "files/store.h"

struct files_collected {
    long expired; /* uploads that did not end in time: their rows say so, their bytes are gone */
    long strays;  /* bytes of uploads that nobody waits for */
    long blobs;   /* kept bytes that no file is of, with or without a row */
    long lost;    /* files whose bytes are gone: their rows say so */
};

struct collector; /* one thread */

/* The pool is of the service's worker role. NULL with the cause. */
struct collector *files_collector_create(struct pool *worker, const struct file_store *s,
                                         struct err *err);
void files_collector_destroy(struct collector **c);

/* One round in short transactions; a round that fails is tried again by the next. Every round looks
 * at some buckets of the store only, so that all are seen within a day of rounds a minute. */
bool files_collect(struct collector *c, struct files_collected *ret, struct err *err);

/* The same with every bucket at once. */
bool files_collect_all(struct collector *c, struct files_collected *ret, struct err *err);

#endif

/* common/batch/keep.h - batches are forgotten in time, as a task of a service's worker (B-013). */
#ifndef ZEREN_BATCH_KEEP_H
#define ZEREN_BATCH_KEEP_H

#include "work/task.h"

extern const struct work_task batch_keeping;

#endif

/* common/http/housekeeping.h - tasks of a worker (work/task.h) that remove what time has used up:
 * stored answers of Idempotency-Keys, what the service's own statements name, and what is left over
 * of files. */
#ifndef ZEREN_HTTP_HOUSEKEEPING_H
#define ZEREN_HTTP_HOUSEKEEPING_H

#include "work/task.h"

/* Forgets one batch of each statement: sql_engine_all's, and those in `forget` of struct service,
 * which may use :now. The owner of the step is the worker's engine. */
enum work_result housekeeping_step(struct work_step *s);

/* Collects what is left over of files (files/collect.h). `arg` is the struct file_store; state of
 * pointer size. */
enum work_result collecting_step(struct work_step *s);
void collecting_end(void *state);

#endif

/* services/monitoring/worker.c - what monitoring's worker does besides the feed and its jobs. */
#include "monitoring.h"

const struct work_task *const monitoring_work[] = {&person_confirming, &person_tending,
                                                   &archive_folding, NULL};

/* services/monitoring/monitoring.h - what monitoring's own files share. */
#ifndef ZEREN_MONITORING_H
#define ZEREN_MONITORING_H

#include "batch/kind.h"
#include "http/request.h"
#include "http/route.h"
#include "jobs/job.h"
#include "work/task.h"

extern const struct route line_routes[];
extern const struct route located_routes[], claim_routes[], transfer_routes[];
extern const struct transition claim_fsm[], transfer_fsm[];
extern const struct work_task person_confirming, person_tending;
extern const struct route unmask_routes[], citizen_routes[], correction_routes[];
extern const struct route rule_routes[], finding_routes[];
extern const struct transition finding_fsm[];
extern const struct route household_routes[], membership_routes[], member_routes[],
    history_routes[];
extern const struct route three_guarantees_routes[], income_routes[], living_conditions_routes[];
extern const struct route dossier_routes[], saved_list_routes[], figures_routes[];
extern const struct field finding_fields[];
extern const struct work_task archive_folding;
extern const struct route *const monitoring_resources[];
extern const struct body_example monitoring_examples[];
extern const struct sync_resource monitoring_devices[];
extern const struct batch_set monitoring_batches;
extern const struct job_kind monitoring_jobs[];
extern const struct work_task *const monitoring_work[];
extern const struct sealed_column monitoring_sealed[];

/* The job "check_archive": services/monitoring/rule_work.c. */
bool check_archive_chunk(struct job_run *r, enum job_step *ret, struct err *err);

#endif

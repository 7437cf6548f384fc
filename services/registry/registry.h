/* services/registry/registry.h - what the registry's own files share. */
#ifndef ZEREN_REGISTRY_H
#define ZEREN_REGISTRY_H

#include "core/date.h"
#include "core/decimal.h"
#include "http/request.h"
#include "http/route.h"
#include "jobs/job.h"

extern const struct route division_routes[], organisation_routes[], duty_list_routes[],
    task_routes[], item_routes[], report_routes[], paper_routes[], deadline_routes[],
    urging_routes[], dictionary_routes[], rollup_routes[], chain_routes[], report_form_routes[],
    periodic_report_routes[];
extern const struct transition duty_list_fsm[], report_fsm[], urging_fsm[], report_form_fsm[],
    periodic_report_fsm[];
extern const struct route difference_routes[], refinement_routes[], drive_routes[],
    work_order_routes[];
extern const struct transition drive_fsm[], work_order_fsm[];
extern const struct route contact_routes[], visit_routes[], settlement_routes[], coverage_routes[];
extern const struct transition contact_fsm[];
extern const struct route document_routes[], duty_routes[], goal_routes[], plan_routes[];
extern const struct transition plan_fsm[];
extern const char *const duty_subjects[];
extern const struct route village_kind_routes[], team_routes[], team_member_routes[],
    leave_routes[], group_routes[], meeting_routes[];
extern const struct transition team_fsm[], team_member_fsm[], leave_fsm[], group_fsm[];
extern const struct route cadence_routes[], obligation_routes[], calendar_routes[],
    escalation_rule_routes[];
extern const struct transition cadence_rule_fsm[], obligation_fsm[];
extern const char *const cadence_actions[], *const cadence_subjects[];
extern const struct route *const registry_resources[];
extern const struct body_example registry_examples[];
extern const struct sync_resource registry_devices[];
extern const char *const organisation_kinds[], *const lights[], *const report_periods[];
extern const struct field item_fields[];
extern const struct batch_set registry_batches;
extern const struct job_kind registry_jobs[];
extern const struct work_task *const registry_work[];
extern const struct work_task rollup_folding, cadence_keeping, obligation_folding;

handler document_import;

/* document.c: writes a document with these clauses (JSON), or refuses them as too many at once. */
bool document_write(struct request *rq, const char *clauses);

handler duty_list_import, organisation_import;

/* ---- item_rules.c: pure rules of an item, for one sent as JSON and for a row of a CSV alike ----
 */

struct milestone_draft {
    const char *name;
    struct date due_on;
};

struct item_draft {
    struct date starts_on, due_on;
    const char *measure; /* "value" or "milestone" */
    bool has_target;
    const char *unit_of_measure;
    size_t n_milestones;
    const struct milestone_draft *milestones;
};

struct fault {
    const char *field, *code, *detail;
};

enum { ITEM_FAULTS_MAX = 6 };

/* Lists what is wrong with a draft; returns how many faults it wrote. */
size_t item_faults(const struct item_draft *d, struct fault out[static ITEM_FAULTS_MAX]);

#endif

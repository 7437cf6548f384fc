/* services/registry/routes.c - the registry's resources; nothing else. */
#include "registry.h"

const struct route *const registry_resources[] = {
    division_routes,     organisation_routes,
    duty_list_routes,    task_routes,
    item_routes,         report_routes,
    paper_routes,        deadline_routes,
    urging_routes,       dictionary_routes,
    rollup_routes,       difference_routes,
    refinement_routes,   drive_routes,
    work_order_routes,   contact_routes,
    visit_routes,        settlement_routes,
    coverage_routes,     chain_routes,
    report_form_routes,  periodic_report_routes,
    village_kind_routes, team_routes,
    team_member_routes,  leave_routes,
    group_routes,        meeting_routes,
    document_routes,     cadence_routes,
    calendar_routes,     obligation_routes,
    duty_routes,         goal_routes,
    plan_routes,         NULL,
};

/* services/monitoring/routes.c - monitoring's resources; nothing else. */
#include "monitoring.h"

const struct route *const monitoring_resources[] = {
    line_routes,    household_routes,        membership_routes, member_routes,
    history_routes, located_routes,          claim_routes,      transfer_routes,
    unmask_routes,  citizen_routes,          correction_routes, rule_routes,
    finding_routes, three_guarantees_routes, income_routes,     living_conditions_routes,
    dossier_routes, saved_list_routes,       figures_routes,    NULL,
};

/* services/registry/routes.c - the registry's resources; nothing else. */
#include "registry.h"

const struct route *const registry_resources[] = {
    division_routes, organisation_routes, duty_list_routes, task_routes,
    item_routes,     report_routes,       paper_routes,     deadline_routes,
    urging_routes,   dictionary_routes,   rollup_routes,    NULL,
};

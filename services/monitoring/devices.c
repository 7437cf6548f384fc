/* services/monitoring/devices.c - what devices of this service keep and bring (proto/sync.md).
 * M-205. */
#include "monitoring.h"

static const char *const household_operations[] = {"update_household", NULL};
static const char *const member_operations[] = {"create_household_member", "update_member", NULL};

const struct sync_resource monitoring_devices[] = {
    {.kind = "household", .list = "list_households", .operations = household_operations},
    {.kind = "member", .list = "list_members", .operations = member_operations},
    {.kind = NULL},
};

/* services/registry/devices.c - what devices of this service keep and bring (proto/sync.md). */
#include "registry.h"

static const char *const report_operations[] = {"submit_report", "update_report", "confirm_report",
                                                "send_back_report", NULL};

static const char *const visit_operations[] = {"record_visit", "update_visit", NULL};

const struct sync_resource registry_devices[] = {
    {.kind = "item", .list = "list_items"},
    {.kind = "report", .list = "list_reports", .operations = report_operations},
    {.kind = "visit", .list = "list_visits", .operations = visit_operations},
    {.kind = "settlement", .list = "list_settlements"},
    {.kind = "contact", .list = "list_contacts"},
    {.kind = NULL},
};

/* services/monitoring/main.c - monitoring against a return to poverty: who lives where, how they
 * fare, who watches and helps. */
#include "monitoring.h"
#include "sql_monitoring.h"

int main(int argc, char **argv)
{
    static const char *const readable[] = {"identity_pub", "registry_pub", NULL};
    static const struct file_rights files = {PERM_FILE_READ, PERM_FILE_WRITE};
    static const struct stmt *const forget[] = {&SQL_unmasking_forget, NULL};
    static const struct service monitoring = {
        .name = "monitoring",
        .resources = monitoring_resources,
        .statements = sql_monitoring_all,
        .files = &files,
        .jobs = monitoring_jobs,
        .batches = &monitoring_batches,
        .sync = monitoring_devices,
        .work = monitoring_work,
        .sealed = monitoring_sealed,
        .forget = forget,
        .examples = monitoring_examples,
        .pub_schemas = readable,
        .description = "Monitoring against a return to poverty: households and their members, the "
                       "year's monitoring lines, and what the rules find.",
    };
    return service_main(&monitoring, argc, argv);
}

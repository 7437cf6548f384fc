/* services/registry/main.c - the responsibility registry: who answers for what. */
#include "registry.h"
#include "sql_registry.h"

int main(int argc, char **argv)
{
    static const char *const readable[] = {"identity_pub", NULL};
    static const struct file_rights files = {PERM_FILE_READ, PERM_FILE_WRITE};
    static const struct service registry = {
        .name = "registry",
        .resources = registry_resources,
        .statements = sql_registry_all,
        .files = &files,
        .jobs = registry_jobs,
        .batches = &registry_batches,
        .sync = registry_devices,
        .work = registry_work,
        .examples = registry_examples,
        .pub_schemas = readable,
        .description =
            "The responsibility registry: divisions, organisations, and the year's duty lists "
            "with their tasks and items; who reports progress, what is late and who answers.",
    };
    return service_main(&registry, argc, argv);
}

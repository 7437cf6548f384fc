/* services/identity/main.c - accounts, posts, tokens: who calls, in which post, with what scope. */
#include <string.h>

#include "identity.h"
#include "sql_identity.h"

int main(int argc, char **argv)
{
    static const char *const readable[] = {"registry_pub", NULL};
    static const struct service identity = {
        .name = "identity",
        .resources = identity_resources,
        .statements = sql_identity_all,
        .pub_schemas = readable,
        .description = "Log-in, access tokens and their public keys; posts, the persons who hold "
                       "them and from when until when.",
        .settings = identity_setting_table,
        .settings_into = &identity_settings,
        .start = identity_start,
    };
    if (argc == 2 && strcmp(argv[1], "--hash-password") == 0)
        return hash_password_main();
    return service_main(&identity, argc, argv);
}

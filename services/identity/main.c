/* services/identity/main.c - accounts, posts, tokens: who calls, in which post, with what scope. */
#include <string.h>

#include "core/harden.h"
#include "identity.h"
#include "sql_identity.h"

int main(int argc, char **argv)
{
    static const char *const readable[] = {"registry_pub", "monitoring_pub", NULL};
    static const struct stmt *const forget[] = {&SQL_session_forget, &SQL_revocation_forget,
                                                &SQL_assertion_forget, &SQL_inbox_forget, NULL};
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
        .stop = identity_stop,
        .forget = forget,
        .sealed = identity_sealed,
        .examples = identity_examples,
    };
    if (argc == 2 && strcmp(argv[1], "--hash-password") == 0 && harden_process())
        return hash_password_main();
    if (argc == 2 && strcmp(argv[1], "--totp-code") == 0 && harden_process())
        return totp_code_main();
    return service_main(&identity, argc, argv);
}

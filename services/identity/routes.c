/* services/identity/routes.c - the identity service's resources; nothing else. */
#include "identity.h"

const struct route *const identity_resources[] = {
    log_in_routes,    refresh_routes,      session_routes, device_routes,
    jwks_routes,      password_routes,     factor_routes,  post_routes,
    hand_over_routes, post_import_routes,  person_routes,  holder_routes,
    api_token_routes, machine_routes,      role_routes,    right_routes,
    account_routes,   access_grant_routes, me_routes,      factor_release_routes,
    worklist_routes,  setting_routes,      NULL,
};

/* services/identity/routes.c - the identity service's resources; nothing else. */
#include "identity.h"

const struct route *const identity_resources[] = {
    session_routes, post_routes, person_routes, holder_routes, NULL,
};

/* common/http/audit_routes.h - the audit log over HTTP: two routes that every service has, like its
 * contract's. Rules: proto/audit.md. */
#ifndef ZEREN_HTTP_AUDIT_ROUTES_H
#define ZEREN_HTTP_AUDIT_ROUTES_H

#include "core/arena.h"
#include "http/route.h"

extern const struct route audit_routes[];

/* The service with these routes and their statements beside its own; NULL when out of memory. */
const struct service *service_with_audit(struct arena *a, const struct service *s);

#endif

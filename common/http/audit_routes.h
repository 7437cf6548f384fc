/* common/http/audit_routes.h - the audit log over HTTP: two routes that every service has, like its
 * contract's. Rules: proto/audit.md. */
#ifndef ZEREN_HTTP_AUDIT_ROUTES_H
#define ZEREN_HTTP_AUDIT_ROUTES_H

#include "http/route.h"

extern const struct route audit_routes[];
extern const struct stmt *const audit_statements[];

#endif

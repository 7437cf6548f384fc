/* common/http/batch_routes.h - batches and exports over HTTP, the same in every service that has
 * kinds of them. Rules: proto/batches.md. */
#ifndef ZEREN_HTTP_BATCH_ROUTES_H
#define ZEREN_HTTP_BATCH_ROUTES_H

#include "db/stmt.h"
#include "http/request.h"
#include "http/route.h"

/* What an export is told by a schedule, and whether the caller may have it (J-006): binds :needed,
 * the permission. */
extern const struct field export_params[];
bool export_fits(struct request *rq, const char *params);

/* May the caller try the job of the path again? Not who staged what it applies. */
bool batch_retry_fits(struct request *rq);

/* An empty table of the kind in the path. */
handler batch_template;

extern const struct route batch_routes[];
extern const struct stmt *const batch_route_statements[]; /* NULL-terminated */

#endif

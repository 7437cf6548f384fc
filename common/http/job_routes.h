/* common/http/job_routes.h - jobs and schedules over HTTP, the same in every service that has them.
 * A service asks for work by routes of its own. Rules: proto/jobs.md. */
#ifndef ZEREN_HTTP_JOB_ROUTES_H
#define ZEREN_HTTP_JOB_ROUTES_H

#include "db/stmt.h"
#include "http/request.h"
#include "http/route.h"

extern const struct route job_routes[];
extern const struct stmt *const job_route_statements[]; /* NULL-terminated */

/* A job as an answer shows it. */
extern const struct field job_fields[];

/* Runs a :write statement that makes a job, and answers 202 with where to look (Location) and when
 * (Retry-After). The route says .location = "/jobs/", .status = 202, .shows = job_fields. */
bool reply_job(struct request *rq, const struct stmt *st);

#endif

/* common/http/problem.h - failures as application/problem+json (RFC 9457). */
#ifndef ZEREN_HTTP_PROBLEM_H
#define ZEREN_HTTP_PROBLEM_H

#include "http/request.h"

/* Sets rq->status, answer and Retry-After (retryable codes: 1 s unless set) from rq->err and
 * rq->problems; `current`, when not NULL, is the JSON of the record as it stands, shown with 412 as
 * member "current" with its "current_version". Works without memory: a fixed document then. */
void problem_render(struct request *rq, const char *current);

#endif

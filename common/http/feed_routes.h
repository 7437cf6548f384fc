/* common/http/feed_routes.h - GET /events of every service: what changed, by number
 * (proto/feed.md). */
#ifndef ZEREN_HTTP_FEED_ROUTES_H
#define ZEREN_HTTP_FEED_ROUTES_H

#include "http/route.h"

extern const struct route feed_routes[];
extern const struct stmt *const feed_statements[];

#endif

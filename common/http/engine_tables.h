/* common/http/engine_tables.h - what every service has beside its own: routes of the engine and
 * their statements. */
#ifndef ZEREN_HTTP_ENGINE_TABLES_H
#define ZEREN_HTTP_ENGINE_TABLES_H

#include "core/arena.h"
#include "http/route.h"

/* The service with the engine's routes and statements behind its own; NULL when out of memory. */
const struct service *service_with_engine(struct arena *a, const struct service *s);

/* Lists of statements as one, NULL-terminated; NULL when out of memory. */
const struct stmt *const *statements_joined(struct arena *a, const struct stmt *const *first,
                                            const struct stmt *const *second);

#endif

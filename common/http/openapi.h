/* common/http/openapi.h - the OpenAPI 3.1 contract of a service, out of its tables. */
#ifndef ZEREN_HTTP_OPENAPI_H
#define ZEREN_HTTP_OPENAPI_H

#include "core/arena.h"
#include "http/route.h"

/* The contract as pretty JSON (two blanks, stable order), or NULL when out of memory. */
const char *openapi_render(struct arena *a, const struct service *s);

#endif

/* common/http/diagram.h - the state tables of a service as mermaid diagrams, for
 * proto/<service>.md. */
#ifndef ZEREN_HTTP_DIAGRAM_H
#define ZEREN_HTTP_DIAGRAM_H

#include "core/arena.h"
#include "http/route.h"

/* Markdown: a heading, a mermaid state diagram and the table of steps for each state table that a
 * route uses. NULL when out of memory; "" when there is none. */
const char *diagram_render(struct arena *a, const struct service *s);

#endif

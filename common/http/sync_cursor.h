/* common/http/sync_cursor.h - where a device stands: in the first copy of everything, or behind a
 * number of the feed. A cursor belongs to one set of rights; with others it begins again. */
#ifndef ZEREN_HTTP_SYNC_CURSOR_H
#define ZEREN_HTTP_SYNC_CURSOR_H

#include <stdbool.h>
#include <stdint.h>

#include "core/uuid.h"
#include "http/request.h"

struct sync_cursor {
    bool first;            /* still in the first copy */
    int64_t seq;           /* of the feed: what is behind it is to come */
    int64_t resource;      /* first copy: which row of the service's table */
    char after[UUID_TEXT]; /* first copy: behind that id; "": from its beginning */
};

/* The cursor as text, in the arena; NULL when memory ran out. */
const char *sync_cursor_write(struct request *rq, const struct sync_cursor *c);

/* Reads one. Refuses what is no cursor (400), and one of other rights (410). */
bool sync_cursor_read(struct request *rq, const char *text, struct sync_cursor *ret);

#endif

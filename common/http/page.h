/* common/http/page.h - cursors of lists: where a page ended, and for which question. Opaque to
 * clients. Does not run the list: http/handlers.c. */
#ifndef ZEREN_HTTP_PAGE_H
#define ZEREN_HTTP_PAGE_H

#include <stdbool.h>

#include "http/request.h"

/* The end of a page: base64url of a digest, the last row's value of the sort column ("" when that
 * is the key) and its key. The digest covers route, sort, path, filters and both values. Lives in
 * the arena; NULL when memory ran out. */
const char *page_cursor(struct request *rq, const char *sort_value, const char *key_value);

/* Reads rq->cursor. Refuses (ERR_BAD_PARAMETER "cursor") what is no cursor, or one of another list,
 * order or set of filters. */
bool page_after(struct request *rq, const char **ret_sort_value, const char **ret_key_value);

/* The Link header of the next page: the request's own address with that cursor. NULL when memory
 * ran out. */
const char *page_link(struct request *rq, const char *cursor);

#endif

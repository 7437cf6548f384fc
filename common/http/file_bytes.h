/* common/http/file_bytes.h - the handlers of bytes, for http/file_routes.c alone. */
#ifndef ZEREN_HTTP_FILE_BYTES_H
#define ZEREN_HTTP_FILE_BYTES_H

#include "http/request.h"

handler receive_piece, give_content;

/* Removes what came of an upload; a file that cannot be removed is the collector's. */
void forget_upload(struct request *rq, const char *id);

#endif

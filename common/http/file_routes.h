/* common/http/file_routes.h - files over HTTP: routes that every service with `files` in its struct
 * service has. Rules: proto/files.md. The bytes: common/files. */
#ifndef ZEREN_HTTP_FILE_ROUTES_H
#define ZEREN_HTTP_FILE_ROUTES_H

#include <stdint.h>

#include "core/arena.h"
#include "core/err.h"
#include "http/route.h"

struct engine;
struct file_room;  /* what a serving process holds for them */
struct file_store; /* files/store.h */

/* The service with these routes beside its own, under its permissions; `s` itself when it has no
 * files; NULL when out of memory. */
const struct service *service_with_files(struct arena *a, const struct service *s);

/* Opens the directory of the setting FILES_DIR and the table of types. NULL with the cause. */
struct file_room *file_room_open(const char *dir, struct err *err);
void file_room_close(struct file_room **room);

/* A file that the service itself makes: written by `make`, on the disk under its digest before this
 * returns; the caller's statement gives it its rows (blob, then file). */
struct kept_file {
    char id[37], sha256[65], sm3[65];
    int64_t size;
};
typedef bool file_maker(void *ctx, int fd, struct err *err);
bool file_keep_made(struct request *rq, file_maker *make, void *ctx, struct kept_file *ret);

#endif

/* common/tools/keys/file.h - files of a key directory: put in place in one step, one writer at a
 * time. */
#ifndef ZEREN_TOOLS_KEYS_FILE_H
#define ZEREN_TOOLS_KEYS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "core/err.h"

enum { FILE_PATH = 4096, FILE_BYTES = 64 * 1024 /* of one file of a key directory */ };

/* Holds the directory against other writers until the process ends; makes it (0700) when it is
 * missing. */
bool dir_lock(const char *dir, struct err *err);

/* "dir/name". False when it is too long. */
bool dir_path(const char *dir, const char *name, char ret_path[static FILE_PATH], struct err *err);

bool file_exists(const char *path);

/* Puts `len` bytes in place as `path`: a new file, synced, renamed over the old one, the directory
 * synced. So a reader sees the old file or the new one, also after the power went. Its owner is the
 * directory's. */
bool file_put(const char *path, const void *bytes, size_t len, mode_t mode, struct err *err);

/* err with ERR_INTERNAL and the path and reason as its cause; false. */
bool file_failed(struct err *err, const char *path, const char *why);

#endif

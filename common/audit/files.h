/* common/audit/files.h - reading and syncing small files; private to heads.c and anchors.c. */
#ifndef ZEREN_AUDIT_FILES_H
#define ZEREN_AUDIT_FILES_H

#include "core/arena.h"
#include "core/err.h"

/* ERR_INTERNAL with path, what and errno as the cause; always false. */
bool files_failed(const char *path, const char *what, struct err *err);

/* A whole file of at most `max` bytes; "" when there is none. */
bool files_read(struct arena *a, const char *path, size_t max, const char **ret, struct err *err);

bool files_sync_dir(const char *dir, struct err *err);

/* Splits a line at each blank, in place; how many words, more than `max` as max + 1. */
size_t files_words(char *line, char **ret, size_t max);

#endif

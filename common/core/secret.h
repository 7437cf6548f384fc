/* common/core/secret.h - memory for secrets: pages of their own that no core file, no child process
 * and, where the kernel lets us, no swap space gets a copy of, between two that cannot be touched.
 * One allocation takes at least three pages: for keys and passwords, not for requests. */
#ifndef ZEREN_CORE_SECRET_H
#define ZEREN_CORE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/* `n` zeroed bytes, aligned for any type. NULL when the kernel has none left. Thread-safe. */
void *secret_alloc(size_t n);

/* Overwrites and unmaps; accepts NULL. */
void secret_release(void *secret);

/* The file's bytes, with a NUL behind them, to be given back with secret_release(). Read with
 * read(2) straight into place, so that no buffer keeps a copy. NULL with a reason ("names a file
 * ...") when it cannot be read or holds more than `max` bytes. */
char *secret_read(const char *path, size_t max, size_t *ret_len, const char **ret_why);

/* Overwrites in a way that no compiler leaves out. */
void secret_wipe(void *bytes, size_t n);

/* Are `n` bytes the same? Takes the same time whatever they are. */
bool secret_equal(const void *a, const void *b, size_t n);

#endif

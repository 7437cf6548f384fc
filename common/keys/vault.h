/* common/keys/vault.h - where a process keeps its key bytes: core/secret.h for ours, OpenSSL's
 * secure heap for what OpenSSL makes of them (private keys, the text of a PEM while it is parsed).
 * Does not close the process to debuggers (prctl); the program does that at its start. */
#ifndef ZEREN_KEYS_VAULT_H
#define ZEREN_KEYS_VAULT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

/* Sets up OpenSSL's secure heap. Once, before threads and before any key is read; again harmless.
 */
bool vault_init(struct err *err);

/* Zeroed memory for secrets, and back, wiped. As core/secret.h, which see. */
void *vault_alloc(size_t n);
void vault_release(void *secret);
void vault_wipe(void *bytes, size_t n);
/* Runs it on a thread of its own whose stack is vault memory, and waits: neither a stack that is
 * dumped nor a register of the caller's keeps what it reads. False: no memory or no thread. */
bool vault_run(void *(*work)(void *), void *arg);
bool vault_equal(const void *a, const void *b, size_t n);

/* A whole file of at most `max` bytes into the vault, a NUL behind it: open(2) and read(2), no
 * buffers. Give it back with vault_release(). ERR_INTERNAL with path and reason as the cause. */
bool vault_read_file(const char *path, size_t max, char **ret_text, size_t *ret_len,
                     struct err *err);

#endif

/* common/tools/keys/passphrase.h - a passphrase from a file or the terminal: never from an argument
 * or the environment, which other processes can read. */
#ifndef ZEREN_TOOLS_KEYS_PASSPHRASE_H
#define ZEREN_TOOLS_KEYS_PASSPHRASE_H

#include "core/err.h"

enum { PASSPHRASE_MIN = 12, PASSPHRASE_MAX = 1024 };

/* The first line of `file` ("-": standard input); with NULL it is asked for on the terminal, twice
 * when `anew`. Give it back with vault_release(). NULL with the reason as err's cause. */
char *passphrase_get(const char *file, bool anew, struct err *err);

#endif

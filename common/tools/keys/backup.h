/* common/tools/keys/backup.h - a key directory in one encrypted file, and back:
 *     "ZERENKEYS1\n" passes(4) KiB(4) salt(16) header(24) sealed(...)
 * the key by argon2id from a passphrase, the rest by libsodium's secretstream, everything before it
 * authenticated with it. Inside: name length(1) name mode(4) length(4) bytes, file after file. */
#ifndef ZEREN_TOOLS_KEYS_BACKUP_H
#define ZEREN_TOOLS_KEYS_BACKUP_H

#include "core/err.h"

/* Every ordinary file of `dir` into `to`, which must not exist. */
bool backup_make(const char *dir, const char *to, const char *passphrase, struct err *err);

/* Checks all that is in `from` first, then writes it into `dir`. Files that are there already are
 * refused, unless `replace`. *ret_count says how many were written. */
struct restore {
    const char *from, *dir, *passphrase;
    bool replace;
};
bool backup_restore(const struct restore *how, unsigned *ret_count, struct err *err);

#endif

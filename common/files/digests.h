/* common/files/digests.h - SHA-256 and SM3 of a file in one pass, through the OpenSSL of keys. */
#ifndef ZEREN_FILES_DIGESTS_H
#define ZEREN_FILES_DIGESTS_H

#include <stdbool.h>
#include <stdint.h>

#include "files/store.h"

struct file_digests {
    char sha256[FILE_DIGEST_HEX], sm3[FILE_DIGEST_HEX];
};

/* Of the first `size` bytes. False when they cannot be read or no digest can be made. */
bool file_digests(int fd, int64_t size, struct file_digests *ret);

#endif

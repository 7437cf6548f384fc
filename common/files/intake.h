/* common/files/intake.h - what becomes of a file whose last byte has come: its digests, what it is,
 * and the file that is kept of it. Decides nothing about who may and asks no table: two steps, for
 * between them the caller asks whether the type is taken. */
#ifndef ZEREN_FILES_INTAKE_H
#define ZEREN_FILES_INTAKE_H

#include "files/digests.h"
#include "files/sniff.h"
#include "files/store.h"

struct intake {
    struct file_digests sent, kept;
    char media_type[MEDIA_TYPE_MAX];
    const char *refusal; /* "wrong_digest", "macros", …; NULL: none */
    bool rewritten;      /* what is kept stands beside the upload */
    int64_t kept_size;
};

/* What was announced; sm3 NULL: nothing. */
struct announced {
    const char *sha256, *sm3;
    int64_t size;
};

/* Digests and type. False with err when it cannot be read; else ret->refusal says what is wrong. */
bool intake_examine(struct upload *u, struct sniffer *s, const struct announced *a,
                    struct intake *ret, struct err *err);

/* Takes the location out, unless `keep_location` or the type has none. */
bool intake_prepare(struct upload *u, bool keep_location, struct intake *i, struct err *err);

#endif

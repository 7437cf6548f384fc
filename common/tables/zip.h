/* common/tables/zip.h - inside the room: parts of a zip file, unpacked as they are read, with
 * limits. Writes nothing to disk and opens no archive inside an archive. */
#ifndef ZEREN_TABLES_ZIP_H
#define ZEREN_TABLES_ZIP_H

#include "tables/source.h"

struct archive;

struct zip_part {
    struct source *source;
    struct archive *archive; /* NULL while closed */
    uint64_t at, packed, unpacked, budget;
    bool over_budget;
    char block[16 * 1024];
};

/* Looks at every part's name, size and flags, unpacking nothing. */
bool zip_survey(struct source *s, struct zip_part *p, struct err *err);

/* Opens a part by name; false without err when there is none. */
bool zip_open(struct source *s, struct zip_part *p, const char *name, struct err *err);

/* Up to `n` bytes; 0 at the end, when the part's digest was right; -1 with err. */
long zip_read(struct zip_part *p, void *bytes, size_t n, struct err *err);

void zip_close(struct zip_part *p);

#endif

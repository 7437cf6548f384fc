/* common/tables/spill.h - inside the room: bytes that are appended once and then read anywhere, in
 * constant memory: past a quarter of a MiB they go to an unlinked temporary file. */
#ifndef ZEREN_TABLES_SPILL_H
#define ZEREN_TABLES_SPILL_H

#include "tables/source.h"

struct spill {
    int fd; /* -1: all in memory */
    const char *dir;
    uint64_t flushed; /* bytes in the file; the rest is in tail */
    size_t tail_n;
    char *tail, *cache;
    uint64_t *cached; /* number of the block in each place of the cache, plus one */
};

/* `dir` for the file; closed with the arena. */
bool spill_open(struct spill *p, struct arena *a, const char *dir);
bool spill_add(struct spill *p, const void *bytes, size_t len);
uint64_t spill_size(const struct spill *p);
/* False past the end, or when the file cannot be read. */
bool spill_read(struct spill *p, uint64_t at, void *bytes, size_t len);

#endif

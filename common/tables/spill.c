/* common/tables/spill.c - append, then read anywhere: a tail in memory, a file, a small cache of
 * its blocks. */
#include "tables/spill.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/banned.h"

enum { TAIL = 256 * 1024, BLOCK = 4096, BLOCKS = 64 };

static void release(void *spill)
{
    struct spill *p = spill;
    if (p->fd >= 0)
        close(p->fd);
    p->fd = -1;
}

bool spill_open(struct spill *p, struct arena *a, const char *dir)
{
    *p = (struct spill){.fd = -1, .dir = dir};
    p->tail = arena_alloc(a, TAIL);
    p->cache = arena_alloc(a, (size_t)BLOCK * BLOCKS);
    p->cached = arena_array(a, uint64_t, BLOCKS);
    return p->tail != NULL && p->cache != NULL && p->cached != NULL && arena_defer(a, release, p);
}

static int open_unlinked(const char *dir)
{
    int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0)
        return fd;
    char path[4096];
    size_t n = strnlen(dir, sizeof path);
    static const char name[] = "/zeren-table-XXXXXX";
    if (n + sizeof name > sizeof path)
        return -1;
    memcpy(path, dir, n);
    memcpy(path + n, name, sizeof name);
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        unlink(path);
    return fd;
}

static bool write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);
        if (n <= 0)
            return false;
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

static bool flush(struct spill *p)
{
    if (p->fd < 0)
        p->fd = open_unlinked(p->dir);
    if (p->fd < 0 || !write_all(p->fd, p->tail, p->tail_n))
        return false;
    p->flushed += p->tail_n;
    p->tail_n = 0;
    return true;
}

bool spill_add(struct spill *p, const void *bytes, size_t len)
{
    const char *from = bytes;
    while (len > 0) {
        if (p->tail_n == TAIL && !flush(p))
            return false;
        size_t n = len < TAIL - p->tail_n ? len : TAIL - p->tail_n;
        memcpy(p->tail + p->tail_n, from, n);
        p->tail_n += n;
        from += n;
        len -= n;
    }
    return true;
}

uint64_t spill_size(const struct spill *p)
{
    return p->flushed + p->tail_n;
}

/* A block of the file, whose last one may be short: then the rest is in the tail. */
static const char *block_of(struct spill *p, uint64_t number)
{
    size_t place = (size_t)(number % BLOCKS);
    char *block = p->cache + place * BLOCK;
    if (p->cached[place] == number + 1)
        return block;
    p->cached[place] = 0;
    if (read_at(p->fd, block, BLOCK, number * BLOCK) <= 0)
        return NULL;
    p->cached[place] = number + 1;
    return block;
}

bool spill_read(struct spill *p, uint64_t at, void *bytes, size_t len)
{
    char *to = bytes;
    if (at > spill_size(p) || len > spill_size(p) - at)
        return false;
    while (len > 0) {
        const char *from = NULL;
        size_t n = len;
        if (at >= p->flushed)
            from = p->tail + (at - p->flushed);
        else {
            const char *block = block_of(p, at / BLOCK);
            if (block == NULL)
                return false;
            from = block + at % BLOCK;
            n = BLOCK - (size_t)(at % BLOCK);
            n = p->flushed - at < n ? (size_t)(p->flushed - at) : n;
            n = len < n ? len : n;
        }
        memcpy(to, from, n);
        to += n;
        at += n;
        len -= n;
    }
    return true;
}

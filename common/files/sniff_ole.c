/* common/files/sniff_ole.c - office documents of before 2007: which by the names of their streams,
 * and whether macros stand among them. Does not parse their sectors: names are looked for. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files/sniff.h"

#include "core/banned.h"

enum { CHUNK = 64 * 1024, OVERLAP = 64 };

struct ole_signs {
    bool word, excel, slides, macros;
};

/* Stream names are UTF-16LE; ours are ASCII. */
static bool has_stream(const unsigned char *bytes, size_t n, const char *name)
{
    unsigned char wide[OVERLAP] = {0};
    size_t len = strlen(name);
    for (size_t i = 0; i < len && 2 * i + 1 < sizeof wide; i++)
        wide[2 * i] = (unsigned char)name[i];
    return memmem(bytes, n, wide, 2 * len) != NULL;
}

static void look(const unsigned char *bytes, size_t n, struct ole_signs *s)
{
    s->word = s->word || has_stream(bytes, n, "WordDocument");
    s->excel = s->excel || has_stream(bytes, n, "Workbook");
    s->slides = s->slides || has_stream(bytes, n, "PowerPoint Document");
    s->macros = s->macros || has_stream(bytes, n, "_VBA_PROJECT");
}

static bool look_through(int fd, int64_t size, struct ole_signs *s)
{
    unsigned char *chunk = malloc(CHUNK);
    int64_t at = 0;
    bool ok = chunk != NULL;
    while (ok && at < size) {
        ssize_t n = pread(fd, chunk, CHUNK, at);
        ok = n > 0;
        if (ok)
            look(chunk, (size_t)n, s);
        at += n > OVERLAP && at + n < size ? n - OVERLAP : n;
    }
    free(chunk);
    return ok;
}

static const char *type_of(const struct ole_signs *s)
{
    if (s->word)
        return "application/msword";
    if (s->excel)
        return "application/vnd.ms-excel";
    return s->slides ? "application/vnd.ms-powerpoint" : "application/x-ole-storage";
}

bool sniff_ole(int fd, int64_t size, struct sniffed *ret)
{
    static const unsigned char magic[8] = {0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1};
    unsigned char head[sizeof magic];
    struct ole_signs s = {.word = false};
    if (pread(fd, head, sizeof head, 0) != (ssize_t)sizeof head ||
        memcmp(head, magic, sizeof magic) != 0)
        return false;
    bool read = look_through(fd, size, &s);
    const char *type = type_of(&s);
    memcpy(ret->type, type, strlen(type) + 1);
    ret->refusal = !read ? "damaged" : s.macros ? "macros" : NULL;
    return true;
}

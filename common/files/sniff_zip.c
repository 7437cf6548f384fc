/* common/files/sniff_zip.c - what a zip holds, by its central directory alone: an office document,
 * an OFD, an archive of files; and whether something in it would run. Unpacks nothing. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "files/sniff.h"

#include "core/banned.h"

enum {
    TAIL = 22 + 65535,
    ENTRY = 46,
    DIRECTORY_MAX = 8 * 1024 * 1024, /* bytes: 100,000 names and more */
    NAME_AT = 46
};

struct directory {
    unsigned char *bytes;
    size_t len;
};

/* What was met on the way through. */
struct zip_signs {
    bool content_types, word, excel, slides, ofd, mimetype, macros, runs, encrypted, damaged;
};

static unsigned u16(const unsigned char *p)
{
    return p[0] | (unsigned)p[1] << 8;
}

static uint32_t u32(const unsigned char *p)
{
    return u16(p) | (uint32_t)u16(p + 2) << 16;
}

static bool read_at(int fd, int64_t at, void *to, size_t n)
{
    return pread(fd, to, n, at) == (ssize_t)n;
}

/* The last record of the end; NULL: there is none. */
static const unsigned char *find_end(const unsigned char *tail, size_t n)
{
    for (size_t i = n >= 22 ? n - 22 + 1 : 0; i > 0; i--) {
        const unsigned char *p = tail + i - 1;
        if (memcmp(p, "PK\5\6", 4) == 0 && u16(p + 20) <= n - (i - 1) - 22)
            return p;
    }
    return NULL;
}

/* An archive of more than 4 GiB or 65,535 files has its sizes elsewhere: not taken. */
static bool read_directory(int fd, int64_t size, struct directory *ret)
{
    size_t n = size < TAIL ? (size_t)size : TAIL;
    unsigned char *tail = malloc(n);
    const unsigned char *end =
        tail != NULL && read_at(fd, size - (int64_t)n, tail, n) ? find_end(tail, n) : NULL;
    uint32_t len = end == NULL ? 0 : u32(end + 12), at = end == NULL ? 0 : u32(end + 16);
    free(tail);
    if (len < ENTRY || len > DIRECTORY_MAX || (int64_t)at + len > size)
        return false;
    ret->bytes = malloc(len);
    ret->len = len;
    return ret->bytes != NULL && read_at(fd, at, ret->bytes, len);
}

static bool is_name(const char *name, size_t len, const char *wanted)
{
    return len == strlen(wanted) && strncasecmp(name, wanted, len) == 0;
}

static bool ends(const char *name, size_t len, const char *end)
{
    size_t n = strlen(end);
    return len >= n && strncasecmp(name + len - n, end, n) == 0;
}

static bool has_part(const char *name, size_t len, const char *part)
{
    return memmem(name, len, part, strlen(part)) != NULL;
}

/* What a double click would run, or a browser show as a page. */
static bool would_run(const char *name, size_t len)
{
    static const char *const ends_of[] = {
        ".exe", ".dll",  ".com",  ".bat",  ".cmd",  ".scr", ".msi", ".ps1", ".vbs",  ".vbe", ".js",
        ".jse", ".wsf",  ".hta",  ".jar",  ".sh",   ".py",  ".lnk", ".reg", ".html", ".htm", ".svg",
        ".apk", ".docm", ".xlsm", ".pptm", ".xlsb", ".elf", ".so",  ".php", NULL};
    for (const char *const *e = ends_of; *e != NULL; e++) {
        if (ends(name, len, *e))
            return true;
    }
    return false;
}

static void note_entry(const char *name, size_t len, struct zip_signs *s)
{
    s->content_types |= is_name(name, len, "[Content_Types].xml");
    s->word |= is_name(name, len, "word/document.xml");
    s->excel |= is_name(name, len, "xl/workbook.xml");
    s->slides |= is_name(name, len, "ppt/presentation.xml");
    s->ofd |= is_name(name, len, "OFD.xml");
    s->mimetype |= is_name(name, len, "mimetype");
    s->macros |= ends(name, len, "vbaProject.bin") || ends(name, len, "vbaData.xml") ||
                 has_part(name, len, "macrosheets/") || has_part(name, len, "activeX/") ||
                 (len > 6 && strncmp(name, "Basic/", 6) == 0) ||
                 (len > 8 && strncmp(name, "Scripts/", 8) == 0);
    s->runs |= would_run(name, len);
}

static void go_through(const struct directory *d, struct zip_signs *s)
{
    size_t at = 0;
    while (at + ENTRY <= d->len) {
        const unsigned char *e = d->bytes + at;
        size_t name = u16(e + 28), rest = (size_t)u16(e + 30) + u16(e + 32);
        if (memcmp(e, "PK\1\2", 4) != 0 || at + ENTRY + name + rest > d->len)
            break;
        s->encrypted |= (u16(e + 8) & 1) != 0;
        note_entry((const char *)e + NAME_AT, name, s);
        at += ENTRY + name + rest;
    }
    s->damaged = at != d->len;
}

/* OpenDocument says what it is in its first member, stored as it is. */
static const char *open_document(int fd)
{
    static const char *const kinds[] = {"application/vnd.oasis.opendocument.text",
                                        "application/vnd.oasis.opendocument.spreadsheet",
                                        "application/vnd.oasis.opendocument.presentation", NULL};
    unsigned char head[128] = {0};
    if (!read_at(fd, 0, head, 38) || u16(head + 26) != 8 || memcmp(head + 30, "mimetype", 8) != 0)
        return NULL;
    uint32_t len = u32(head + 18);
    if (len >= sizeof head || !read_at(fd, 38 + u16(head + 28), head, len))
        return NULL;
    for (const char *const *k = kinds; *k != NULL; k++) {
        if (len == strlen(*k) && memcmp(head, *k, len) == 0)
            return *k;
    }
    return NULL;
}

static const char *type_of(int fd, const struct zip_signs *s)
{
    const char *document = s->mimetype ? open_document(fd) : NULL;
    if (s->content_types && s->word)
        return "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
    if (s->content_types && s->excel)
        return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    if (s->content_types && s->slides)
        return "application/vnd.openxmlformats-officedocument.presentationml.presentation";
    if (s->ofd)
        return "application/ofd";
    return document != NULL ? document : "application/zip";
}

static const char *refusal_of(const struct zip_signs *s)
{
    if (s->damaged)
        return "damaged";
    if (s->encrypted)
        return "encrypted";
    if (s->macros)
        return "macros";
    return s->runs ? "archive_content" : NULL;
}

bool sniff_zip(int fd, int64_t size, struct sniffed *ret)
{
    struct directory d = {.bytes = NULL};
    struct zip_signs s = {.content_types = false};
    unsigned char head[4];
    if (size < 22 || !read_at(fd, 0, head, sizeof head) || memcmp(head, "PK\3\4", 4) != 0)
        return false;
    if (read_directory(fd, size, &d))
        go_through(&d, &s);
    else
        s.damaged = true;
    free(d.bytes);
    const char *type = type_of(fd, &s);
    memcpy(ret->type, type, strlen(type) + 1);
    ret->refusal = refusal_of(&s);
    return true;
}

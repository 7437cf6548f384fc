/* common/tables/zip.c - parts of a zip file by libarchive, over pread(2). The central directory
 * tells what there is; every byte unpacked is counted, whatever was announced. */
#include "tables/zip.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include <archive.h>
#include <archive_entry.h>

#include "core/str.h"

#include "core/banned.h"

enum {
    DIRECTORY_BYTES = 1024 * 1024, /* 1000 entries take a tenth of this */
    SMALL_PART = 1024 * 1024,
    PACKED_SLACK = 64 * 1024, /* what libarchive reads ahead */
};

static la_ssize_t give(struct archive *a, void *part, const void **ret)
{
    struct zip_part *p = part;
    long n = read_at(p->source->fd, p->block, sizeof p->block, p->at);
    if (n < 0)
        return ARCHIVE_FATAL;
    p->packed += (uint64_t)n;
    if (p->packed > p->budget) {
        p->over_budget = true;
        archive_set_error(a, EFBIG, "directory too long");
        return ARCHIVE_FATAL;
    }
    p->at += (uint64_t)n;
    *ret = p->block;
    return n;
}

static la_int64_t seek(struct archive *a, void *part, la_int64_t offset, int whence)
{
    (void)a;
    struct zip_part *p = part;
    int64_t base = whence == SEEK_SET   ? 0
                   : whence == SEEK_CUR ? (int64_t)p->at
                                        : (int64_t)p->source->size;
    if (base + offset < 0 || base + offset > (int64_t)p->source->size)
        return ARCHIVE_FATAL;
    p->at = (uint64_t)(base + offset);
    return base + offset;
}

static la_int64_t jump(struct archive *a, void *part, la_int64_t n)
{
    (void)a;
    struct zip_part *p = part;
    int64_t left = (int64_t)(p->source->size - p->at);
    int64_t far = n < left ? n : left;
    p->at += (uint64_t)far;
    return far;
}

void zip_close(struct zip_part *p)
{
    if (p->archive != NULL)
        archive_read_free(p->archive);
    p->archive = NULL;
}

static bool start(struct source *s, struct zip_part *p, struct err *err)
{
    zip_close(p);
    p->source = s;
    p->at = p->packed = p->unpacked = 0;
    p->budget = DIRECTORY_BYTES;
    p->over_budget = false;
    p->archive = archive_read_new();
    if (p->archive == NULL)
        return refuse(err, "no_memory", 0);
    archive_read_support_format_zip_seekable(p->archive);
    archive_read_set_read_callback(p->archive, give);
    archive_read_set_seek_callback(p->archive, seek);
    archive_read_set_skip_callback(p->archive, jump);
    archive_read_set_callback_data(p->archive, p);
    if (archive_read_open1(p->archive) == ARCHIVE_OK)
        return true;
    return refuse(err, p->over_budget ? "zip_entries" : "zip_damaged", 0);
}

/* The next part: 1, 0 at the end, -1 with err. */
static int next_part(struct zip_part *p, struct archive_entry **ret, struct err *err)
{
    int got = archive_read_next_header(p->archive, ret);
    if (got == ARCHIVE_EOF)
        return 0;
    if (got == ARCHIVE_OK || got == ARCHIVE_WARN) {
        p->budget = UINT64_MAX;
        return 1;
    }
    refuse(err, p->over_budget ? "zip_entries" : "zip_damaged", 0);
    return -1;
}

static const char *name_of(struct archive_entry *e)
{
    const char *name = archive_entry_pathname(e);
    if (name == NULL)
        name = archive_entry_pathname_utf8(e);
    return name == NULL ? "" : name;
}

/* No way out of the archive, not even in name. */
static bool good_name(const char *name)
{
    if (*name == '/' || strchr(name, '\\') != NULL || strlen(name) > 255)
        return false;
    for (const char *at = name; at != NULL; at = strchr(at, '/')) {
        at += *at == '/' ? 1 : 0;
        if (strncmp(at, "..", 2) == 0 && (at[2] == '/' || at[2] == '\0'))
            return false;
    }
    return strchr(name, ':') == NULL;
}

static const char *check_part(struct archive_entry *e, const char *name)
{
    unsigned type = archive_entry_filetype(e);
    size_t len = strlen(name);
    if (archive_entry_is_encrypted(e))
        return "zip_encrypted";
    if (!good_name(name) || (type != AE_IFREG && type != AE_IFDIR))
        return "zip_name";
    if (len >= 14 && str_equal_nocase(name + len - 14, "vbaProject.bin"))
        return "macros";
    return NULL;
}

struct survey {
    const char **names;
    size_t n;
    uint64_t total;
};

static const char *take_part(struct source *s, struct survey *v, struct archive_entry *e)
{
    const char *name = name_of(e);
    const char *code = check_part(e, name);
    if (code != NULL)
        return code;
    if (v->n == s->limits.entries)
        return "zip_entries";
    for (size_t i = 0; i < v->n; i++) {
        if (*name != '\0' && str_equal_nocase(v->names[i], name))
            return "zip_name";
    }
    v->names[v->n] = arena_strdup(s->arena, name);
    if (v->names[v->n++] == NULL)
        return "no_memory";
    int64_t size = archive_entry_size_is_set(e) ? archive_entry_size(e) : 0;
    if (size < 0 || (uint64_t)size > s->limits.unpacked_bytes - v->total)
        return "zip_too_large";
    v->total += (uint64_t)size;
    if (v->total > SMALL_PART && v->total / s->limits.ratio > s->size)
        return "zip_ratio";
    return NULL;
}

bool zip_survey(struct source *s, struct zip_part *p, struct err *err)
{
    struct arena_mark mark = arena_mark(s->arena);
    struct survey v = {.names = arena_array(s->arena, const char *, s->limits.entries)};
    if (v.names == NULL)
        return refuse(err, "no_memory", 0);
    struct archive_entry *e = NULL;
    bool ok = start(s, p, err);
    while (ok) {
        int got = next_part(p, &e, err);
        if (got == 0)
            break;
        const char *code = got < 0 ? "zip_damaged" : take_part(s, &v, e);
        ok = code == NULL || refuse(err, code, 0);
    }
    zip_close(p);
    arena_rewind(s->arena, mark);
    return ok;
}

bool zip_open(struct source *s, struct zip_part *p, const char *name, struct err *err)
{
    struct archive_entry *e = NULL;
    if (!start(s, p, err))
        return false;
    int got = next_part(p, &e, err);
    while (got > 0 && !str_equal_nocase(name_of(e), name))
        got = next_part(p, &e, err);
    p->packed = 0;
    if (got <= 0)
        zip_close(p);
    return got > 0;
}

long zip_read(struct zip_part *p, void *bytes, size_t n, struct err *err)
{
    la_ssize_t got = archive_read_data(p->archive, bytes, n);
    if (got < 0) {
        refuse(err, "zip_damaged", 0);
        return -1;
    }
    p->unpacked += (uint64_t)got;
    uint64_t packed = p->packed + PACKED_SLACK;
    const char *code = p->unpacked > p->source->limits.unpacked_bytes ? "zip_too_large"
                       : p->unpacked > SMALL_PART && p->unpacked / p->source->limits.ratio > packed
                           ? "zip_ratio"
                           : NULL;
    if (code == NULL)
        return got;
    refuse(err, code, 0);
    return -1;
}

/* common/files/strip_webp.c - the chunks of a WebP: EXIF cleaned, XMP and unknown ones left out;
 * the header's flag and length tell so. */
#include <stdlib.h>
#include <string.h>

#include "files/strip.h"

#include "core/banned.h"

enum { HEAD = 12, CHUNK = 8, VP8X_XMP = 0x04, VP8X_EXIF = 0x08 };

struct plan { /* of two readings: the first measures */
    struct strip_out out;
    bool writing, has_exif, has_picture, failed;
    uint64_t total;
};

static uint32_t u32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void put(struct plan *p, const void *bytes, size_t n)
{
    p->total += n;
    if (p->writing && !p->failed && n > 0)
        p->failed = !p->out.put(p->out.ctx, bytes, n);
}

static bool is_kept(const uint8_t *chunk)
{
    static const char kept[][5] = {"VP8 ", "VP8L", "ALPH", "ANIM", "ANMF", "ICCP"};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        if (memcmp(chunk, kept[i], 4) == 0)
            return true;
    }
    return false;
}

/* Some writers put JPEG's "Exif\0\0" in front of the TIFF. */
static void put_exif(struct plan *p, const uint8_t *chunk, size_t n, size_t padded)
{
    bool headed = n >= CHUNK + 6 && memcmp(chunk + CHUNK, "Exif\0", 6) == 0;
    uint8_t *copy = strip_exif_copy(chunk, n, CHUNK + (headed ? 6U : 0U));
    if (copy == NULL)
        return;
    p->has_exif = true;
    put(p, copy, n);
    put(p, "", padded - n);
    free(copy);
}

static void put_header(struct plan *p, const uint8_t *chunk, size_t n)
{
    uint8_t flags = (uint8_t)(chunk[CHUNK] & ~(VP8X_XMP | VP8X_EXIF));
    flags = (uint8_t)(flags | (p->has_exif ? VP8X_EXIF : 0));
    put(p, chunk, CHUNK);
    put(p, &flags, 1);
    put(p, chunk + CHUNK + 1, n - CHUNK - 1);
}

static void put_chunk(struct plan *p, const uint8_t *chunk, size_t n, size_t padded)
{
    if (memcmp(chunk, "EXIF", 4) == 0) {
        put_exif(p, chunk, n, padded);
        return;
    }
    if (memcmp(chunk, "VP8X", 4) == 0 && n > CHUNK) {
        put_header(p, chunk, padded);
        return;
    }
    if (!is_kept(chunk))
        return;
    p->has_picture = p->has_picture || chunk[0] == 'V' || memcmp(chunk, "ANMF", 4) == 0;
    put(p, chunk, padded);
}

static bool go_through(struct plan *p, const uint8_t *bytes, size_t n)
{
    size_t at = HEAD;
    while (n - at >= CHUNK) {
        uint32_t len = u32(bytes + at + 4);
        size_t padded = CHUNK + (size_t)len + (len & 1);
        if (padded > n - at)
            return false;
        put_chunk(p, bytes + at, CHUNK + (size_t)len, padded);
        at += padded;
    }
    return at == n && p->has_picture;
}

enum strip_outcome strip_webp(const uint8_t *bytes, size_t n, struct strip_out out)
{
    struct plan p = {.out = out};
    if (n < HEAD || memcmp(bytes, "RIFF", 4) != 0 || memcmp(bytes + 8, "WEBP", 4) != 0)
        return STRIP_DAMAGED;
    uint64_t whole = (uint64_t)u32(bytes + 4) + 8; /* what stands behind it goes */
    if (whole < HEAD || whole > n || !go_through(&p, bytes, (size_t)whole))
        return STRIP_DAMAGED;
    uint32_t size = (uint32_t)p.total + 4;
    const uint8_t head[HEAD] = {'R',
                                'I',
                                'F',
                                'F',
                                (uint8_t)size,
                                (uint8_t)(size >> 8),
                                (uint8_t)(size >> 16),
                                (uint8_t)(size >> 24),
                                'W',
                                'E',
                                'B',
                                'P'};
    p.writing = true;
    put(&p, head, sizeof head);
    (void)go_through(&p, bytes, (size_t)whole);
    return p.failed ? STRIP_UNWRITTEN : STRIP_DONE;
}

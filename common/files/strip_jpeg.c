/* common/files/strip_jpeg.c - the segments of a JPEG: EXIF cleaned, JFIF, ICC profile and Adobe's
 * colour note kept, everything else that is not the picture left out, as is what stands behind its
 * end (films and second pictures with places of their own). */
#include <stdlib.h>
#include <string.h>

#include "files/strip.h"

#include "core/banned.h"

enum {
    SOI = 0xd8,
    EOI = 0xd9,
    SOS = 0xda,
    APP0 = 0xe0,
    APP1 = 0xe1,
    APP2 = 0xe2,
    APP14 = 0xee,
    APP15 = 0xef,
    COM = 0xfe,
    RST0 = 0xd0,
    RST7 = 0xd7,
    TEM = 0x01,
    EXIF_HEAD = 6
};

struct jpeg {
    const uint8_t *bytes;
    size_t n, at;
    struct strip_out out;
};

static bool put(const struct jpeg *j, const void *bytes, size_t n)
{
    return n == 0 || j->out.put(j->out.ctx, bytes, n);
}

static bool begins(const uint8_t *body, size_t n, const char *with, size_t len)
{
    return n >= len && memcmp(body, with, len) == 0;
}

static bool is_kept(int marker, const uint8_t *body, size_t n)
{
    if (marker == APP0 || marker == APP14)
        return true;
    if (marker == APP2)
        return begins(body, n, "ICC_PROFILE", 12);
    return (marker < APP0 || marker > APP15) && marker != COM;
}

/* The segment's four bytes in front stay: its length does not change. */
static enum strip_outcome put_exif(const struct jpeg *j, const uint8_t *segment, size_t n)
{
    uint8_t *copy = strip_exif_copy(segment, n, 4 + EXIF_HEAD);
    bool ok = copy == NULL || put(j, copy, n);
    free(copy);
    return ok ? STRIP_DONE : STRIP_UNWRITTEN;
}

static enum strip_outcome put_segment(const struct jpeg *j, int marker, const uint8_t *segment,
                                      size_t n)
{
    if (marker == APP1 && begins(segment + 4, n - 4, "Exif\0", EXIF_HEAD))
        return put_exif(j, segment, n);
    if (!is_kept(marker, segment + 4, n - 4))
        return STRIP_DONE;
    return put(j, segment, n) ? STRIP_DONE : STRIP_UNWRITTEN;
}

/* The coded picture: up to the next marker that is no restart and no stuffing. */
static bool put_scan(struct jpeg *j)
{
    size_t from = j->at;
    while (j->at + 1 < j->n) {
        int next = j->bytes[j->at + 1];
        bool marker =
            j->bytes[j->at] == 0xff && next != 0 && next != 0xff && (next < RST0 || next > RST7);
        if (marker)
            return put(j, j->bytes + from, j->at - from);
        j->at++;
    }
    j->at = j->n;
    return put(j, j->bytes + from, j->n - from);
}

static enum strip_outcome next_segment(struct jpeg *j, int marker)
{
    const uint8_t *segment = j->bytes + j->at;
    if (j->n - j->at < 4)
        return STRIP_DAMAGED;
    size_t n = 2 + ((size_t)segment[2] << 8 | segment[3]);
    if (n < 4 || n > j->n - j->at)
        return STRIP_DAMAGED;
    enum strip_outcome done = put_segment(j, marker, segment, n);
    j->at += n;
    if (done != STRIP_DONE || marker != SOS)
        return done;
    return put_scan(j) ? STRIP_DONE : STRIP_UNWRITTEN;
}

/* One that stands outside a scan, or has no length to go by. */
static bool is_misplaced(int marker)
{
    return marker == TEM || marker == 0 || (marker >= RST0 && marker <= SOI);
}

/* Segment by segment up to the end of the picture. */
static enum strip_outcome put_segments(struct jpeg *j)
{
    bool scanned = false;
    while (j->at + 1 < j->n) {
        int marker = j->bytes[j->at + 1];
        if (j->bytes[j->at] != 0xff || is_misplaced(marker))
            return STRIP_DAMAGED;
        if (marker == EOI)
            break;
        if (marker == 0xff) { /* fill */
            j->at++;
            continue;
        }
        scanned = scanned || marker == SOS;
        enum strip_outcome done = next_segment(j, marker);
        if (done != STRIP_DONE)
            return done;
    }
    return scanned ? STRIP_DONE : STRIP_DAMAGED;
}

enum strip_outcome strip_jpeg(const uint8_t *bytes, size_t n, struct strip_out out)
{
    static const uint8_t end[] = {0xff, EOI};
    struct jpeg j = {.bytes = bytes, .n = n, .at = 2, .out = out};
    if (n < 4 || bytes[0] != 0xff || bytes[1] != SOI)
        return STRIP_DAMAGED;
    if (!put(&j, bytes, 2))
        return STRIP_UNWRITTEN;
    enum strip_outcome done = put_segments(&j);
    if (done != STRIP_DONE)
        return done;
    return put(&j, end, sizeof end) ? STRIP_DONE : STRIP_UNWRITTEN;
}

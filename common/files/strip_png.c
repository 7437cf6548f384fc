/* common/files/strip_png.c - the chunks of a PNG: what draws the picture and its colours stay, eXIf
 * is cleaned, text of any kind (where XMP stands, too) and private chunks go. */
#include <stdlib.h>
#include <string.h>

#include "files/strip.h"

#include "core/banned.h"

enum { CHUNK = 12 };

static uint32_t u32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* CRC-32 (ISO 3309) of a chunk's type and data. */
static uint32_t crc_of(const uint8_t *bytes, size_t n)
{
    uint32_t crc = 0xffffffffU;
    for (size_t i = 0; i < n; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc & 1) != 0 ? crc >> 1 ^ 0xedb88320U : crc >> 1;
    }
    return ~crc;
}

static bool is_kept(const uint8_t *type)
{
    static const char kept[][5] = {"IHDR", "PLTE", "IDAT", "IEND", "tRNS", "cHRM", "gAMA",
                                   "iCCP", "sBIT", "sRGB", "cICP", "bKGD", "pHYs", "sPLT",
                                   "hIST", "tIME", "acTL", "fcTL", "fdAT"};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        if (memcmp(type, kept[i], 4) == 0)
            return true;
    }
    return false;
}

/* Length and type stay; the checksum is made anew. */
static bool put_exif(const uint8_t *chunk, size_t n, struct strip_out out)
{
    uint8_t *copy = strip_exif_copy(chunk, n - 4, 8);
    if (copy == NULL)
        return true;
    uint32_t crc = crc_of(copy + 4, n - 8);
    const uint8_t sum[4] = {(uint8_t)(crc >> 24), (uint8_t)(crc >> 16), (uint8_t)(crc >> 8),
                            (uint8_t)crc};
    bool ok = out.put(out.ctx, copy, n - 4) && out.put(out.ctx, sum, sizeof sum);
    free(copy);
    return ok;
}

static bool put_chunk(const uint8_t *chunk, size_t n, struct strip_out out)
{
    if (memcmp(chunk + 4, "eXIf", 4) == 0)
        return put_exif(chunk, n, out);
    return !is_kept(chunk + 4) || out.put(out.ctx, chunk, n);
}

enum strip_outcome strip_png(const uint8_t *bytes, size_t n, struct strip_out out)
{
    static const uint8_t magic[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    if (n < sizeof magic || memcmp(bytes, magic, sizeof magic) != 0)
        return STRIP_DAMAGED;
    if (!out.put(out.ctx, bytes, sizeof magic))
        return STRIP_UNWRITTEN;
    for (size_t at = sizeof magic; n - at >= CHUNK;) {
        const uint8_t *chunk = bytes + at;
        uint32_t len = u32(chunk);
        if (len > n - at - CHUNK)
            return STRIP_DAMAGED;
        size_t whole = (size_t)len + CHUNK;
        if (!put_chunk(chunk, whole, out))
            return STRIP_UNWRITTEN;
        if (memcmp(chunk + 4, "IEND", 4) == 0)
            return STRIP_DONE; /* what stands behind the end goes */
        at += whole;
    }
    return STRIP_DAMAGED;
}

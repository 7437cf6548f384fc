/* common/files/strip.c - which way goes with which kind. */
#include "files/strip.h"

#include <stdlib.h>
#include <string.h>

#include "core/banned.h"

enum { EXIF_MAX = 1024 * 1024 };

typedef enum strip_outcome way(const uint8_t *bytes, size_t n, struct strip_out out);

static way *way_of(const char *media_type)
{
    static const struct {
        const char *type;
        way *strip;
    } ways[] = {{"image/jpeg", strip_jpeg},
                {"image/png", strip_png},
                {"image/webp", strip_webp},
                {"image/heic", strip_heif}};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        if (strcmp(media_type, ways[i].type) == 0)
            return ways[i].strip;
    }
    return NULL;
}

bool strip_handles(const char *media_type)
{
    return way_of(media_type) != NULL;
}

enum strip_outcome strip_image(const char *media_type, const uint8_t *bytes, size_t n,
                               struct strip_out out)
{
    way *strip = way_of(media_type);
    return strip == NULL ? STRIP_DAMAGED : strip(bytes, n, out);
}

bool strip_tiff_for_good(uint8_t *tiff, size_t n)
{
    if (!strip_tiff(tiff, n))
        return false;
    uint8_t *again = malloc(n);
    if (again == NULL)
        return false;
    memcpy(again, tiff, n);
    bool same = strip_tiff(again, n) && memcmp(again, tiff, n) == 0;
    free(again);
    return same;
}

uint8_t *strip_exif_copy(const uint8_t *bytes, size_t n, size_t skip)
{
    if (n <= skip || n > EXIF_MAX)
        return NULL;
    uint8_t *copy = malloc(n);
    if (copy == NULL)
        return NULL;
    memcpy(copy, bytes, n);
    if (strip_tiff_for_good(copy + skip, n - skip))
        return copy;
    free(copy);
    return NULL;
}

/* common/files/strip.h - a photograph without where it was taken: GPS out of EXIF, XMP and free
 * text out altogether; when it was taken, how it is turned and its colours stay. Pixels are not
 * touched. Reads memory only and writes through a sink, piece by piece. */
#ifndef ZEREN_FILES_STRIP_H
#define ZEREN_FILES_STRIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum strip_outcome {
    STRIP_DONE,
    STRIP_DAMAGED,  /* not built as its kind is: nothing can be said of what it holds */
    STRIP_UNWRITTEN /* the sink did not take it, or memory ran out */
};

typedef bool strip_sink(void *ctx, const void *bytes, size_t n);

struct strip_out {
    strip_sink *put;
    void *ctx;
};

/* Is that a type whose location is taken out? */
bool strip_handles(const char *media_type);

enum strip_outcome strip_image(const char *media_type, const uint8_t *bytes, size_t n,
                               struct strip_out out);

/* ---- its parts ---- */

enum strip_outcome strip_jpeg(const uint8_t *bytes, size_t n, struct strip_out out);
enum strip_outcome strip_png(const uint8_t *bytes, size_t n, struct strip_out out);
enum strip_outcome strip_webp(const uint8_t *bytes, size_t n, struct strip_out out);
enum strip_outcome strip_heif(const uint8_t *bytes, size_t n, struct strip_out out);

/* Takes the GPS directory out of a TIFF structure, in place and without moving anything else. False
 * when its directories cannot be followed: then none of it may be kept. */
bool strip_tiff(uint8_t *tiff, size_t n);

/* The same, and a second reading must find nothing more: directories that overlap each other could
 * hide one from the first. */
bool strip_tiff_for_good(uint8_t *tiff, size_t n);

/* A copy of an EXIF block, cleaned, with `skip` bytes in front of the TIFF that stay as they are.
 * NULL: it is to be left out. The caller frees it. */
uint8_t *strip_exif_copy(const uint8_t *bytes, size_t n, size_t skip);

#endif

/* tests/unit/test_file_strip.c - photographs lose where they were taken and nothing else. The
 * pictures are made here, byte by byte. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files/strip.h"

TestSuite(file_strip, .timeout = 120);

struct bytes {
    uint8_t at[8192];
    size_t n;
};

static void put(struct bytes *b, const void *bytes, size_t n)
{
    cr_assert(b->n + n <= sizeof b->at);
    memcpy(b->at + b->n, bytes, n);
    b->n += n;
}

static void put_text(struct bytes *b, const char *text)
{
    put(b, text, strlen(text));
}

static void put_u(struct bytes *b, uint64_t v, unsigned width, bool big)
{
    for (unsigned i = 0; i < width; i++) {
        uint8_t byte = (uint8_t)(v >> (8 * (big ? width - 1 - i : i)));
        put(b, &byte, 1);
    }
}

static bool has(const struct bytes *b, const char *text)
{
    return memmem(b->at, b->n, text, strlen(text)) != NULL;
}

static bool keep(void *ctx, const void *bytes, size_t n)
{
    put(ctx, bytes, n);
    return true;
}

static enum strip_outcome strip(const char *type, const struct bytes *in, struct bytes *out)
{
    out->n = 0;
    return strip_image(type, in->at, in->n, (struct strip_out){keep, out});
}

static void put_entry(struct bytes *b, bool big, unsigned tag, unsigned type, unsigned n)
{
    put_u(b, tag, 2, big);
    put_u(b, type, 2, big);
    put_u(b, n, 4, big);
}

/* IFD0 with a maker at 62, the GPS directory at 70 with its latitude at 100. */
static void put_tiff(struct bytes *b, bool big)
{
    put_text(b, big ? "MM" : "II");
    put_u(b, 42, 2, big);
    put_u(b, 8, 4, big);
    put_u(b, 4, 2, big);
    put_entry(b, big, 0x010f, 2, 8);
    put_u(b, 62, 4, big);
    put_entry(b, big, 0x0112, 3, 1);
    put_u(b, big ? 6U << 16 : 6, 4, big);
    put_entry(b, big, 0x8825, 4, 1);
    put_u(b, 70, 4, big);
    put_entry(b, big, 0x9003, 2, 4);
    put_text(b, "now");
    put_u(b, 0, 1, big);
    put_u(b, 0, 4, big);
    put_text(b, "HUAWEI");
    put_u(b, 0, 2, big);
    put_u(b, 2, 2, big);
    put_entry(b, big, 1, 2, 2);
    put_text(b, "N");
    put_u(b, 0, 3, big);
    put_entry(b, big, 2, 5, 3);
    put_u(b, 100, 4, big);
    put_u(b, 0, 4, big);
    put_text(b, "LATITUDE-28.18-30-12-ISR");
}

/* What a decoder finds: the tags of IFD0 are those that were kept. */
static void check_tiff(const struct bytes *b, bool big)
{
    cr_expect(has(b, "HUAWEI"), "the camera went");
    cr_expect(has(b, "now"), "when it was taken went");
    cr_expect_not(has(b, "LATITUDE"), "the place stayed");
    const uint8_t gps[2] = {big ? 0x88 : 0x25, big ? 0x25 : 0x88};
    cr_expect_null(memmem(b->at, b->n, gps, 2), "the way to the place stayed");
}

Test(file_strip, tiff_of_both_byte_orders)
{
    for (int big = 0; big < 2; big++) {
        struct bytes b = {.n = 0};
        put_tiff(&b, big != 0);
        cr_assert(strip_tiff(b.at, b.n));
        check_tiff(&b, big != 0);
        cr_expect_eq(b.at[big ? 9 : 8], 3, "the directory has one entry less");
        cr_expect(strip_tiff(b.at, b.n), "what was cleaned can be read");
    }
}

Test(file_strip, a_tiff_that_leads_nowhere_is_not_kept)
{
    struct bytes b = {.n = 0};
    put_tiff(&b, false);
    for (size_t n = 0; n < b.n; n++) {
        struct bytes cut = b;
        (void)strip_tiff(cut.at, n); /* no byte behind it is touched */
        cr_expect_arr_eq(cut.at + n, b.at + n, b.n - n);
    }
    b.at[4] = 200; /* the first directory lies behind the end */
    cr_expect_not(strip_tiff(b.at, b.n));
    struct bytes circle = {.n = 0};
    put_text(&circle, "II");
    put_u(&circle, 42, 2, false);
    put_u(&circle, 8, 4, false);
    put_u(&circle, 0, 2, false);
    put_u(&circle, 8, 4, false); /* the next directory is this one */
    cr_expect_not(strip_tiff(circle.at, circle.n));
}

static void put_segment(struct bytes *b, int marker, const char *head, size_t head_n,
                        const struct bytes *body)
{
    size_t n = body == NULL ? 0 : body->n;
    put_u(b, 0xff, 1, true);
    put_u(b, (uint64_t)marker, 1, true);
    put_u(b, 2 + head_n + n, 2, true);
    put(b, head, head_n);
    if (n > 0)
        put(b, body->at, n);
}

static void make_jpeg(struct bytes *b)
{
    struct bytes tiff = {.n = 0};
    put_tiff(&tiff, true);
    b->n = 0;
    put(b, "\xff\xd8", 2);
    put_segment(b, 0xe0, "JFIF\0\1\1\0\0\1\0\1\0\0", 14, NULL);
    put_segment(b, 0xe1, "Exif\0", 6, &tiff);
    put_segment(b, 0xe1, "http://ns.adobe.com/xap/1.0/\0<x:GPSLatitude>28N", 47, NULL);
    put_segment(b, 0xe2, "ICC_PROFILE\0\1\1COLOURS", 21, NULL);
    put_segment(b, 0xe2, "MPF\0OTHERS", 10, NULL);
    put_segment(b, 0xed, "Photoshop 3.0\0CITY", 18, NULL);
    put_segment(b, 0xfe, "COMMENT-AT-HOME", 15, NULL);
    put_segment(b, 0xdb, "TABLE", 5, NULL);
    put_segment(b, 0xda, "SCAN", 4, NULL);
    put(b, "PIX\xff\x00\xff\xd3LS", 9);
    put_segment(b, 0xda, "SCAN2", 5, NULL); /* progressive: another scan */
    put(b, "MORE", 4);
    put(b, "\xff\xd9", 2);
    put_text(b, "FILM-WITH-PLACE");
}

Test(file_strip, jpeg)
{
    static const char *const gone[] = {"GPSLatitude", "OTHERS", "CITY", "COMMENT", "FILM", NULL};
    static const char *const kept[] = {"JFIF", "COLOURS", "TABLE", "SCAN2", "MORE", NULL};
    struct bytes in, out;
    make_jpeg(&in);
    cr_assert_eq(strip("image/jpeg", &in, &out), STRIP_DONE);
    check_tiff(&out, true);
    for (size_t i = 0; gone[i] != NULL; i++)
        cr_expect_not(has(&out, gone[i]), "%s stayed", gone[i]);
    for (size_t i = 0; kept[i] != NULL; i++)
        cr_expect(has(&out, kept[i]), "%s went", kept[i]);
    cr_expect_not_null(memmem(out.at, out.n, "PIX\xff\x00\xff\xd3LS", 9), "the picture changed");
    struct bytes again;
    cr_expect_eq(strip("image/jpeg", &out, &again), STRIP_DONE);
    cr_expect(again.n == out.n && memcmp(again.at, out.at, out.n) == 0, "twice is as once");
}

Test(file_strip, what_is_no_jpeg_is_damaged)
{
    struct bytes in, out;
    make_jpeg(&in);
    size_t scan = (size_t)((uint8_t *)memmem(in.at, in.n, "SCAN", 4) - in.at) - 4;
    for (size_t n = 0; n < scan; n++) {
        struct bytes cut = in;
        cut.n = n;
        cr_expect_eq(strip("image/jpeg", &cut, &out), STRIP_DAMAGED, "of %zu bytes", n);
    }
    cr_expect_eq(strip("image/bmp", &in, &out), STRIP_DAMAGED);
}

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

static void put_chunk(struct bytes *b, const char *type, const void *data, size_t n)
{
    put_u(b, n, 4, true);
    size_t from = b->n;
    put(b, type, 4);
    put(b, data, n);
    put_u(b, crc_of(b->at + from, b->n - from), 4, true);
}

/* Every chunk's checksum fits. */
static void check_png(const struct bytes *b)
{
    for (size_t at = 8; at < b->n;) {
        size_t n = (size_t)b->at[at] << 24 | (size_t)b->at[at + 1] << 16 |
                   (size_t)b->at[at + 2] << 8 | b->at[at + 3];
        cr_assert(at + n + 12 <= b->n);
        uint32_t crc = crc_of(b->at + at + 4, n + 4);
        const uint8_t *sum = b->at + at + 8 + n;
        cr_expect_eq(crc, (uint32_t)sum[0] << 24 | (uint32_t)sum[1] << 16 | (uint32_t)sum[2] << 8 |
                              sum[3]);
        at += n + 12;
    }
}

Test(file_strip, png)
{
    struct bytes in = {.n = 0}, out, tiff = {.n = 0};
    put_tiff(&tiff, false);
    put(&in, "\x89PNG\r\n\x1a\n", 8);
    put_chunk(&in, "IHDR", "0123456789abc", 13);
    put_chunk(&in, "iTXt", "XML:com.adobe.xmp\0GPS-HERE", 26);
    put_chunk(&in, "tEXt", "Comment\0AT-HOME", 15);
    put_chunk(&in, "eXIf", tiff.at, tiff.n);
    put_chunk(&in, "IDAT", "PIXELS", 6);
    put_chunk(&in, "IEND", "", 0);
    put_text(&in, "BEHIND");
    cr_assert_eq(strip("image/png", &in, &out), STRIP_DONE);
    check_tiff(&out, false);
    check_png(&out);
    cr_expect(has(&out, "PIXELS") && has(&out, "IEND"));
    cr_expect_not(has(&out, "GPS-HERE") || has(&out, "AT-HOME") || has(&out, "BEHIND"));
    in.n -= 6 + 12; /* without its end */
    cr_expect_eq(strip("image/png", &in, &out), STRIP_DAMAGED);
}

static void put_riff(struct bytes *b, const char *type, const void *data, size_t n)
{
    put(b, type, 4);
    put_u(b, n, 4, false);
    put(b, data, n);
    if (n % 2 == 1)
        put(b, "", 1);
}

Test(file_strip, webp)
{
    struct bytes in = {.n = 0}, out, tiff = {.n = 0};
    put_tiff(&tiff, false);
    put(&in, "RIFF\0\0\0\0WEBP", 12);
    put_riff(&in, "VP8X", "\x0c\0\0\0\1\0\0\1\0\0", 10);
    put_riff(&in, "VP8 ", "PIXELS!", 7);
    put_riff(&in, "EXIF", tiff.at, tiff.n);
    put_riff(&in, "XMP ", "GPS-HERE", 8);
    put_riff(&in, "ODD ", "PRIVATE", 7);
    in.at[4] = (uint8_t)(in.n - 8);
    in.at[5] = (uint8_t)((in.n - 8) >> 8);
    cr_assert_eq(strip("image/webp", &in, &out), STRIP_DONE);
    check_tiff(&out, false);
    cr_expect(has(&out, "PIXELS!"));
    cr_expect_not(has(&out, "GPS-HERE") || has(&out, "PRIVATE"));
    cr_expect_eq((size_t)(out.at[4] | out.at[5] << 8), out.n - 8, "the length is the new one");
    cr_expect_eq(out.at[20], 0x08, "the header says EXIF and no XMP");
    struct bytes tiny = in;
    tiny.at[4] = 1;
    tiny.at[5] = 0;
    cr_expect_eq(strip("image/webp", &tiny, &out), STRIP_DAMAGED, "shorter than its own head");
    in.at[5]++;
    cr_expect_eq(strip("image/webp", &in, &out), STRIP_DAMAGED, "longer than it is");
}

/* A box whose length is written when its body is known. */
static size_t open_box(struct bytes *b, const char *type)
{
    size_t at = b->n;
    put_u(b, 0, 4, true);
    put(b, type, 4);
    return at;
}

static void close_box(struct bytes *b, size_t at)
{
    b->at[at + 2] = (uint8_t)((b->n - at) >> 8);
    b->at[at + 3] = (uint8_t)(b->n - at);
}

static void put_infe(struct bytes *b, unsigned id, const char *type)
{
    size_t at = open_box(b, "infe");
    put_u(b, 2U << 24, 4, true);
    put_u(b, id, 2, true);
    put_u(b, 0, 2, true);
    put(b, type, 4);
    put(b, "", 1);
    close_box(b, at);
}

static size_t make_heif(struct bytes *b, unsigned pieces)
{
    struct bytes tiff = {.n = 0};
    put_tiff(&tiff, true);
    b->n = 0;
    size_t box = open_box(b, "ftyp");
    put(b, "heic\0\0\0\0mif1heic", 16);
    close_box(b, box);
    size_t meta = open_box(b, "meta");
    put_u(b, 0, 4, true);
    box = open_box(b, "iinf");
    put_u(b, 0, 4, true);
    put_u(b, 3, 2, true);
    put_infe(b, 1, "hvc1");
    put_infe(b, 2, "Exif");
    put_infe(b, 3, "mime");
    close_box(b, box);
    box = open_box(b, "iloc");
    put_u(b, 0, 4, true);
    put_u(b, 0x4400, 2, true);
    put_u(b, 3, 2, true);
    size_t places = b->n;
    put(b, (uint8_t[3 * 14]){0}, (size_t)3 * 14);
    close_box(b, box);
    close_box(b, meta);
    box = open_box(b, "mdat");
    const struct {
        const void *bytes;
        size_t n;
    } data[] = {{"PIXELS", 6}, {NULL, tiff.n + 4}, {"<x:GPS-HERE/>", 13}};
    for (unsigned i = 0; i < 3; i++) {
        struct bytes place = {.n = 0};
        put_u(&place, i + 1, 2, true);
        put_u(&place, 0, 2, true);
        put_u(&place, i == 1 ? pieces : 1, 2, true);
        put_u(&place, b->n, 4, true);
        put_u(&place, data[i].n, 4, true);
        memcpy(b->at + places + (size_t)i * 14, place.at, 14);
        if (i == 1) {
            put_u(b, 0, 4, true);
            put(b, tiff.at, tiff.n);
        } else {
            put(b, data[i].bytes, data[i].n);
        }
    }
    close_box(b, box);
    return b->n;
}

Test(file_strip, heif_moves_no_byte)
{
    struct bytes in, out;
    make_heif(&in, 1);
    cr_assert_eq(strip("image/heic", &in, &out), STRIP_DONE);
    cr_expect_eq(out.n, in.n);
    check_tiff(&out, true);
    cr_expect(has(&out, "PIXELS"));
    cr_expect_not(has(&out, "GPS-HERE"));
    for (size_t n = 0; n < in.n - 40; n++) {
        struct bytes cut = in;
        cut.n = n;
        (void)strip("image/heic", &cut, &out);
        cr_expect_not(has(&out, "LATITUDE"), "of %zu bytes", n);
    }
}

Test(file_strip, heif_in_pieces_is_damaged)
{
    struct bytes in, out;
    make_heif(&in, 2);
    cr_expect_eq(strip("image/heic", &in, &out), STRIP_DAMAGED);
}

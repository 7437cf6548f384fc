/* common/files/strip_tiff.c - the GPS directory of a TIFF structure (TIFF 6.0, Exif 2.32): its
 * values and entries become zeros, and the entry that leads to it goes. */
#include <string.h>

#include "files/strip.h"

#include "core/banned.h"

enum {
    TAG_EXIF = 0x8769,
    TAG_GPS = 0x8825,
    TAG_XMP = 0x02bc,  /* XMP inside TIFF */
    TAG_IPTC = 0x83bb, /* place names by hand */
    TAG_PHOTOSHOP = 0x8649,
    ENTRY = 12,
    DIRECTORIES_MAX = 8,
    ENTRIES_MAX = 512
};

struct tiff {
    uint8_t *bytes;
    size_t n;
    bool big; /* MM */
    unsigned directories;
};

static uint32_t get(const struct tiff *t, size_t at, unsigned width)
{
    uint32_t v = 0;
    for (unsigned i = 0; i < width; i++)
        v |= (uint32_t)t->bytes[at + i] << (8 * (t->big ? width - 1 - i : i));
    return v;
}

static void put16(struct tiff *t, size_t at, unsigned v)
{
    t->bytes[at + (t->big ? 0 : 1)] = (uint8_t)(v >> 8);
    t->bytes[at + (t->big ? 1 : 0)] = (uint8_t)v;
}

/* Entries of the directory there; false when it does not lie inside. */
static bool entries_at(const struct tiff *t, size_t at, unsigned *ret)
{
    if (at < 8 || at + 2 > t->n)
        return false;
    *ret = get(t, at, 2);
    return *ret <= ENTRIES_MAX && at + 2 + (size_t)*ret * ENTRY + 4 <= t->n;
}

static size_t width_of(uint32_t type)
{
    static const uint8_t widths[] = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8};
    return type < sizeof widths ? widths[type] : 0;
}

/* Zeros for what an entry says elsewhere. False when that does not lie inside. */
static bool wipe_value(struct tiff *t, size_t entry)
{
    uint64_t size = (uint64_t)width_of(get(t, entry + 2, 2)) * get(t, entry + 4, 4);
    size_t at = get(t, entry + 8, 4);
    if (size <= 4)
        return true;
    if (at < 8 || at > t->n || size > t->n - at)
        return false;
    memset(t->bytes + at, 0, (size_t)size);
    return true;
}

static bool wipe_directory(struct tiff *t, size_t at)
{
    unsigned n = 0;
    if (!entries_at(t, at, &n))
        return false;
    for (unsigned i = 0; i < n; i++) {
        if (!wipe_value(t, at + 2 + (size_t)i * ENTRY))
            return false;
    }
    memset(t->bytes + at, 0, 2 + (size_t)n * ENTRY);
    return true;
}

/* The entries behind it move up, and with them the link to the next directory. */
static void drop_entry(struct tiff *t, size_t directory, unsigned n, unsigned i)
{
    uint8_t *entry = t->bytes + directory + 2 + (size_t)i * ENTRY;
    size_t behind = (size_t)(n - i - 1) * ENTRY + 4;
    memmove(entry, entry + ENTRY, behind);
    memset(entry + behind, 0, ENTRY);
    put16(t, directory, n - 1);
}

static bool is_place(uint32_t tag)
{
    return tag == TAG_GPS || tag == TAG_XMP || tag == TAG_IPTC || tag == TAG_PHOTOSHOP;
}

/* One directory; where it leads to besides goes to `ret_exif` and `ret_next`. */
static bool clean_directory(struct tiff *t, size_t at, size_t *ret_exif, size_t *ret_next)
{
    unsigned n = 0;
    if (!entries_at(t, at, &n))
        return false;
    for (unsigned i = 0; i < n;) {
        size_t entry = at + 2 + (size_t)i * ENTRY;
        uint32_t tag = get(t, entry, 2);
        if (tag == TAG_EXIF)
            *ret_exif = get(t, entry + 8, 4);
        if (!is_place(tag)) {
            i++;
            continue;
        }
        if (tag == TAG_GPS ? !wipe_directory(t, get(t, entry + 8, 4)) : !wipe_value(t, entry))
            return false;
        if (!entries_at(t, at, &n)) /* it pointed at where it stands */
            return false;
        if (i >= n)
            return false;
        drop_entry(t, at, n, i);
        n--;
    }
    *ret_next = get(t, at + 2 + (size_t)n * ENTRY, 4);
    return true;
}

/* A chain of directories, and the Exif directory that each may lead to. */
static bool clean_chain(struct tiff *t, size_t at)
{
    while (at != 0) {
        size_t exif = 0, next = 0, nothing = 0;
        if (t->directories++ >= DIRECTORIES_MAX || !clean_directory(t, at, &exif, &next))
            return false;
        if (exif != 0 &&
            (t->directories++ >= DIRECTORIES_MAX || !clean_directory(t, exif, &nothing, &nothing)))
            return false;
        at = next;
    }
    return true;
}

bool strip_tiff(uint8_t *tiff, size_t n)
{
    struct tiff t = {.bytes = tiff, .n = n};
    if (n < 8)
        return false;
    t.big = tiff[0] == 'M';
    bool marked = t.big ? tiff[1] == 'M' : (tiff[0] == 'I' && tiff[1] == 'I');
    return marked && get(&t, 2, 2) == 42 && clean_chain(&t, get(&t, 4, 4));
}

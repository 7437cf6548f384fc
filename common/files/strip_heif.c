/* common/files/strip_heif.c - the metadata items of a HEIF (ISO/IEC 23008-12): EXIF cleaned in its
 * place, XMP overwritten with blanks; no byte moves, since boxes point at each other by offset. */
#include <stdlib.h>
#include <string.h>

#include "files/strip.h"

#include "core/banned.h"

enum { BOX = 8, ITEMS_MAX = 64, META_MAX = 4 * 1024 * 1024 };

struct range {
    size_t at, n;
};

enum item_kind { ITEM_EXIF, ITEM_XMP };

struct item {
    uint32_t id;
    enum item_kind kind;
    bool placed;
    struct range place;
};

struct heif {
    const uint8_t *bytes;
    size_t n;
    struct range idat;
    struct item items[ITEMS_MAX];
    size_t n_items;
};

/* A reader that cannot pass its end. */
struct reader {
    const uint8_t *at, *end;
    bool failed;
};

static uint64_t take(struct reader *r, unsigned width)
{
    uint64_t v = 0;
    if ((size_t)(r->end - r->at) < width) {
        r->failed = true;
        return 0;
    }
    for (unsigned i = 0; i < width; i++)
        v = v << 8 | r->at[i];
    r->at += width;
    return v;
}

/* The box at `at`: its type and body. False at the end, or when it does not lie inside. */
static bool box_at(const uint8_t *bytes, struct range in, size_t at, struct range *ret)
{
    size_t left = in.at + in.n - at;
    if (left < BOX)
        return false;
    struct reader r = {bytes + at, bytes + in.at + in.n, false};
    uint64_t size = take(&r, 4);
    size_t head = BOX;
    (void)take(&r, 4);
    if (size == 1) {
        size = take(&r, 8);
        head += 8;
    } else if (size == 0) {
        size = left;
    }
    if (r.failed || size < head || size > left)
        return false;
    *ret = (struct range){at + head, (size_t)size - head};
    return true;
}

static bool find_box(const struct heif *h, struct range in, const char *type, struct range *ret)
{
    struct range box;
    for (size_t at = in.at; box_at(h->bytes, in, at, &box); at = box.at + box.n) {
        if (memcmp(h->bytes + at + 4, type, 4) == 0) {
            *ret = box;
            return true;
        }
    }
    return false;
}

/* An infe of version 2 or 3 names its kind; older ones have none of ours. */
static void note_item(struct heif *h, struct range infe)
{
    struct reader r = {h->bytes + infe.at, h->bytes + infe.at + infe.n, false};
    unsigned version = (unsigned)take(&r, 1);
    (void)take(&r, 3);
    uint32_t id = (uint32_t)take(&r, version == 3 ? 4 : 2);
    (void)take(&r, 2);
    uint32_t type = (uint32_t)take(&r, 4);
    if (r.failed || version < 2 || h->n_items == ITEMS_MAX)
        return;
    if (type == 0x45786966) /* Exif */
        h->items[h->n_items++] = (struct item){.id = id, .kind = ITEM_EXIF};
    else if (type == 0x6d696d65) /* mime: XMP, or a description of another kind */
        h->items[h->n_items++] = (struct item){.id = id, .kind = ITEM_XMP};
}

static bool read_items(struct heif *h, struct range meta)
{
    struct range iinf, box;
    if (!find_box(h, meta, "iinf", &iinf))
        return true;
    size_t head = iinf.n > 0 && h->bytes[iinf.at] == 0 ? 6 : 8;
    if (iinf.n < head)
        return false;
    struct range in = {iinf.at + head, iinf.n - head};
    for (size_t at = in.at; box_at(h->bytes, in, at, &box); at = box.at + box.n) {
        if (memcmp(h->bytes + at + 4, "infe", 4) == 0)
            note_item(h, box);
    }
    return h->n_items < ITEMS_MAX;
}

static struct item *item_of(struct heif *h, uint32_t id)
{
    for (size_t i = 0; i < h->n_items; i++) {
        if (h->items[i].id == id)
            return &h->items[i];
    }
    return NULL;
}

struct widths {
    unsigned version, offset, length, base, index;
};

/* Data stand in an mdat; a place elsewhere would have structure overwritten as if it were data. */
static bool is_data(const struct heif *h, struct range place)
{
    struct range file = {0, h->n}, box;
    for (size_t at = 0; box_at(h->bytes, file, at, &box); at = box.at + box.n) {
        if (memcmp(h->bytes + at + 4, "mdat", 4) == 0 && place.at >= box.at &&
            place.at + place.n <= box.at + box.n)
            return true;
    }
    return false;
}

static bool place_item(struct heif *h, struct item *item, unsigned method, uint64_t at,
                       uint64_t len)
{
    struct range in = method == 1 ? h->idat : (struct range){0, h->n};
    if (method > 1 || at > in.n || len > in.n - at)
        return false;
    item->place = (struct range){in.at + (size_t)at, (size_t)len};
    item->placed = true;
    return method != 0 || is_data(h, item->place);
}

/* One item's place. Ours stand in one piece, in the file or in idat; else it is refused. */
static bool read_place(struct heif *h, struct reader *r, const struct widths *w)
{
    uint32_t id = (uint32_t)take(r, w->version == 2 ? 4 : 2);
    unsigned method = w->version > 0 ? (unsigned)take(r, 2) & 15U : 0;
    (void)take(r, 2);
    uint64_t base = take(r, w->base);
    unsigned n = (unsigned)take(r, 2);
    struct item *item = item_of(h, id);
    for (unsigned i = 0; i < n && !r->failed; i++) {
        if (w->version > 0)
            (void)take(r, w->index);
        uint64_t at = base + take(r, w->offset), len = take(r, w->length);
        if (item != NULL && (n != 1 || !place_item(h, item, method, at, len)))
            return false;
    }
    return !r->failed;
}

static bool read_places(struct heif *h, struct range meta)
{
    struct range iloc;
    if (h->n_items == 0)
        return true;
    if (!find_box(h, meta, "iloc", &iloc))
        return false;
    struct reader r = {h->bytes + iloc.at, h->bytes + iloc.at + iloc.n, false};
    struct widths w = {.version = (unsigned)take(&r, 1)};
    (void)take(&r, 3);
    unsigned sizes = (unsigned)take(&r, 2);
    w.offset = sizes >> 12;
    w.length = sizes >> 8 & 15U;
    w.base = sizes >> 4 & 15U;
    w.index = w.version > 0 ? sizes & 15U : 0;
    if (w.version > 2 || w.offset > 8 || w.length > 8 || w.base > 8 || w.index > 8)
        return false;
    uint64_t n = take(&r, w.version == 2 ? 4 : 2);
    for (uint64_t i = 0; i < n; i++) {
        if (r.failed || !read_place(h, &r, &w))
            return false;
    }
    return !r.failed;
}

static int by_place(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    return (x->place.at > y->place.at) - (x->place.at < y->place.at);
}

/* The first four bytes say how far behind them the TIFF begins. Without a way through it: zeros. */
static void clean_exif(uint8_t *bytes, size_t n)
{
    size_t skip = n < 4 ? n
                        : 4 + ((size_t)bytes[0] << 24 | (size_t)bytes[1] << 16 |
                               (size_t)bytes[2] << 8 | bytes[3]);
    if (skip >= n || !strip_tiff_for_good(bytes + skip, n - skip))
        memset(bytes, 0, n);
}

static enum strip_outcome put_item(const struct heif *h, const struct item *item,
                                   struct strip_out out)
{
    if (item->place.n == 0)
        return STRIP_DONE;
    uint8_t *copy = item->place.n > META_MAX ? NULL : malloc(item->place.n);
    if (copy == NULL)
        return item->place.n > META_MAX ? STRIP_DAMAGED : STRIP_UNWRITTEN;
    memcpy(copy, h->bytes + item->place.at, item->place.n);
    if (item->kind == ITEM_EXIF)
        clean_exif(copy, item->place.n);
    else
        memset(copy, ' ', item->place.n);
    bool ok = out.put(out.ctx, copy, item->place.n);
    free(copy);
    return ok ? STRIP_DONE : STRIP_UNWRITTEN;
}

static enum strip_outcome put_all(struct heif *h, struct strip_out out)
{
    size_t at = 0;
    qsort(h->items, h->n_items, sizeof *h->items, by_place);
    for (size_t i = 0; i < h->n_items; i++) {
        const struct item *item = &h->items[i];
        if (!item->placed || item->place.at < at)
            return STRIP_DAMAGED; /* nowhere, or one inside the other */
        if (item->place.at > at && !out.put(out.ctx, h->bytes + at, item->place.at - at))
            return STRIP_UNWRITTEN;
        enum strip_outcome done = put_item(h, item, out);
        if (done != STRIP_DONE)
            return done;
        at = item->place.at + item->place.n;
    }
    return at == h->n || out.put(out.ctx, h->bytes + at, h->n - at) ? STRIP_DONE : STRIP_UNWRITTEN;
}

enum strip_outcome strip_heif(const uint8_t *bytes, size_t n, struct strip_out out)
{
    struct heif h = {.bytes = bytes, .n = n};
    struct range file = {0, n}, meta, idat;
    if (n < 12 || memcmp(bytes + 4, "ftyp", 4) != 0 || !find_box(&h, file, "meta", &meta) ||
        meta.n < 4)
        return STRIP_DAMAGED;
    meta = (struct range){meta.at + 4, meta.n - 4};
    if (find_box(&h, meta, "idat", &idat))
        h.idat = idat;
    if (!read_items(&h, meta) || !read_places(&h, meta))
        return STRIP_DAMAGED;
    return put_all(&h, out);
}

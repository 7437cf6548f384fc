/* common/tables/strings.c - shared texts of a workbook: their runs joined, their phonetic readings
 * left out, kept behind spill.h. */
#include "tables/strings.h"

#include <string.h>

#include "core/banned.h"

struct loading {
    struct xml *xml;
    struct strings *strings;
    size_t len, longest; /* of the text being read */
    bool inside, phonetic, wanted;
};

static void on_start(void *into, const char *name, const char **attributes)
{
    struct loading *l = into;
    (void)attributes;
    if (strcmp(name, "si") == 0) {
        l->inside = true;
        l->len = 0;
    } else if (strcmp(name, "rPh") == 0)
        l->phonetic = true;
    l->wanted = l->inside && !l->phonetic && strcmp(name, "t") == 0;
}

static void on_text(void *into, const char *bytes, size_t len)
{
    struct loading *l = into;
    if (!l->wanted || l->len > l->longest)
        return;
    size_t room = l->longest + 1 - l->len; /* one byte too many says that it is too long */
    size_t kept = len < room ? len : room;
    l->len += kept;
    if (!spill_add(&l->strings->text, bytes, kept))
        xml_refuse(l->xml, "no_room");
}

static void on_end(void *into, const char *name)
{
    struct loading *l = into;
    l->wanted = false;
    if (strcmp(name, "rPh") == 0)
        l->phonetic = false;
    if (strcmp(name, "si") != 0)
        return;
    l->inside = false;
    uint64_t end = spill_size(&l->strings->text);
    if (!spill_add(&l->strings->ends, &end, sizeof end))
        xml_refuse(l->xml, "no_room");
}

bool strings_load(struct strings *s, struct source *source, struct xml *x, const char *part,
                  struct err *err)
{
    const char *dir = source->options->spill_dir == NULL ? "/tmp" : source->options->spill_dir;
    if (!spill_open(&s->text, source->arena, dir) || !spill_open(&s->ends, source->arena, dir))
        return refuse(err, "no_memory", 0);
    if (part == NULL)
        return true;
    struct loading *l = arena_new(source->arena, struct loading);
    if (l == NULL)
        return refuse(err, "no_memory", 0);
    *l = (struct loading){.xml = x, .strings = s, .longest = source->limits.cell_bytes};
    x->into = l;
    x->start = on_start;
    x->end = on_end;
    x->text = on_text;
    return xml_walk(x, source, part, err) || err->code == ERR_NONE;
}

bool strings_put(struct strings *s, uint64_t number, struct raw_row *row)
{
    uint64_t bounds[2] = {0, 0};
    char piece[1024];
    if (number >= spill_size(&s->ends) / sizeof *bounds)
        return false;
    bool ok = number == 0
                  ? spill_read(&s->ends, 0, &bounds[1], sizeof bounds[1])
                  : spill_read(&s->ends, (number - 1) * sizeof *bounds, bounds, sizeof bounds);
    while (ok && bounds[0] < bounds[1]) {
        size_t n =
            bounds[1] - bounds[0] < sizeof piece ? (size_t)(bounds[1] - bounds[0]) : sizeof piece;
        ok = spill_read(&s->text, bounds[0], piece, n);
        if (ok)
            raw_row_add(row, piece, n);
        bounds[0] += n;
    }
    return ok;
}

static int hex(char c)
{
    static const char all[] = "0123456789abcdef";
    const char *at = c == '\0' ? NULL : strchr(all, c >= 'A' && c <= 'F' ? c + 32 : c);
    return at == NULL ? -1 : (int)(at - all);
}

/* The character at `s` when it is _xHHHH_ and no half of a pair, or -1. */
static int escaped(const char *s, size_t len)
{
    int point = 0;
    if (len < 7 || s[0] != '_' || s[1] != 'x' || s[6] != '_')
        return -1;
    for (int i = 2; i < 6; i++) {
        int digit = hex(s[i]);
        if (digit < 0)
            return -1;
        point = point * 16 + digit;
    }
    return point >= 0xD800 && point <= 0xDFFF ? -1 : point;
}

void strings_unescape(char *text, size_t *len)
{
    char *first = memmem(text, *len, "_x", 2);
    if (first == NULL)
        return;
    size_t in = (size_t)(first - text), out = in;
    while (in < *len) {
        int point = escaped(text + in, *len - in);
        if (point < 0)
            text[out++] = text[in++];
        else {
            out += put_utf8((unsigned)point, text + out);
            in += 7;
        }
    }
    text[out] = '\0';
    *len = out;
}

/* common/tables/workbook.c - relations, sheets, formats of cells and merged cells of a workbook
 * (ECMA-376). Reads no rows. */
#include "tables/workbook.h"

#include <stdlib.h>
#include <string.h>

#include "core/str.h"

#include "core/banned.h"

enum { MAX_SHEETS = 256, MAX_STYLES = 65536, MAX_FORMATS = 4096, MAX_MERGES = 20000 };

struct sheet_entry {
    const char *name, *relation;
    bool hidden;
};

struct reading {
    struct xml *xml;
    struct arena *arena;
    struct workbook *book;
    const char *main_part, *wanted_relation;
    struct sheet_entry *sheets;
    size_t n_sheets;
    unsigned char *styles;
    struct {
        unsigned id;
        enum number_class class;
    } * formats;
    size_t n_formats;
    bool in_cells;
    struct merge *merges;
    size_t n_merges;
};

static void ignore_end(void *into, const char *name)
{
    (void)into;
    (void)name;
}

static const char *keep(struct reading *r, const char *text)
{
    const char *kept = arena_strdup(r->arena, text);
    if (kept == NULL && text != NULL)
        xml_refuse(r->xml, "no_memory");
    return kept;
}

static bool ends_with(const char *text, const char *tail)
{
    size_t n = strlen(text), m = strlen(tail);
    return n >= m && strcmp(text + n - m, tail) == 0;
}

static bool walk(struct reading *r, struct source *s, const char *part,
                 void (*start)(void *, const char *, const char **), struct err *err)
{
    r->xml->into = r;
    r->xml->start = start;
    if (r->xml->end == NULL)
        r->xml->end = ignore_end;
    r->xml->text = NULL;
    bool found = xml_walk(r->xml, s, part, err);
    r->xml->end = NULL;
    return found;
}

/* What a file's ending would mean says nothing of a workbook, which is a part of its own (some
 * writers name types of parts that they never write); only an ending of its own might. */
static bool type_of_none(const char *element, const char **attributes)
{
    const char *ending = xml_attribute(attributes, "Extension");
    return strcmp(element, "Default") == 0 && (ending == NULL || strcmp(ending, "xml") != 0);
}

static void on_content_type(void *into, const char *name, const char **attributes)
{
    struct reading *r = into;
    const char *type = xml_attribute(attributes, "ContentType");
    if (type != NULL && strstr(type, "macroEnabled") != NULL && !type_of_none(name, attributes))
        xml_refuse(r->xml, "macros");
}

/* A target is relative to the folder of the part that names it, or begins with a slash. */
static const char *resolve(struct reading *r, const char *from, const char *target)
{
    if (*target == '/')
        return keep(r, target + 1);
    const char *slash = strrchr(from, '/');
    size_t folder = slash == NULL ? 0 : (size_t)(slash - from) + 1;
    while (strncmp(target, "./", 2) == 0)
        target += 2;
    while (strncmp(target, "../", 3) == 0) {
        target += 3;
        folder -= folder > 0 ? 1 : 0;
        while (folder > 0 && from[folder - 1] != '/')
            folder--;
    }
    const char *path = arena_printf(r->arena, "%.*s%s", (int)folder, from, target);
    if (path == NULL)
        xml_refuse(r->xml, "no_memory");
    return path;
}

static void on_root_relation(void *into, const char *name, const char **attributes)
{
    struct reading *r = into;
    const char *type = xml_attribute(attributes, "Type");
    const char *target = xml_attribute(attributes, "Target");
    if (strcmp(name, "Relationship") == 0 && type != NULL && target != NULL &&
        r->main_part == NULL && ends_with(type, "/officeDocument"))
        r->main_part = resolve(r, "", target);
}

static bool is_true(const char *text)
{
    return text != NULL && (strcmp(text, "1") == 0 || strcmp(text, "true") == 0);
}

static void on_workbook(void *into, const char *name, const char **attributes)
{
    struct reading *r = into;
    const char *epoch = xml_attribute(attributes, "date1904");
    if (strcmp(name, "workbookPr") == 0 && epoch != NULL) /* that of an extension has none */
        r->book->from_1904 = is_true(epoch);
    if (strcmp(name, "sheet") != 0)
        return;
    if (r->n_sheets == MAX_SHEETS) {
        xml_refuse(r->xml, "too_many_sheets");
        return;
    }
    const char *state = xml_attribute(attributes, "state");
    const char *title = xml_attribute(attributes, "name"), *id = xml_attribute(attributes, "id");
    r->sheets[r->n_sheets++] =
        (struct sheet_entry){.name = keep(r, title == NULL ? "" : title),
                             .relation = keep(r, id == NULL ? "" : id),
                             .hidden = state != NULL && strcmp(state, "visible") != 0};
}

static void on_relation(void *into, const char *name, const char **attributes)
{
    struct reading *r = into;
    const char *type = xml_attribute(attributes, "Type"), *id = xml_attribute(attributes, "Id");
    const char *target = xml_attribute(attributes, "Target");
    const char *mode = xml_attribute(attributes, "TargetMode");
    if (strcmp(name, "Relationship") != 0 || type == NULL || id == NULL || target == NULL ||
        (mode != NULL && strcmp(mode, "External") == 0))
        return;
    const char **part = NULL;
    if (strcmp(id, r->wanted_relation) == 0 && ends_with(type, "/worksheet"))
        part = &r->book->sheet_part;
    else if (ends_with(type, "/sharedStrings"))
        part = &r->book->strings_part;
    else if (ends_with(type, "/styles"))
        part = &r->book->styles_part;
    if (part != NULL && *part == NULL)
        *part = resolve(r, r->main_part, target);
}

static unsigned number_of(const char *text)
{
    return text == NULL ? 0 : (unsigned)strtoul(text, NULL, 10);
}

static void add_format(struct reading *r, const char **attributes)
{
    const char *code = xml_attribute(attributes, "formatCode");
    if (r->n_formats == MAX_FORMATS) {
        xml_refuse(r->xml, "too_many_styles");
        return;
    }
    r->formats[r->n_formats].id = number_of(xml_attribute(attributes, "numFmtId"));
    r->formats[r->n_formats++].class = code == NULL ? NUMBER_PLAIN : number_class_of_code(code);
}

static void add_style(struct reading *r, const char **attributes)
{
    unsigned id = number_of(xml_attribute(attributes, "numFmtId"));
    enum number_class class = number_class_of_id(id);
    if (r->book->n_styles == MAX_STYLES) {
        xml_refuse(r->xml, "too_many_styles");
        return;
    }
    for (size_t i = 0; i < r->n_formats; i++) {
        if (r->formats[i].id == id)
            class = r->formats[i].class;
    }
    r->styles[r->book->n_styles++] = (unsigned char)class;
}

static void on_style(void *into, const char *name, const char **attributes)
{
    struct reading *r = into;
    if (strcmp(name, "cellXfs") == 0)
        r->in_cells = true;
    else if (strcmp(name, "numFmt") == 0 && !r->in_cells)
        add_format(r, attributes);
    else if (strcmp(name, "xf") == 0 && r->in_cells)
        add_style(r, attributes);
}

static void on_style_end(void *into, const char *name)
{
    struct reading *r = into;
    if (strcmp(name, "cellXfs") == 0)
        r->in_cells = false;
}

static bool cell_place(const char **at, unsigned *row, unsigned *column)
{
    unsigned long letters = 0;
    while (**at == '$')
        (*at)++;
    for (; **at >= 'A' && **at <= 'Z' && letters <= SHEET_COLUMNS; (*at)++)
        letters = letters * 26 + (unsigned long)(**at - 'A') + 1;
    while (**at == '$')
        (*at)++;
    char *end = NULL;
    unsigned long number = **at >= '1' && **at <= '9' ? strtoul(*at, &end, 10) : 0;
    if (letters == 0 || letters > SHEET_COLUMNS || number == 0 || number > SHEET_ROWS)
        return false;
    *at = end;
    *row = (unsigned)number;
    *column = (unsigned)letters - 1;
    return true;
}

bool workbook_range(const char *ref, struct merge *ret)
{
    if (!cell_place(&ref, &ret->top, &ret->left))
        return false;
    ret->bottom = ret->top;
    ret->right = ret->left;
    if (*ref != ':')
        return *ref == '\0';
    ref++;
    return cell_place(&ref, &ret->bottom, &ret->right) && *ref == '\0' && ret->bottom >= ret->top &&
           ret->right >= ret->left;
}

static void on_merge(void *into, const char *name, const char **attributes)
{
    struct reading *r = into;
    struct merge m = {0};
    const char *ref = xml_attribute(attributes, "ref");
    if (strcmp(name, "mergeCell") != 0 || ref == NULL || !workbook_range(ref, &m))
        return;
    if (r->n_merges == MAX_MERGES)
        xml_refuse(r->xml, "too_many_merges");
    else
        r->merges[r->n_merges++] = m;
}

static int by_top(const void *a, const void *b)
{
    const struct merge *x = a, *y = b;
    return x->top < y->top ? -1 : x->top > y->top;
}

/* Reads the whole sheet once, so that a damaged one is refused before a row is given, and says
 * whether the word of merged cells occurs. UTF-16 would hide it: there any sheet may have some. */
static bool may_merge(struct reading *r, struct source *s, bool *ret, struct err *err)
{
    static const char word[] = "mergeCell";
    enum { TAIL = sizeof word - 2, BLOCK = 32 * 1024 };
    struct arena_mark mark = arena_mark(r->arena);
    char *block = arena_alloc(r->arena, TAIL + BLOCK);
    if (block == NULL)
        return refuse(err, "no_memory", 0);
    if (!zip_open(s, &r->xml->part, r->book->sheet_part, err))
        return refuse(err, "not_xlsx", 0);
    size_t kept = 0;
    long n = 0;
    *ret = false;
    while ((n = zip_read(&r->xml->part, block + kept, BLOCK, err)) > 0) {
        size_t len = kept + (size_t)n;
        *ret = *ret || memmem(block, len, word, sizeof word - 1) != NULL ||
               memchr(block, '\0', len) != NULL;
        kept = len < TAIL ? len : TAIL;
        memmove(block, block + len - kept, kept);
    }
    zip_close(&r->xml->part);
    arena_rewind(r->arena, mark);
    return n == 0;
}

static bool read_merges(struct reading *r, struct source *s, struct err *err)
{
    bool any = false;
    if (!may_merge(r, s, &any, err))
        return false;
    if (!any)
        return true;
    r->merges = arena_array(r->arena, struct merge, MAX_MERGES);
    if (r->merges == NULL)
        return refuse(err, "no_memory", 0);
    if (!walk(r, s, r->book->sheet_part, on_merge, err))
        return refuse(err, "not_xlsx", 0);
    qsort(r->merges, r->n_merges, sizeof *r->merges, by_top);
    s->merges = r->merges;
    s->n_merges = r->n_merges;
    return true;
}

static bool choose_sheet(struct reading *r, const char *wanted, struct err *err)
{
    const struct sheet_entry *found = NULL;
    for (size_t i = 0; i < r->n_sheets && found == NULL; i++) {
        if (wanted == NULL ? !r->sheets[i].hidden : strcmp(r->sheets[i].name, wanted) == 0)
            found = &r->sheets[i];
    }
    if (found == NULL)
        return refuse(err, "no_such_sheet", 0);
    r->book->sheet = found->name;
    r->wanted_relation = found->relation;
    return true;
}

static const char *relations_of(struct reading *r, const char *part)
{
    const char *slash = strrchr(part, '/');
    int folder = slash == NULL ? 0 : (int)(slash - part) + 1;
    return arena_printf(r->arena, "%.*s_rels/%s.rels", folder, part, part + folder);
}

static bool read_parts(struct reading *r, struct source *s, struct err *err)
{
    if (!walk(r, s, "[Content_Types].xml", on_content_type, err))
        return refuse(err, "not_xlsx", 0);
    if (!walk(r, s, "_rels/.rels", on_root_relation, err) || r->main_part == NULL ||
        !walk(r, s, r->main_part, on_workbook, err))
        return refuse(err, "not_xlsx", 0);
    if (!choose_sheet(r, s->options->sheet, err))
        return false;
    const char *relations = relations_of(r, r->main_part);
    if (relations == NULL)
        return refuse(err, "no_memory", 0);
    if (!walk(r, s, relations, on_relation, err) || r->book->sheet_part == NULL)
        return refuse(err, "not_xlsx", 0);
    return true;
}

static bool read_styles(struct reading *r, struct source *s, struct err *err)
{
    if (r->book->styles_part == NULL)
        return true;
    r->xml->end = on_style_end;
    bool ok = walk(r, s, r->book->styles_part, on_style, err) || err->code == ERR_NONE;
    r->book->styles = r->styles;
    return ok;
}

bool workbook_read(struct workbook *w, struct source *s, struct xml *x, struct err *err)
{
    struct reading r = {.xml = x, .arena = s->arena, .book = w};
    r.sheets = arena_array(s->arena, struct sheet_entry, MAX_SHEETS);
    r.styles = arena_alloc(s->arena, MAX_STYLES);
    r.formats = arena_alloc(s->arena, sizeof *r.formats * MAX_FORMATS);
    if (r.sheets == NULL || r.styles == NULL || r.formats == NULL)
        return refuse(err, "no_memory", 0);
    x->end = NULL;
    return read_parts(&r, s, err) && read_styles(&r, s, err) && read_merges(&r, s, err);
}

/* tests/unit/test_table_programs.c - workbooks as Excel and WPS write them: the parts in
 * tests/unit/workbooks are put together after what the two are known to write, with their
 * namespaces, extensions, extra parts, formats and omissions. Not saved by these programs. */
#include "table_support.h"

#include <ftw.h>

#include "core/buf.h"

TestSuite(table_programs, .timeout = 120);

enum { PARTS_MAX = 32 };

static struct part parts[PARTS_MAX];
static size_t n_parts, root_len;
static struct arena *arena;

static const char *content_of(const char *path)
{
    struct stat st = {0};
    FILE *f = fopen(path, "rb");
    cr_assert_not_null(f);
    cr_assert_eq(fstat(fileno(f), &st), 0);
    char *text = arena_alloc(arena, (size_t)st.st_size + 1);
    cr_assert_eq(fread(text, 1, (size_t)st.st_size, f), (size_t)st.st_size);
    fclose(f);
    text[st.st_size] = '\0';
    return text;
}

static int add_part(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)ftw;
    if (type != FTW_F)
        return 0;
    cr_assert_lt(n_parts, PARTS_MAX);
    parts[n_parts++] = (struct part){arena_strdup(arena, path + root_len + 1), content_of(path)};
    return 0;
}

static void take_parts(const char *name)
{
    char root[512];
    arena = arena_create(4 << 20);
    n_parts = 0;
    root_len =
        (size_t)snprintf(root, sizeof root, "%s/tests/unit/workbooks/%s", ZEREN_SOURCE_DIR, name);
    cr_assert_eq(nftw(root, add_part, 8, FTW_PHYS), 0);
    cr_assert_gt(n_parts, 5);
}

static const char *read_parts(void)
{
    const char *text = read_all(zip_of(parts, n_parts));
    arena_destroy(&arena);
    return text;
}

static const char *read_program(const char *name)
{
    take_parts(name);
    return read_parts();
}

/* What was changed reads as what the program wrote. */
static void expect_as(const char *name)
{
    char got[4096];
    snprintf(got, sizeof got, "%s", read_parts());
    cr_expect_str_eq(got, read_program(name));
}

/* The part's text with one piece of it replaced, all over. */
static void replace(const char *name, const char *from, const char *to)
{
    for (size_t i = 0; i < n_parts; i++) {
        if (strcmp(parts[i].name, name) != 0)
            continue;
        struct buf b = {0};
        const char *at = parts[i].content, *hit = NULL;
        cr_assert_not_null(strstr(at, from), "%s is in %s", from, name);
        buf_init(&b, arena, 1 << 20);
        for (; (hit = strstr(at, from)) != NULL; at = hit + strlen(from)) {
            buf_add(&b, at, (size_t)(hit - at));
            buf_str(&b, to);
        }
        buf_str(&b, at);
        parts[i].content = buf_text(&b);
        return;
    }
    cr_assert_fail("no part %s", name);
}

/* Custom and Chinese formats of days, an accounting format, a coloured one, runs with readings,
 * a sign past the first plane, an empty text, a shared formula, a filtered row. */
Test(table_programs, excel)
{
    cr_expect_str_eq(read_program("excel"),
                     "2 43130219900101123X|张三|2026-01-01;3 007|欧阳四|2026-01-01;"
                     "4 12|𠮷|2026-01-01;5 13|张三|2026-01-01;6 1234.5|0.1|2026-01-01;"
                     "7 43|43号|2026-01-01;8 14|张三|-;9 15|张三|2026-01-01T18:00:00;10 16|-|-;");
}

/* An extension of the workbook has an element of the same name, without an epoch. */
Test(table_programs, excel_with_the_epoch_of_1904)
{
    cr_expect_str_eq(read_program("excel_1904"), "2 1|张三|2026-01-01;3 2|张三|1904-01-01;");
}

/* A title merged over the heading, parts and relations of its own, a reserved hidden sheet,
 * pictures in cells as results of a formula, formats by numbers that others leave to the system. */
Test(table_programs, wps)
{
    cr_expect_str_eq(
        read_program("wps"),
        "3 43130219900101123X|张三|1990-01-01;4 2|李 四|1990-01-01;5 3|王五\n（户主）|1990.1.1;"
        "6 4|=DISPIMG(\"ID_0123456789ABCDEF0123456789ABCDEF\",1)|2026-01-01;7 9|50%|-;");
}

/* Targets with a slash in front, as programs write that build on the packaging of .NET. */
Test(table_programs, targets_from_the_root)
{
    take_parts("excel");
    replace("xl/_rels/workbook.xml.rels", "Target=\"", "Target=\"/xl/");
    replace("_rels/.rels", "Target=\"", "Target=\"/");
    expect_as("excel");
}

/* A mark in front of every part, and the same in front of UTF-16. */
Test(table_programs, marks_of_byte_order)
{
    take_parts("wps");
    for (size_t i = 0; i < n_parts; i++) {
        if (strncmp(parts[i].content, "<?xml", 5) == 0)
            parts[i].content = arena_printf(arena, "\xEF\xBB\xBF%s", parts[i].content);
    }
    expect_as("wps");
}

/* Every element behind a prefix, as some exports of web systems have it. */
Test(table_programs, prefixes)
{
    take_parts("excel_1904");
    for (size_t i = 0; i < 2; i++) {
        const char *name = i == 0 ? "xl/workbook.xml" : "xl/sharedStrings.xml";
        replace(name, "<", "<x:");
        replace(name, "<x:?", "<?");
        replace(name, "<x:/", "</x:");
        replace(name, "xmlns=", "xmlns:x=");
    }
    replace("xl/workbook.xml", "<x:mc:", "<mc:");
    replace("xl/workbook.xml", "</x:mc:", "</mc:");
    replace("xl/workbook.xml", "<x:x15", "<x15");
    replace("xl/workbook.xml", "<x:xr:", "<xr:");
    expect_as("excel_1904");
}

/* Texts in the cells themselves, no shared ones, no references of cells: rows and cells in order.
 */
Test(table_programs, texts_in_cells_of_an_export)
{
    take_parts("excel_1904");
    replace("xl/worksheets/sheet1.xml", "<c r=\"A2\"><v>1</v></c>",
            "<c t=\"inlineStr\"><is><t xml:space=\"preserve\"> 001 </t></is></c>");
    replace("xl/worksheets/sheet1.xml", "<c r=\"B2\" t=\"s\"><v>4</v></c>",
            "<c t=\"inlineStr\"><is><r><t>张</t></r><r><t>三</t></r></is></c>");
    replace("xl/worksheets/sheet1.xml", "<c r=\"C2\" s=\"2\">", "<c s=\"2\" t=\"n\">");
    cr_expect_str_eq(read_parts(), "2 001|张三|2026-01-01;3 2|张三|1904-01-01;");
}

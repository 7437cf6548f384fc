/* tests/unit/test_table_hostile.c - workbooks made to do harm: each is refused early, by a code. */
#include "table_support.h"

TestSuite(table_hostile, .timeout = 300); /* under valgrind, too */

static const char row[] = "<row r=\"2\"><c r=\"A2\"><v>1</v></c></row>";

static char *repeat(const char *text, size_t n)
{
    size_t len = strlen(text);
    char *all = malloc(len * n + 1);
    for (size_t i = 0; i < n; i++)
        memcpy(all + i * len, text, len);
    all[len * n] = '\0';
    return all;
}

static const char *with_part(const char *name, const char *content)
{
    return read_all(book_of(&(struct book){.rows = row, .more = {{name, content}}}));
}

/* The bytes of a good workbook, to be spoilt. */
static size_t good_bytes(char *bytes, size_t room)
{
    int fd = book_of(&(struct book){.rows = row});
    ssize_t n = pread(fd, bytes, room, 0);
    cr_assert(n > 0 && (size_t)n < room);
    close(fd);
    return (size_t)n;
}

static char *find(char *bytes, size_t len, const char *what, size_t n)
{
    char *at = memmem(bytes, len, what, n);
    cr_assert_not_null(at);
    return at;
}

Test(table_hostile, bombs_by_ratio_size_and_number)
{
    char *zeros = repeat("0000000000000000", 2 << 20); /* 32 MiB to some 32 KiB */
    cr_expect_str_eq(with_part("xl/media/a.bin", zeros), "refused zip_ratio");
    options.limits.ratio = 100000;
    options.limits.unpacked_bytes = 16 << 20;
    cr_expect_str_eq(with_part("xl/media/a.bin", zeros), "refused zip_too_large");
    free(zeros);
    options.limits.entries = 8;
    cr_expect_str_eq(with_part("xl/media/a.bin", "x"), "2 1|-|-;");
    options.limits.entries = 7;
    cr_expect_str_eq(with_part("xl/media/a.bin", "x"), "refused zip_entries");
}

Test(table_hostile, announced_sizes_are_refused_before_unpacking)
{
    char bytes[65536];
    size_t n = good_bytes(bytes, sizeof bytes);
    char *directory = find(bytes, n, "PK\1\2", 4);
    memcpy(directory + 24, "\x00\x00\x00\x80", 4); /* 2 GiB, there and at the part itself */
    memcpy(bytes + 22, "\x00\x00\x00\x80", 4);
    cr_expect_str_eq(read_all(file_of(bytes, n)), "refused zip_too_large");
}

Test(table_hostile, a_directory_without_end)
{
    enum { PARTS = 30000 };
    char path[] = "/tmp/zeren-test-XXXXXX";
    int fd = mkstemp(path);
    unlink(path);
    struct archive *a = archive_write_new();
    archive_write_set_format_zip(a);
    archive_write_open_fd(a, fd);
    for (int i = 0; i < PARTS; i++) {
        char name[24];
        snprintf(name, sizeof name, "%d", i);
        struct archive_entry *e = archive_entry_new();
        archive_entry_set_pathname(e, name);
        archive_entry_set_filetype(e, AE_IFREG);
        archive_write_header(a, e);
        archive_entry_free(e);
    }
    archive_write_free(a);
    cr_expect_str_eq(read_all(fd), "refused zip_entries");
}

Test(table_hostile, an_archive_in_an_archive_is_not_opened)
{
    cr_expect_str_eq(read_all(zip_of((struct part[]){{"a.xlsx", "PK\3\4"}}, 1)),
                     "refused not_xlsx");
    cr_expect_str_eq(with_part("xl/embeddings/a.zip", "PK\3\4"), "2 1|-|-;");
}

Test(table_hostile, damaged_digests_and_cut_files)
{
    char bytes[65536];
    size_t n = good_bytes(bytes, sizeof bytes);
    char *sheet = find(bytes, n, "PK\1\2", 4); /* the sheet comes first */
    sheet[16] ^= 1;                            /* its digest in the directory */
    char *descriptor = find(bytes, n, "PK\7\10", 4);
    descriptor[4] ^= 1;
    cr_expect_str_eq(read_all(file_of(bytes, n)), "refused zip_damaged");
    n = good_bytes(bytes, sizeof bytes);
    for (size_t cut = 4; cut < n; cut += 97)
        cr_expect_str_eq(read_all(file_of(bytes, cut)), "refused zip_damaged", "cut at %zu", cut);
}

Test(table_hostile, encrypted_parts)
{
    char bytes[65536];
    size_t n = good_bytes(bytes, sizeof bytes);
    find(bytes, n, "PK\1\2", 4)[8] |= 1;
    bytes[6] |= 1;
    cr_expect_str_eq(read_all(file_of(bytes, n)), "refused zip_encrypted");
}

Test(table_hostile, names_that_lead_out)
{
    static const char *const names[] = {"../../etc/passwd", "/etc/passwd", "xl/../../a", "c:/a",
                                        "XL/WORKBOOK.XML",  "xl/.."};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        cr_expect_str_eq(with_part(names[i], "x"), "refused zip_name", "%s", names[i]);
}

Test(table_hostile, macros)
{
    cr_expect_str_eq(with_part("xl/vbaProject.bin", "x"), "refused macros");
    struct book b = {.rows = row,
                     .types = "<Types><Override ContentType=\"application/"
                              "vnd.ms-excel.sheet.macroEnabled.main+xml\"/></Types>"};
    cr_expect_str_eq(read_all(book_of(&b)), "refused macros");
    b.types = "<Types><Default Extension=\"xml\" ContentType=\"application/"
              "vnd.ms-excel.sheet.macroEnabled.main+xml\"/></Types>";
    cr_expect_str_eq(read_all(book_of(&b)), "refused macros");
}

Test(table_hostile, a_type_that_no_part_has_is_no_macro)
{
    struct book b = {.rows = row,
                     .types = "<Types><Default Extension=\"bin\" ContentType=\"application/"
                              "vnd.ms-excel.sheet.binary.macroEnabled.main\"/></Types>"};
    char *plain = strdup(read_all(book_of(&(struct book){.rows = row})));
    cr_expect_str_eq(read_all(book_of(&b)), plain);
    free(plain);
}

Test(table_hostile, document_types_and_entities)
{
    static const char bomb[] = "<?xml version=\"1.0\"?><!DOCTYPE w [<!ENTITY a \"aaaaaaaa\">"
                               "<!ENTITY b \"&a;&a;&a;&a;\">]><worksheet><sheetData>&b;</sheetData>"
                               "</worksheet>";
    static const char outside[] = "<!DOCTYPE w SYSTEM \"file:///etc/passwd\"><worksheet/>";
    cr_expect_str_eq(read_all(book_of(&(struct book){.sheet = bomb})), "refused xml_dtd");
    cr_expect_str_eq(read_all(book_of(&(struct book){.sheet = outside})), "refused xml_dtd");
    cr_expect_str_eq(read_all(book_of(&(struct book){.rows = row, .types = outside})),
                     "refused xml_dtd");
    cr_expect_str_eq(read_all(book_of(&(struct book){.rows = row, .styles = bomb})),
                     "refused xml_dtd");
    cr_expect_str_eq(read_all(book_of(&(struct book){.sheet = "<worksheet><sheetData>&x;"})),
                     "refused xml_damaged");
}

Test(table_hostile, xml_out_of_bounds)
{
    char *deep = repeat("<a>", 100), *wide = repeat("0123456789abcdef", 100000);
    size_t room = strlen(wide) + 1000;
    char *sheet = malloc(room);
    cr_expect_str_eq(read_all(book_of(&(struct book){.sheet = deep})), "refused xml_too_deep");
    options.limits.ratio = 100000;
    snprintf(sheet, room, "<worksheet><sheetData><row a=\"%s\"/></sheetData></worksheet>", wide);
    cr_expect_str_eq(read_all(book_of(&(struct book){.sheet = sheet})), "refused xml_oversized");
    snprintf(sheet, room, "<worksheet><!-- %s --><sheetData/></worksheet>", wide);
    cr_expect_str_eq(read_all(book_of(&(struct book){.sheet = sheet})), "refused xml_oversized");
    snprintf(sheet, room,
             "<worksheet><sheetData>%s<row r=\"2\"><c r=\"A2\" "
             "t=\"inlineStr\"><is><t>%s</t></is></c></row>"
             "</sheetData></worksheet>",
             HEADING, wide);
    cr_expect_str_eq(read_all(book_of(&(struct book){.sheet = sheet})),
                     "2 -|-|- !代码:cell_too_long;");
    cr_expect_str_eq(read_sheet("<row"), "refused xml_damaged");
    free(deep);
    free(wide);
    free(sheet);
}

Test(table_hostile, an_oversized_shared_text_is_a_fault)
{
    char *wide = repeat("一", 20000);
    size_t room = strlen(wide) + 100;
    char *strings = malloc(room);
    snprintf(strings, room, "<si><t>%s</t></si>", wide);
    struct book b = {.rows = "<row r=\"2\"><c r=\"A2\" t=\"s\"><v>0</v></c></row>",
                     .strings = strings};
    cr_expect_str_eq(read_all(book_of(&b)), "2 -|-|- !代码:cell_too_long;");
    free(wide);
    free(strings);
}

Test(table_hostile, rows_and_columns_past_the_last)
{
    cr_expect_str_eq(read_sheet("<row r=\"1048577\"/>"), "refused too_many_rows");
    cr_expect_str_eq(read_sheet("<row r=\"1\"/>"), "refused bad_sheet");
    cr_expect_str_eq(read_sheet("<row r=\"2\"><c r=\"B2\"/><c r=\"A2\"/></row>"),
                     "refused bad_sheet");
    cr_expect_str_eq(read_sheet("<row r=\"2\"><c r=\"A3\"><v>1</v></c></row>"),
                     "refused bad_sheet");
    cr_expect_str_eq(read_sheet("<row r=\"2\"><c r=\"XFE2\"><v>1</v></c></row>"),
                     "refused bad_sheet");
    cr_expect_str_eq(read_sheet("<row r=\"2\"><c r=\"XFD2\"><v>1</v></c></row>"),
                     "refused too_many_columns");
    cr_expect_str_eq(read_sheet("<row r=\"2\"><c r=\"AAAAAAAAAAAAAAAAAAAA2\"/></row>"),
                     "refused bad_sheet");
    cr_expect_str_eq(read_sheet("<row r=\"99999999999999999999\"/>"), "refused too_many_rows");
}

Test(table_hostile, elements_that_stand_where_they_do_not_belong)
{
    static const struct {
        const char *rows, *read;
    } sheets[] = {
        {"<row><c t=\"str\"><v>1</v></c></row><row><v>9</v></row>", "2 1|-|-;"},
        {"<row><c t=\"str\"><v>1</v></c></row><v>9</v><t>9</t><row><is><t>9</t></is><f/></row>",
         "2 1|-|-;"},
        {"<row><c t=\"str\"><v>1</v></c><v>9</v></row>", "2 1|-|-;"},
        {"<row><c t=\"str\"><v>1<row><v>9</v></row></v></c></row>", "refused bad_sheet"},
        {"<row><c t=\"str\"><v>1<c><v>9</v></c></v></c></row>", "refused bad_sheet"},
        {"<row/><c><v>1</v></c>", "refused bad_sheet"},
        {"<row><c t=\"str\"><v>1</v><sheetData></sheetData></c></row>", "refused bad_sheet"},
        {"<row><c t=\"str\"><v>1<sheetData/><row/></v></c></row>", "refused bad_sheet"},
    };
    for (size_t i = 0; i < sizeof sheets / sizeof *sheets; i++)
        cr_expect_str_eq(read_sheet(sheets[i].rows), sheets[i].read, "%s: %s", sheets[i].rows,
                         seen);
}

Test(table_hostile, merged_areas_without_number)
{
    char *merges = repeat("<mergeCell ref=\"A1:A1048576\"/>", 2001);
    struct book b = {.rows = row, .merges = merges};
    cr_expect_str_eq(read_all(book_of(&b)), "refused too_many_merges");
    free(merges);
    merges = repeat("<mergeCell ref=\"A30:A1048576\"/>", 600);
    b.merges = merges;
    b.rows = "<row r=\"40\"><c r=\"A40\"><v>1</v></c></row>";
    cr_expect_str_eq(read_all(book_of(&b)), "failed too_many_merges");
    free(merges);
}

Test(table_hostile, no_memory_is_a_refusal)
{
    for (unsigned long n = 1; n < 400; n++) {
        int fd = book_of(&(struct book){.rows = row, .strings = "<si><t>a</t></si>"});
        err_clear(&err);
        arena_fail_after(n);
        struct table *t = table_open(fd, &options, &err);
        arena_fail_after(0);
        cr_expect_eq(t == NULL, err.code == ERR_NO_MEMORY, "allocation %lu: %s", n, err.field);
        table_close(&t);
        close(fd);
    }
}

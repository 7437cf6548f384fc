/* tests/fuzz/fuzz_xlsx.c - any bytes as a zip, and any text as the parts of a workbook whose other
 * parts are good: the second byte says which part it is. */
#include "table_checks.h"

#include <archive.h>
#include <archive_entry.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* clang-format off */
static const struct { const char *name, *content; } parts[] = {
    {"xl/worksheets/sheet1.xml", "<worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" t=\"s\"><v>1</v></c></row>"
     "<row r=\"2\"><c r=\"A2\"><v>1</v></c><c r=\"B2\" t=\"s\"><v>2</v></c><c r=\"C2\" s=\"1\"><v>46023</v></c></row></sheetData></worksheet>"},
    {"xl/sharedStrings.xml", "<sst><si><t>code</t></si><si><t>name</t></si><si><r><t>a</t></r></si></sst>"},
    {"xl/styles.xml", "<styleSheet><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/></cellXfs></styleSheet>"},
    {"xl/workbook.xml", "<workbook><sheets><sheet name=\"a\" id=\"r1\"/></sheets></workbook>"},
    {"xl/_rels/workbook.xml.rels", "<Relationships><Relationship Id=\"r1\" Type=\"/worksheet\" Target=\"worksheets/sheet1.xml\"/>"
     "<Relationship Id=\"r2\" Type=\"/sharedStrings\" Target=\"sharedStrings.xml\"/>"
     "<Relationship Id=\"r3\" Type=\"/styles\" Target=\"styles.xml\"/></Relationships>"},
    {"_rels/.rels", "<Relationships><Relationship Type=\"/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"},
    {"[Content_Types].xml", "<Types/>"},
};
/* clang-format on */
enum { PARTS = sizeof parts / sizeof *parts, ROOM = 1 << 20 };

static void add_part(struct archive *a, const char *name, const void *content, size_t len)
{
    struct archive_entry *e = archive_entry_new();
    archive_entry_set_pathname(e, name);
    archive_entry_set_size(e, (la_int64_t)len);
    archive_entry_set_filetype(e, AE_IFREG);
    archive_write_header(a, e);
    archive_write_data(a, content, len);
    archive_entry_free(e);
}

static size_t make_book(size_t which, const uint8_t *bytes, size_t len, uint8_t *out)
{
    size_t used = 0;
    struct archive *a = archive_write_new();
    archive_write_set_format_zip(a);
    archive_write_set_options(a, "zip:compression=store");
    archive_write_open_memory(a, out, ROOM, &used);
    for (size_t i = 0; i < PARTS; i++) {
        if (i == which)
            add_part(a, parts[i].name, bytes, len);
        else
            add_part(a, parts[i].name, parts[i].content, strlen(parts[i].content));
    }
    archive_write_close(a);
    archive_write_free(a);
    return used;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static uint8_t book[ROOM];
    struct table_options options = {.columns = wanted,
                                    .limits = {.row_bytes = 4096,
                                               .cell_bytes = 64,
                                               .columns = 16,
                                               .rows = 100,
                                               .unpacked_bytes = 1 << 20}};
    if (len == 0)
        return 0;
    if (bytes[0] == 'P') { /* a zip begins with PK */
        check_table(bytes, len, &options);
        return 0;
    }
    size_t n = make_book(bytes[0] % PARTS, bytes + 1, len - 1, book);
    check_table(book, n, &options);
    return 0;
}

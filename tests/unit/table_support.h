/* tests/unit/table_support.h - small tables in temporary files: bytes as they are, zip files of
 * given parts, workbooks of given rows; and what a table reads as, in one line of text. */
#ifndef ZEREN_TESTS_TABLE_SUPPORT_H
#define ZEREN_TESTS_TABLE_SUPPORT_H

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>

#include "core/arena.h"
#include "tables/writer.h"

#define UNUSED __attribute__((unused))

static const struct table_column people[] = {
    {"code", "代码", true}, {"name", "姓名", true}, {"born", "出生日期", false}, {NULL}};

static struct table_options options = {.columns = people};
static struct err err;
static char seen[65536]; /* rows as "2 a|b|-;" with " !column:code" for each fault */

/* An unlinked file. */
UNUSED static int file_of(const void *bytes, size_t len)
{
    char path[] = "/tmp/zeren-test-XXXXXX";
    int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    unlink(path);
    cr_assert_eq(write(fd, bytes, len), (ssize_t)len);
    return fd;
}

struct part {
    const char *name, *content;
};

UNUSED static int zip_of(const struct part *parts, size_t n)
{
    char path[] = "/tmp/zeren-test-XXXXXX";
    int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    unlink(path);
    struct archive *a = archive_write_new();
    archive_write_set_format_zip(a);
    cr_assert_eq(archive_write_open_fd(a, fd), ARCHIVE_OK);
    for (size_t i = 0; i < n; i++) {
        struct archive_entry *e = archive_entry_new();
        archive_entry_set_pathname(e, parts[i].name);
        archive_entry_set_size(e, (la_int64_t)strlen(parts[i].content));
        archive_entry_set_filetype(e, AE_IFREG);
        archive_entry_set_perm(e, 0644);
        cr_assert_eq(archive_write_header(a, e), ARCHIVE_OK);
        archive_write_data(a, parts[i].content, strlen(parts[i].content));
        archive_entry_free(e);
    }
    archive_write_close(a);
    archive_write_free(a);
    return fd;
}

#define TYPES                                                                                      \
    "<Types><Override PartName=\"/xl/workbook.xml\" ContentType=\"a.sheet.main+xml\"/></Types>"
#define ROOT                                                                                       \
    "<Relationships><Relationship Id=\"r1\" Type=\"x/officeDocument\" "                            \
    "Target=\"xl/workbook.xml\"/></Relationships>"
#define RELS                                                                                       \
    "<Relationships><Relationship Id=\"r1\" Type=\"x/worksheet\" "                                 \
    "Target=\"worksheets/sheet1.xml\"/>"                                                           \
    "<Relationship Id=\"r2\" Type=\"x/worksheet\" Target=\"/xl/worksheets/sheet2.xml\"/>"          \
    "<Relationship Id=\"r3\" Type=\"x/sharedStrings\" Target=\"sharedStrings.xml\"/>"              \
    "<Relationship Id=\"r4\" Type=\"x/styles\" Target=\"styles.xml\"/></Relationships>"
#define STYLES                                                                                     \
    "<styleSheet><numFmts><numFmt numFmtId=\"164\" "                                               \
    "formatCode=\"yyyy&quot;年&quot;m&quot;月&quot;d&quot;日&quot;\"/></numFmts>"               \
    "<cellStyleXfs><xf numFmtId=\"14\"/></cellStyleXfs><cellXfs><xf numFmtId=\"0\"/>"              \
    "<xf numFmtId=\"14\"/><xf numFmtId=\"164\"/><xf numFmtId=\"10\"/><xf numFmtId=\"22\"/>"        \
    "</cellXfs></styleSheet>"
#define HEADING                                                                                    \
    "<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>代码</t></is></c>"                          \
    "<c r=\"B1\" t=\"inlineStr\"><is><t>姓名</t></is></c>"                                       \
    "<c r=\"C1\" t=\"inlineStr\"><is><t>出生日期</t></is></c></row>"

struct book {
    const char *sheet;    /* all of sheet1.xml, or NULL: made of rows and merges */
    const char *rows;     /* behind HEADING */
    const char *merges;   /* "<mergeCell …/>" or NULL */
    const char *strings;  /* "<si>…</si>" or NULL */
    const char *workbook; /* or NULL */
    const char *types;    /* or NULL */
    const char *styles;   /* or NULL */
    struct part more[2];
};

/* Shared texts come after the sheet, as some programs write them. */
UNUSED static int book_of(const struct book *b)
{
    static char sheet[262144], strings[65536];
    snprintf(sheet, sizeof sheet,
             "<?xml version=\"1.0\"?><x:worksheet xmlns:x=\"m\"><x:sheetData>%s%s</x:sheetData>"
             "%s%s%s</x:worksheet>",
             HEADING, b->rows == NULL ? "" : b->rows, b->merges == NULL ? "" : "<mergeCells>",
             b->merges == NULL ? "" : b->merges, b->merges == NULL ? "" : "</mergeCells>");
    snprintf(strings, sizeof strings, "<sst>%s</sst>", b->strings == NULL ? "" : b->strings);
    struct part parts[] = {
        {"xl/worksheets/sheet1.xml", b->sheet == NULL ? sheet : b->sheet},
        {"xl/workbook.xml", b->workbook == NULL
                                ? "<workbook><sheets><sheet name=\"人员\" sheetId=\"1\" "
                                  "r:id=\"r1\" xmlns:r=\"r\"/></sheets></workbook>"
                                : b->workbook},
        {"_rels/.rels", ROOT},
        {"xl/_rels/workbook.xml.rels", RELS},
        {"[Content_Types].xml", b->types == NULL ? TYPES : b->types},
        {"xl/styles.xml", b->styles == NULL ? STYLES : b->styles},
        {"xl/sharedStrings.xml", strings},
        b->more[0],
        b->more[1],
    };
    return zip_of(parts, b->more[0].name == NULL ? 7 : b->more[1].name == NULL ? 8 : 9);
}

__attribute__((format(printf, 1, 2))) UNUSED static void see(const char *format, ...)
{
    size_t n = strlen(seen);
    va_list args;
    va_start(args, format);
    vsnprintf(seen + n, sizeof seen - n, format, args);
    va_end(args);
}

UNUSED static void see_rows(struct table *t, size_t n_columns)
{
    struct table_row row = {0};
    enum table_step step = TABLE_ROW;
    while ((step = table_next(t, &row, &err)) == TABLE_ROW) {
        see("%u ", row.number);
        for (size_t i = 0; i < n_columns; i++)
            see("%s%s", i == 0 ? "" : "|", row.values[i] == NULL ? "-" : row.values[i]);
        for (size_t i = 0; i < row.n_faults; i++)
            see(" !%s:%s", row.faults[i].column, row.faults[i].code);
        see(";");
    }
    if (step == TABLE_FAILED)
        see("failed %s", err.field);
}

/* Reads all of a table into `seen`; closes the file. */
UNUSED static const char *read_all(int fd)
{
    size_t n_faults = 0, n_columns = 0;
    *seen = '\0';
    err_clear(&err);
    struct table *t = table_open(fd, &options, &err);
    if (t == NULL) {
        cr_assert_neq(err.code, ERR_NONE);
        see("refused %s", err.field);
        close(fd);
        return seen;
    }
    const struct table_fault *faults = table_heading_faults(t, &n_faults);
    for (size_t i = 0; i < n_faults; i++)
        see("!%s:%s;", faults[i].column, faults[i].code);
    while (options.columns[n_columns].name != NULL)
        n_columns++;
    see_rows(t, n_columns);
    table_close(&t);
    cr_assert_null(t);
    close(fd);
    return seen;
}

UNUSED static const char *read_text(const char *text)
{
    return read_all(file_of(text, strlen(text)));
}

/* The rows of a sheet under HEADING. */
UNUSED static const char *read_sheet(const char *rows)
{
    return read_all(book_of(&(struct book){.rows = rows}));
}

#endif

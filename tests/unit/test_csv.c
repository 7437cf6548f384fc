/* tests/unit/test_csv.c - tables people send: quoting, charsets, blank lines, row numbers,
 * refusals. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "core/csv.h"

TestSuite(csv, .timeout = 120);

static struct arena *arena;
static struct csv_table table;
static struct err err;

static void setup(void)
{
    arena = arena_create(8 << 20);
}

static void teardown(void)
{
    arena_destroy(&arena);
}

static bool read_as(const char *text, enum csv_charset charset)
{
    err_clear(&err);
    return csv_read(arena, text, strlen(text), charset, 10, &table, &err);
}

static void expect_cells(size_t row, unsigned number, const char *first, const char *second)
{
    cr_assert_lt(row, table.rows);
    cr_expect_eq(table.row_number[row], number);
    cr_expect_str_eq(table.cells[row][0], first);
    cr_expect_str_eq(table.cells[row][1], second);
}

Test(csv, reads_headings_cells_and_quotes, .init = setup, .fini = teardown)
{
    cr_assert(read_as("code,name\r\n431302,娄星区\r\n\"a,b\",\"say \"\"hi\"\"\nagain\"\r\n,x\r\n",
                      CSV_UTF8));
    cr_expect_eq(table.columns, 2);
    cr_expect_eq(table.rows, 3);
    cr_expect_eq(csv_column(&table, "code"), 0);
    cr_expect_eq(csv_column(&table, "name"), 1);
    cr_expect_eq(csv_column(&table, "Name"), -1);
    expect_cells(0, 2, "431302", "娄星区");
    expect_cells(1, 3, "a,b", "say \"hi\"\nagain");
    expect_cells(2, 4, "", "x");
}

Test(csv, drops_the_byte_order_mark_and_trims, .init = setup, .fini = teardown)
{
    cr_assert(
        read_as("\xEF\xBB\xBF code ,\xE3\x80\x80name\xC2\xA0\n\" 1 \",  two words\t\n", CSV_UTF8));
    cr_expect_str_eq(table.heading[0], "code");
    cr_expect_str_eq(table.heading[1], "name");
    expect_cells(0, 2, "1", "two words");
    cr_assert(read_as("a,b\n \xE3\x80\x80 ,好\xE3\x80\x80 \n", CSV_UTF8));
    expect_cells(0, 2, "", "好");
}

Test(csv, the_last_line_needs_no_end, .init = setup, .fini = teardown)
{
    cr_assert(read_as("a,b\n1,2", CSV_UTF8));
    expect_cells(0, 2, "1", "2");
    cr_assert(read_as("a,b\n1,", CSV_UTF8));
    expect_cells(0, 2, "1", "");
    cr_assert(read_as("a,b", CSV_UTF8));
    cr_expect_eq(table.rows, 0);
}

Test(csv, blank_lines_are_skipped_but_counted, .init = setup, .fini = teardown)
{
    static const char *const cases[] = {
        "a,b\n\n1,2\n,\n\n3,4\n\n",
        "a,b\r\n\r\n1,2\r\n,\r\n\r\n3,4\r\n",
        "a,b\r\r1,2\r\"\",\"\"\r  \r3,4",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_assert(read_as(cases[i], CSV_UTF8), "%s", err.detail);
        cr_expect_eq(table.rows, 2);
        expect_cells(0, 3, "1", "2");
        expect_cells(1, 6, "3", "4");
    }
}

Test(csv, converts_gb18030, .init = setup, .fini = teardown)
{
    /* 编码,名称 / 1,娄星区 / 2,𠀀 (four bytes) */
    cr_assert(read_as("\xB1\xE0\xC2\xEB,\xC3\xFB\xB3\xC6\n1,\xC2\xA6\xD0\xC7\xC7\xF8\n"
                      "2,\x95\x32\x82\x36\n",
                      CSV_GB18030),
              "%s", err.detail);
    cr_expect_eq(csv_column(&table, "名称"), 1);
    expect_cells(0, 2, "1", "娄星区");
    expect_cells(1, 3, "2", "𠀀");
    cr_assert(read_as("\x84\x31\x95\x33"
                      "a,b\n1,2\n",
                      CSV_GB18030),
              "with a byte-order mark");
    cr_expect_str_eq(table.heading[0], "a");
}

Test(csv, refuses_bytes_that_are_not_in_the_charset, .init = setup, .fini = teardown)
{
    static const struct {
        const char *bytes;
        enum csv_charset charset;
        const char *line;
    } cases[] = {
        {"a,b\n1,\xC2\xA6\xD0\xC7\n", CSV_UTF8, "line 2"},
        {"a,\xED\xA0\x80\n", CSV_UTF8, "line 1"},
        {"a,b\n1,2\n3,\xE6\x9D\n", CSV_UTF8, "line 3"},
        {"a,b\n1,\xFF\xFF\n", CSV_GB18030, "line 2"},
        {"a,b\n1,\xC2", CSV_GB18030, "line 2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_expect_not(read_as(cases[i].bytes, cases[i].charset), "case %zu", i);
        cr_expect_eq(err.code, ERR_INVALID);
        cr_expect_str_eq(err.field, "charset");
        cr_expect_not_null(strstr(err.detail, cases[i].line), "%s", err.detail);
    }
    static const char nul[] = "a,b\n1,\0\n";
    err_clear(&err);
    cr_expect_not(csv_read(arena, nul, sizeof nul - 1, CSV_UTF8, 10, &table, &err));
    cr_expect_str_eq(err.field, "charset");
    err_clear(&err);
    cr_expect_not(csv_read(arena, nul, sizeof nul - 1, CSV_GB18030, 10, &table, &err));
    cr_expect_str_eq(err.field, "charset");
}

Test(csv, refuses_tables_that_are_not_whole, .init = setup, .fini = teardown)
{
    static const struct {
        const char *text, *field, *detail;
    } cases[] = {
        {"", "", "heading"},
        {"\n \n,,\n", "", "heading"},
        {"a,b\n1,2\n3\n", "row 3", "row 3 has 1 cell"},
        {"a,b\n1,2,3\n", "row 2", "row 2 has 3 cells"},
        {"a,b\n\n1,2,\n", "row 3", "row 3"},
        {"a,b\n1,\"open\n2,3\n", "", "row 2"},
        {"a,b\n1,x\"y\n", "", "row 2"},
        {"a,b\n1,\"x\"y\n", "", "row 2"},
        {"a\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n", "", "more than 10 rows"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_expect_not(read_as(cases[i].text, CSV_UTF8), "case %zu", i);
        cr_expect_eq(err.code, ERR_INVALID, "case %zu", i);
        cr_expect_str_eq(err.field, cases[i].field);
        cr_expect_not_null(strstr(err.detail, cases[i].detail), "%s", err.detail);
    }
    cr_expect(read_as("a\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n", CSV_UTF8));
    cr_expect_eq(table.rows, 10);
}

Test(csv, reads_wide_and_long_tables, .init = setup, .fini = teardown)
{
    enum { COLUMNS = 200, ROWS = 2000, ROOM = 2 << 20 };
    char *text = arena_alloc(arena, ROOM);
    size_t len = 0;
    for (int row = 0; row <= ROWS; row++) {
        for (int i = 0; i < COLUMNS; i++)
            len += (size_t)snprintf(text + len, ROOM - len, "%d%s", (row + i) % 7,
                                    i + 1 < COLUMNS ? "," : "\r\n");
    }
    struct arena *own = arena_create(64 << 20);
    err_clear(&err);
    cr_assert(csv_read(own, text, len, CSV_UTF8, ROWS, &table, &err), "%s", err.detail);
    cr_expect_eq(table.columns, COLUMNS);
    cr_expect_eq(table.rows, ROWS);
    cr_expect_str_eq(table.cells[1999][199], "1");
    cr_expect_eq(table.row_number[1999], 2001);
    arena_destroy(&own);
}

Test(csv, says_too_large_when_the_arena_is_full, .init = setup, .fini = teardown)
{
    static const char text[] = "a,b\n1,2\n3,4\n";
    for (unsigned long n = 1; n <= 6; n++) {
        struct arena *own = arena_create(1 << 16);
        err_clear(&err);
        arena_fail_after(n);
        cr_expect_not(csv_read(own, text, sizeof text - 1, CSV_UTF8, 10, &table, &err), "%lu", n);
        cr_expect_eq(err.code, ERR_TOO_LARGE);
        arena_destroy(&own);
    }
}

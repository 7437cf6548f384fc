/* tests/unit/test_table_xlsx.c - sheets as their readers see them: texts, days, numbers, results,
 * merged headings and cells, hidden sheets. */
#include "table_support.h"

#include <xlsxwriter.h>

TestSuite(table_xlsx, .timeout = 120);

Test(table_xlsx, texts_shared_inline_and_in_runs)
{
    cr_expect_str_eq(
        read_all(book_of(&(struct book){
            .rows = "<row r=\"2\"><c r=\"A2\" t=\"s\"><v>0</v></c><c r=\"B2\" "
                    "t=\"s\"><v>1</v></c></row>"
                    "<row r=\"3\"><c r=\"A3\" t=\"s\"><v>7</v></c><c r=\"B3\" "
                    "t=\"inlineStr\"><is><r><t>李"
                    "</t></r><rPh><t>li</t></rPh><r><t xml:space=\"preserve\"> "
                    "四</t></r></is></c></row>"
                    "<row><c><v>5</v></c><c "
                    "t=\"str\"><f>A1</f><v>a&lt;b_x000A_c_x005F_x0041_</v></c></row>",
            .strings =
                "<si><t>431302199001011234</t></si>"
                "<si><r><t>张</t></r><r><t>三</t></r><rPh sb=\"0\"><t>zhang</t></rPh></si>"})),
        "2 431302199001011234|张三|-;3 -|李 四|- !代码:bad_string;4 5|a<b\nc_x0041_|-;");
}

Test(table_xlsx, days_by_format_and_epoch)
{
    static const char rows[] =
        "<row r=\"2\"><c r=\"A2\"><v>1</v></c><c r=\"C2\" s=\"1\"><v>46023</v></c></row>"
        "<row r=\"3\"><c r=\"A3\"><v>1</v></c><c r=\"C3\" s=\"2\"><v>59</v></c></row>"
        "<row r=\"4\"><c r=\"A4\"><v>1</v></c><c r=\"C4\" s=\"2\"><v>60</v></c></row>"
        "<row r=\"5\"><c r=\"A5\"><v>1</v></c><c r=\"C5\" s=\"4\"><v>61.75</v></c></row>"
        "<row r=\"6\"><c r=\"A6\"><v>1</v></c><c r=\"C6\" "
        "t=\"d\"><v>2026-01-01T00:00:00</v></c></row>"
        "<row r=\"7\"><c r=\"A7\"><v>1</v></c><c r=\"C7\" s=\"1\"><v>-1</v></c></row>";
    cr_expect_str_eq(read_sheet(rows),
                     "2 1|-|2026-01-01;3 1|-|1900-02-28;4 1|-|- !出生日期:bad_date;"
                     "5 1|-|1900-03-01T18:00:00;6 1|-|2026-01-01;7 1|-|- !出生日期:bad_date;");
    struct book b = {
        .rows = "<row r=\"2\"><c r=\"A2\"><v>1</v></c><c r=\"C2\" s=\"1\"><v>0</v></c></row>",
        .workbook = "<workbook><workbookPr date1904=\"1\"/><sheets>"
                    "<sheet name=\"a\" id=\"r1\"/></sheets></workbook>"};
    cr_expect_str_eq(read_all(book_of(&b)), "2 1|-|1904-01-01;");
}

Test(table_xlsx, numbers_as_they_are_seen)
{
    cr_expect_str_eq(
        read_sheet(
            "<row r=\"2\"><c r=\"A2\"><v>0.10000000000000001</v></c><c r=\"B2\" "
            "s=\"3\"><v>0.125</v></c></row>"
            "<row r=\"3\"><c r=\"A3\"><v>4.3130219900101126E+17</v></c><c "
            "r=\"B3\"><v>1.5E-3</v></c></row>"
            "<row r=\"4\"><c r=\"A4\"><v>1E12</v></c><c r=\"B4\" t=\"b\"><v>1</v></c></row>"
            "<row r=\"5\"><c r=\"A5\"><v>0x10</v></c><c r=\"B5\"><v>123456789012345</v></c></row>"
            "<row r=\"6\"><c r=\"A6\"><v>1234567890123456</v></c><c "
            "r=\"B6\"><v>-12.50</v></c></row>"),
        "2 0.1|12.5%|-;3 -|0.0015|- !代码:lost_digits;4 1000000000000|true|-;"
        "5 -|123456789012345|- !代码:bad_number;6 -|-12.50|- !代码:lost_digits;");
}

Test(table_xlsx, results_of_formulas_and_errors)
{
    cr_expect_str_eq(
        read_sheet("<row r=\"2\"><c r=\"A2\"><f>1+1</f><v>2</v></c><c r=\"B2\"><f>X()</f></c></row>"
                   "<row r=\"3\"><c r=\"A3\" t=\"e\"><v>#N/A</v></c><c r=\"B3\" "
                   "t=\"str\"><f>\"\"</f><v></v></c></row>"),
        "2 2|-|- !姓名:formula_without_result;3 -|-|- !代码:error_value;");
}

Test(table_xlsx, empty_rows_and_columns_are_passed_over)
{
    cr_expect_str_eq(read_sheet("<row r=\"5\" spans=\"1:3\"/><row r=\"9\"><c "
                                "r=\"A9\"><v>1</v></c><c r=\"ZZ9\" s=\"1\"/>"
                                "</row><row r=\"1048576\"><c r=\"A1048576\" s=\"1\"/></row>"),
                     "9 1|-|-;");
    cr_expect_str_eq(
        read_sheet("<row r=\"2\"><c r=\"A2\"><v>1</v></c><c r=\"F2\"><v>9</v></c></row>"),
        "2 1|-|- !:ragged_row;");
}

Test(table_xlsx, joins_a_merged_heading_under_a_title)
{
    static const struct table_column columns[] = {
        {"name", "姓名", true}, {"people", "家庭/人口", true}, {"income", "收入", true}, {NULL}};
    options.columns = columns;
#define T(ref, text) "<c r=\"" ref "\" t=\"inlineStr\"><is><t>" text "</t></is></c>"
    struct book b = {
        .sheet = "<worksheet><sheetData><row r=\"1\">" T(
            "A1",
            "全省人口表") "</row>"
                          "<row r=\"3\">" T("A3", "姓 名") T(
                              "B3",
                              "家庭") "</row>"
                                      "<row r=\"4\">" T("B4", "人口") T(
                                          "C4",
                                          "收\n入") "</row>"
                                                    "<row r=\"5\">" T("A5", "张三") T("B5", "4") T(
                                                        "C5",
                                                        "100") "</row>"
                                                               "</sheetData><mergeCells><mergeCell "
                                                               "ref=\"A1:C1\"/><mergeCell "
                                                               "ref=\"A3:A4\"/>"
                                                               "<mergeCell "
                                                               "ref=\"B3:C3\"/></mergeCells></"
                                                               "worksheet>"};
    cr_expect_str_eq(read_all(book_of(&b)), "5 张三|4|100;");
    struct table *t = table_open(book_of(&b), &options, &err);
    cr_expect_str_eq(table_heading(t, 0), "姓名");
    cr_expect_str_eq(table_heading(t, 2), "家庭/收入");
    cr_expect_eq(table_heading_row(t), 4);
    table_close(&t);
#undef T
}

Test(table_xlsx, merged_cells_below_the_heading_are_faults)
{
    struct book b = {.rows = "<row r=\"2\"><c r=\"A2\"><v>1</v></c><c r=\"B2\"><v>7</v></c></row>"
                             "<row r=\"3\"><c r=\"A3\"><v>2</v></c></row><row r=\"4\"><c "
                             "r=\"A4\"><v>3</v></c></row>",
                     .merges = "<mergeCell ref=\"B2:B3\"/>"};
    cr_expect_str_eq(read_all(book_of(&b)), "2 1|7|-;3 2|-|- !姓名:merged_cell;4 3|-|-;");
}

Test(table_xlsx, takes_the_first_sheet_that_shows_or_the_named_one)
{
    struct book b = {
        .sheet = "<worksheet><sheetData/></worksheet>",
        .workbook = "<workbook><sheets><sheet name=\"旧\" state=\"hidden\" id=\"r1\"/>"
                    "<sheet name=\"新\" id=\"r2\"/></sheets></workbook>",
        .more = {{"xl/worksheets/sheet2.xml",
                  "<worksheet><sheetData>" HEADING
                  "<row r=\"2\"><c r=\"A2\"><v>2</v></c></row></sheetData></worksheet>"}}};
    cr_expect_str_eq(read_all(book_of(&b)), "2 2|-|-;");
    options.sheet = "旧";
    cr_expect_str_eq(read_all(book_of(&b)), "!:no_heading;");
    options.sheet = "无";
    cr_expect_str_eq(read_all(book_of(&b)), "refused no_such_sheet");
}

Test(table_xlsx, many_distinct_texts_stay_out_of_memory)
{
    char path[] = "/tmp/zeren-test-XXXXXX";
    close(mkstemp(path));
    lxw_workbook *book = workbook_new(path);
    lxw_worksheet *sheet = workbook_add_worksheet(book, NULL);
    worksheet_write_string(sheet, 0, 0, "code", NULL);
    worksheet_write_string(sheet, 0, 1, "name", NULL);
    char text[64];
    for (unsigned i = 1; i <= 30000; i++) {
        snprintf(text, sizeof text, "这是第 %u 个不同的文本", 30001 - i);
        worksheet_write_string(sheet, i, 0, text, NULL);
        worksheet_write_string(sheet, i, 1, i % 2 == 0 ? "甲" : "乙", NULL);
    }
    cr_assert_eq(workbook_close(book), LXW_NO_ERROR);
    struct table *t = table_open_path(path, &options, &err);
    unlink(path);
    cr_assert_not_null(t);
    struct table_row row = {0};
    unsigned n = 0;
    while (table_next(t, &row, &err) == TABLE_ROW) {
        n++;
        snprintf(text, sizeof text, "这是第 %u 个不同的文本", 30001 - n);
        cr_assert_str_eq(row.values[0], text);
        cr_assert_str_eq(row.values[1], n % 2 == 0 ? "甲" : "乙");
    }
    cr_expect_eq(n, 30000);
    table_close(&t);
    options.spill_dir = "/tmp/zeren-no-such-directory";
}

/* tests/unit/test_table_csv.c - CSV and NDJSON row by row: charsets and separators told apart,
 * faults by row with reading going on, refusals by code. */
#include "table_support.h"

TestSuite(table_csv, .timeout = 120);

Test(table_csv, reads_labels_and_names_in_any_order)
{
    cr_expect_str_eq(read_text("姓名,CODE\n张三,1\n"), "2 1|张三|-;");
    cr_expect_str_eq(
        read_text("\xEF\xBB\xBF 代 码* ,姓名,出生日期\r\n 1 ,\xE3\x80\x80张三\xC2\xA0,2026-01-01"),
        "2 1|张三|2026-01-01;");
}

Test(table_csv, passes_over_titles_and_blank_rows_but_counts_them)
{
    cr_expect_str_eq(read_text("全省人员表,,\n\n代码,姓名,\n\n,,\n1,a,\n"), "6 1|a|-;");
}

Test(table_csv, tells_charsets_apart)
{
    static const char gb[] = "\xB4\xFA\xC2\xEB,\xD0\xD5\xC3\xFB\n1,\xD5\xC5\x95\x32\x82\x36\n";
    cr_expect_str_eq(read_text(gb), "2 1|张𠀀|-;");
    struct table *t = table_open(file_of(gb, sizeof gb - 1), &options, &err);
    cr_assert_not_null(t);
    cr_expect_eq(table_charset(t), TABLE_GB18030);
    cr_expect_eq(table_format(t), TABLE_CSV);
    table_close(&t);
    cr_expect_str_eq(read_all(file_of("\xFF\xFE\x31\x00", 4)), "refused utf16");
    cr_expect_str_eq(read_all(file_of("c\0o\0d\0e\0,\0", 10)), "refused utf16");
    cr_expect_str_eq(read_text("code,name\n1,\xFF\xFF\xFF\xFF\n2,b\n"), "refused not_in_charset");
}

Test(table_csv, a_charset_is_told_by_the_first_text_however_late)
{
    size_t n = 700000;
    char *text = malloc(n + 16);
    size_t at = (size_t)snprintf(text, n, "code,name\n");
    while (at < n)
        at += (size_t)snprintf(text + at, 9, "1,abcde\n");
    memcpy(text + at, "2,\xD5\xC5\n", 5);
    read_all(file_of(text, at + 5));
    cr_expect_null(strstr(seen, "!"));
    struct table *t = table_open(file_of(text, at + 5), &options, &err);
    cr_expect_eq(table_charset(t), TABLE_GB18030);
    table_close(&t);
    free(text);
}

Test(table_csv, damaged_utf8_is_not_taken_for_gb18030)
{
    /* By itself the whole text is valid GB18030. */
    cr_expect_str_eq(read_text("code,name\n1,张三张三\n2,李四李四\n3,张\xE5\xBC\xC4\n4,王五\n"),
                     "2 1|张三张三|-;3 2|李四李四|-;4 3|-|- !姓名:not_in_charset;5 4|王五|-;");
}

Test(table_csv, tells_separators_apart)
{
    cr_expect_str_eq(read_text("code;name\n1;\"a,b\"\n"), "2 1|a,b|-;");
    cr_expect_str_eq(read_text("code\tname\n1\ta,b\n"), "2 1|a,b|-;");
    cr_expect_str_eq(read_text("code,name\n1,a;b;c\n"), "2 1|a;b;c|-;");
}

Test(table_csv, quotes_line_breaks_and_all_line_ends)
{
    cr_expect_str_eq(read_text("code,name\r\n1,\"a\r\nb \"\"c\"\"\"\r\n2,d"),
                     "2 1|a\r\nb \"c\"|-;3 2|d|-;");
    cr_expect_str_eq(read_text("code,name\r1,a\r\r2,b\r"), "2 1|a|-;4 2|b|-;");
}

Test(table_csv, goes_on_after_bad_rows)
{
    cr_expect_str_eq(
        read_text("code,name\n1,a\"b\n2,c\n3\n4,d,e\n5,f\n"),
        "2 -|-|- !:bad_quotes;3 2|c|-;4 3|-|- !:ragged_row;5 4|d|- !:ragged_row;6 5|f|-;");
    cr_expect_str_eq(read_all(file_of("code,name\n1,a\0b\n2,\x01\n3,c\n", 24)),
                     "2 1|-|- !姓名:control_character;3 2|-|- !姓名:control_character;4 3|c|-;");
    cr_expect_str_eq(read_text("code,name\n1,张\n2,\xE5\xBC\n3,c\n"), "refused not_in_charset");
    options.charset = TABLE_UTF8;
    cr_expect_str_eq(read_text("code,name\n1,张\n2,\xE5\xBC\n3,c\n"),
                     "2 1|张|-;3 2|-|- !姓名:not_in_charset;4 3|c|-;");
}

Test(table_csv, names_what_a_spreadsheet_lost)
{
    cr_expect_str_eq(read_text("code,name\n4.31302E+17,#N/A\n1.5E+3,#x\n"),
                     "2 -|-|- !代码:lost_digits !姓名:error_value;3 1.5E+3|#x|-;");
}

Test(table_csv, an_open_quote_ends_the_reading_and_not_the_memory)
{
    cr_expect_str_eq(read_text("code,name\n1,a\n2,\"b\n3,c\n"), "2 1|a|-;3 -|-|- !:bad_quotes;");
    options.limits.row_bytes = 1000;
    char text[6000] = "code,name\n";
    for (int i = 0; i < 40; i++)
        strncat(text, "1,a\n", 5);
    strncat(text, "1,\"", 4);
    for (size_t at = strlen(text); at < sizeof text - 1; at++)
        text[at] = at % 50 == 0 ? '\n' : 'x';
    read_text(text); /* far behind the heading, and within the rows it is looked for in */
    cr_expect_not_null(strstr(seen, ";41 1|a|-;failed row_too_long"));
    memset(text + 12, 'x', sizeof text - 13);
    cr_expect_str_eq(read_text(text), "refused row_too_long");
}

Test(table_csv, bounds_cells_columns_and_rows)
{
    options.limits = (struct table_limits){.cell_bytes = 5, .rows = 2, .columns = 3};
    cr_expect_str_eq(read_text("code,name\n1,123456\n2,12345\n"),
                     "2 1|-|- !姓名:cell_too_long;3 2|12345|-;");
    cr_expect_str_eq(read_text("code,name\n1,a\n2,b\n3,c\n"),
                     "2 1|a|-;3 2|b|-;failed too_many_rows");
    cr_expect_str_eq(read_text("code,name\n1,a,,,,\n1,a,,b\n"), "refused too_many_columns");
    options.limits = (struct table_limits){.file_bytes = 5};
    cr_expect_str_eq(read_text("code,name\n"), "refused file_too_large");
}

Test(table_csv, reports_the_heading)
{
    cr_expect_str_eq(read_text("code,其他,code\n1,2,3\n"),
                     "!其他:unknown_column;!code:repeated_column;!姓名:missing_column;2 1|-|-;");
    cr_expect_str_eq(read_text("a,b\n1,2\n"), "!:no_heading;");
    cr_expect_str_eq(read_text("code,name,错误原因\n1,a,wrong\n,,old\n"), "2 1|a|-;");
    struct table *t = table_open(file_of("code,name,x\n", 12), &options, &err);
    cr_expect(table_heading_ok(t));
    cr_expect_eq(table_width(t), 3);
    cr_expect_eq(table_wanted(t, 1), 1);
    cr_expect_eq(table_wanted(t, 2), -1);
    table_close(&t);
    t = table_open(file_of("code,x\n", 7), &options, &err);
    cr_expect_not(table_heading_ok(t));
    table_close(&t);
}

Test(table_csv, refuses_what_is_no_table)
{
    cr_expect_str_eq(read_all(file_of("", 0)), "refused empty");
    cr_expect_str_eq(read_all(file_of("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 8)),
                     "refused old_format");
    cr_expect_str_eq(read_all(open("/tmp", O_RDONLY | O_DIRECTORY)), "refused unreadable");
    options.format = TABLE_XLSX;
    cr_expect_str_eq(read_text("code,name\n"), "refused not_xlsx");
    options.format = TABLE_CSV;
    cr_expect_str_eq(read_all(file_of("PK\3\4xxxx", 8)), "refused not_a_table");
    cr_expect_null(table_open_path("/tmp/zeren-no-such-file", &options, &err));
}

Test(table_csv, ndjson_by_name_with_exact_numbers)
{
    cr_expect_str_eq(read_text("{\"name\":\"a\\u6751\\ud840\\udc00\\n\",\"code\":12.50}\n\n"
                               "{\"代码\":431302199001011234,\"name\":true,\"born\":null}\r\n{}\n"),
                     "1 12.50|a村𠀀|-;3 431302199001011234|true|-;");
}

Test(table_csv, ndjson_faults_by_line)
{
    cr_expect_str_eq(read_text("{\"code\":[1,{\"]\":2}],\"name\":1}\n{\"x\":1}\n{\"code\":1\n"
                               "{\"code\":1,\"code\":2}\n{\"code\":01}\n{\"code\":\"\\ud800\"}\n"
                               "{\"code\":1} 2\n{\"code\":1,}\n{\"code\":1,\"错误原因\":\"x\"}\n"),
                     "1 -|-|- !code:nested_value;2 -|-|- !x:unknown_column;3 -|-|- !:bad_json;"
                     "4 -|-|- !code:repeated_column;5 -|-|- !:bad_json;6 -|-|- !:bad_json;"
                     "7 -|-|- !:bad_json;8 -|-|- !:bad_json;9 1|-|-;");
    cr_expect_str_eq(read_text("{\"code\":\"a\\u0000b\"}\n"), "1 -|-|- !code:control_character;");
}

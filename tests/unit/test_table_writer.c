/* tests/unit/test_table_writer.c - tables that people get: what is written reads back the same;
 * formulas disarmed, sheets split, templates with lists, and error files that go back in. */
#include "table_support.h"

TestSuite(table_writer, .timeout = 120);

/* libxlsxwriter 1.1.4 copies the formula of a list rule twice and frees one. */
const char *__lsan_default_suppressions(void);
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void)
{
    return "leak:lxw_strdup\n";
}

static const char *const kinds[] = {"脱贫户", "监测户", NULL};
static const struct table_out_column columns[] = {
    {"code", "代码", TABLE_TEXT, .required = true, .explanation = "六位"},
    {"name", "姓名", TABLE_TEXT, .list = kinds},
    {"born", "出生日期", TABLE_DAY},
    {NULL}};
static struct table_writer_options out = {.columns = columns};
static char path[32];

static const char *const rows[][3] = {{"431302199001011234", "=SUM(A1)", "2026-01-31"},
                                      {"'-1", "a,b;\"c\"\nd", NULL},
                                      {"007", "莫𡐓村 <&>", "1900-01-01"}};
static const char back[] = "2 431302199001011234|=SUM(A1)|2026-01-31;3 '-1|a,b;\"c\"\nd|-;"
                           "4 007|莫𡐓村 <&>|1900-01-01;";

static void make_path(void)
{
    memcpy(path, "/tmp/zeren-test-XXXXXX", 23);
    close(mkstemp(path));
}

static void write_rows(enum table_format format)
{
    make_path();
    out.format = format;
    struct table_writer *w = table_create(path, &out, &err);
    cr_assert_not_null(w, "%s", err.detail);
    for (size_t i = 0; i < 3; i++)
        cr_assert(table_put(w, rows[i], &err));
    cr_expect_eq(table_written(w), 3);
    cr_assert(table_finish(&w, &err));
    cr_expect_null(w);
}

static int take_file(void)
{
    int fd = open(path, O_RDONLY);
    unlink(path);
    return fd;
}

static const char *raw(void)
{
    static char bytes[4096];
    int fd = open(path, O_RDONLY);
    ssize_t n = read(fd, bytes, sizeof bytes - 1);
    bytes[n < 0 ? 0 : n] = '\0';
    close(fd);
    return bytes;
}

Test(table_writer, csv_in_both_charsets_with_formulas_disarmed)
{
    write_rows(TABLE_CSV);
    cr_expect_str_eq(raw(), "代码,姓名,出生日期\r\n431302199001011234,'=SUM(A1),2026-01-31\r\n"
                            "''-1,\"a,b;\"\"c\"\"\nd\",\r\n007,莫𡐓村 <&>,1900-01-01\r\n");
    cr_expect_str_eq(read_all(take_file()), back);
    out.mark = true;
    out.separator = ';';
    write_rows(TABLE_CSV);
    cr_expect(strncmp(raw(), "\xEF\xBB\xBF代码;", 10) == 0);
    cr_expect_str_eq(read_all(take_file()), back);
    out.charset = TABLE_GB18030;
    write_rows(TABLE_CSV);
    cr_expect(strncmp(raw(), "\xB4\xFA\xC2\xEB;", 5) == 0);
    cr_expect_str_eq(read_all(take_file()), back);
}

Test(table_writer, ndjson_and_xlsx_read_back_the_same)
{
    write_rows(TABLE_NDJSON);
    cr_expect_str_eq(read_all(take_file()), "1 431302199001011234|=SUM(A1)|2026-01-31;2 "
                                            "'-1|a,b;\"c\"\nd|-;3 007|莫𡐓村 <&>|1900-01-01;");
    write_rows(TABLE_XLSX);
    struct stat file;
    cr_expect(stat(path, &file) == 0 && (file.st_mode & 0777) == 0600);
    cr_expect_str_eq(read_all(take_file()), back);
}

Test(table_writer, numbers_are_numbers_up_to_fifteen_digits)
{
    static const struct table_out_column numbers[] = {
        {"code", NULL, TABLE_NUMBER}, {"name", NULL, TABLE_NUMBER}, {NULL}};
    static const char *const values[] = {"-12.5", "431302199001011234"};
    static const enum table_format formats[] = {TABLE_CSV, TABLE_NDJSON, TABLE_XLSX};
    out.columns = numbers;
    for (size_t i = 0; i < 3; i++) {
        make_path();
        out.format = formats[i];
        struct table_writer *w = table_create(path, &out, &err);
        cr_assert(table_put(w, values, &err) && table_finish(&w, &err));
        cr_expect_not_null(strstr(read_all(take_file()), " -12.5|431302199001011234|-;"), "%s",
                           seen);
    }
}

Test(table_writer, what_cannot_be_written_is_said)
{
    make_path();
    out.format = TABLE_XLSX;
    char *wide = malloc(40000);
    memset(wide, 'a', 39999);
    wide[39999] = '\0';
    const char *values[] = {wide, NULL, NULL};
    struct table_writer *w = table_create(path, &out, &err);
    cr_expect_not(table_put(w, values, &err));
    cr_expect_str_eq(err.field, "cell_too_long");
    table_abandon(&w);
    cr_expect_null(w);
    free(wide);
    unlink(path);
    err_clear(&err);
    out.format = TABLE_CSV;
    cr_expect_null(table_create("/tmp/zeren-no-such-directory/a", &out, &err));
    cr_expect_str_eq(err.field, "no_room");
    err_clear(&err);
    w = table_create("/dev/full", &out, &err);
    if (w != NULL)
        cr_expect_not(table_finish(&w, &err));
    cr_expect_str_eq(err.field, "no_room");
}

Test(table_writer, a_sheet_that_is_full_goes_on_in_the_next)
{
    static const struct table_out_column one[] = {{"code", NULL, TABLE_NUMBER}, {NULL}};
    static const struct table_column wanted[] = {{"code", NULL, true}, {NULL}};
    static const char *const value[] = {"1"};
    make_path();
    out = (struct table_writer_options){
        .columns = one, .format = TABLE_XLSX, .sheet = "表", .sheet_rows = 1000};
    struct table_writer *w = table_create(path, &out, &err);
    for (unsigned i = 0; i < 999 + 999 + 2; i++)
        cr_assert(table_put(w, value, &err));
    cr_assert(table_finish(&w, &err));
    options = (struct table_options){.columns = wanted, .sheet = "表 (3)"};
    cr_expect_str_eq(read_all(take_file()), "2 1;3 1;");
}

Test(table_writer, templates_carry_lists_and_explanations)
{
    make_path();
    out.format = TABLE_XLSX;
    cr_assert(table_template(path, &out, &err), "%s", err.detail);
    cr_expect_str_eq(read_all(open(path, O_RDONLY)), "");
    static const struct table_column help[] = {{"列名", NULL, true},
                                               {"是否必填", NULL, true},
                                               {"说明", NULL, true},
                                               {"格式", NULL, false},
                                               {NULL}};
    options = (struct table_options){.columns = help, .sheet = "填写说明"};
    cr_expect_str_eq(read_all(open(path, O_RDONLY)),
                     "2 代码|必填|六位|文本;3 姓名|选填|-|从下拉列表中选择;"
                     "4 出生日期|选填|-|日期，如 2026-01-31;");
    struct archive *a = archive_read_new();
    struct archive_entry *e = NULL;
    static char sheet[65536];
    archive_read_support_format_zip(a);
    cr_assert_eq(archive_read_open_filename(a, path, 4096), ARCHIVE_OK);
    while (archive_read_next_header(a, &e) == ARCHIVE_OK &&
           strcmp(archive_entry_pathname(e), "xl/worksheets/sheet1.xml") != 0)
        continue;
    cr_assert_gt(archive_read_data(a, sheet, sizeof sheet - 1), 0);
    cr_expect_not_null(strstr(sheet, "<formula1>'代码表'!$A$1:$A$2</formula1>"));
    cr_expect_not_null(strstr(sheet, "sqref=\"B2:B100001\""));
    archive_read_free(a);
    unlink(path);
}

static const char *reason(void *into, unsigned row)
{
    (void)into;
    return row == 3 ? "姓名：不对；" : NULL;
}

static const char *reason_of_all(void *into, unsigned row)
{
    (void)into;
    (void)row;
    return "错";
}

static int error_file_of(int fd, const struct table_reasons *reasons)
{
    make_path();
    err_clear(&err);
    cr_assert(table_error_file(fd, &options, path, reasons, &err), "%s %s", err.field, err.detail);
    close(fd);
    return open(path, O_RDONLY);
}

Test(table_writer, an_error_file_has_the_rows_and_the_reasons_and_goes_back_in)
{
    static const struct table_column with_reason[] = {
        {"code", "代码", true}, {"name", "姓名", true}, {"why", TABLE_REASON, true}, {NULL}};
    static const enum table_format formats[] = {TABLE_CSV, TABLE_XLSX};
    for (size_t i = 0; i < 2; i++) {
        struct table_reasons reasons = {.reason = reason};
        write_rows(formats[i]);
        int fd = error_file_of(take_file(), &reasons);
        cr_expect_str_eq(read_all(dup(fd)), back);
        unlink(path);
        reasons.only_faulty = true;
        int again = error_file_of(fd, &reasons);
        unlink(path);
        cr_expect_str_eq(read_all(dup(again)), "2 '-1|a,b;\"c\"\nd|-;");
        options.columns = with_reason;
        cr_expect_str_eq(read_all(again),
                         "!出生日期:unknown_column;2 '-1|a,b;\"c\"\nd|姓名：不对；;");
        options.columns = people;
    }
}

Test(table_writer, an_error_file_keeps_charset_separator_and_lost_values)
{
    struct table_reasons reasons = {.reason = reason_of_all};
    static const char gb[] =
        "\xB4\xFA\xC2\xEB;\xD0\xD5\xC3\xFB\n1;\xD5\xC5\n4.31302E+17;b\n5;\"c\n";
    int fd = error_file_of(file_of(gb, sizeof gb - 1), &reasons);
    cr_expect_not_null(strstr(
        raw(),
        "\xB4\xFA\xC2\xEB;\xD0\xD5\xC3\xFB;\xB4\xED\xCE\xF3\xD4\xAD\xD2\xF2\r\n1;\xD5\xC5;"));
    cr_expect_not_null(strstr(read_all(fd), "3 -|b|- !代码:lost_digits;"));
    unlink(path);
    struct book b = {.rows = "<row r=\"2\"><c r=\"A2\"><v>431302199001011234</v></c><c "
                             "r=\"B2\"><f>X()</f></c></row>"};
    fd = error_file_of(book_of(&b), &reasons);
    unlink(path);
    cr_expect_str_eq(read_all(fd), "2 -|-|- !代码:lost_digits !姓名:error_value;");
}

Test(table_writer, an_error_file_of_ndjson_keeps_the_lines)
{
    struct table_reasons reasons = {.reason = reason_of_all};
    static const char text[] = "{\"code\":1.50,\"name\":[1]}\n{}\nnonsense\n{ \"code\":2}\n";
    int fd = error_file_of(file_of(text, sizeof text - 1), &reasons);
    cr_expect_str_eq(raw(), "{\"错误原因\":\"错\",\"code\":1.50,\"name\":[1]}\n"
                            "{\"错误原因\":\"错\",\"_line\":\"nonsense\"}\n"
                            "{\"错误原因\":\"错\", \"code\":2}\n");
    cr_expect_str_eq(read_all(fd),
                     "1 -|-|- !name:nested_value;2 -|-|- !_line:unknown_column;3 2|-|-;");
    unlink(path);
}

Test(table_writer, reasons_are_told_in_chinese)
{
    static const struct table_fault faults[] = {{2, "姓名", "cell_too_long", ""},
                                                {2, "", "ragged_row", ""}};
    char text[256] = "";
    cr_expect(table_reason_text(faults, 2, text, sizeof text));
    cr_expect_str_eq(text, "姓名：内容过长；此行的单元格多于表头；");
    cr_expect_not(table_reason_text(faults, 2, text, 60));
    cr_expect_str_eq(table_fault_label("no_such_code"), "no_such_code");
}

/* common/tables/writer_xlsx.c - xlsx by libxlsxwriter in its constant-memory mode, one sheet after
 * another. Texts are never formulas or links. */
#include "tables/writer_parts.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xlsxwriter.h>

#include "core/date.h"
#include "core/str.h"

#include "core/banned.h"

enum { WIDTH_TEXT = 20, WIDTH_OTHER = 12, FILLED_ROWS = 100000, EXACT_DIGITS = 15 };

static void abandon(struct table_writer *w)
{
    lxw_workbook_free(w->book);
    w->book = NULL;
}

static bool finish(struct table_writer *w)
{
    lxw_error error = workbook_close(w->book); /* frees it, too */
    w->book = NULL;
    return error == LXW_NO_ERROR;
}

static void put_heading(struct table_writer *w)
{
    for (size_t i = 0; i < w->n_columns; i++) {
        const struct table_out_column *c = &w->options.columns[i];
        lxw_col_t at = (lxw_col_t)i;
        unsigned width = c->width != 0           ? c->width
                         : c->kind == TABLE_TEXT ? WIDTH_TEXT
                                                 : WIDTH_OTHER;
        lxw_format *format = c->kind == TABLE_TEXT ? w->text : c->kind == TABLE_DAY ? w->day : NULL;
        worksheet_set_column(w->sheet, at, at, width, format);
    }
    for (size_t i = 0; i < w->n_columns; i++)
        worksheet_write_string(w->sheet, 0, (lxw_col_t)i, out_label(&w->options.columns[i]),
                               w->heading);
    worksheet_freeze_panes(w->sheet, 1, 0);
    w->row = 1;
}

static bool add_sheet(struct table_writer *w, struct err *err)
{
    char name[128];
    const char *sheet = w->options.sheet == NULL ? "数据" : w->options.sheet;
    if (++w->sheets == 1)
        snprintf(name, sizeof name, "%s", sheet);
    else
        snprintf(name, sizeof name, "%s (%u)", sheet, w->sheets);
    w->sheet = workbook_add_worksheet(w->book, name);
    if (w->sheet == NULL)
        return refuse(err, "no_room", 0);
    put_heading(w);
    return true;
}

static bool is_short_number(const char *text)
{
    size_t digits = 0, len = strlen(text);
    for (const char *at = text; *at != '\0'; at++)
        digits += *at >= '0' && *at <= '9' ? 1 : 0;
    return digits <= EXACT_DIGITS && json_number(text, len);
}

static lxw_error put_cell(struct table_writer *w, lxw_col_t column, const char *text)
{
    enum table_kind kind = w->options.columns[column].kind;
    struct date d = {0};
    if (kind == TABLE_NUMBER && is_short_number(text))
        return worksheet_write_number(w->sheet, w->row, column, strtod(text, NULL), NULL);
    if (kind == TABLE_DAY && date_parse(text, &d) && d.year >= 1901) {
        lxw_datetime day = {0};
        day.year = d.year;
        day.month = (unsigned char)d.month;
        day.day = (unsigned char)d.day;
        return worksheet_write_datetime(w->sheet, w->row, column, &day, w->day);
    }
    return worksheet_write_string(w->sheet, w->row, column, text, w->text);
}

static bool put(struct table_writer *w, const char *const *values, struct err *err)
{
    if (w->row == w->options.sheet_rows && !add_sheet(w, err))
        return false;
    for (size_t i = 0; i < w->n_columns; i++) {
        lxw_error error = values[i] == NULL || *values[i] == '\0'
                              ? LXW_NO_ERROR
                              : put_cell(w, (lxw_col_t)i, values[i]);
        if (error == LXW_ERROR_MAX_STRING_LENGTH_EXCEEDED)
            return err_set(err, ERR_INVALID, "cell_too_long", "%s", fault_detail("cell_too_long"));
        if (error != LXW_NO_ERROR)
            return refuse(err, "no_room", 0);
    }
    w->row++;
    return true;
}

/* libxlsxwriter opens the path again by itself. */
static bool make_file(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    return fd >= 0 && close(fd) == 0;
}

bool xlsx_writer_open(struct table_writer *w, const char *path, struct err *err)
{
    char *dir =
        arena_strdup(w->arena, w->options.spill_dir == NULL ? "/tmp" : w->options.spill_dir);
    lxw_workbook_options options = {.constant_memory = LXW_TRUE, .tmpdir = dir};
    if (dir == NULL || !make_file(path))
        return refuse(err, "no_room", 0);
    w->book = workbook_new_opt(path, &options);
    if (w->book == NULL)
        return refuse(err, "no_memory", 0);
    if (w->options.sheet_rows < 2 || w->options.sheet_rows > SHEET_ROWS)
        w->options.sheet_rows = SHEET_ROWS;
    w->abandon = abandon;
    w->finish = finish;
    w->put = put;
    w->heading = workbook_add_format(w->book);
    w->text = workbook_add_format(w->book);
    w->day = workbook_add_format(w->book);
    if (w->heading == NULL || w->text == NULL || w->day == NULL)
        return refuse(err, "no_memory", 0);
    format_set_bold(w->heading);
    format_set_bg_color(w->heading, 0xD9E1F2);
    format_set_border(w->heading, LXW_BORDER_THIN);
    format_set_num_format(w->text, "@");
    format_set_num_format(w->day, "yyyy-mm-dd");
    return add_sheet(w, err);
}

/* Lists stand in a sheet of their own: a list inside of a rule holds 255 characters only. Row by
 * row, as constant memory asks for. */
static bool put_lists(struct table_writer *w, struct lxw_worksheet *lists)
{
    bool any = true;
    for (lxw_row_t row = 0; any; row++) {
        any = false;
        lxw_col_t column = 0;
        for (size_t i = 0; i < w->n_columns; i++) {
            const char *const *list = w->options.columns[i].list;
            if (list == NULL)
                continue;
            size_t n = 0;
            while (n < row && list[n] != NULL)
                n++;
            if (list[n] != NULL &&
                worksheet_write_string(lists, row, column, list[n], w->text) != LXW_NO_ERROR)
                return false;
            any = any || list[n] != NULL;
            column++;
        }
    }
    return true;
}

static bool add_rules(struct table_writer *w, const char *lists)
{
    lxw_col_t column = 0;
    for (size_t i = 0; i < w->n_columns; i++) {
        const char *const *list = w->options.columns[i].list;
        char range[128], from[LXW_MAX_CELL_NAME_LENGTH], to[LXW_MAX_CELL_NAME_LENGTH];
        size_t n = 0;
        while (list != NULL && list[n] != NULL)
            n++;
        if (n == 0)
            continue;
        lxw_rowcol_to_cell_abs(from, 0, column, LXW_TRUE, LXW_TRUE);
        lxw_rowcol_to_cell_abs(to, (lxw_row_t)n - 1, column++, LXW_TRUE, LXW_TRUE);
        snprintf(range, sizeof range, "='%s'!%s:%s", lists, from, to);
        lxw_data_validation rule = {.validate = LXW_VALIDATION_TYPE_LIST_FORMULA,
                                    .value_formula = range};
        if (worksheet_data_validation_range(w->sheet, 1, (lxw_col_t)i, FILLED_ROWS, (lxw_col_t)i,
                                            &rule) != LXW_NO_ERROR)
            return false;
    }
    return true;
}

static bool put_explanations(struct table_writer *w, struct lxw_worksheet *sheet)
{
    static const char *const titles[] = {"列名", "是否必填", "格式", "说明"};
    static const char *const formats[] = {"文本", "数字", "日期，如 2026-01-31"};
    worksheet_set_column(sheet, 0, 2, WIDTH_TEXT, NULL);
    worksheet_set_column(sheet, 3, 3, 4 * WIDTH_TEXT, NULL);
    lxw_error error = LXW_NO_ERROR;
    for (lxw_col_t i = 0; i < 4 && error == LXW_NO_ERROR; i++)
        error = worksheet_write_string(sheet, 0, i, titles[i], w->heading);
    for (size_t i = 0; i < w->n_columns && error == LXW_NO_ERROR; i++) {
        const struct table_out_column *c = &w->options.columns[i];
        const char *cells[] = {out_label(c), c->required ? "必填" : "选填",
                               c->list != NULL ? "从下拉列表中选择" : formats[c->kind],
                               c->explanation == NULL ? "" : c->explanation};
        for (lxw_col_t k = 0; k < 4 && error == LXW_NO_ERROR; k++)
            error = worksheet_write_string(sheet, (lxw_row_t)i + 1, k, cells[k], NULL);
    }
    return error == LXW_NO_ERROR;
}

bool xlsx_writer_explain(struct table_writer *w, struct err *err)
{
    char help_name[40] = "填写说明", list_name[40] = "代码表";
    if (w->tables > 0) {
        snprintf(help_name, sizeof help_name, "填写说明 (%u)", w->tables + 1);
        snprintf(list_name, sizeof list_name, "代码表 (%u)", w->tables + 1);
    }
    struct lxw_worksheet *help = workbook_add_worksheet(w->book, help_name);
    struct lxw_worksheet *lists = workbook_add_worksheet(w->book, list_name);
    if (help == NULL || lists == NULL)
        return refuse(err, "no_memory", 0);
    worksheet_hide(lists);
    return (put_explanations(w, help) && put_lists(w, lists) && add_rules(w, list_name)) ||
           refuse(err, "no_room", 0);
}

bool xlsx_writer_next(struct table_writer *w, const struct table_writer_options *o, struct err *err)
{
    w->tables++;
    w->sheets = 0;
    w->options.columns = o->columns;
    w->options.sheet = o->sheet;
    w->n_columns = out_width(o->columns);
    return add_sheet(w, err);
}

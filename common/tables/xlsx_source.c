/* common/tables/xlsx_source.c - rows of a sheet of an xlsx workbook, as its reader sees them:
 * texts, days by their format, results of formulas. Computes nothing. */
#include <stdlib.h>
#include <string.h>

#include "tables/strings.h"
#include "tables/workbook.h"

#include "core/banned.h"

enum cell_type { CELL_NUMBER, CELL_SHARED, CELL_TEXT, CELL_BOOLEAN, CELL_ERROR, CELL_DATE };

struct sheet {
    struct source *source;
    struct workbook book;
    struct strings strings;
    struct xml xml;
    bool in_data, in_row, in_cell, in_value, in_text, in_inline,
        phonetic; /* where the events are */
    enum cell_type type;
    size_t column, next_column, style;
    bool has_value, has_formula, open; /* open: the cell is part of the row */
    unsigned last_row;
    bool row_done;
    char value[64];
    size_t value_n;
};

static bool open_cell(struct sheet *s)
{
    if (s->open)
        return true;
    s->open = raw_row_cell(&s->source->row, s->column);
    if (!s->open)
        xml_refuse(&s->xml, s->source->row.refusal);
    return s->open;
}

static void put(struct sheet *s, const char *text, size_t len, const char *fault)
{
    if (!open_cell(s))
        return;
    raw_row_add(&s->source->row, text, len);
    if (fault != NULL && s->source->row.cells[s->column].fault == NULL)
        s->source->row.cells[s->column].fault = fault;
}

static void start_row(struct sheet *s, const char **attributes)
{
    const char *r = xml_attribute(attributes, "r");
    unsigned long number = r == NULL ? s->last_row + 1UL : strtoul(r, NULL, 10);
    if (number > SHEET_ROWS)
        xml_refuse(&s->xml, "too_many_rows");
    else if (s->in_row || number <= s->last_row)
        xml_refuse(&s->xml, "bad_sheet");
    else {
        s->in_row = true;
        s->last_row = s->xml.row = (unsigned)number;
        s->next_column = 0;
        raw_row_start(&s->source->row, s->last_row);
    }
}

static enum cell_type type_of(const char *t)
{
    static const struct {
        const char *name;
        enum cell_type type;
    } types[] = {{"s", CELL_SHARED},  {"str", CELL_TEXT}, {"inlineStr", CELL_TEXT},
                 {"b", CELL_BOOLEAN}, {"e", CELL_ERROR},  {"d", CELL_DATE}};
    for (size_t i = 0; t != NULL && i < sizeof types / sizeof *types; i++) {
        if (strcmp(types[i].name, t) == 0)
            return types[i].type;
    }
    return CELL_NUMBER;
}

static void start_cell(struct sheet *s, const char **attributes)
{
    const char *r = xml_attribute(attributes, "r"), *style = xml_attribute(attributes, "s");
    struct merge place = {.top = s->last_row, .left = (unsigned)s->next_column};
    if (!s->in_row || s->in_cell) {
        xml_refuse(&s->xml, "bad_sheet");
        return;
    }
    if (r != NULL &&
        (!workbook_range(r, &place) || place.top != s->last_row || place.left < s->next_column)) {
        xml_refuse(&s->xml, place.left >= SHEET_COLUMNS ? "too_many_columns" : "bad_sheet");
        return;
    }
    s->in_cell = true;
    s->column = place.left;
    s->next_column = s->column + 1;
    s->type = type_of(xml_attribute(attributes, "t"));
    s->style = style == NULL ? 0 : strtoul(style, NULL, 10);
    s->has_value = s->has_formula = s->open = s->phonetic = false;
    s->value_n = 0;
}

/* Values stand in a cell, cells in a row; a value elsewhere belongs to nothing and is passed over.
 */
static void on_start(void *into, const char *name, const char **attributes)
{
    struct sheet *s = into;
    if (!s->in_data)
        s->in_data = strcmp(name, "sheetData") == 0;
    else if (strcmp(name, "c") == 0)
        start_cell(s, attributes);
    else if (strcmp(name, "row") == 0)
        start_row(s, attributes);
    else if (strcmp(name, "sheetData") == 0)
        xml_refuse(&s->xml, "bad_sheet");
    else if (!s->in_cell)
        return;
    else if (strcmp(name, "v") == 0)
        s->in_value = s->has_value = true;
    else if (strcmp(name, "f") == 0)
        s->has_formula = true;
    else if (strcmp(name, "is") == 0)
        s->in_inline = s->has_value = true;
    else if (strcmp(name, "rPh") == 0)
        s->phonetic = true;
    else if (strcmp(name, "t") == 0)
        s->in_text = s->in_inline && !s->phonetic;
}

static void on_text(void *into, const char *bytes, size_t len)
{
    struct sheet *s = into;
    if (s->in_text || (s->in_value && s->type == CELL_TEXT)) {
        put(s, bytes, len, NULL);
        return;
    }
    if (!s->in_value)
        return;
    size_t room = sizeof s->value - 1 - s->value_n;
    size_t kept = len < room ? len : room;
    memcpy(s->value + s->value_n, bytes, kept);
    s->value_n += kept;
}

static void put_number(struct sheet *s)
{
    char out[NUMBER_TEXT];
    enum number_class class =
        s->style < s->book.n_styles ? (enum number_class)s->book.styles[s->style] : NUMBER_PLAIN;
    const char *fault = number_text(s->value, class, s->book.from_1904, out);
    put(s, out, strlen(out), fault);
}

static void put_shared(struct sheet *s)
{
    char *end = NULL;
    unsigned long number = strtoul(s->value, &end, 10);
    if (!open_cell(s))
        return;
    if (end == s->value || *end != '\0' || !strings_put(&s->strings, number, &s->source->row))
        put(s, "#N/A", 4, "bad_string");
}

/* An ISO 8601 date with a time of midnight is a day. */
static void put_iso(struct sheet *s)
{
    size_t n = s->value_n;
    bool midnight = n >= 19 && strncmp(s->value + 10, "T00:00:00", 9) == 0;
    put(s, s->value, midnight ? 10 : n, NULL);
}

static void put_value(struct sheet *s)
{
    s->value[s->value_n] = '\0';
    switch (s->type) {
    case CELL_NUMBER:
        if (s->value_n > 0)
            put_number(s);
        break;
    case CELL_SHARED:
        put_shared(s);
        break;
    case CELL_BOOLEAN:
        put(s, *s->value == '1' ? "true" : "false", *s->value == '1' ? 4 : 5, NULL);
        break;
    case CELL_ERROR:
        put(s, s->value, s->value_n, "error_value");
        break;
    case CELL_DATE:
        put_iso(s);
        break;
    case CELL_TEXT:
        break;
    }
}

static void end_cell(struct sheet *s)
{
    s->in_cell = s->in_value = s->in_text = s->in_inline = s->phonetic = false;
    if (s->has_formula && (!s->has_value || (s->type == CELL_NUMBER && s->value_n == 0)))
        put(s, "#N/A", 4, "formula_without_result");
    else if (s->has_value)
        put_value(s);
    if (!s->open)
        return;
    struct raw_row *r = &s->source->row;
    if (s->type == CELL_SHARED || s->type == CELL_TEXT) {
        struct raw_cell *c = &r->cells[s->column];
        char *text = r->pool + (c->text - r->pool);
        size_t before = c->len;
        strings_unescape(text, &c->len);
        r->used -= before - c->len;
    }
    raw_row_end_cell(r, NULL);
    if (r->refusal != NULL)
        xml_refuse(&s->xml, r->refusal);
}

static void on_end(void *into, const char *name)
{
    struct sheet *s = into;
    if (!s->in_data)
        return;
    if (strcmp(name, "c") == 0)
        end_cell(s);
    else if (strcmp(name, "v") == 0)
        s->in_value = false;
    else if (strcmp(name, "row") == 0) {
        s->in_row = false;
        s->row_done = true;
        xml_pause(&s->xml);
    } else if (strcmp(name, "t") == 0)
        s->in_text = false;
    else if (strcmp(name, "is") == 0)
        s->in_inline = false;
    else if (strcmp(name, "rPh") == 0)
        s->phonetic = false;
    else if (strcmp(name, "sheetData") == 0)
        s->in_data = false;
}

static enum table_step next(struct source *source, struct err *err)
{
    struct sheet *s = source->self;
    s->row_done = false;
    enum xml_step step = xml_run(&s->xml, err);
    if (step == XML_PAUSED && s->row_done)
        return TABLE_ROW;
    xml_close(&s->xml);
    return step == XML_DONE ? TABLE_END : TABLE_FAILED;
}

static bool go_back(struct source *source, struct err *err)
{
    struct sheet *s = source->self;
    s->in_data = s->in_row = s->in_cell = false;
    s->in_value = s->in_text = s->in_inline = s->phonetic = false;
    s->last_row = 0;
    s->xml.into = s;
    s->xml.start = on_start;
    s->xml.end = on_end;
    s->xml.text = on_text;
    return xml_open(&s->xml, source, s->book.sheet_part, err) || refuse(err, "not_xlsx", 0);
}

static void release(void *sheet)
{
    xml_close(&((struct sheet *)sheet)->xml);
}

bool xlsx_source_open(struct source *source, struct err *err)
{
    struct sheet *s = arena_new(source->arena, struct sheet);
    if (s == NULL || !arena_defer(source->arena, release, s))
        return refuse(err, "no_memory", 0);
    s->source = source;
    source->self = s;
    if (!zip_survey(source, &s->xml.part, err))
        return false;
    if (!workbook_read(&s->book, source, &s->xml, err) ||
        !strings_load(&s->strings, source, &s->xml, s->book.strings_part, err))
        return false;
    source->sheet = s->book.sheet;
    source->next = next;
    source->rewind = go_back;
    return go_back(source, err);
}

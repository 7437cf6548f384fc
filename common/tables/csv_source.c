/* common/tables/csv_source.c - rows of CSV (RFC 4180), split by libcsv line by line, so that a row
 * with a misplaced quotation mark costs that row alone. Does not guess. */
#include <string.h>

#include <csv.h>

#include "tables/text.h"

#include "core/banned.h"

struct csv_rows {
    struct source *source;
    struct text *text;
    struct csv_parser parser;
    size_t row_bytes;
    bool row_ended, open; /* open: inside a record */
    unsigned records;
};

static void on_cell(void *bytes, size_t len, void *into)
{
    struct csv_rows *c = into;
    struct raw_row *r = &c->source->row;
    const char *text = len == 0 ? "" : bytes;
    size_t lead = 0; /* the library's cells end with no NUL */
    while (lead < len && text[lead] == '\'')
        lead++;
    if (r->refusal != NULL)
        return;
    /* Past the last column that is kept, an empty cell is no cell. */
    if (r->n == r->max_cells && len == 0)
        return;
    if (!raw_row_cell(r, r->n))
        return;
    if (lead > 0 && lead < len && csv_is_formula(text + lead, len - lead)) {
        text++;
        len--;
    }
    raw_row_add(r, text, len);
    raw_row_end_cell(r, NULL);
}

static void on_end(int sign, void *into)
{
    (void)sign;
    ((struct csv_rows *)into)->row_ended = true;
}

static void set_up(struct csv_rows *c)
{
    csv_set_delim(&c->parser, (unsigned char)c->source->separator);
    csv_set_blk_size(&c->parser, 4096);
    c->open = false;
    c->row_bytes = 0;
}

/* libcsv is of no use after an error. */
static bool start_over(struct csv_rows *c)
{
    csv_free(&c->parser);
    if (csv_init(&c->parser, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL) != 0)
        return false;
    set_up(c);
    return true;
}

static enum table_step fail(struct csv_rows *c, const char *code, struct err *err)
{
    refuse(err, code, c->records);
    return TABLE_FAILED;
}

/* A row that libcsv could not split: its line stands in the first cell, for the error file. */
static enum table_step bad_row(struct csv_rows *c, const char *line, size_t len, struct err *err)
{
    struct raw_row *r = &c->source->row;
    raw_row_start(r, c->records);
    r->fault = "bad_quotes";
    if (raw_row_cell(r, 0)) {
        raw_row_add(r, line, len);
        raw_row_end_cell(r, NULL);
    }
    return start_over(c) ? TABLE_ROW : fail(c, "no_memory", err);
}

static void start_record(struct csv_rows *c)
{
    c->records++;
    c->row_bytes = 0;
    c->row_ended = false;
    c->open = true;
    raw_row_start(&c->source->row, c->records);
}

/* The end of the file ends a record that no line end has ended. */
static enum table_step finish(struct csv_rows *c, struct err *err)
{
    if (!c->open)
        return TABLE_END;
    if (csv_fini(&c->parser, on_cell, on_end, c) != 0)
        return bad_row(c, "", 0, err);
    c->open = false;
    return TABLE_ROW;
}

static enum table_step take_line(struct csv_rows *c, const char *line, size_t len, struct err *err)
{
    if (!c->open)
        start_record(c);
    c->row_bytes += len;
    if (c->row_bytes > c->source->limits.row_bytes)
        return fail(c, "row_too_long", err);
    /* With REPALL_NL each half of CR LF would end a record. */
    bool both = len >= 2 && line[len - 2] == '\r' && line[len - 1] == '\n';
    if (csv_parse(&c->parser, line, both ? len - 1 : len, on_cell, on_end, c) !=
        (both ? len - 1 : len))
        return csv_error(&c->parser) == CSV_EPARSE ? bad_row(c, line, len, err)
                                                   : fail(c, "no_memory", err);
    if (both && !c->row_ended && csv_parse(&c->parser, "\n", 1, on_cell, on_end, c) != 1)
        return fail(c, "no_memory", err);
    if (c->source->row.refusal != NULL)
        return fail(c, c->source->row.refusal, err);
    if (!c->row_ended)
        return TABLE_END; /* the record goes on in the next line */
    c->open = false;
    return TABLE_ROW;
}

static enum table_step next(struct source *s, struct err *err)
{
    struct csv_rows *c = s->self;
    for (;;) {
        const char *line = NULL;
        size_t len = 0;
        enum text_got got = text_line(c->text, &line, &len);
        if (got == TEXT_END)
            return finish(c, err);
        if (got != TEXT_LINE)
            return fail(c, got == TEXT_TOO_LONG ? "row_too_long" : "unreadable", err);
        enum table_step step = take_line(c, line, len, err);
        if (step != TABLE_END)
            return step;
    }
}

static bool go_back(struct source *s, struct err *err)
{
    struct csv_rows *c = s->self;
    text_rewind(c->text);
    c->records = 0;
    return start_over(c) || refuse(err, "no_memory", 0);
}

static void release(void *rows)
{
    csv_free(&((struct csv_rows *)rows)->parser);
}

bool csv_source_open(struct source *s, struct err *err)
{
    struct csv_rows *c = arena_new(s->arena, struct csv_rows);
    if (c == NULL)
        return refuse(err, "no_memory", 0);
    c->source = s;
    c->text = text_open(s, err);
    if (c->text == NULL)
        return false;
    if (csv_init(&c->parser, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL) != 0 ||
        !arena_defer(s->arena, release, c))
        return refuse(err, "no_memory", 0);
    set_up(c);
    s->self = c;
    s->next = next;
    s->rewind = go_back;
    return true;
}

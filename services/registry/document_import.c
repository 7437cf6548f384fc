/* services/registry/document_import.c - a document with its clauses and duties out of one CSV: a
 * row is a duty under its clause, or a clause alone. Read, checked across rows, written by the
 * statement that a document sent as JSON is written by. Rule R-102. */
#include "core/buf.h"
#include "core/limits.h"
#include "core/str.h"
#include "http/sheet.h"
#include "registry.h"
#include "sql_registry.h"

/* clang-format off */
static const struct field columns[] = {
    F_TEXT("clause_number", IN_BODY | REQUIRED, 1, 40, "The clause's number as printed.", "第五条"),
    F_TEXT("clause_title", IN_BODY, 1, 200, "Its heading, in its first row.", "粮食安全"),
    F_TEXT("clause_text", IN_BODY, 1, 8000, "What it says, in its first row.", "落实粮食安全党政同责。"),
    F_TEXT("duty_number", IN_BODY, 1, 20, "The duty's number, unique in the document.", "地方-03"),
    F_TEXT("duty_title", IN_BODY, 1, 300, "What is to be done.", "稳住粮食面积和产量"),
    F_INT("level", IN_BODY, 1, 5, "The level that it binds; empty: every level.", "3"),
    F_ENUM("subject", IN_BODY, duty_subjects, "Whom it binds."),
    F_TEXT("topic", IN_BODY, 1, 40, "What it is about; empty: general.", "food_security"),
    FIELDS_END
};
/* clang-format on */
static const char *const of_duty[] = {"duty_number", "duty_title", "subject", "level", "topic"};
enum { OF_DUTY_REQUIRED = 3, OF_DUTY = 5 };

struct import {
    struct request *rq;
    struct sheet sheet;
    struct rows *topics;
    size_t *first; /* [row]: the first row of its clause */
};

static const char *cell(const struct import *im, size_t row, const char *column)
{
    return sheet_value(&im->sheet, row, column);
}

static void fault(struct import *im, size_t row, const char *column, const char *code,
                  const char *detail)
{
    sheet_fault(im->rq, &im->sheet, row, column, code, detail);
}

/* The first row that has the same there; `row` itself when none before it has. */
static size_t first_with(const struct import *im, size_t row, const char *column)
{
    size_t i = 0;
    while (i < row && !str_equal(cell(im, i, column), cell(im, row, column))) {
        i++;
    }
    return i;
}

static bool has_duty(const struct import *im, size_t row)
{
    size_t i = 0;
    while (i < OF_DUTY && cell(im, row, of_duty[i]) == NULL) {
        i++;
    }
    return i < OF_DUTY;
}

static bool is_topic(const struct import *im, const char *code)
{
    for (size_t i = 0; i < rows_count(im->topics); i++) {
        if (str_equal(rows_text(im->topics, i, 0), code)) {
            return true;
        }
    }
    return false;
}

/* A clause is told whole in its first row; further rows of it tell a duty, and nothing else. */
static void check_clause(struct import *im, size_t row)
{
    static const char *const told[] = {"clause_title", "clause_text"};
    if (im->first[row] == row) {
        if (cell(im, row, "clause_text") == NULL)
            fault(im, row, "clause_text", "required", "this cell must not be empty");
        return;
    }
    if (!has_duty(im, row))
        fault(im, row, "clause_number", "repeated", "this clause stands above already");
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        const char *text = cell(im, row, told[i]);
        if (text != NULL && !str_equal(text, cell(im, im->first[row], told[i])))
            fault(im, row, told[i], "clause_differs", "the clause stands above with other words");
    }
}

static void check_duty(struct import *im, size_t row)
{
    const char *topic = cell(im, row, "topic");
    for (size_t i = 0; i < OF_DUTY_REQUIRED; i++) {
        if (cell(im, row, of_duty[i]) == NULL)
            fault(im, row, of_duty[i], "required", "this cell must not be empty");
    }
    if (cell(im, row, "duty_number") != NULL && first_with(im, row, "duty_number") != row)
        fault(im, row, "duty_number", "repeated", "a duty above has this number");
    if (topic != NULL && !is_topic(im, topic))
        fault(im, row, "topic", "unknown_topic", "there is no such topic");
}

static bool check(struct import *im)
{
    size_t n = im->sheet.table.rows;
    im->first = arena_array(im->rq->arena, size_t, n);
    if (im->first == NULL)
        return fail(im->rq, ERR_NO_MEMORY, NULL, "%s", "");
    for (size_t row = 0; row < n; row++) {
        im->first[row] = first_with(im, row, "clause_number");
        check_clause(im, row);
        if (has_duty(im, row))
            check_duty(im, row);
    }
    return im->rq->n_problems == 0;
}

static void put(struct buf *json, const char *name, const char *value)
{
    buf_printf(json, "\"%s\":", name);
    buf_json(json, value);
}

static void put_duty(struct import *im, size_t row, struct buf *json)
{
    buf_char(json, '{');
    put(json, "number", cell(im, row, "duty_number"));
    buf_char(json, ',');
    put(json, "title", cell(im, row, "duty_title"));
    for (size_t i = 2; i < OF_DUTY; i++) {
        buf_char(json, ',');
        put(json, of_duty[i], cell(im, row, of_duty[i]));
    }
    buf_char(json, '}');
}

static void put_clause(struct import *im, size_t row, struct buf *json)
{
    buf_char(json, '{');
    put(json, "number", cell(im, row, "clause_number"));
    buf_char(json, ',');
    put(json, "title", cell(im, row, "clause_title"));
    buf_char(json, ',');
    put(json, "text", cell(im, row, "clause_text"));
    buf_str(json, ",\"duties\":");
    char gap = '[';
    for (size_t i = row; i < im->sheet.table.rows; i++) {
        if (im->first[i] != row || !has_duty(im, i))
            continue;
        buf_char(json, gap);
        put_duty(im, i, json);
        gap = ',';
    }
    buf_str(json, gap == '[' ? "[]}" : "]}");
}

static bool write_clauses(struct import *im)
{
    struct buf json;
    buf_init(&json, im->rq->arena, LIMIT_ARENA_BYTES / 4);
    char gap = '[';
    for (size_t row = 0; row < im->sheet.table.rows; row++) {
        if (im->first[row] != row)
            continue;
        buf_char(&json, gap);
        put_clause(im, row, &json);
        gap = ',';
    }
    buf_char(&json, ']');
    return document_write(im->rq, buf_text(&json));
}

bool document_import(struct request *rq)
{
    struct import im = {.rq = rq};
    return sheet_read(rq, columns, LIMIT_DOCUMENT_ROWS, &im.sheet) && db_begin(rq) &&
           db_rows(rq, &SQL_topic_codes, &im.topics) && check(&im) && write_clauses(&im);
}

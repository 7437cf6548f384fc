/* services/monitoring/household_parts.c - what the handlers of households and members share: fields
 * as one object for a statement, holding households, lists by name. Knows no single step. */
#include "household_parts.h"

#include <string.h>

#include "core/buf.h"
#include "core/str.h"
#include "core/uuid.h"
#include "http/sealed.h"
#include "sql_monitoring.h"

#include "core/banned.h"

enum { FIELDS_MAX = 256 * 1024 };

const char *const archive_sexes[] = {"0", "1", "2", "9", NULL};
const char *const archive_certificates[] = {"id_card", "other", "none", NULL};
const char *const archive_reliefs[] = {"rural", "urban", "none", NULL};
const char *const archive_joined[] = {"registered", "birth", "marriage", "adopted", "moved_in",
                                      "returned",   "split", "merged",   NULL};
const char *const archive_left[] = {"death",  "marriage", "moved_out", "split",
                                    "merged", "error",    NULL};
const char *const archive_confirmations[] = {"unconfirmed", "confirmed", "none", NULL};
const char *const archive_sources[] = {"form", "import", "transfer", "push", "recount", NULL};

static bool add_sealed(struct request *rq, struct buf *b, const struct field *f, const char *record,
                       const char *plain)
{
    const char *value = NULL, *hash = NULL;
    if (!sealed_text(rq, f, record, plain, &value) ||
        (f->min != SEALED_CODES && !sealed_hash(rq, f, plain, &hash)))
        return false;
    buf_json(b, value);
    buf_printf(b, ",\"%s_hash\":", f->name);
    buf_json(b, hash);
    return true;
}

static bool add_given(struct request *rq, struct buf *b, const struct field *f, const char *record,
                      const char *text)
{
    buf_printf(b, "%s\"%s\":", b->len > 1 ? "," : "", f->name);
    if (f->type == FIELD_SEALED)
        return add_sealed(rq, b, f, record, text);
    if (text != NULL && (f->type == FIELD_BOOL || f->type == FIELD_INT || f->type == FIELD_OBJECT))
        buf_str(b, text);
    else
        buf_json(b, text);
    return true;
}

/* Stands in the body and is no array of records, which has a value of its own. */
static bool is_plain_field(const struct field *f)
{
    return (f->flags & IN_BODY) != 0 && f->type != FIELD_ARRAY;
}

static bool is_among(const struct archive_value *more, const char *name)
{
    for (; more->name != NULL; more++) {
        if (strcmp(more->name, name) == 0)
            return true;
    }
    return false;
}

bool archive_fields(struct request *rq, const char *record, const struct archive_value *more)
{
    struct buf b;
    buf_init(&b, rq->arena, FIELDS_MAX);
    buf_char(&b, '{');
    const struct field *f = rq->route->fields;
    for (size_t i = 0; f[i].name != NULL; i++) {
        if (rq->given[i] && is_plain_field(&f[i]) && !is_among(more, f[i].name) &&
            !add_given(rq, &b, &f[i], record, rq->args[i]))
            return false;
    }
    for (; more->name != NULL; more++) {
        buf_printf(&b, "%s\"%s\":", b.len > 1 ? "," : "", more->name);
        buf_json(&b, more->text);
    }
    buf_char(&b, '}');
    const char *text = buf_text(&b);
    return text != NULL
               ? arg_bind(rq, "fields", text)
               : fail(rq, ERR_TOO_LARGE, NULL, "The fields may have %d bytes.", FIELDS_MAX);
}

static bool is_code(const struct rows *known, const char *at, size_t len)
{
    for (size_t i = 0; i < rows_count(known); i++) {
        const char *code = rows_text(known, i, 0);
        if (strlen(code) == len && strncmp(code, at, len) == 0)
            return true;
    }
    return false;
}

bool archive_health(struct request *rq, const char *codes, const char *pointer)
{
    struct rows *known = NULL;
    if (codes == NULL)
        return true;
    if (!db_rows(rq, &SQL_health_codes, &known))
        return false;
    for (const char *at = codes; *at != '\0';) {
        size_t len = strcspn(at, ",");
        if (!is_code(known, at, len))
            return problem_add(rq, (struct problem){.place = AT_POINTER,
                                                    .name = pointer,
                                                    .code = "unknown_code",
                                                    .detail = "There is no such code in its value "
                                                              "list."});
        at += len + (at[len] == ',');
    }
    return true;
}

bool archive_hold(struct request *rq, const char *id, const char *other, struct held *ret)
{
    enum { ID, VERSION, STATUS, DIVISION, HEAD };
    struct rows *rows = NULL;
    if (!arg_bind(rq, "held_id", id) || !arg_bind(rq, "other_id", other) ||
        !db_rows(rq, &SQL_household_hold, &rows))
        return false;
    for (size_t i = 0; i < rows_count(rows); i++) {
        if (!str_equal(rows_text(rows, i, ID), id))
            continue;
        *ret = (struct held){rows_text(rows, i, VERSION), rows_text(rows, i, STATUS),
                             rows_text(rows, i, DIVISION), rows_text(rows, i, HEAD)};
        return true;
    }
    return fail(rq, ERR_NOT_FOUND, NULL, "%s", "");
}

bool archive_page(struct request *rq, const char *name_sort)
{
    bool searched = arg_text(rq, "name_prefix") != NULL;
    if (searched && rq->sort == NULL)
        rq->sort = name_sort;
    const char *sort = rq->sort == NULL ? "" : rq->sort;
    bool by_name = searched || strcmp(sort + (*sort == '-'), name_sort) == 0;
    return arg_bind(rq, "by_name", by_name ? "true" : "false") && read_page(rq);
}

const struct field *archive_member_field(const char *name)
{
    const struct field *f = member_fields;
    while (strcmp(f->name, name) != 0)
        f++;
    return f;
}

/* The columns of household_movers behind the id, and the field of each. */
static const char *const moved_columns[] = {"id_number", "health", "disability_card", "phone"};

static bool add_anew(struct request *rq, struct buf *b, const struct rows *rows, size_t row,
                     const struct mover *m)
{
    for (size_t i = 0; i < sizeof moved_columns / sizeof *moved_columns; i++) {
        const char *was = rows_text(rows, row, i + 1), *now = NULL;
        const struct field *f = archive_member_field(moved_columns[i]);
        if (was == NULL)
            continue;
        const char *plain = sealed_open(rq, f->column, m->member_id, was);
        if (plain == NULL)
            return fail(rq, ERR_STATE, f->name,
                        "a value of this member cannot be read: its key is lost");
        if (!sealed_text(rq, f, m->new_id, plain, &now))
            return false;
        buf_printf(b, ",\"%s\":", f->name);
        buf_json(b, now);
    }
    return true;
}

static size_t row_of(const struct rows *rows, const char *id)
{
    size_t row = 0;
    while (row < rows_count(rows) && !str_equal(rows_text(rows, row, 0), id))
        row++;
    return row;
}

static bool refuse_movers(struct request *rq, bool all)
{
    return problem_add(rq, (struct problem){.place = AT_POINTER,
                                            .name = all ? "/relations" : "/members",
                                            .code = "who_lives_there",
                                            .detail = all ? "Each of them is who lives there, and "
                                                            "nobody is left out."
                                                          : "Each of them is who lives there."});
}

static bool add_mover(struct request *rq, struct buf *b, const struct rows *rows, struct mover *m,
                      bool all)
{
    size_t row = row_of(rows, m->member_id);
    if (row == rows_count(rows))
        return refuse_movers(rq, all);
    if (!uuid_new(rq->now, m->new_id))
        return fail(rq, ERR_INTERNAL, NULL, "%s", "");
    buf_printf(b, "%s{\"old\":\"%s\",\"id\":\"%s\",\"relation\":", b->len > 1 ? "," : "",
               m->member_id, m->new_id);
    buf_json(b, m->relation);
    if (!add_anew(rq, b, rows, row, m))
        return false;
    buf_char(b, '}');
    return true;
}

bool archive_moved(struct request *rq, const char *from_id, struct mover *movers, size_t n,
                   bool all)
{
    struct buf b;
    struct rows *rows = NULL;
    if (!arg_bind(rq, "from_id", from_id) || !db_rows(rq, &SQL_household_movers, &rows))
        return false;
    if (rows_count(rows) == 0) /* not there, or ended: the statement says which */
        return arg_bind(rq, "moved", "[]");
    if (all && rows_count(rows) != n)
        return refuse_movers(rq, all);
    buf_init(&b, rq->arena, FIELDS_MAX);
    buf_char(&b, '[');
    for (size_t i = 0; i < n; i++) {
        if (!add_mover(rq, &b, rows, &movers[i], all))
            return false;
    }
    buf_char(&b, ']');
    const char *text = buf_text(&b);
    return text != NULL ? arg_bind(rq, "moved", text) : fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
}

bool archive_day_not_later(struct request *rq, const char *day, const char *pointer)
{
    char today[11];
    date_format(rq->today, today);
    if (day == NULL || strcmp(day, today) <= 0)
        return true;
    return problem_add(rq, (struct problem){.place = AT_POINTER,
                                            .name = pointer,
                                            .code = "in_the_future",
                                            .detail = "This day is later than today."});
}

bool archive_not_later(struct request *rq, const char *field)
{
    return archive_day_not_later(rq, arg_text(rq, field), arena_printf(rq->arena, "/%s", field));
}

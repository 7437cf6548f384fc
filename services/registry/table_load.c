/* services/registry/table_load.c - see table_load.h. Knows no table of its own. */
#include "table_load.h"

#include "core/buf.h"
#include "core/limits.h"
#include "core/str.h"
#include "core/uuid.h"
#include "http/sheet.h"

#include "core/banned.h"

/* clang-format off */
const struct field loaded_fields[] = {
    F_UUID("id", SHOWN, "Id of this load, as in the audit log."),
    F_INT("rows", SHOWN, 0, INT32_MAX, "Rows read.", "120"),
    F_INT("inserted", SHOWN, 0, INT32_MAX, "Records made.", "118"),
    F_INT("updated", SHOWN, 0, INT32_MAX, "Records changed.", "0"),
    F_INT("unchanged", SHOWN, 0, INT32_MAX, "Records that were there already.", "2"),
    F_VERSION(),
    FIELDS_END
};
/* clang-format on */

enum { ROW, COLUMN, CODE, DETAIL };

struct load {
    struct request *rq;
    const struct table_load *table;
    struct sheet sheet;
    int64_t n_new;
};

/* A table of the country's has no column of divisions. */
static bool names_divisions(const struct table_load *t)
{
    const struct field *f = t->columns;
    while (f->name != NULL && !str_equal(f->name, "owner_division"))
        f++;
    return f->name != NULL;
}

static bool check_scope(struct load *l)
{
    if (!names_divisions(l->table))
        return true;
    for (size_t row = 0; row < l->sheet.table.rows; row++) {
        const char *division = sheet_value(&l->sheet, row, "owner_division");
        if (division != NULL && !principal_covers(&l->rq->principal, division))
            sheet_fault(l->rq, &l->sheet, row, "owner_division", "out_of_scope",
                        "The division is outside your scope.");
    }
    return l->rq->n_problems == 0;
}

static bool put_row(struct load *l, size_t row, bool with_id, struct buf *json)
{
    char id[UUID_TEXT];
    if (with_id && !uuid_new(l->rq->now, id))
        return fail(l->rq, ERR_INTERNAL, NULL, "%s", "");
    buf_str(json, json->len > 1 ? ",{" : "{");
    if (with_id)
        buf_printf(json, "\"id\":\"%s\"", id);
    else
        buf_printf(json, "\"n\":%zu", row);
    for (const struct field *f = l->table->columns; f->name != NULL; f++) {
        buf_printf(json, ",\"%s\":", f->name);
        buf_json(json, sheet_value(&l->sheet, row, f->name));
    }
    buf_char(json, '}');
    return true;
}

static bool bind_rows(struct load *l, bool with_ids)
{
    struct buf json;
    buf_init(&json, l->rq->arena, LIMIT_ARENA_BYTES / 4);
    buf_char(&json, '[');
    for (size_t row = 0; row < l->sheet.table.rows; row++) {
        if (!put_row(l, row, with_ids, &json))
            return false;
    }
    buf_char(&json, ']');
    const char *text = buf_text(&json);
    return text != NULL ? arg_bind(l->rq, "rows", text)
                        : fail(l->rq, ERR_NO_MEMORY, NULL, "%s", "");
}

static bool check(struct load *l)
{
    struct rows *found = NULL;
    if (!bind_rows(l, false) || !db_rows(l->rq, l->table->check, &found))
        return false;
    for (size_t i = 0; i < rows_count(found); i++) {
        int64_t n = 0;
        const char *row = rows_text(found, i, ROW);
        if (row == NULL)
            (void)str_int(rows_text(found, i, CODE), 0, INT64_MAX, &l->n_new);
        else if (str_int(row, 0, INT64_MAX, &n))
            sheet_fault(l->rq, &l->sheet, (size_t)n,
                        arena_strdup(l->rq->arena, rows_text(found, i, COLUMN)),
                        arena_strdup(l->rq->arena, rows_text(found, i, CODE)),
                        arena_strdup(l->rq->arena, rows_text(found, i, DETAIL)));
    }
    return l->rq->n_problems == 0;
}

/* Nothing new writes nothing, not even the claim of a key, and says so. */
static bool reply_unchanged(struct load *l)
{
    struct request *rq = l->rq;
    size_t n = l->sheet.table.rows;
    tx_end(&rq->tx);
    return reply_json(rq, 200,
                      arena_printf(rq->arena,
                                   "{\"id\":\"%s\",\"rows\":%zu,\"inserted\":0,\"updated\":0,"
                                   "\"unchanged\":%zu,\"version\":1}",
                                   rq->new_id, n, n));
}

bool table_load(struct request *rq, const struct table_load *t)
{
    struct load l = {.rq = rq, .table = t};
    if (!sheet_read(rq, t->columns, t->max_rows, &l.sheet) || rq->n_problems > 0 ||
        !check_scope(&l) || !db_begin(rq) || !check(&l))
        return false;
    if (l.n_new == 0)
        return reply_unchanged(&l);
    return bind_rows(&l, true) &&
           arg_bind(rq, "n_rows", arena_printf(rq->arena, "%zu", l.sheet.table.rows)) &&
           db_write(rq, t->write, 200);
}

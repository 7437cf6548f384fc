/* services/registry/organisation_import.c - organisations out of one CSV: read, held against what
 * is there, written once. What is there already stays; what differs is a fault. Rule R-008. */
#include <string.h>

#include "core/buf.h"
#include "core/limits.h"
#include "core/str.h"
#include "core/uuid.h"
#include "http/sheet.h"
#include "registry.h"
#include "sql_registry.h"

#include "core/banned.h"

/* clang-format off */
static const struct field columns[] = {
    F_CODE("owner_division", IN_BODY | REQUIRED, "The division it belongs to; inside the caller's scope."),
    F_TEXT("name", IN_BODY | REQUIRED, 1, 80, "Full name, unique in its division.", "娄星区水利局"),
    F_ENUM("kind", IN_BODY | REQUIRED, organisation_kinds, "What sort of unit it is."),
    F_TEXT("line", IN_BODY, 1, 40, "The functional line it works in; empty: the whole division.", "water"),
    FIELDS_END
};
/* clang-format on */

/* Columns of organisation_import_check. */
enum { ROW, IS_KNOWN, IS_REPEATED, OLD_ID, SAME_KIND, SAME_LINE, OWN_LINE };

struct import {
    struct request *rq;
    struct sheet sheet;
    struct rows *found; /* by row */
    size_t n_new;
};

static const char *cell(const struct import *im, size_t row, const char *column)
{
    return sheet_value(&im->sheet, row, column);
}

static bool check_scope(struct import *im)
{
    for (size_t row = 0; row < im->sheet.table.rows; row++) {
        const char *division = cell(im, row, "owner_division");
        if (division != NULL && !principal_covers(&im->rq->principal, division))
            sheet_fault(im->rq, &im->sheet, row, "owner_division", "out_of_scope",
                        "The division is outside your scope.");
    }
    return im->rq->n_problems == 0;
}

static bool put_row(struct import *im, size_t row, bool with_id, struct buf *json)
{
    char id[UUID_TEXT];
    buf_printf(json, "%s{\"n\":%zu", json->len > 1 ? "," : "", row);
    if (with_id && !uuid_new(im->rq->now, id))
        return fail(im->rq, ERR_INTERNAL, NULL, "%s", "");
    if (with_id)
        buf_printf(json, ",\"id\":\"%s\"", id);
    buf_str(json, ",\"division\":");
    buf_json(json, cell(im, row, "owner_division"));
    buf_str(json, ",\"name\":");
    buf_json(json, cell(im, row, "name"));
    buf_str(json, ",\"kind\":");
    buf_json(json, cell(im, row, "kind"));
    buf_str(json, ",\"line\":");
    buf_json(json, cell(im, row, "line"));
    buf_char(json, '}');
    return true;
}

/* Binds :rows: every row before the check, those that are new for the write. */
static bool bind_rows(struct import *im, bool only_new)
{
    struct buf json;
    buf_init(&json, im->rq->arena, LIMIT_ARENA_BYTES / 4);
    buf_char(&json, '[');
    for (size_t row = 0; row < im->sheet.table.rows; row++) {
        bool wanted = !only_new || rows_text(im->found, row, OLD_ID) == NULL;
        im->n_new += only_new && wanted ? 1 : 0;
        if (wanted && !put_row(im, row, only_new, &json))
            return false;
    }
    buf_char(&json, ']');
    const char *text = buf_text(&json);
    return text != NULL ? arg_bind(im->rq, "rows", text)
                        : fail(im->rq, ERR_NO_MEMORY, NULL, "%s", "");
}

static bool is_true(const struct import *im, size_t row, size_t column)
{
    return str_equal(rows_text(im->found, row, column), "true");
}

static void check_row(struct import *im, size_t row)
{
    struct request *rq = im->rq;
    bool old = rows_text(im->found, row, OLD_ID) != NULL;
    if (!is_true(im, row, IS_KNOWN))
        sheet_fault(rq, &im->sheet, row, "owner_division", "unknown_division",
                    "There is no such division today.");
    if (is_true(im, row, IS_REPEATED))
        sheet_fault(rq, &im->sheet, row, "name", "repeated",
                    "This organisation stands above already.");
    if (!old && !is_true(im, row, OWN_LINE)) /* */
        sheet_fault(rq, &im->sheet, row, "line", "another_line",
                    "Your post is limited to other lines.");
    if (old && !is_true(im, row, SAME_KIND))
        sheet_fault(rq, &im->sheet, row, "kind", "differs",
                    "The organisation is there with another kind.");
    if (old && !is_true(im, row, SAME_LINE))
        sheet_fault(rq, &im->sheet, row, "line", "differs",
                    "The organisation is there with another line.");
}

static bool check(struct import *im)
{
    if (!bind_rows(im, false) || !db_rows(im->rq, &SQL_organisation_import_check, &im->found))
        return false;
    for (size_t row = 0; row < rows_count(im->found); row++)
        check_row(im, row);
    return im->rq->n_problems == 0;
}

/* Nothing new writes nothing, not even the claim of a key, and says so. */
static bool reply_unchanged(struct import *im)
{
    tx_end(&im->rq->tx);
    return reply_json(im->rq, 200,
                      arena_printf(im->rq->arena,
                                   "{\"id\":\"%s\",\"rows\":%zu,\"inserted\":0,\"unchanged\":%zu,"
                                   "\"version\":1}",
                                   im->rq->new_id, im->sheet.table.rows, im->sheet.table.rows));
}

bool organisation_import(struct request *rq)
{
    struct import im = {.rq = rq};
    if (!sheet_read(rq, columns, LIMIT_ORGANISATION_ROWS, &im.sheet) || rq->n_problems > 0 ||
        !check_scope(&im) || !db_begin(rq) || !check(&im) || !bind_rows(&im, true))
        return false;
    if (im.n_new == 0)
        return reply_unchanged(&im);
    return arg_bind(rq, "n_rows", arena_printf(rq->arena, "%zu", im.sheet.table.rows)) &&
           db_write(rq, &SQL_organisation_import, 200);
}

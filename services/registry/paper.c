/* services/registry/paper.c - papers: a form filled in with a record, under the next number of the
 * caller's unit, kept as a file. What they look like: common/papers. */
#include <string.h>

#include "core/uuid.h"
#include "http/file_routes.h"
#include "papers/paper.h"
#include "registry.h"
#include "sql_registry.h"

static const char *const forms[] = {"duty_list",  "reminder",        "urging",
                                    "work_order", "periodic_report", NULL};
static handler make_paper;

/* clang-format off */
static const struct field paper_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id of the paper; may come from the client."),
    F_CODE("owner_division", SHOWN, "The division of the unit that issued it."),
    F_ENUM("template", IN_BODY | IN_QUERY | SHOWN | REQUIRED, forms, "The form: the year's duty list, a reminder of an item, an urging letter, a work order, a periodic report."),
    F_UUID("issuer_organisation_id", SHOWN, "The unit that issued it: the caller's own."),
    F_INT("year", SHOWN, 2000, 2199, "The year its number counts in.", "2026"),
    F_TEXT("number", SHOWN, 1, 60, "Its number, without gaps by unit, year and form.", "督办〔2026〕7号"),
    F_TEXT("record", SHOWN, 1, 40, "The kind of record it is of.", "urging"),
    F_UUID("record_id", IN_BODY | IN_QUERY | SHOWN | REQUIRED, "The record it is of."),
    F_UUID("file_id", SHOWN, "The file that it is: GET /files/{id}/content."),
    F_INT("pages", SHOWN, 1, 100000, "Its pages.", "1"),
    F_DATE("made_on", SHOWN, "Its date.", "2026-06-18"),
    F_UUID("created_by", SHOWN, "The post that had it made."),
    F_INSTANT("created_at", SHOWN, "When it was made."),
    F_VERSION(),
    FIELDS_END
};

const struct route paper_routes[] = {
    {METHOD_GET,  "/papers",     PERM_FILE_READ,    paper_fields, &SQL_paper_list, read_page, "list_papers", "Papers in the caller's scope"},
    {METHOD_GET,  "/papers/:id", PERM_FILE_READ,    paper_fields, &SQL_paper_get,  read_one, "get_paper", "One paper"},
    {METHOD_POST, "/papers",     PERM_URGING_ISSUE, paper_fields, &SQL_paper_insert, make_paper, "make_paper", "Make a paper of a record: numbered, as PDF, kept as a file", .also = "template record_id", .location = "/papers/", .status = 201},
    ROUTES_END
};
/* clang-format on */

struct work {
    struct request *rq;
    struct paper_template form;
    struct paper_value *values;
    const struct rows *rows;
    size_t at;
    struct paper_made made;
};

static bool next_row(void *ctx, const char *cells[PAPER_COLUMNS_MAX])
{
    struct work *w = ctx;
    if (w->at == rows_count(w->rows)) {
        return false;
    }
    for (size_t i = 0; i < 5; i++) {
        cells[i] = rows_text(w->rows, w->at, i);
    }
    w->at++;
    return true;
}

static bool print_to(void *ctx, int fd, struct err *err)
{
    struct work *w = ctx;
    char made_at[32];
    clock_format(w->rq->now, made_at);
    const struct paper p = {
        .form = &w->form, .values = w->values, .rows = next_row, .rows_ctx = w, .made_at = made_at};
    return paper_write(&p, fd, &w->made, err);
}

/* The record's values, and before them those of the paper itself. */
static bool gather(struct work *w, const struct rows *taken)
{
    struct rows *found = NULL;
    if (!db_rows(w->rq, &SQL_paper_values, &found)) {
        return false;
    }
    size_t n = rows_count(found);
    w->values = arena_array(w->rq->arena, struct paper_value, n + 3);
    if (w->values == NULL) {
        return fail(w->rq, ERR_NO_MEMORY, NULL, "%s", "");
    }
    w->values[0] = (struct paper_value){"number", rows_text(taken, 0, 3)};
    w->values[1] = (struct paper_value){"issuer", rows_text(taken, 0, 4)};
    for (size_t i = 0; i < n; i++) {
        w->values[i + 2] = (struct paper_value){rows_text(found, i, 0), rows_text(found, i, 1)};
    }
    return db_rows(w->rq, &SQL_paper_rows, &found) && ((w->rows = found) != NULL);
}

static bool bind_paper(struct work *w, const struct rows *taken, const struct kept_file *file)
{
    struct request *rq = w->rq;
    const char *pages = arena_printf(rq->arena, "%u", w->made.pages);
    const char *size = arena_printf(rq->arena, "%lld", (long long)file->size);
    if (pages == NULL || size == NULL) {
        return fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
    }
    return arg_bind(rq, "position", rows_text(taken, 0, 2)) &&
           arg_bind(rq, "number_text", rows_text(taken, 0, 3)) &&
           arg_bind(rq, "paper_division", rows_text(taken, 0, 5)) &&
           arg_bind(rq, "paper_year", rows_text(taken, 0, 6)) &&
           arg_bind(rq, "page_count", pages) && arg_bind(rq, "stored_size", size) &&
           arg_bind(rq, "stored_sha256", file->sha256) && arg_bind(rq, "stored_sm3", file->sm3) &&
           arg_bind(rq, "file_id", file->id);
}

/* One transaction from the number to the file: a paper that fails gives its number back, and
 * whoever waits for the next one waits as long as one paper takes. */
static bool make_paper(struct request *rq)
{
    struct rows *taken = NULL;
    struct kept_file *file = arena_new(rq->arena, struct kept_file);
    struct work w = {.rq = rq};
    if (file == NULL) {
        return fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
    }
    if (!db_begin(rq) || !db_rows(rq, &SQL_paper_take, &taken)) {
        return false;
    }
    if (rows_count(taken) != 1) {
        return fail(rq, ERR_INTERNAL, NULL, "%s", "");
    }
    return paper_template_parse(rq->arena, rows_text(taken, 0, 0), &w.form, &rq->err) &&
           gather(&w, taken) && file_keep_made(rq, print_to, &w, file) &&
           bind_paper(&w, taken, file) && db_write(rq, &SQL_paper_insert, 201);
}

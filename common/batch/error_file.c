/* common/batch/error_file.c - the table as it came, with what is wrong beside each bad row, so that
 * it is corrected where it is wrong and sent again. Begins anew in another process: a table that is
 * half written is of no use. Only who sent it gets it as it came (B-020). */
#include <stdio.h>
#include <string.h>

#include "batch/bundles.h"
#include "batch/work.h"
#include "core/buf.h"
#include "core/mask.h"
#include "core/personal_text.h"
#include "core/str.h"
#include "sql_batch.h"

#include "core/banned.h"

enum {
    CHUNK_BYTES = 8 * 1024 * 1024,
    REASON_MAX = 8 * 1024,
    NAME_CHARS = 190,
    SHEET_NAME_CHARS = 31
};

static bool no_memory(struct err *err)
{
    return err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
}

/* ---- before a chunk: the table is opened, read on, completed ---- */

/* The columns of the file without an old reason, then the reason. */
static const struct table_out_column *columns_of(struct batch_work *w)
{
    size_t width = table_width(w->table), n = 0;
    struct table_out_column *made = arena_array(w->arena, struct table_out_column, width + 2);
    for (size_t i = 0; made != NULL && i < width; i++) {
        const char *name = table_heading(w->table, i);
        if (strcmp(name, TABLE_REASON) != 0)
            made[n++] = (struct table_out_column){.name = name};
    }
    if (made != NULL)
        made[n] = (struct table_out_column){.name = TABLE_REASON, .width = 60};
    return made;
}

/* The sheet's own name, so that who named it may do so again; NULL: one that cannot be written. */
static const char *sheet_of(const struct table *t)
{
    const char *name = table_sheet(t);
    size_t n = str_length(name), len = strlen(name);
    bool fits = n > 0 && n <= SHEET_NAME_CHARS && strpbrk(name, "[]:*?/\\") == NULL &&
                name[0] != '\'' && name[len - 1] != '\'';
    return fits ? name : NULL;
}

static bool open_both(struct job_run *r, struct batch_work *w, struct err *err)
{
    if (!batch_work_open(w, err))
        return false;
    if (w->refusal != NULL)
        return err_set(err, ERR_STATE, NULL, "%s", "The file cannot be read.");
    struct table_writer_options o = {.format = table_format(w->table),
                                     .columns = columns_of(w),
                                     .sheet = sheet_of(w->table),
                                     .charset = table_charset(w->table),
                                     .mark = true,
                                     .separator = table_separator(w->table),
                                     .spill_dir = r->dir};
    return o.columns != NULL ? out_open(r, w, &o, err) : no_memory(err);
}

/* B-020: a cell for somebody who has not sent the table. What is left of it leaves what is there
 * when it comes in again. */
static const char *cell_for_others(const struct batch_work *w, struct arena *a, size_t column,
                                   const char *text)
{
    const struct batch_column *columns = batch_part_columns(w->kind, w->part);
    int wanted = table_wanted(w->table, column);
    const struct batch_column *c = wanted < 0 ? NULL : &columns[wanted];
    size_t first = 1;
    if (text == NULL || *text == '\0')
        return text;
    if (c == NULL)
        return personal_starred(a, text);
    if (c->seal != NULL || (c->cell == BATCH_DAY && batch_is_sealed(columns))) /* of birth, too */
        return MASK_HIDES_ALL;
    if (!c->starred)
        return bundle_words(w->kind, c, a, text);
    while (((unsigned char)text[first] & 0xC0) == 0x80)
        first++;
    return arena_printf(a, "%.*s**", (int)first, text);
}

/* The cells of a row in the order of the copy, with a place for the reason. */
static const char **copy_cells(const struct batch_work *w, struct arena *a,
                               const struct table_row *row, size_t *bytes)
{
    size_t n = 0;
    const char **cells = arena_array(a, const char *, row->n_cells + 1);
    for (size_t i = 0; cells != NULL && i < row->n_cells; i++) {
        if (strcmp(table_heading(w->table, i), TABLE_REASON) == 0)
            continue;
        cells[n] = w->is_own ? arena_strdup(a, row->cells[i])
                             : cell_for_others(w, a, i, arena_strdup(a, row->cells[i]));
        if (cells[n] == NULL)
            return NULL;
        *bytes += strlen(cells[n++]) + 1;
    }
    return cells;
}

static bool read_rows(struct batch_work *w, struct arena *a, struct err *err)
{
    struct table_row row;
    size_t bytes = 0;
    enum table_step step = TABLE_ROW;
    w->rows = arena_array(a, struct read_row, CHUNK_ROWS);
    if (w->rows == NULL)
        return no_memory(err);
    while (w->n < CHUNK_ROWS && bytes < CHUNK_BYTES &&
           (step = table_next(w->table, &row, err)) == TABLE_ROW) {
        struct read_row *to = &w->rows[w->n++];
        *to = (struct read_row){row.number, copy_cells(w, a, &row, &bytes)};
        if (to->cells == NULL)
            return no_memory(err);
    }
    w->at_end = step == TABLE_END;
    return step != TABLE_FAILED;
}

bool error_file_prepare(struct job_run *r, struct err *err)
{
    struct batch_work *w = r->state;
    if (w == NULL)
        return true;
    w->n = 0;
    if (w->at_end)
        return w->out.whole || out_finish(&w->out, err);
    if (w->table == NULL && !open_both(r, w, err))
        return false;
    return read_rows(w, r->arena, err);
}

/* ---- a chunk: what is wrong with these rows ---- */

/* The reasons of a row; `at` moves on in the faults, which are in order of rows. */
static const char *reason_of(const struct batch_work *w, struct arena *a, const struct rows *faults,
                             size_t *at, unsigned number)
{
    int64_t row = 0;
    struct buf b;
    buf_init(&b, a, REASON_MAX);
    for (; *at < rows_count(faults); (*at)++) {
        if (!str_int(rows_text(faults, *at, 0), 0, UINT32_MAX, &row) || row > number)
            break;
        const char *column = rows_text(faults, *at, 1);
        buf_printf(&b, "%s%s%s；", column == NULL ? "" : column,
                   column == NULL || *column == '\0' ? "" : "：",
                   batch_fault_label(w, rows_text(faults, *at, 2)));
    }
    return b.len == 0 ? NULL : buf_text(&b);
}

static size_t width_of(const struct batch_work *w)
{
    size_t n = 0;
    for (size_t i = 0; i < table_width(w->table); i++)
        n += strcmp(table_heading(w->table, i), TABLE_REASON) != 0 ? 1 : 0;
    return n;
}

static bool put_rows(struct job_run *r, struct batch_work *w, struct err *err)
{
    struct rows *faults = NULL;
    size_t at = 0, reason = width_of(w);
    const char *const pairs[] = {
        "batch_id", w->id,
        "first",    batch_digits(r->arena, w->rows[0].number),
        "last",     batch_digits(r->arena, w->rows[w->n - 1].number),
        "part",     batch_digits(r->arena, (int64_t)(w->part + 1 - batch_first_part(w->kind))),
        NULL};
    const struct stmt *st = w->kind->parts == NULL ? &SQL_batch_faults : &SQL_batch_part_faults;
    if (!job_query(r, st, pairs, &faults, err))
        return false;
    for (size_t i = 0; i < w->n; i++) {
        struct read_row *row = &w->rows[i];
        row->cells[reason] = reason_of(w, r->arena, faults, &at, row->number);
        if ((row->cells[reason] != NULL || !w->only_faulty) &&
            !table_put(w->out.writer, row->cells, err))
            return false;
    }
    r->done += (int64_t)w->n;
    return true;
}

/* The file's own name behind a word, cut between characters. */
static const char *name_of(struct arena *a, const char *name)
{
    size_t bytes = 0;
    for (size_t n = 0; n < NAME_CHARS && name[bytes] != '\0'; n++)
        for (bytes++; ((unsigned char)name[bytes] & 0xC0) == 0x80;)
            bytes++;
    return arena_printf(a, "错误_%.*s", (int)bytes, name);
}

bool error_file_chunk(struct job_run *r, enum job_step *ret, struct err *err)
{
    struct batch_work *w = r->state;
    if (w == NULL) {
        r->done = 0;
        w = batch_work_begin(r, err);
        return w != NULL && batch_work_look(r, w, err);
    }
    if (!w->out.whole) /* the last rows, or a file that is not yet complete */
        return w->n == 0 || put_rows(r, w, err);
    const char *name = name_of(r->arena, w->file_name);
    *ret = JOB_DONE;
    r->total = r->done;
    if (name == NULL)
        return no_memory(err);
    return out_keep(r, w, name, "write_error_file", err) &&
           (!batch_kind_is_personal(w->kind) || !w->is_own || out_keep_own(r, w, err));
}

/* common/tables/table.c - rows of a table with what is wrong with them: source, heading and checks
 * put together. Does not know what a column means. */
#include "tables/table.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/str.h"
#include "tables/heading.h"
#include "tables/number.h"

#include "core/banned.h"

enum { OBJECT_BYTES = 64 * 1024 * 1024, ROW_FAULTS = 4 };

struct table {
    struct arena *arena;
    struct table_options options;
    struct source source;
    struct heading heading;
    const char **values, **cells;
    struct table_fault *faults;
    size_t n_faults, next_merge, n_active;
    const struct merge **active; /* merged areas that cover the row */
    bool *covered;               /* [width] */
    unsigned rows;
    bool ended;
    int own_fd; /* or -1 */
};

static struct table_limits limits_of(const struct table_options *o)
{
    struct table_limits l = o->limits;
    l.file_bytes = l.file_bytes == 0 ? 512ULL << 20 : l.file_bytes;
    l.unpacked_bytes = l.unpacked_bytes == 0 ? 1ULL << 30 : l.unpacked_bytes;
    l.ratio = l.ratio == 0 ? 250 : l.ratio;
    l.entries = l.entries == 0 ? 1000 : l.entries;
    l.rows = l.rows == 0 ? SHEET_ROWS - 1 : l.rows;
    l.columns = l.columns == 0 ? 512 : l.columns;
    l.columns = l.columns > SHEET_COLUMNS ? SHEET_COLUMNS : l.columns;
    l.cell_bytes = l.cell_bytes == 0 ? 32 * 1024 : l.cell_bytes;
    l.row_bytes = l.row_bytes == 0 ? 1024 * 1024 : l.row_bytes;
    return l;
}

static bool open_source(struct source *s, struct err *err)
{
    struct stat file;
    if (fstat(s->fd, &file) != 0 || !S_ISREG(file.st_mode))
        return refuse(err, "unreadable", 0);
    s->size = (uint64_t)file.st_size;
    if (s->size > s->limits.file_bytes)
        return refuse(err, "file_too_large", 0);
    if (!table_sniff(s, err))
        return false;
    if (!raw_row_init(&s->row, s->arena, &s->limits))
        return refuse(err, "no_memory", 0);
    if (s->format == TABLE_CSV)
        return csv_source_open(s, err);
    return s->format == TABLE_NDJSON ? ndjson_source_open(s, err) : xlsx_source_open(s, err);
}

static bool make_room(struct table *t, struct err *err)
{
    size_t width = t->heading.width, wanted = t->heading.n_wanted;
    t->values = arena_array(t->arena, const char *, wanted + 1);
    t->cells = arena_array(t->arena, const char *, width + 1);
    t->faults = arena_array(t->arena, struct table_fault, width + ROW_FAULTS);
    t->active = arena_array(t->arena, const struct merge *, t->source.limits.columns);
    t->covered = arena_array(t->arena, bool, width + 1);
    return (t->values != NULL && t->cells != NULL && t->faults != NULL && t->active != NULL &&
            t->covered != NULL) ||
           refuse(err, "no_memory", 0);
}

static bool open_all(struct table *t, struct err *err)
{
    if (!open_source(&t->source, err) || !heading_find(&t->heading, &t->source, err) ||
        !t->source.rewind(&t->source, err))
        return false;
    t->ended = t->heading.n_faults > 0 && strcmp(t->heading.faults[0].code, "no_heading") == 0;
    return make_room(t, err);
}

struct table *table_open(int fd, const struct table_options *options, struct err *err)
{
    struct arena *a = arena_create(OBJECT_BYTES);
    struct table *t = a == NULL ? NULL : arena_new(a, struct table);
    if (t == NULL) {
        arena_destroy(&a);
        refuse(err, "no_memory", 0);
        return NULL;
    }
    t->arena = a;
    t->own_fd = -1;
    t->options = *options;
    t->source = (struct source){.fd = fd,
                                .arena = a,
                                .options = &t->options,
                                .limits = limits_of(options),
                                .format = options->format,
                                .charset = options->charset,
                                .separator = options->separator,
                                .sheet = ""};
    if (!open_all(t, err))
        table_close(&t);
    return t;
}

struct table *table_open_path(const char *path, const struct table_options *options,
                              struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) {
        refuse(err, "unreadable", 0);
        return NULL;
    }
    struct table *t = table_open(fd, options, err);
    if (t == NULL)
        close(fd);
    else
        t->own_fd = fd;
    return t;
}

void table_close(struct table **t)
{
    if (*t == NULL)
        return;
    struct arena *a = (*t)->arena;
    if ((*t)->own_fd >= 0)
        close((*t)->own_fd);
    arena_destroy(&a);
    *t = NULL;
}

static const char *shown_name(const struct table *t, size_t column)
{
    int wanted = t->heading.wanted[column];
    if (wanted < 0)
        return t->heading.names[column];
    const struct table_column *c = &t->options.columns[wanted];
    return c->label == NULL ? c->name : c->label;
}

static void add_fault(struct table *t, const char *column, const char *code)
{
    t->faults[t->n_faults++] = (struct table_fault){
        t->source.row.number, column == NULL ? "" : column, code, fault_detail(code)};
}

#define NO_VALUE "#N/A"

/* What a spreadsheet writes where it has no value. */
static bool is_error_text(const char *text)
{
    static const char *const errors[] = {NO_VALUE, "#REF!", "#VALUE!", "#DIV/0!",
                                         "#NAME?", "#NUM!", "#NULL!"};
    for (size_t i = 0; *text == '#' && i < sizeof errors / sizeof *errors; i++) {
        if (strcmp(errors[i], text) == 0)
            return true;
    }
    return false;
}

static const char *check_text(const char *text, size_t len)
{
    if (strlen(text) != len || !str_printable(text))
        return "control_character";
    if (strstr(text, "\xEF\xBF\xBD") != NULL)
        return "not_in_charset";
    if (is_error_text(text))
        return "error_value";
    return number_lost_digits(text) ? "lost_digits" : NULL;
}

/* Trims in place: the pool is the row's own. */
static const char *take_cell(struct table *t, size_t column, const char **ret_fault)
{
    struct raw_row *r = &t->source.row;
    struct raw_cell *c = &r->cells[column];
    const char *text = c->text;
    size_t len = c->len;
    trim(&text, &len);
    if (len == 0) {
        *ret_fault = c->fault;
        return "";
    }
    r->pool[text - r->pool + (ptrdiff_t)len] = '\0';
    *ret_fault = c->fault != NULL ? c->fault : check_text(text, len);
    return text;
}

/* The merged areas that reach this row; there cannot be more than columns. */
static bool follow_merges(struct table *t, unsigned row, struct err *err)
{
    const struct source *s = &t->source;
    size_t kept = 0;
    for (size_t i = 0; i < t->n_active; i++) {
        if (t->active[i]->bottom >= row)
            t->active[kept++] = t->active[i];
    }
    t->n_active = kept;
    for (; t->next_merge < s->n_merges && s->merges[t->next_merge].top <= row; t->next_merge++) {
        if (t->n_active == s->limits.columns)
            return refuse(err, "too_many_merges", row);
        if (s->merges[t->next_merge].bottom >= row)
            t->active[t->n_active++] = &s->merges[t->next_merge];
    }
    return true;
}

/* Which columns a merged area covers without holding its value. */
static bool mark_merged(struct table *t, struct err *err)
{
    unsigned row = t->source.row.number;
    if (!follow_merges(t, row, err))
        return false;
    memset(t->covered, 0, t->heading.width * sizeof *t->covered);
    for (size_t i = 0; i < t->n_active; i++) {
        const struct merge *m = t->active[i];
        size_t first = m->left + (m->top == row ? 1U : 0U);
        for (size_t c = first; c <= m->right && c < t->heading.width; c++)
            t->covered[c] = true;
    }
    return true;
}

static bool take_cells(struct table *t)
{
    const struct heading *h = &t->heading;
    const struct raw_row *r = &t->source.row;
    bool any = false;
    for (size_t c = 0; c < h->width; c++) {
        const char *fault = NULL;
        t->cells[c] = c < r->n ? take_cell(t, c, &fault) : "";
        any = any || (*t->cells[c] != '\0' && (int)c != h->reason);
        int wanted = h->wanted[c];
        if (wanted < 0 || h->place[wanted] != (int)c)
            continue;
        if (fault == NULL && *t->cells[c] == '\0' && t->covered[c]) {
            fault = "merged_cell";
            t->cells[c] = NO_VALUE; /* a copy is not merged: there it stays faulty by this */
        }
        if (fault != NULL)
            add_fault(t, shown_name(t, c), fault);
        else if (*t->cells[c] != '\0')
            t->values[wanted] = t->cells[c];
    }
    return any;
}

/* Cells outside of the heading: what stands there belongs to no column. */
static bool any_beyond(struct table *t)
{
    for (size_t c = t->heading.width; c < t->source.row.n; c++) {
        const char *fault = NULL;
        if (*take_cell(t, c, &fault) != '\0')
            return true;
    }
    return false;
}

/* Whether the row has anything. A fault of the whole row leaves it no values. */
static bool take_row(struct table *t)
{
    const struct source *s = &t->source;
    t->n_faults = 0;
    memset(t->values, 0, t->heading.n_wanted * sizeof *t->values);
    bool any = take_cells(t);
    bool beyond = any_beyond(t);
    if (s->row.fault != NULL) {
        t->n_faults = 0;
        memset(t->values, 0, t->heading.n_wanted * sizeof *t->values);
        add_fault(t, s->row.fault_column, s->row.fault);
    } else if (beyond || (any && s->format == TABLE_CSV && s->row.n < t->heading.width))
        add_fault(t, "", "ragged_row");
    return any || beyond || s->row.fault != NULL;
}

static enum table_step end(struct table *t, enum table_step step)
{
    t->ended = true;
    return step;
}

enum table_step table_next(struct table *t, struct table_row *ret, struct err *err)
{
    struct source *s = &t->source;
    if (t->ended)
        return TABLE_END;
    for (;;) {
        enum table_step step = s->next(s, err);
        if (step != TABLE_ROW)
            return end(t, step);
        if (s->row.number <= t->heading.last_row)
            continue;
        if (!mark_merged(t, err))
            return end(t, TABLE_FAILED);
        if (!take_row(t))
            continue;
        if (t->rows++ == s->limits.rows) {
            refuse(err, "too_many_rows", s->row.number);
            return end(t, TABLE_FAILED);
        }
        *ret = (struct table_row){.number = s->row.number,
                                  .values = t->values,
                                  .cells = t->cells,
                                  .n_cells = t->heading.width,
                                  .line = s->row.line,
                                  .faults = t->faults,
                                  .n_faults = t->n_faults};
        return TABLE_ROW;
    }
}

const struct table_fault *table_heading_faults(const struct table *t, size_t *ret_n)
{
    *ret_n = t->heading.n_faults;
    return t->heading.faults;
}

bool table_heading_ok(const struct table *t)
{
    return t->heading.ok;
}

enum table_format table_format(const struct table *t)
{
    return t->source.format;
}

enum table_charset table_charset(const struct table *t)
{
    return t->source.format == TABLE_XLSX ? TABLE_UTF8 : t->source.charset;
}

char table_separator(const struct table *t)
{
    return t->source.format == TABLE_CSV ? t->source.separator : '\0';
}

const char *table_sheet(const struct table *t)
{
    return t->source.sheet;
}

size_t table_width(const struct table *t)
{
    return t->heading.width;
}

const char *table_heading(const struct table *t, size_t column)
{
    return t->heading.names[column];
}

int table_wanted(const struct table *t, size_t column)
{
    return t->heading.wanted[column];
}

unsigned table_heading_row(const struct table *t)
{
    return t->heading.last_row;
}

/* common/tables/heading.c - the heading among the first rows: the one (of up to three rows, where
 * merged cells join them) that names most of the wanted columns. Titles above it are passed over.
 */
#include "tables/heading.h"

#include <string.h>

#include "core/str.h"

#include "core/banned.h"

enum {
    BUFFERED = HEADING_ROWS + HEADING_HEIGHT,
    NAME_BYTES = 600,
    PART_BYTES = 190,
    TOP_MERGES = 2000,
};

/* The first rows, copied. */
struct top_row {
    unsigned number;
    const char **cells;
    size_t n;
};

struct finding {
    struct source *s;
    const struct table_column *columns;
    size_t n_columns;
    struct top_row rows[BUFFERED];
    size_t n_merges; /* that begin in these rows */
    size_t n_rows, best_score, best_first, best_height;
    bool *seen;
};

static bool copy_row(struct finding *f, struct err *err)
{
    const struct raw_row *r = &f->s->row;
    struct top_row *to = &f->rows[f->n_rows];
    *to = (struct top_row){.number = r->number, .n = r->n};
    to->cells = arena_array(f->s->arena, const char *, r->n + 1);
    bool any = false;
    for (size_t i = 0; to->cells != NULL && i < r->n; i++) {
        const char *text = r->cells[i].text;
        size_t len = strnlen(text, r->cells[i].len);
        trim(&text, &len);
        to->cells[i] = arena_strndup(f->s->arena, text, len < PART_BYTES ? len : PART_BYTES);
        any = any || len > 0;
        if (to->cells[i] == NULL)
            return refuse(err, "no_memory", 0);
    }
    f->n_rows += any ? 1 : 0;
    return to->cells != NULL || refuse(err, "no_memory", 0);
}

static bool read_top(struct finding *f, struct err *err)
{
    enum table_step step = TABLE_ROW;
    while (step == TABLE_ROW && f->n_rows < BUFFERED) {
        step = f->s->next(f->s, err);
        if (step == TABLE_ROW && !copy_row(f, err))
            return false;
    }
    if (step == TABLE_FAILED)
        return false;
    size_t merges = 0;
    while (f->n_rows > 0 && merges < f->s->n_merges &&
           f->s->merges[merges].top <= f->rows[f->n_rows - 1].number)
        merges++;
    f->n_merges = merges;
    return merges <= TOP_MERGES || refuse(err, "too_many_merges", 0);
}

/* The merged area that covers a cell, or NULL. */
static const struct merge *merge_over(const struct finding *f, unsigned row, size_t column)
{
    for (size_t i = 0; i < f->n_merges && f->s->merges[i].top <= row; i++) {
        const struct merge *m = &f->s->merges[i];
        if (row <= m->bottom && column >= m->left && column <= m->right)
            return m;
    }
    return NULL;
}

/* What the reader sees at a cell: a merged one shows its first cell's text. */
static const char *shown(const struct finding *f, size_t row, size_t column)
{
    const struct merge *m = merge_over(f, f->rows[row].number, column);
    size_t from = m == NULL ? column : m->left;
    while (m != NULL && row > 0 && f->rows[row - 1].number >= m->top)
        row--;
    if (m != NULL && f->rows[row].number != m->top)
        return "";
    return from < f->rows[row].n ? f->rows[row].cells[from] : "";
}

/* A heading's text without blanks inside and asterisks at its ends. */
static size_t squeeze(const char *text, char *out)
{
    size_t len = strlen(text), n = 0;
    while (len > 0) {
        size_t blank = blank_at(text, len);
        size_t star = *text == '*' ? 1 : len >= 3 && memcmp(text, "＊", 3) == 0 ? 3 : 0;
        if (blank + star == 0)
            out[n++] = *text;
        text += blank + star == 0 ? 1 : blank + star;
        len -= blank + star == 0 ? 1 : blank + star;
    }
    out[n] = '\0';
    return n;
}

/* Joins the parts of one column; a text that goes on below (merged) counts once. */
static void join_name(const struct finding *f, size_t first, size_t height, size_t column,
                      char out[static NAME_BYTES])
{
    char part[PART_BYTES + 1], last[PART_BYTES + 1] = "";
    size_t n = 0;
    *out = '\0';
    for (size_t i = 0; i < height; i++) {
        size_t len = squeeze(shown(f, first + i, column), part);
        if (len == 0 || strcmp(part, last) == 0)
            continue;
        if (n > 0)
            out[n++] = '/';
        memcpy(out + n, part, len + 1);
        memcpy(last, part, len + 1);
        n += len;
    }
}

static bool names_column(const char *heading, const struct table_column *c)
{
    char label[NAME_BYTES];
    if (str_equal_nocase(heading, c->name))
        return true;
    if (c->label == NULL || strlen(c->label) >= sizeof label)
        return false;
    squeeze(c->label, label);
    return str_equal_nocase(heading, label);
}

static int wanted_by(const struct finding *f, const char *name)
{
    for (size_t i = 0; *name != '\0' && i < f->n_columns; i++) {
        if (names_column(name, &f->columns[i]))
            return (int)i;
    }
    return -1;
}

static int wanted_of(const struct finding *f, const char *name)
{
    int whole = wanted_by(f, name);
    const char *leaf = strrchr(name, '/');
    return whole >= 0 || leaf == NULL ? whole : wanted_by(f, leaf + 1);
}

static size_t width_of(const struct finding *f, size_t first, size_t height)
{
    size_t width = 0;
    for (size_t i = first; i < first + height; i++)
        width = f->rows[i].n > width ? f->rows[i].n : width;
    for (size_t i = 0; i < f->n_merges; i++) {
        const struct merge *m = &f->s->merges[i];
        if (m->top <= f->rows[first + height - 1].number && m->bottom >= f->rows[first].number &&
            m->right >= width && m->right < f->s->limits.columns)
            width = m->right + 1;
    }
    return width;
}

static size_t score(struct finding *f, size_t first, size_t height)
{
    char name[NAME_BYTES];
    size_t matched = 0, width = width_of(f, first, height);
    memset(f->seen, 0, f->n_columns * sizeof *f->seen);
    for (size_t c = 0; c < width; c++) {
        join_name(f, first, height, c, name);
        int wanted = wanted_of(f, name);
        if (wanted >= 0 && !f->seen[wanted]) {
            f->seen[wanted] = true;
            matched++;
        }
    }
    return matched;
}

/* Several rows are one heading only where a merged cell touches them. */
static bool may_join(const struct finding *f, size_t first, size_t height)
{
    if (height == 1)
        return true;
    for (size_t i = 0; i < f->n_merges; i++) {
        if (f->s->merges[i].top >= f->rows[first].number &&
            f->s->merges[i].top < f->rows[first + height - 1].number)
            return true;
    }
    return false;
}

/* Rows of one text each, as titles are: what is joined without them says as much. */
static bool are_titles(const struct finding *f, size_t from, size_t upto)
{
    for (; from < upto; from++) {
        size_t texts = 0;
        for (size_t c = 0; c < f->rows[from].n; c++)
            texts += *f->rows[from].cells[c] != '\0' ? 1 : 0;
        if (texts > 1)
            return false;
    }
    return true;
}

static bool is_best_without_titles(const struct finding *f, size_t first, size_t height)
{
    return first > f->best_first && first + height == f->best_first + f->best_height &&
           are_titles(f, f->best_first, first);
}

static void consider(struct finding *f, size_t first, size_t height)
{
    size_t matched = may_join(f, first, height) ? score(f, first, height) : 0;
    if (matched == 0 || matched < f->best_score)
        return;
    if (matched == f->best_score && !is_best_without_titles(f, first, height))
        return;
    f->best_score = matched;
    f->best_first = first;
    f->best_height = height;
}

static void find_best(struct finding *f)
{
    for (size_t first = 0; first < f->n_rows && first < HEADING_ROWS; first++) {
        for (size_t height = 1; height <= HEADING_HEIGHT && first + height <= f->n_rows; height++)
            consider(f, first, height);
    }
}

static void add_fault(struct heading *h, const char *column, const char *code)
{
    h->faults[h->n_faults++] = (struct table_fault){h->last_row, column, code, fault_detail(code)};
    h->ok = h->ok && strcmp(code, "unknown_column") == 0;
}

static const char *shown_name(const struct table_column *c)
{
    return c->label == NULL ? c->name : c->label;
}

/* A whole match goes before one by the last part, whichever comes first. */
static void match_whole(struct heading *h, const struct finding *f)
{
    for (size_t c = 0; c < h->width; c++) {
        int wanted = wanted_by(f, h->names[c]);
        h->wanted[c] = wanted;
        if (wanted >= 0 && h->place[wanted] < 0)
            h->place[wanted] = (int)c;
        if (strcmp(h->names[c], TABLE_REASON) == 0)
            h->reason = (int)c;
    }
}

/* Two columns that end alike are both taken for the wanted one, and so reported. */
static void match_leaf(struct heading *h, const struct finding *f, size_t c)
{
    int leaf = h->wanted[c] >= 0 ? -1 : wanted_of(f, h->names[c]);
    if (leaf < 0)
        return;
    int place = h->place[leaf];
    if (place >= 0 && wanted_by(f, h->names[place]) == leaf)
        return;
    h->wanted[c] = leaf;
    if (place < 0)
        h->place[leaf] = (int)c;
}

static void report_columns(struct heading *h, const struct finding *f)
{
    for (size_t c = 0; c < h->width; c++) {
        if (*h->names[c] == '\0' || (int)c == h->reason)
            continue;
        if (h->wanted[c] < 0)
            add_fault(h, h->names[c], "unknown_column");
        else if (h->place[h->wanted[c]] != (int)c)
            add_fault(h, h->names[c], "repeated_column");
    }
    for (size_t i = 0; i < h->n_wanted; i++) {
        if (h->place[i] < 0 && f->columns[i].required)
            add_fault(h, shown_name(&f->columns[i]), "missing_column");
    }
}

static void match_columns(struct heading *h, const struct finding *f)
{
    match_whole(h, f);
    for (size_t c = 0; c < h->width; c++)
        match_leaf(h, f, c);
    report_columns(h, f);
}

static bool name_columns(struct heading *h, const struct finding *f, struct err *err)
{
    char name[NAME_BYTES];
    struct arena *a = f->s->arena;
    for (size_t c = 0; c < h->width; c++) {
        if (f->s->format == TABLE_NDJSON)
            h->names[c] = f->columns[c].name;
        else {
            join_name(f, f->best_first, f->best_height, c, name);
            h->names[c] = arena_strdup(a, name);
        }
        if (h->names[c] == NULL)
            return refuse(err, "no_memory", 0);
    }
    while (h->width > 0 && *h->names[h->width - 1] == '\0')
        h->width--;
    return true;
}

static bool make_room(struct heading *h, struct finding *f, struct err *err)
{
    struct arena *a = f->s->arena;
    h->n_wanted = f->n_columns;
    h->names = arena_array(a, const char *, h->width + 1);
    h->wanted = arena_array(a, int, h->width + 1);
    h->place = arena_array(a, int, h->n_wanted + 1);
    h->faults = arena_array(a, struct table_fault, h->width + h->n_wanted + 1);
    if (h->names == NULL || h->wanted == NULL || h->place == NULL || h->faults == NULL)
        return refuse(err, "no_memory", 0);
    for (size_t i = 0; i < h->n_wanted; i++)
        h->place[i] = -1;
    return true;
}

bool heading_find(struct heading *h, struct source *s, struct err *err)
{
    struct finding *f = arena_new(s->arena, struct finding);
    *h = (struct heading){.ok = true, .reason = -1};
    if (f == NULL)
        return refuse(err, "no_memory", 0);
    f->s = s;
    f->columns = s->options->columns;
    while (f->columns[f->n_columns].name != NULL)
        f->n_columns++;
    f->seen = arena_array(s->arena, bool, f->n_columns + 1);
    if (f->seen == NULL)
        return refuse(err, "no_memory", 0);
    if (s->format != TABLE_NDJSON) {
        if (!read_top(f, err))
            return false;
        find_best(f);
        h->width = f->best_score == 0 ? 0 : width_of(f, f->best_first, f->best_height);
    } else
        h->width = f->n_columns;
    if (!make_room(h, f, err) || !name_columns(h, f, err))
        return false;
    if (f->best_score > 0) {
        h->first_row = f->rows[f->best_first].number;
        h->last_row = f->rows[f->best_first + f->best_height - 1].number;
    } else if (s->format != TABLE_NDJSON) {
        h->last_row = 1;
        add_fault(h, "", "no_heading");
        return true;
    }
    match_columns(h, f);
    return true;
}

/* common/batch/bundle_read.c - tables of several parts, sorted by key, back as bundles whose cells
 * are checked. Knows nothing of what is in the database. */
#include <string.h>
#include <unistd.h>

#include "batch/bundles.h"
#include "core/clock.h"
#include "core/mask.h"
#include "core/str.h"
#include "keys/field.h"

#include "core/banned.h"

enum {
    SLICE_US = 700 * 1000,
    LOOK_EVERY = 256, /* rows between two looks at the clock */
    SET_MEMORY = 64 * 1024 * 1024,
    SET_BYTES = 4 * 1024 * 1024,
    ROW_ROOM = 1024 * 1024
};

static bool no_memory(struct err *err)
{
    return err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
}

/* ---- the tables ---- */

static size_t key_of(const struct batch_kind *k, const struct batch_column *columns)
{
    size_t i = 0;
    while (columns[i].name != NULL && strcmp(columns[i].name, k->key) != 0)
        i++;
    return i;
}

static bool part_init(struct batch_work *w, struct part_in *p, size_t part)
{
    p->fd = -1;
    p->columns = batch_part_columns(w->kind, part);
    p->width = batch_width(p->columns);
    p->key = key_of(w->kind, p->columns);
    p->words = arena_array(w->arena, const struct batch_word *, p->width + 1);
    for (size_t i = 0; p->words != NULL && i < p->width; i++)
        p->words[i] = batch_words_from(w->words, p->columns[i].dictionary);
    return p->words != NULL;
}

/* Opens the table of a part; its own refusal is the batch's but for a sheet that may lack. */
static bool open_part(struct batch_work *w, struct part_in *p, size_t part, struct err *err)
{
    size_t first = batch_first_part(w->kind);
    bool own = part > first && w->member_sha256 != NULL;
    struct table_options o = own ? w->member_read : w->read;
    o.columns = batch_read_columns(w->arena, p->columns);
    if (o.sheet == NULL)
        o.sheet = w->kind->parts[part].label;
    if (own && (p->fd = store_read(w->store, w->member_sha256, err)) < 0)
        return false;
    int fd = own ? p->fd : w->fd;
    p->table = table_open(fd, &o, err);
    if (p->table == NULL && strcmp(err->field, "no_such_sheet") == 0 && (own || part == first)) {
        err_clear(err);
        o.sheet = NULL;
        p->table = table_open(fd, &o, err);
    }
    if (p->table != NULL)
        return true;
    if (err->code != ERR_INVALID && err->code != ERR_TOO_LARGE)
        return false;
    bool may_lack = part > first && !own && strcmp(err->field, "no_such_sheet") == 0;
    if (!may_lack)
        w->refusal = arena_strdup(w->arena, err->field);
    err_clear(err);
    return true;
}

static bool sets_init(struct bundles *b)
{
    for (size_t i = 0; i < SETS; i++) {
        b->sets[i].arena = arena_create(SET_MEMORY);
        if (b->sets[i].arena == NULL)
            return false;
        arena_wipe_on_reset(b->sets[i].arena);
    }
    b->fresh = &b->sets[0];
    b->looked = &b->sets[1];
    b->weighed = &b->sets[2];
    b->scratch = arena_create(SET_MEMORY);
    return b->scratch != NULL;
}

/* A first part that is no workbook has no second sheet. */
static bool has_part(const struct batch_work *w, const struct bundles *b, size_t part)
{
    size_t first = batch_first_part(w->kind);
    return part == first || (part > first && (w->member_sha256 != NULL ||
                                              table_format(b->parts[first].table) == TABLE_XLSX));
}

bool bundles_open(struct job_run *r, struct batch_work *w, struct err *err)
{
    struct bundles *b = w->bundles;
    b->n_parts = batch_part_count(w->kind);
    if (!sets_init(b))
        return no_memory(err);
    w->fd = store_read(w->store, w->sha256, err);
    b->sort = w->fd < 0 ? NULL : row_sort_open(r->dir, err);
    if (b->sort == NULL)
        return false;
    for (size_t i = 0; i < b->n_parts && w->refusal == NULL; i++) {
        if (!part_init(w, &b->parts[i], i))
            return no_memory(err);
        if (has_part(w, b, i) && !open_part(w, &b->parts[i], i, err))
            return false;
    }
    return true;
}

void bundles_close(struct bundles *b)
{
    for (size_t i = 0; i < b->n_parts; i++) {
        table_close(&b->parts[i].table);
        if (b->parts[i].fd >= 0)
            close(b->parts[i].fd);
    }
    row_sort_close(&b->sort);
    for (size_t i = 0; i < SETS; i++)
        arena_destroy(&b->sets[i].arena);
    arena_destroy(&b->scratch);
}

/* ---- into the sort: texts with their NULs, '\1' before each that is there; then faults ---- */

static void put_text(struct buf *out, const char *text)
{
    buf_char(out, text == NULL ? '\0' : '\1');
    if (text != NULL)
        buf_add(out, text, strlen(text) + 1);
}

static bool sort_row(struct bundles *b, size_t part, const struct table_row *row, struct buf *out,
                     struct err *err)
{
    const struct part_in *p = &b->parts[part];
    char key[256] = "";
    out->len = 0;
    for (size_t i = 0; i < p->width; i++)
        put_text(out, row->values[i]);
    for (size_t i = 0; i < row->n_faults; i++) {
        put_text(out, row->faults[i].column);
        put_text(out, row->faults[i].code);
    }
    put_text(out, NULL);
    const char *said = row->values[p->key];
    if (said != NULL && !table_halfwidth(said, key, sizeof key))
        key[0] = '\0';
    const struct sorted_row sorted = {.key = key,
                                      .part = (unsigned)part,
                                      .number = row->number,
                                      .bytes = out->bytes,
                                      .len = out->len};
    return out->failed ? no_memory(err) : row_sort_add(b->sort, &sorted, err);
}

static bool refused(struct batch_work *w, struct err *err)
{
    if (err->code != ERR_INVALID && err->code != ERR_TOO_LARGE)
        return false;
    w->refusal = arena_strdup(w->arena, err->field);
    err_clear(err);
    return true;
}

/* The tables one behind the other; headings that are no such headings end it. */
static bool sort_slice(struct batch_work *w, struct buf *out, struct err *err)
{
    struct bundles *b = w->bundles;
    struct table_row row;
    instant_us until = clock_ticks_us() + SLICE_US;
    for (unsigned n = 1; b->reading < b->n_parts; n++) {
        struct table *t = b->parts[b->reading].table;
        enum table_step step =
            t == NULL || !table_heading_ok(t) ? TABLE_END : table_next(t, &row, err);
        if (step == TABLE_FAILED)
            return refused(w, err);
        if (step == TABLE_END)
            b->reading++;
        else if (!sort_row(b, b->reading, &row, out, err))
            return false;
        if (n % LOOK_EVERY == 0 && clock_ticks_us() > until)
            return true;
    }
    b->sorted = true;
    return row_sort_turn(b->sort, err);
}

bool bundles_sort(struct batch_work *w, struct err *err)
{
    struct buf out;
    struct arena *a = w->bundles->fresh->arena;
    buf_init(&out, a, ROW_ROOM);
    buf_char(&out, '\0'); /* it has bytes from now on */
    bool ok = sort_slice(w, &out, err);
    arena_reset(a);
    return ok;
}

/* ---- and back ---- */

static const char *take_text(const char **at)
{
    bool is = *(*at)++ == '\1';
    const char *text = is ? *at : NULL;
    if (is)
        *at += strlen(text) + 1;
    return text;
}

static bool take_faults(struct bundle *b, struct bundle_row *r, const char *at)
{
    struct bundle_fault **end = &r->faults;
    for (const char *column; (column = take_text(&at)) != NULL; end = &(*end)->next) {
        *end = arena_new(b->arena, struct bundle_fault);
        if (*end == NULL)
            return false;
        (*end)->column = column;
        (*end)->code = take_text(&at);
    }
    return true;
}

/* A fault of the row, or of that column, that the table's reader found. */
static bool is_known(const struct bundle_row *r, const char *label)
{
    for (const struct bundle_fault *f = r->faults; f != NULL; f = f->next) {
        if (*f->column == '\0' || strcmp(f->column, label) == 0)
            return true;
    }
    return false;
}

static bool hash_cell(struct job_run *run, struct bundle *b, struct bundle_row *r, size_t i,
                      const struct batch_column *c, struct err *err)
{
    if (r->cells[i] == NULL || c->seal == NULL || !c->seal->hashed)
        return true;
    const struct span plain = {r->cells[i], strlen(r->cells[i])};
    return field_lookup(run->keys, c->seal->column, plain, b->arena, &r->hashes[i], err);
}

bool bundle_is_mask(const struct batch_column *c, const char *text)
{
    const char *mask = c->seal != NULL || c->starred ? "*" : MASK_HIDES_ALL;
    return c->cell != BATCH_SHOWN && text != NULL && strstr(text, mask) != NULL;
}

static bool check_cells(struct job_run *run, const struct part_in *p, struct bundle *b,
                        struct bundle_row *r, struct err *err)
{
    bool clean = r->faults == NULL;
    for (size_t i = 0; i < p->width; i++) {
        const struct batch_column *c = &p->columns[i];
        if ((!clean && is_known(r, c->label)) || bundle_is_mask(c, r->texts[i]))
            continue;
        const char *wrong = batch_cell_read(b->arena, c, r->texts[i], p->words[i], &r->cells[i]);
        if (wrong != NULL)
            bundle_fault(b, r, c->name, wrong);
        else if (!hash_cell(run, b, r, i, c, err))
            return false;
    }
    return true;
}

static struct bundle_row *new_row(struct arena *a, size_t width)
{
    struct bundle_row *r = arena_new(a, struct bundle_row);
    const char **room = r == NULL ? NULL : arena_array(a, const char *, 3 * width + 1);
    if (room == NULL)
        return NULL;
    r->cells = room;
    r->hashes = room + width;
    r->texts = room + 2 * width;
    return r;
}

static bool read_row(struct job_run *run, struct bundles *b, struct bundle *to, struct err *err)
{
    const struct part_in *p = &b->parts[b->row.part];
    struct bundle_row *r = new_row(to->arena, p->width);
    char *bytes = r == NULL ? NULL : arena_alloc(to->arena, b->row.len);
    if (bytes == NULL)
        return no_memory(err);
    memcpy(bytes, b->row.bytes, b->row.len);
    const char *at = bytes;
    r->part = b->row.part;
    r->number = b->row.number;
    for (size_t i = 0; i < p->width; i++)
        r->texts[i] = take_text(&at);
    to->rows[to->n_rows++] = r;
    return take_faults(to, r, at) ? check_cells(run, p, to, r, err) : no_memory(err);
}

/* Moves on to the next row. */
static bool next_row(struct bundles *b, struct err *err)
{
    b->has_row = row_sort_next(b->sort, &b->row, err);
    b->at_end = !b->has_row;
    return b->has_row || err->code == ERR_NONE;
}

/* Rows of one key, at most BUNDLE_ROWS of them; one without a key stands alone. */
static bool read_bundle(struct job_run *run, struct bundles *b, struct bundle *to, struct err *err)
{
    bool more = strcmp(b->row.key, b->key) == 0 && *b->key != '\0';
    to->key = arena_strdup(to->arena, b->row.key);
    to->rows = arena_array(to->arena, struct bundle_row *, BUNDLE_ROWS);
    if (to->key == NULL || to->rows == NULL)
        return no_memory(err);
    memcpy(b->key, to->key, strlen(to->key) + 1);
    do {
        if (!read_row(run, b, to, err) || !next_row(b, err))
            return false;
    } while (b->has_row && to->n_rows < BUNDLE_ROWS && *to->key != '\0' &&
             strcmp(b->row.key, to->key) == 0);
    if (more || (b->has_row && *to->key != '\0' && strcmp(b->row.key, to->key) == 0))
        bundle_fault(to, to->rows[0], NULL, "too_many_rows");
    to->n_given = to->n_rows;
    return true;
}

static bool skip_to(struct bundles *b, unsigned after, struct err *err)
{
    while (b->place < after && b->has_row) {
        bool new_key = *b->row.key == '\0' || strcmp(b->row.key, b->key) != 0;
        b->bundle += new_key;
        memcpy(b->key, b->row.key, strlen(b->row.key) + 1);
        b->place++;
        if (!next_row(b, err))
            return false;
    }
    return true;
}

bool bundles_read(struct job_run *r, struct batch_work *w, unsigned after, struct err *err)
{
    struct bundles *b = w->bundles;
    struct bundle_set *s = b->fresh;
    arena_reset(s->arena);
    *s = (struct bundle_set){.arena = s->arena};
    if (!b->has_row && !b->at_end && !next_row(b, err))
        return false;
    if (!skip_to(b, after, err))
        return false;
    size_t most = w->kind->chunk > BUNDLE_ROWS ? w->kind->chunk : CHUNK_ROWS - BUNDLE_ROWS;
    s->list = arena_array(s->arena, struct bundle *, most);
    s->first = b->place + 1;
    s->bundle = b->bundle + 1;
    while (s->list != NULL && b->has_row && s->n_rows < most && s->bytes < SET_BYTES) {
        struct bundle *one = arena_new(s->arena, struct bundle);
        if (one == NULL)
            return no_memory(err);
        *one = (struct bundle){.arena = s->arena, .kind = w->kind};
        s->bytes += b->row.len;
        if (!read_bundle(r, b, one, err))
            return false;
        s->list[s->n++] = one;
        s->n_rows += one->n_rows;
        b->place += (unsigned)one->n_rows;
        b->bundle++;
    }
    return s->list != NULL || no_memory(err);
}

/* common/batch/bundle_weigh.c - bundles held against what is there: looked up in the chunk's
 * transaction, judged behind it. What they say is then JSON for batch_row. */
#include <stdlib.h>
#include <string.h>

#include "batch/bundles.h"
#include "core/str.h"
#include "core/uuid.h"
#include "keys/field.h"

#include "core/banned.h"

enum {
    JSON_MAX = 24 * 1024 * 1024,
    FIRST_VALUE = 6, /* columns of a look-up before those of the record */
};

static bool no_memory(struct err *err)
{
    return err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
}

/* ---- for judges ---- */

const char *bundle_value(const struct bundle_row *r, size_t column)
{
    return r->cells[column] != NULL ? r->cells[column] : r->was != NULL ? r->was[column] : NULL;
}

static const char *label_of(const struct bundle *b, const struct bundle_row *r, const char *column)
{
    const struct batch_column *c = batch_part_columns(b->kind, r->part);
    if (column == NULL)
        return "";
    while (c->name != NULL && strcmp(c->name, column) != 0)
        c++;
    return c->name == NULL ? column : c->label;
}

void bundle_fault(struct bundle *b, struct bundle_row *r, const char *column, const char *code)
{
    struct bundle_fault **end = &r->faults, *f = arena_new(b->arena, struct bundle_fault);
    while (*end != NULL)
        end = &(*end)->next;
    b->failed = true; /* without memory, too: then it is not applied */
    if (f == NULL)
        return;
    *f = (struct bundle_fault){label_of(b, r, column), code, NULL};
    *end = f;
}

static void add_more(struct bundle *b, struct bundle_row *r, struct bundle_more more)
{
    struct bundle_more *made = arena_new(b->arena, struct bundle_more);
    if (made == NULL) {
        bundle_fault(b, r, NULL, "bundle_failed");
        return;
    }
    *made = more;
    made->next = r->more;
    r->more = made;
}

void bundle_keep(struct bundle *b, struct bundle_row *r, const char *name, const char *value)
{
    add_more(b, r, (struct bundle_more){name, value, false, NULL});
}

void bundle_show(struct bundle *b, struct bundle_row *r, const char *name, const char *value)
{
    add_more(b, r, (struct bundle_more){name, value, true, NULL});
}

void bundle_note(struct bundle *b, const char *json)
{
    struct bundle_note *n = arena_new(b->arena, struct bundle_note);
    if (n == NULL)
        return;
    *n = (struct bundle_note){json, b->notes};
    b->notes = n;
}

/* ---- what they mean ---- */

static const char *first_id(const struct bundle *b)
{
    for (size_t i = 0; i < b->n_rows; i++) {
        if (b->rows[i]->part == 0)
            return b->rows[i]->id;
    }
    return NULL;
}

/* {n, key, what is looked by}; a first part that has no row is asked for by its key alone. */
static void put_asked(struct buf *out, const struct part_in *p, const struct bundle *b,
                      const struct bundle_row *r, size_t n)
{
    const char *parent = first_id(b);
    buf_str(out, out->len > 1 ? ",{\"n\":" : "{\"n\":");
    if (r == NULL)
        buf_str(out, "null");
    else
        buf_int(out, (int64_t)n);
    buf_str(out, ",\"key\":");
    buf_json(out, b->key);
    if (parent != NULL)
        buf_printf(out, ",\"parent\":\"%s\"", parent);
    for (size_t i = 0; r != NULL && i < p->width; i++) {
        const char *value = r->hashes[i] != NULL ? r->hashes[i] : r->cells[i];
        if (!p->columns[i].looked || value == NULL)
            continue;
        buf_printf(out, ",\"%s%s\":", p->columns[i].name, r->hashes[i] != NULL ? "_hash" : "");
        buf_json(out, value);
    }
    buf_char(out, '}');
}

/* Rows of the part, numbered through the set by `flat`. */
static const char *asked(struct arena *a, const struct bundles *b, size_t part,
                         struct bundle_row **flat)
{
    struct buf out;
    size_t n = 0;
    buf_init(&out, a, JSON_MAX);
    buf_char(&out, '[');
    for (size_t i = 0; i < b->fresh->n; i++) {
        const struct bundle *one = b->fresh->list[i];
        bool any = false;
        if (*one->key == '\0' || (part > 0 && first_id(one) == NULL))
            continue; /* nobody's, or of a household that is new */
        for (size_t k = 0; k < one->n_given; k++) {
            if (one->rows[k]->part != part)
                continue;
            any = true;
            flat[n] = one->rows[k];
            put_asked(&out, &b->parts[part], one, one->rows[k], n++);
        }
        if (!any)
            put_asked(&out, &b->parts[part], one, NULL, 0);
    }
    buf_char(&out, ']');
    return buf_text(&out);
}

static int compare_key(const void *key, const void *bundle)
{
    return strcmp(key, (*(const struct bundle *const *)bundle)->key);
}

static struct bundle *bundle_of(const struct bundle_set *s, const char *key)
{
    struct bundle **at =
        key == NULL ? NULL : bsearch(key, s->list, s->n, sizeof(struct bundle *), compare_key);
    return at == NULL ? NULL : *at;
}

/* A record that no row means. */
static struct bundle_row *stand_by(struct bundle *b, size_t part, size_t width)
{
    struct bundle_row **rows = arena_array(b->arena, struct bundle_row *, b->n_rows + 1);
    struct bundle_row *r = arena_new(b->arena, struct bundle_row);
    const char **room = arena_array(b->arena, const char *, 3 * width + 1);
    if (rows == NULL || r == NULL || room == NULL)
        return NULL;
    memcpy(rows, b->rows, b->n_rows * sizeof(struct bundle_row *));
    *r = (struct bundle_row){
        .part = (unsigned)part, .cells = room, .hashes = room + width, .texts = room + 2 * width};
    rows[b->n_rows++] = r;
    b->rows = rows;
    return r;
}

static bool take_record(struct arena *a, const struct rows *found, size_t i, size_t width,
                        struct bundle_row *r)
{
    r->id = arena_strdup(a, rows_text(found, i, 2));
    r->version = arena_strdup(a, rows_text(found, i, 3));
    r->was = arena_array(a, const char *, width + 1);
    for (size_t k = 0; r->was != NULL && k < width; k++)
        r->was[k] = arena_strdup(a, rows_text(found, i, FIRST_VALUE + k));
    return r->id != NULL && r->was != NULL;
}

/* What is wrong with a record is wrong with every row that stands on it. */
static void fault_given(struct bundle *b, const char *column, const char *code)
{
    for (size_t i = 0; i < b->n_given; i++)
        bundle_fault(b, b->rows[i], column, code);
}

static bool take_found(const struct bundles *b, size_t part, const struct rows *found,
                       struct bundle_row **flat, size_t i)
{
    int64_t n = -1;
    const char *nth = rows_text(found, i, 0), *code = rows_text(found, i, 4);
    struct arena *a = b->fresh->arena;
    struct bundle *one = bundle_of(b->fresh, rows_text(found, i, 1));
    if (one == NULL)
        return true;
    struct bundle_row *r = nth != NULL && str_int(nth, 0, CHUNK_ROWS, &n)
                               ? flat[n]
                               : stand_by(one, part, b->parts[part].width);
    if (r == NULL)
        return false;
    const char *wrong = arena_strdup(a, code), *column = arena_strdup(a, rows_text(found, i, 5));
    if (code != NULL && r->number > 0)
        bundle_fault(one, r, column, wrong);
    else if (code != NULL)
        fault_given(one, column, wrong);
    return rows_text(found, i, 2) == NULL || r->id != NULL ||
           take_record(a, found, i, b->parts[part].width, r);
}

static bool look_part(struct job_run *r, struct batch_work *w, size_t part, struct err *err)
{
    struct bundles *b = w->bundles;
    struct rows *found = NULL;
    struct bundle_row **flat = arena_array(r->arena, struct bundle_row *, CHUNK_ROWS + 1);
    const char *json = flat == NULL ? NULL : asked(r->arena, b, part, flat);
    const char *const pairs[] = {"batch_id", w->id, "rows", json, NULL};
    if (json == NULL)
        return no_memory(err);
    if (strcmp(json, "[]") == 0)
        return true;
    if (!job_query(r, w->kind->parts[part].look, pairs, &found, err))
        return false;
    for (size_t i = 0; i < rows_count(found); i++) {
        if (!take_found(b, part, found, flat, i))
            return no_memory(err);
    }
    return true;
}

bool bundles_look(struct job_run *r, struct batch_work *w, struct err *err)
{
    struct bundles *b = w->bundles;
    struct bundle_set *s = b->fresh;
    for (size_t i = 0; i < b->n_parts && s->n > 0; i++) {
        if (!look_part(r, w, i, err))
            return false;
    }
    b->fresh = b->looked;
    b->looked = s;
    const struct batch_judge *j = w->kind->judge;
    return j == NULL || j->look == NULL || j->look(b->judge, r, s->list, s->n, err);
}

/* ---- judging ---- */

/* What is there, in plain text; what cannot be opened counts as nothing. */
static void open_was(struct job_run *run, const struct batch_column *columns, struct bundle *b,
                     struct bundle_row *r)
{
    for (size_t i = 0; r->was != NULL && columns[i].name != NULL; i++) {
        struct span plain = {0};
        struct err ignored = {.code = ERR_NONE};
        if (columns[i].seal == NULL || r->was[i] == NULL)
            continue;
        const struct field_place place = {columns[i].seal->column, r->id};
        bool is = field_open(run->keys, &place, r->was[i], b->arena, &plain, &ignored);
        r->was[i] = is ? plain.at : NULL;
    }
}

/* A key that is the record's own id says which it is, no more. */
static bool says_same(const struct part_in *p, const struct bundle_row *r, size_t i)
{
    return r->cells[i] == NULL || (i == p->key && str_equal(r->cells[i], r->id)) ||
           batch_cell_same(&p->columns[i], r->cells[i], r->was[i]);
}

static void compare_row(const struct part_in *p, struct bundle *b, struct bundle_row *r)
{
    const struct batch_column *columns = p->columns;
    r->changed = r->was == NULL;
    for (size_t i = 0; r->changed && columns[i].name != NULL; i++) {
        if (bundle_is_mask(&columns[i], r->texts[i]))
            bundle_fault(b, r, columns[i].name, "masked");
    }
    for (size_t i = 0; !r->changed && columns[i].name != NULL; i++)
        r->changed = !says_same(p, r, i);
}

/* Do they mean one record? */
static bool are_one(const struct bundle_row *x, const struct bundle_row *y, size_t width)
{
    if (x->part != y->part)
        return false;
    if (x->part == 0 || (x->id != NULL && str_equal(x->id, y->id)))
        return true;
    for (size_t i = 0; i < width; i++) {
        if (x->hashes[i] != NULL && str_equal(x->hashes[i], y->hashes[i]))
            return true;
    }
    return false;
}

/* What the look-up has told is not told again. */
static void find_repeated(struct bundle *b, struct bundle_row *r, size_t at, size_t width)
{
    for (const struct bundle_fault *f = r->faults; f != NULL; f = f->next) {
        if (str_equal(f->code, "repeated"))
            return;
    }
    for (size_t i = 0; i < at; i++) {
        if (are_one(b->rows[i], r, width)) {
            bundle_fault(b, r, b->kind->key, "repeated");
            return;
        }
    }
}

static bool name_rows(struct job_run *run, struct bundle *b, struct err *err)
{
    char id[UUID_TEXT];
    for (size_t i = 0; i < b->n_rows; i++) {
        struct bundle_row *r = b->rows[i];
        if (r->id == NULL) {
            if (!uuid_new(run->now, id))
                return err_set(err, ERR_INTERNAL, NULL, "%s", "");
            r->id = arena_strdup(b->arena, id);
            if (r->id == NULL)
                return no_memory(err);
        }
        r->parent = first_id(b);
        if (r->parent == NULL)
            bundle_fault(b, r, b->kind->key, "bundle_unknown");
    }
    return true;
}

/* What is wrong with one row keeps the others from being applied. */
static void fail_all(struct bundle *b)
{
    for (size_t i = 0; b->failed && i < b->n_given; i++) {
        if (b->rows[i]->faults == NULL)
            bundle_fault(b, b->rows[i], NULL, "bundle_failed");
    }
}

static bool weigh(struct job_run *run, struct batch_work *w, struct bundle *b, struct err *err)
{
    const struct batch_judge *j = w->kind->judge;
    for (size_t i = 0; i < b->n_rows; i++) {
        struct bundle_row *r = b->rows[i];
        b->failed = b->failed || r->faults != NULL;
        find_repeated(b, r, i, w->bundles->parts[r->part].width);
    }
    if (!name_rows(run, b, err))
        return false;
    for (size_t i = 0; i < b->n_rows; i++) {
        open_was(run, w->bundles->parts[b->rows[i]->part].columns, b, b->rows[i]);
        compare_row(&w->bundles->parts[b->rows[i]->part], b, b->rows[i]);
    }
    if (j != NULL && !j->judge(w->bundles->judge, b, run->today, err))
        return false;
    fail_all(b);
    return true;
}

static void count(struct bundle_set *s, const struct bundle *one, const struct bundle_row *r)
{
    const char *action = bundle_action(one, r);
    s->n_failed += str_equal(action, "failed");
    s->n_inserts += str_equal(action, "insert");
    s->n_updates += str_equal(action, "update");
    s->n_unchanged += str_equal(action, "unchanged");
}

bool bundles_weigh(struct job_run *r, struct batch_work *w, struct err *err)
{
    struct bundle_set *s = w->bundles->looked;
    struct buf out;
    unsigned place = s->first;
    buf_init(&out, s->arena, JSON_MAX);
    buf_char(&out, '[');
    for (size_t i = 0; i < s->n; i++) {
        struct bundle *one = s->list[i];
        if (!weigh(r, w, one, err))
            return false;
        for (const struct bundle_note *n = one->notes; n != NULL && !one->failed; n = n->next)
            s->n_warnings++;
        for (size_t k = 0; k < one->n_given; k++) {
            const struct put_row row = {
                r, w, one, one->rows[k], place++, s->bundle + (unsigned)i, k == 0};
            if (!bundle_put(&out, &row, err))
                return false;
            count(s, one, one->rows[k]);
        }
    }
    buf_char(&out, ']');
    s->last = place - 1;
    s->json = s->n == 0 ? NULL : buf_text(&out);
    return s->n == 0 || s->json != NULL || no_memory(err);
}

/* common/batch/bundle_put.c - a weighed row of a bundle as JSON for batch_row: what is shown, what
 * is not, what is wrong. B-016: the only place where personal data of a batch is sealed. B-022:
 * numbers of people where they do not belong are shown as stars. */
#include <string.h>

#include "batch/bundles.h"
#include "core/personal_text.h"
#include "core/str.h"
#include "keys/field.h"

#include "core/banned.h"

enum { ROW_MAX = 1024 * 1024 };

const char *bundle_action(const struct bundle *b, const struct bundle_row *r)
{
    if (b->failed)
        return "failed";
    return r->was == NULL ? "insert" : r->changed ? "update" : "unchanged";
}

static void put_name(struct buf *b, const char *name)
{
    char last = b->bytes[b->len - 1];
    buf_str(b, last == '{' ? "\"" : ",\"");
    buf_str(b, name);
    buf_str(b, "\":");
}

/* Several words are an array. */
static void put_value(struct buf *b, const struct batch_column *c, const char *value)
{
    if (c->cell != BATCH_WORDS) {
        buf_json(b, value);
        return;
    }
    buf_char(b, '[');
    for (const char *at = value; *at != '\0';) {
        size_t n = strcspn(at, ",");
        buf_str(b, at == value ? "\"" : ",\"");
        buf_add(b, at, n);
        buf_char(b, '"');
        at += n + (at[n] == ',');
    }
    buf_char(b, ']');
}

static const char *shown_instead(const struct bundle_row *r, const char *name)
{
    for (const struct bundle_more *m = r->more; m != NULL; m = m->next) {
        if (m->shown && strcmp(m->name, name) == 0)
            return m->value;
    }
    return NULL;
}

static void put_mask(struct buf *b, const struct job_run *r, const struct batch_column *c,
                     const char *plain)
{
    char mask[MASK_TEXT];
    personal_mask_of(c->seal->kind, batch_mask(r), plain, mask);
    buf_json(b, mask);
}

const char *bundle_words(const struct batch_kind *k, const struct batch_column *c, struct arena *a,
                         const char *text)
{
    bool key = strcmp(c->name, k->key) == 0 || strcmp(c->name, "id") == 0;
    if (key)
        return personal_is_citizen_id(text) ? MASK_HIDES_ALL : text;
    return personal_starred(a, text);
}

static const char *words_of(const struct put_row *p, const struct batch_column *c, const char *text)
{
    return bundle_words(p->bundle->kind, c, p->run->arena, text);
}

/* Does its one form hold what people write? Codes, days and amounts hold no number of anybody. */
static bool is_written(const struct batch_column *c)
{
    return c->cell == BATCH_TEXT || c->cell == BATCH_KEY || c->cell == BATCH_NUMBER;
}

/* Is something else shown than what is kept? */
static bool is_kept_apart(const struct put_row *p, const struct batch_column *c, const char *value)
{
    return shown_instead(p->row, c->name) != NULL ||
           (is_written(c) && !str_equal(words_of(p, c, value), value));
}

/* A cell that cannot be read is shown as it came, but for personal data. */
static void put_shown(struct buf *b, const struct put_row *p, const struct batch_column *c,
                      size_t i)
{
    const struct bundle_row *r = p->row;
    const char *instead = shown_instead(r, c->name);
    bool unread = r->cells[i] == NULL;
    if (unread && (r->texts[i] == NULL || c->seal != NULL || c->cell == BATCH_SHOWN))
        return;
    put_name(b, c->name);
    if (instead != NULL)
        buf_json(b, words_of(p, c, instead));
    else if (unread)
        buf_json(b, words_of(p, c, r->texts[i]));
    else if (c->seal != NULL)
        put_mask(b, p->run, c, r->cells[i]);
    else if (is_written(c))
        buf_json(b, words_of(p, c, r->cells[i]));
    else
        put_value(b, c, r->cells[i]);
}

static void put_data(struct buf *b, const struct put_row *p, const struct batch_column *columns)
{
    buf_str(b, ",\"data\":{");
    for (size_t i = 0; columns[i].name != NULL; i++)
        put_shown(b, p, &columns[i], i);
    buf_char(b, '}');
}

static bool put_sealed(struct buf *b, const struct put_row *p, const struct batch_column *c,
                       size_t i, struct err *err)
{
    const struct bundle_row *r = p->row;
    const char *hex = NULL;
    put_name(b, c->name);
    const struct field_place place = {c->seal->column, r->id};
    const struct span plain = {r->cells[i], strlen(r->cells[i])};
    if (!field_seal(p->run->keys, &place, plain, p->run->arena, &hex, err))
        return false;
    buf_json(b, hex);
    if (r->hashes[i] == NULL)
        return true;
    put_name(b, arena_printf(p->run->arena, "%s_hash", c->name));
    buf_json(b, r->hashes[i]);
    return true;
}

static void put_unshown(struct buf *b, const struct bundle_more *more)
{
    for (const struct bundle_more *m = more; m != NULL; m = m->next) {
        if (m->shown)
            continue;
        put_name(b, m->name);
        buf_json(b, m->value);
    }
}

/* Of a new record what `data` does not say; of an update all that changes. */
static bool put_hidden(struct buf *b, const struct put_row *p, const struct batch_column *columns,
                       struct err *err)
{
    const struct bundle_row *r = p->row;
    bool new = r->was == NULL, apart = false;
    buf_str(b, ",\"hidden\":{");
    for (size_t i = 0; columns[i].name != NULL; i++) {
        if (r->cells[i] == NULL || (!new &&batch_cell_same(&columns[i], r->cells[i], r->was[i])))
            continue;
        if (columns[i].seal != NULL) {
            if (!put_sealed(b, p, &columns[i], i, err))
                return false;
        } else if (!new || is_kept_apart(p, &columns[i], r->cells[i])) {
            apart = new;
            put_name(b, columns[i].name);
            put_value(b, &columns[i], r->cells[i]);
        }
    }
    put_unshown(b, r->more);
    if (apart) {
        put_name(b, "apart"); /* `data` alone does not say all of its columns */
        buf_str(b, "true");
    }
    put_name(b, "parent_id");
    buf_json(b, r->parent);
    buf_char(b, '}');
    return true;
}

/* Of an update: what was there, of what changes. */
static void put_was(struct buf *b, const struct put_row *p, const struct batch_column *columns)
{
    const struct bundle_row *r = p->row;
    buf_str(b, ",\"was\":{");
    for (size_t i = 0; columns[i].name != NULL; i++) {
        if (r->cells[i] == NULL || batch_cell_same(&columns[i], r->cells[i], r->was[i]))
            continue;
        put_name(b, columns[i].name);
        if (r->was[i] == NULL)
            buf_str(b, "null");
        else if (shown_instead(r, columns[i].name) != NULL)
            buf_json(b, MASK_HIDES_ALL);
        else if (columns[i].seal != NULL)
            put_mask(b, p->run, &columns[i], r->was[i]);
        else if (is_written(&columns[i]))
            buf_json(b, words_of(p, &columns[i], r->was[i]));
        else
            put_value(b, &columns[i], r->was[i]);
    }
    buf_char(b, '}');
}

static void put_faults(struct buf *b, const struct bundle_row *r)
{
    buf_str(b, ",\"faults\":[");
    for (const struct bundle_fault *f = r->faults; f != NULL; f = f->next) {
        buf_str(b, f == r->faults ? "{\"column\":" : ",{\"column\":");
        buf_json(b, f->column);
        buf_str(b, ",\"code\":");
        buf_json(b, f->code);
        buf_char(b, '}');
    }
    buf_char(b, ']');
}

static void put_notes(struct buf *b, const struct bundle *bundle)
{
    buf_str(b, ",\"notes\":[");
    for (const struct bundle_note *n = bundle->notes; n != NULL; n = n->next) {
        buf_str(b, n == bundle->notes ? "" : ",");
        buf_str(b, n->json);
    }
    buf_char(b, ']');
}

bool bundle_put(struct buf *b, const struct put_row *p, struct err *err)
{
    const struct bundle_row *r = p->row;
    const struct batch_column *columns = batch_part_columns(p->bundle->kind, r->part);
    const char *action = bundle_action(p->bundle, r);
    bool update = str_equal(action, "update"), failed = p->bundle->failed;
    buf_printf(b, "%s{\"row\":%u,\"part\":%u,\"in_part\":%u,\"bundle\":%u,\"action\":\"%s\"",
               b->len > 1 ? "," : "", p->place,
               r->part + 1 - (unsigned)batch_first_part(p->bundle->kind), r->number, p->number,
               action);
    if (!failed)
        buf_printf(b, ",\"id\":\"%s\"", r->id);
    if (r->version != NULL && !failed)
        buf_printf(b, ",\"version\":%s", r->version);
    put_data(b, p, columns);
    if ((update || str_equal(action, "insert")) && !put_hidden(b, p, columns, err))
        return false;
    if (update)
        put_was(b, p, columns);
    if (failed)
        put_faults(b, r);
    if (p->first && p->bundle->notes != NULL && !failed)
        put_notes(b, p->bundle);
    buf_char(b, '}');
    return true;
}

/* common/db/stmt_set.c - all forms of a program's statements, made once at start. Composes no text:
 * stmt.c does. */
#include <assert.h>
#include <string.h>

#include "db/stmt_form.h"

#include "core/banned.h"

enum { PAGE_FORMS_PER_SORT = 4 };

struct entry {
    const struct stmt *stmt;
    const struct stmt_form **forms; /* one; of a page four per sort: see page_slot() */
};

struct stmt_set {
    struct entry *entries; /* by stmt->index */
    size_t n_entries;
    const struct stmt_form **forms;
    size_t n_forms;
};

static unsigned count_sorts(const struct stmt *st)
{
    unsigned n = 0;
    while (st->sorts != NULL && st->sorts[n] != NULL)
        n++;
    return n;
}

static bool has_param(const struct stmt *st, const char *name)
{
    for (unsigned i = 0; i < st->n_params; i++) {
        if (strcmp(st->params[i], name) == 0)
            return true;
    }
    return false;
}

/* Lists that devices keep take their records by :ids, too (http/sync.h). */
static bool has_digest(const struct stmt *st)
{
    return st->kind == STMT_PAGE && st->key != NULL && strcmp(st->key, "id") == 0 &&
           has_param(st, "ids");
}

static unsigned count_forms(const struct stmt *st)
{
    if (st->kind != STMT_PAGE)
        return 1;
    return PAGE_FORMS_PER_SORT * count_sorts(st) + (has_digest(st) ? 1 : 0);
}

/* Where the form of an order stands among a page's forms; `nth_sort` is the place of its sort. */
static unsigned page_slot(unsigned nth_sort, bool descending, bool after_cursor)
{
    return PAGE_FORMS_PER_SORT * nth_sort + (descending ? 2 : 0) + (after_cursor ? 1 : 0);
}

/* The last form of a page is its digest, where it has one. */
static const struct stmt_form *make_form(struct arena *a, const struct stmt *st, unsigned slot)
{
    if (st->kind != STMT_PAGE || slot == PAGE_FORMS_PER_SORT * count_sorts(st))
        return stmt_compose(a, st, NULL, slot);
    struct stmt_order o = {.sort = st->sorts[slot / PAGE_FORMS_PER_SORT],
                           .descending = (slot & 2) != 0,
                           .after_cursor = (slot & 1) != 0};
    return stmt_compose(a, st, &o, slot);
}

/* A statement that no form can be made of is the author's mistake. */
static const char *fault(const struct stmt *st)
{
    if (st->name == NULL || st->text == NULL)
        return "no name or no text";
    if (st->kind == STMT_PAGE && (st->key == NULL || count_sorts(st) == 0))
        return "a page without key or sorts";
    if (st->kind == STMT_WRITE && (st->record == NULL || strchr(st->record, '\'') != NULL))
        return "a write without record";
    if (st->kind != STMT_PAGE)
        return NULL;
    for (unsigned i = 0; i < st->n_params; i++) {
        if (strcmp(st->params[i], "limit") == 0 || strncmp(st->params[i], "after_", 6) == 0)
            return "a page that names :limit or :after_… itself";
    }
    return NULL;
}

static bool refuse(struct err *err, const struct stmt *st, const char *why)
{
    err_set(err, ERR_INTERNAL, NULL, "%s", "");
    err_cause(err, "statement %s: %s", st == NULL || st->name == NULL ? "?" : st->name, why);
    return false;
}

static bool set_allocate(struct stmt_set *s, struct arena *a, const struct stmt *const *all)
{
    size_t forms = 0;
    for (; *all != NULL; all++) {
        forms += count_forms(*all);
        if ((*all)->index >= s->n_entries)
            s->n_entries = (*all)->index + 1;
    }
    s->entries = arena_array(a, struct entry, s->n_entries);
    s->forms = arena_array(a, const struct stmt_form *, forms + 1);
    return s->entries != NULL && s->forms != NULL;
}

static bool set_add(struct stmt_set *s, struct arena *a, const struct stmt *st, struct err *err)
{
    struct entry *e = &s->entries[st->index];
    const char *wrong = e->stmt != NULL ? "its index is another's" : fault(st);
    if (wrong != NULL)
        return refuse(err, st, wrong);
    *e = (struct entry){.stmt = st, .forms = &s->forms[s->n_forms]};
    for (unsigned slot = 0; slot < count_forms(st); slot++) {
        const struct stmt_form *f = make_form(a, st, slot);
        if (f == NULL)
            return refuse(err, st, "too long, or out of memory");
        s->forms[s->n_forms++] = f;
    }
    return true;
}

struct stmt_set *stmt_set_create(struct arena *a, const struct stmt *const *all, struct err *err)
{
    struct stmt_set *s = arena_new(a, struct stmt_set);
    if (s == NULL || !set_allocate(s, a, all)) {
        refuse(err, NULL, "out of memory");
        return NULL;
    }
    for (; *all != NULL; all++) {
        if (!set_add(s, a, *all, err))
            return NULL;
    }
    return s;
}

static const struct entry *entry_of(const struct stmt_set *s, const struct stmt *st)
{
    assert(st->index < s->n_entries && s->entries[st->index].stmt == st);
    return &s->entries[st->index];
}

const struct stmt_form *stmt_form(const struct stmt_set *s, const struct stmt *st)
{
    assert(st->kind != STMT_PAGE);
    return entry_of(s, st)->forms[0];
}

const struct stmt_form *stmt_page_form(const struct stmt_set *s, const struct stmt *st,
                                       struct stmt_order o)
{
    assert(st->kind == STMT_PAGE);
    const struct entry *e = entry_of(s, st);
    unsigned nth = 0;
    while (o.sort != NULL && st->sorts[nth] != NULL && strcmp(st->sorts[nth], o.sort) != 0)
        nth++;
    if (st->sorts[nth] == NULL)
        return NULL;
    return e->forms[page_slot(nth, o.descending, o.after_cursor)];
}

const struct stmt_form *stmt_digest_form(const struct stmt_set *s, const struct stmt *st)
{
    return has_digest(st) ? entry_of(s, st)->forms[(size_t)PAGE_FORMS_PER_SORT * count_sorts(st)]
                          : NULL;
}

size_t stmt_set_forms(const struct stmt_set *s, const struct stmt_form *const **ret_forms)
{
    *ret_forms = s->forms;
    return s->n_forms;
}

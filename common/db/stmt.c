/* common/db/stmt.c - the forms that the engine wraps statements in. Composes text once, at start;
 * sends nothing. Parameters keep the author's numbers: the engine's own are appended. */
#include "db/stmt.h"

#include <assert.h>
#include <stdatomic.h>
#include <string.h>

#include "core/buf.h"
#include "db/conn.h"

#include "core/banned.h"

enum { MAX_FORM = 320 * 1024, MAX_ENGINE_PARAMS = 16, PAGE_FORMS_PER_SORT = 4 };

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

/* A form under construction. */
struct draft {
    struct arena *arena;
    const struct stmt *stmt;
    struct buf text;
    const char **params;
    unsigned n_params;
};

/* Positions in the prepared sets of connections; those below are tx.c's own. */
static atomic_uint next_index = FORM_INDEX_FREE;

static bool draft_begin(struct draft *d, struct arena *a, const struct stmt *st)
{
    *d = (struct draft){.arena = a, .stmt = st, .n_params = st->n_params};
    buf_init(&d->text, a, MAX_FORM);
    d->params = arena_array(a, const char *, st->n_params + MAX_ENGINE_PARAMS + 1);
    if (d->params == NULL)
        return false;
    for (unsigned i = 0; i < st->n_params; i++)
        d->params[i] = st->params[i];
    return true;
}

/* The number of a new parameter. */
static unsigned append_param(struct draft *d, const char *name)
{
    assert(d->n_params < d->stmt->n_params + MAX_ENGINE_PARAMS);
    d->params[d->n_params] = name;
    return ++d->n_params;
}

/* The number of a parameter, the author's where he uses it himself. */
static unsigned param(struct draft *d, const char *name)
{
    for (unsigned i = 0; i < d->n_params; i++) {
        if (strcmp(d->params[i], name) == 0)
            return i + 1;
    }
    return append_param(d, name);
}

/* Appends a template in which :name stands for a parameter and @ for the statement's record. */
static void add(struct draft *d, const char *template)
{
    const char *at = template;
    while (*at != '\0') {
        size_t plain = strcspn(at, ":@");
        buf_add(&d->text, at, plain);
        at += plain;
        if (*at == '@') {
            buf_printf(&d->text, "'%s'", d->stmt->record);
            at++;
        } else if (at[0] == ':' && at[1] == ':') {
            buf_str(&d->text, "::");
            at += 2;
        } else if (at[0] == ':' && at[1] == '\'') {
            buf_char(&d->text, *at++);
        } else if (*at == ':') {
            size_t n = strspn(at + 1, "abcdefghijklmnopqrstuvwxyz_");
            buf_printf(&d->text, "$%u", param(d, arena_strndup(d->arena, at + 1, n)));
            at += 1 + n;
        }
    }
}

static bool in_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Does the whole word stand in the text? */
static bool has_word(const char *text, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word)) {
        if ((at == text || !in_word(at[-1])) && !in_word(at[n]))
            return true;
    }
    return false;
}

/* Do the two words stand in the text one behind the other? */
static bool has_words(const char *text, const char *first, const char *second)
{
    size_t n = strlen(first), m = strlen(second);
    for (const char *at = strstr(text, first); at != NULL; at = strstr(at + 1, first)) {
        const char *next = at + n + strspn(at + n, " \t\r\n");
        if ((at == text || !in_word(at[-1])) && next > at + n && strncmp(next, second, m) == 0 &&
            !in_word(next[m]))
            return true;
    }
    return false;
}

/* Does it change rows of its record's own table, which have a before? */
static bool changes_rows(const struct stmt *st)
{
    return has_words(st->text, "UPDATE", st->record) ||
           has_words(st->text, "DELETE FROM", st->record);
}

static bool starts_with_word(const char *text, const char *upper)
{
    size_t n = 0;
    while (upper[n] != '\0' && (text[n] & ~0x20) == upper[n])
        n++;
    return upper[n] == '\0' && !in_word(text[n]);
}

/* The answer is the first changed row as JSON, in its columns' order. */
static const char answer_whole[] =
    ", answer AS (SELECT row_to_json(c)::text AS body, c.version, c.id"
    " FROM changed c LIMIT 1)";
static const char answer_without_division[] =
    ", answer AS (SELECT (SELECT '{' || string_agg(to_json(e.key)::text || ':' || e.value::text, "
    "','"
    " ORDER BY e.n) || '}' FROM json_each(row_to_json(c)) WITH ORDINALITY AS e(key, value, n)"
    " WHERE e.key <> 'owner_division') AS body, c.version, c.id FROM changed c LIMIT 1)";

static const char audited[] =
    ", audited AS (INSERT INTO audit_log (at, account_id, post_id, session_id, address, verb,"
    " record, record_id, version, owner_division, request_id, reason, body, before)"
    " SELECT :now::timestamptz, :caller_account::uuid, :caller_post::uuid, :caller_session::uuid,"
    " :caller_address::text, :verb::text, @, c.id, c.version, c.owner_division, :request_id::text,"
    " :audit_reason::text, ";
static const char audited_also[] =
    " UNION ALL SELECT :now::timestamptz, :caller_account::uuid, :caller_post::uuid,"
    " :caller_session::uuid, :caller_address::text, :verb::text, a.kind, a.id, a.version,"
    " a.owner_division, :request_id::text, :audit_reason::text, ";
static const char announced[] =
    "), announced AS (INSERT INTO outbox (at, verb, record, record_id, version, owner_division,"
    " trace_id) SELECT :now::timestamptz, :verb::text, @, c.id, c.version, c.owner_division,"
    " :trace_id::text FROM changed c";
static const char announced_also[] =
    " UNION ALL SELECT :now::timestamptz, :verb::text, a.kind, a.id, a.version, a.owner_division,"
    " :trace_id::text FROM also_changed a";

/* The stored answer; and the row that the engine reads, where no changed row ends it all. */
static const char remembered[] =
    "), remembered AS (UPDATE idempotency i SET status = :answer_status::smallint, body = a.body,"
    " etag = '\"' || a.version || '\"', location = :location_prefix::text || a.id FROM answer a"
    " WHERE i.account_id = :caller_account::uuid AND i.key = :idempotency_key::text)"
    " SELECT a.body, a.version::text, a.id::text FROM (SELECT CASE WHEN EXISTS (SELECT FROM "
    "changed)"
    " THEN true ELSE zeren.refuse('ZR001', NULL, 'no row changed') END AS changed) AS guard"
    " LEFT JOIN answer a ON guard.changed";

/* The names of the masked members, as an array of SQL. */
static void add_masked(struct draft *d)
{
    const char *const *name = d->stmt->masked;
    buf_str(&d->text, "'{");
    for (; name != NULL && *name != NULL; name++)
        buf_printf(&d->text, "%s%s", name == d->stmt->masked ? "" : ",", *name);
    buf_str(&d->text, "}'::text[]");
}

/* A document, through zeren.masked() where the statement has masked members. */
static void add_document(struct draft *d, const char *sql)
{
    if (d->stmt->masked == NULL) {
        buf_str(&d->text, sql);
        return;
    }
    buf_printf(&d->text, "zeren.masked(%s, ", sql);
    add_masked(d);
    buf_char(&d->text, ')');
}

static void add_before(struct draft *d, const char *sql)
{
    buf_printf(&d->text, ", zeren.before_image(%s, ", sql);
    add_masked(d);
    buf_char(&d->text, ')');
}

/* What became of the rows, and what they were: the table itself is still as the snapshot saw it. */
static void compose_audit(struct draft *d, bool also)
{
    const struct stmt *st = d->stmt;
    add(d, audited);
    add_document(d, "to_jsonb(c)");
    if (changes_rows(st)) {
        add_before(d, "to_jsonb(b)");
        buf_printf(&d->text, " FROM changed c LEFT JOIN %s b ON b.id = c.id", st->record);
    } else {
        buf_str(&d->text, ", NULL::jsonb FROM changed c");
    }
    if (!also)
        return;
    add(d, audited_also);
    add_document(d, "a.body");
    if (has_word(st->text, "before"))
        add_before(d, "a.before");
    else
        buf_str(&d->text, ", NULL::jsonb");
    buf_str(&d->text, " FROM also_changed a");
}

static void compose_write(struct draft *d)
{
    const struct stmt *st = d->stmt;
    bool also = has_word(st->text, "also_changed");
    if (starts_with_word(st->text, "WITH") && has_word(st->text, "changed"))
        buf_str(&d->text, st->text);
    else
        buf_printf(&d->text, "WITH changed AS (%s\n)", st->text);
    add(d, st->shown_division ? answer_whole : answer_without_division);
    compose_audit(d, also);
    add(d, announced);
    if (also)
        add(d, announced_also);
    add(d, remembered);
}

static void compose(struct draft *d)
{
    const char *text = d->stmt->text;
    switch (d->stmt->kind) {
    case STMT_ONE:
        buf_printf(&d->text, "SELECT row_to_json(r)::text, r.version::text FROM (%s\n) AS r", text);
        break;
    case STMT_VIEW:
        buf_printf(&d->text, "SELECT row_to_json(r)::text FROM (%s\n) AS r", text);
        break;
    case STMT_WRITE:
        compose_write(d);
        break;
    case STMT_ROWS:
    case STMT_EXEC:
    case STMT_PAGE:
        buf_str(&d->text, text);
        break;
    }
}

static void compose_page(struct draft *d, struct stmt_order o)
{
    const char *key = d->stmt->key;
    bool by_key = strcmp(o.sort, key) == 0;
    const char *dir = o.descending ? " DESC" : "";
    char compare = o.descending ? '<' : '>';
    buf_printf(&d->text, "SELECT row_to_json(r)::text, r.%s::text, r.%s::text FROM (%s\n) AS r",
               o.sort, key, d->stmt->text);
    if (o.after_cursor && by_key) {
        buf_printf(&d->text, " WHERE r.%s %c $%u", key, compare, append_param(d, "after_key"));
    } else if (o.after_cursor) {
        unsigned sort = append_param(d, "after_sort");
        buf_printf(&d->text, " WHERE (r.%s, r.%s) %c ($%u, $%u)", o.sort, key, compare, sort,
                   append_param(d, "after_key"));
    }
    if (by_key)
        buf_printf(&d->text, " ORDER BY r.%s%s", key, dir);
    else
        buf_printf(&d->text, " ORDER BY r.%s%s, r.%s%s", o.sort, dir, key, dir);
    buf_printf(&d->text, " LIMIT $%u::bigint", append_param(d, "limit"));
}

static const struct stmt_form *draft_end(struct draft *d, unsigned nth)
{
    struct stmt_form *f = arena_new(d->arena, struct stmt_form);
    const char *text = arena_strdup(d->arena, buf_text(&d->text));
    bool page = d->stmt->kind == STMT_PAGE;
    if (f == NULL || text == NULL)
        return NULL;
    *f = (struct stmt_form){
        .name = page ? arena_printf(d->arena, "%s.%u", d->stmt->name, nth) : d->stmt->name,
        .text = text,
        .params = d->params,
        .n_params = d->n_params,
        .custom_plan = page,
        .read_only = d->stmt->kind == STMT_ONE || d->stmt->kind == STMT_VIEW || page,
        .index = atomic_fetch_add(&next_index, 1),
    };
    return f->name == NULL ? NULL : f;
}

static unsigned count_sorts(const struct stmt *st)
{
    unsigned n = 0;
    while (st->sorts != NULL && st->sorts[n] != NULL)
        n++;
    return n;
}

static unsigned count_forms(const struct stmt *st)
{
    return st->kind == STMT_PAGE ? PAGE_FORMS_PER_SORT * count_sorts(st) : 1;
}

/* Where the form of an order stands among a page's forms; `nth_sort` is the place of its sort. */
static unsigned page_slot(unsigned nth_sort, bool descending, bool after_cursor)
{
    return PAGE_FORMS_PER_SORT * nth_sort + (descending ? 2 : 0) + (after_cursor ? 1 : 0);
}

static const struct stmt_form *make_form(struct arena *a, const struct stmt *st, unsigned slot)
{
    struct draft d;
    if (!draft_begin(&d, a, st))
        return NULL;
    if (st->kind == STMT_PAGE)
        compose_page(&d, (struct stmt_order){.sort = st->sorts[slot / PAGE_FORMS_PER_SORT],
                                             .descending = (slot & 2) != 0,
                                             .after_cursor = (slot & 1) != 0});
    else
        compose(&d);
    return draft_end(&d, slot);
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

size_t stmt_set_forms(const struct stmt_set *s, const struct stmt_form *const **ret_forms)
{
    *ret_forms = s->forms;
    return s->n_forms;
}

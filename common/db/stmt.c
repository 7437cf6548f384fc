/* common/db/stmt.c - the forms that the engine wraps statements in. Composes text once, at start;
 * sends nothing. Parameters keep the author's numbers: the engine's own are appended. Sets of
 * forms: stmt_set.c. */
#include "db/stmt_form.h"

#include <assert.h>
#include <stdatomic.h>
#include <string.h>

#include "core/buf.h"
#include "db/conn.h"

#include "core/banned.h"

enum { MAX_FORM = 320 * 1024, MAX_ENGINE_PARAMS = 16 };

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
/* Its lines stand last and are cut off as text: taking the object apart costs a third of a write.
 */
static const char answer_but_lines[] =
    ", answer AS (SELECT left(t.body, -(length(to_json(t.lines)::text) + 10)) || '}' AS body,"
    " t.version, t.id FROM (SELECT row_to_json(c)::text AS body, c.lines, c.version, c.id"
    " FROM changed c LIMIT 1) AS t)";
static const char answer_in_part[] =
    ", answer AS (SELECT (SELECT '{' || string_agg(to_json(e.key)::text || ':' || e.value::text, "
    "','"
    " ORDER BY e.n) || '}' FROM json_each(row_to_json(c)) WITH ORDINALITY AS e(key, value, n)"
    " WHERE e.key NOT IN (%s)) AS body, c.version, c.id FROM changed c LIMIT 1)";

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
    " lines, left_division, left_lines, deleted, trace_id)"
    " SELECT :now::timestamptz, :verb::text, ";
static const char announced_as[] = "@, c.id, c.version, c.owner_division, ";
static const char announced_also[] = " UNION ALL SELECT :now::timestamptz, :verb::text, ";
static const char announced_also_as[] =
    "a.kind, a.id, a.version, a.owner_division, zeren.lines_of(a.body), ";
/* Under which kind an event is announced that is of another than its record's. */
static const char told_as[] = "coalesce((SELECT t.kind FROM told_as t WHERE t.id = %s.id), ";
static const char announced_besides[] =
    " UNION ALL SELECT :now::timestamptz, :verb::text, n.kind, n.id, n.version, n.owner_division,"
    " n.lines, NULL::text, '{}'::text[], false, :trace_id::text FROM also_announced n";

/* Whose a record was, where that is another's now. */
static const char left_in_besides[] =
    "CASE WHEN a.before ->> 'owner_division' <> a.owner_division"
    " OR zeren.lines_of(a.before) <> zeren.lines_of(a.body)"
    " THEN a.before ->> 'owner_division' END, zeren.lines_of(a.before)";
static const char left_nothing[] = "NULL::text, '{}'::text[]";

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

/* The statement says whose the row is, and an UPDATE of its table may have changed that. */
static bool may_leave(const struct stmt *st)
{
    return has_words(st->text, "UPDATE", st->record) && (st->shown_division || st->lined);
}

/* The kind that `row` is announced as, with what follows it in `text`. */
static void add_told_as(struct draft *d, const char *text, const char *row)
{
    if (!has_word(d->stmt->text, "told_as")) {
        add(d, text);
        return;
    }
    size_t kind = strcspn(text, ",");
    char alone[8] = {0};
    memcpy(alone, text, kind);
    buf_printf(&d->text, told_as, row);
    add(d, alone);
    buf_char(&d->text, ')');
    add(d, text + kind);
}

static void compose_event(struct draft *d)
{
    const struct stmt *st = d->stmt;
    bool deletes = has_words(st->text, "DELETE FROM", st->record);
    const char *lines = st->lined ? "b.lines" : "'{}'::text[]";
    add(d, announced);
    add_told_as(d, announced_as, "c");
    buf_str(&d->text, st->lined ? "c.lines, " : "'{}'::text[], ");
    if (may_leave(st))
        buf_printf(&d->text,
                   "CASE WHEN b.owner_division <> c.owner_division%s"
                   " THEN b.owner_division END, coalesce(%s, '{}')",
                   st->lined ? " OR b.lines <> c.lines" : "", lines);
    else
        buf_str(&d->text, left_nothing);
    add(d, deletes ? ", true, :trace_id::text FROM changed c"
                   : ", false, :trace_id::text FROM changed c");
    if (may_leave(st))
        buf_printf(&d->text, " LEFT JOIN %s b ON b.id = c.id", st->record);
}

static void compose_events(struct draft *d, bool also)
{
    const char *text = d->stmt->text;
    compose_event(d);
    if (also) {
        add(d, announced_also);
        add_told_as(d, announced_also_as, "a");
        buf_str(&d->text, has_word(text, "before") ? left_in_besides : left_nothing);
        buf_str(&d->text, has_words(text, "AS", "deleted") ? ", a.deleted" : ", false");
        add(d, ", :trace_id::text FROM also_changed a");
    }
    if (has_word(text, "also_announced"))
        add(d, announced_besides);
}

/* Without what the answer does not show. */
static void compose_answer(struct draft *d)
{
    const struct stmt *st = d->stmt;
    if (st->shown_division)
        buf_str(&d->text, st->lined ? answer_but_lines : answer_whole);
    else
        buf_printf(&d->text, answer_in_part,
                   st->lined ? "'owner_division', 'lines'" : "'owner_division'");
}

static void compose_write(struct draft *d)
{
    const struct stmt *st = d->stmt;
    bool also = has_word(st->text, "also_changed");
    if (starts_with_word(st->text, "WITH") && has_word(st->text, "changed"))
        buf_str(&d->text, st->text);
    else
        buf_printf(&d->text, "WITH changed AS (%s\n)", st->text);
    compose_answer(d);
    compose_audit(d, also);
    compose_events(d, also);
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

static void compose_digest(struct draft *d)
{
    buf_printf(&d->text,
               "SELECT count(*)::text,"
               " lpad(to_hex(coalesce(bit_xor(zeren.sync_digest(r.id, r.version)), 0)), 16, '0')"
               " FROM (%s\n) AS r",
               d->stmt->text);
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

const struct stmt_form *stmt_compose(struct arena *a, const struct stmt *st,
                                     const struct stmt_order *o, unsigned nth)
{
    struct draft d;
    if (!draft_begin(&d, a, st))
        return NULL;
    if (o != NULL)
        compose_page(&d, *o);
    else if (st->kind == STMT_PAGE)
        compose_digest(&d);
    else
        compose(&d);
    return draft_end(&d, nth);
}

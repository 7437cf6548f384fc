/* common/tools/sqlparse.c - the reader of named SQL statements: a scanner that copies SQL and turns
 * :names into $n, and the lines of comment that head a statement. Does not check that the SQL is
 * right: PostgreSQL does, in the test that prepares every statement. */
#include "tools/sqlparse.h"

#include <string.h>

#include "core/buf.h"

#include "core/banned.h"

enum {
    MAX_TEXT = 256 * 1024,
    MAX_PARAMS = 128,
    MAX_SORTS = 16,
    MAX_MASKED = 32,
    MAX_NAME = 40,
    MAX_WORD = 64
};

struct scan {
    struct arena *arena;
    const char *at, *end;
    unsigned line;
    struct stmt *now; /* the statement being read, or NULL before the first */
    struct buf text;
    const char **params, **sorts, **masked;
    bool finished; /* its semicolon was seen */
    struct sqlparse_list *list;
    size_t cap;
    struct err *err;
};

static bool refuse(struct scan *s, const char *what)
{
    return err_set(s->err, ERR_INVALID, arena_printf(s->arena, "line %u", s->line), "%s", what);
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* May stand inside an unquoted name of SQL; bytes of UTF-8 may. */
static bool in_name(char c)
{
    return is_lower(c) || is_digit(c) || (c >= 'A' && c <= 'Z') || c == '_' ||
           (unsigned char)c >= 0x80;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static char peek(const struct scan *s, size_t ahead)
{
    return (size_t)(s->end - s->at) > ahead ? s->at[ahead] : '\0';
}

/* Length of the lower-case word (our names) that `s` begins with, at most up to `end`. */
static size_t word_length(const char *s, const char *end)
{
    size_t n = 0;
    while (s + n < end && (is_lower(s[n]) || (n > 0 && (is_digit(s[n]) || s[n] == '_'))))
        n++;
    return n;
}

static bool copy(struct scan *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        s->line += s->at[i] == '\n';
    if (s->now != NULL)
        buf_add(&s->text, s->at, n);
    s->at += n;
    return true;
}

/* 'text' with '' inside, or with backslashes after E; "names" likewise. */
static bool quoted(struct scan *s, char quote, bool backslashes)
{
    size_t n = 1;
    while (peek(s, n) != '\0') {
        if (backslashes && peek(s, n) == '\\') {
            n += 2;
            continue;
        }
        if (peek(s, n) == quote && peek(s, n + 1) != quote)
            return copy(s, n + 1);
        n += peek(s, n) == quote ? 2 : 1;
    }
    return refuse(s, "a quote is not closed");
}

static bool escapes(const struct scan *s, const char *start)
{
    return s->at > start && (s->at[-1] == 'E' || s->at[-1] == 'e') &&
           (s->at - 1 == start || !in_name(s->at[-2]));
}

/* $$…$$ or $tag$…$tag$; a bare $1 is refused. */
static bool dollar(struct scan *s)
{
    size_t tag = 1;
    while (in_name(peek(s, tag)) && !(tag == 1 && is_digit(peek(s, tag))))
        tag++;
    if (peek(s, tag) != '$')
        return refuse(s, "a $ that opens no quote; parameters are written :name");
    tag++;
    for (size_t n = tag; (size_t)(s->end - s->at) >= n + tag; n++) {
        if (memcmp(s->at + n, s->at, tag) == 0)
            return copy(s, n + tag);
    }
    return refuse(s, "a dollar quote is not closed");
}

/* Comments nest in PostgreSQL. */
static bool block_comment(struct scan *s)
{
    unsigned depth = 0;
    while (s->at < s->end) {
        bool opens = peek(s, 0) == '/' && peek(s, 1) == '*';
        bool closes = peek(s, 0) == '*' && peek(s, 1) == '/';
        s->line += *s->at == '\n';
        s->at += opens || closes ? 2 : 1;
        depth += opens;
        if (closes && --depth == 0) {
            if (s->now != NULL)
                buf_char(&s->text, ' ');
            return true;
        }
    }
    return refuse(s, "a comment is not closed");
}

static bool parameter(struct scan *s)
{
    size_t n = word_length(s->at + 1, s->end);
    if (n == 0)
        return copy(s, 1);
    if (s->now == NULL)
        return refuse(s, "SQL before the first `-- name:` line");
    if (n > MAX_WORD)
        return refuse(s, "a parameter's name is too long");
    unsigned i = 0;
    while (i < s->now->n_params &&
           (strncmp(s->params[i], s->at + 1, n) != 0 || s->params[i][n] != '\0'))
        i++;
    if (i == MAX_PARAMS)
        return refuse(s, "more than 128 parameters");
    if (i == s->now->n_params) {
        s->params[i] = arena_strndup(s->arena, s->at + 1, n);
        if (s->params[i] == NULL)
            return refuse(s, "out of memory");
        s->now->n_params++;
    }
    buf_printf(&s->text, "$%u", i + 1);
    s->at += n + 1;
    return true;
}

static bool list_add(struct scan *s, struct stmt *st)
{
    struct sqlparse_list *l = s->list;
    if (l->n == s->cap) {
        s->cap = s->cap == 0 ? 32 : 2 * s->cap;
        struct stmt **items = arena_array(s->arena, struct stmt *, s->cap);
        if (items == NULL)
            return refuse(s, "out of memory");
        if (l->n > 0)
            memcpy(items, l->items, l->n * sizeof(struct stmt *));
        l->items = items;
    }
    l->items[l->n++] = st;
    return true;
}

/* Ends the statement being read and puts it on the list. */
static bool finish(struct scan *s)
{
    struct stmt *st = s->now;
    if (st == NULL)
        return true;
    char *text = arena_strdup(s->arena, buf_text(&s->text));
    if (text == NULL)
        return refuse(s, "a statement is too long, or memory ran out");
    size_t len = strlen(text);
    while (len > 0 && is_blank(text[len - 1]))
        text[--len] = '\0';
    while (is_blank(*text))
        text++;
    if (*text == '\0')
        return refuse(s, "the statement before this line has no SQL");
    st->text = text;
    if (st->kind == STMT_PAGE && s->sorts[0] == NULL)
        s->sorts[0] = st->key;
    s->now = NULL;
    return list_add(s, st);
}

/* The next word of a line of comment: letters, digits, _ and a leading colon. Empty at its end. */
static size_t next_word(const char **at, const char *end)
{
    while (*at < end && (**at == ' ' || **at == '\t' || **at == ',' || **at == '\r'))
        (*at)++;
    size_t colon = *at < end && **at == ':';
    return colon + word_length(*at + colon, end);
}

static bool word_is(const char *at, size_t n, const char *word)
{
    return strlen(word) == n && memcmp(at, word, n) == 0;
}

static bool read_kind(const char *at, size_t n, enum stmt_kind *ret_kind)
{
    static const char *const kinds[] = {
        [STMT_ONE] = ":one",     [STMT_VIEW] = ":view", [STMT_PAGE] = ":page",
        [STMT_WRITE] = ":write", [STMT_ROWS] = ":rows", [STMT_EXEC] = ":exec"};
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        if (word_is(at, n, kinds[k])) {
            *ret_kind = (enum stmt_kind)k;
            return true;
        }
    }
    return false;
}

static bool begin(struct scan *s)
{
    s->now = arena_new(s->arena, struct stmt);
    s->params = arena_array(s->arena, const char *, MAX_PARAMS + 1);
    s->sorts = arena_array(s->arena, const char *, MAX_SORTS + 1);
    buf_init(&s->text, s->arena, MAX_TEXT);
    s->masked = arena_array(s->arena, const char *, MAX_MASKED + 1);
    s->finished = false;
    if (s->now == NULL || s->params == NULL || s->sorts == NULL || s->masked == NULL)
        return refuse(s, "out of memory");
    s->now->params = s->params;
    return true;
}

/* What stands behind the kind: the record of a :write, and its words. */
static bool head_words(struct scan *s, const char *at, const char *end)
{
    size_t n = next_word(&at, end);
    if (s->now->kind == STMT_WRITE) {
        if (n == 0)
            return refuse(s, "a :write statement names its record: `:write item`");
        s->now->record = arena_strndup(s->arena, at, n);
        at += n;
        n = next_word(&at, end);
    }
    while (s->now->kind == STMT_WRITE &&
           (word_is(at, n, "shown_division") || word_is(at, n, "lined"))) {
        *(word_is(at, n, "lined") ? &s->now->lined : &s->now->shown_division) = true;
        at += n;
        n = next_word(&at, end);
    }
    return n == 0 && at == end ? true : refuse(s, "a word too many in the `-- name:` line");
}

/* `-- name: item_insert :write item` */
static bool head(struct scan *s, const char *at, const char *end)
{
    if (!finish(s) || !begin(s))
        return false;
    size_t n = next_word(&at, end);
    if (n == 0 || n > MAX_NAME || *at == ':')
        return refuse(s, "a statement's name is a lower-case word of at most 40 characters");
    s->now->name = arena_strndup(s->arena, at, n);
    at += n;
    n = next_word(&at, end);
    if (!read_kind(at, n, &s->now->kind))
        return refuse(s, "the kind is :one, :view, :page, :write, :rows or :exec");
    at += n;
    if (s->now->kind == STMT_PAGE) {
        s->now->sorts = s->sorts;
        s->now->key = "id";
    }
    return head_words(s, at, end);
}

static bool sorts(struct scan *s, const char *at, const char *end)
{
    if (s->now->sorts == NULL)
        return refuse(s, "only a :page statement has sorts");
    for (size_t n, i = 0; (n = next_word(&at, end)) > 0 && *at != ':'; at += n) {
        if (i == MAX_SORTS)
            return refuse(s, "more than 16 sorts");
        s->sorts[i++] = arena_strndup(s->arena, at, n);
    }
    return at == end && s->sorts[0] != NULL ? true : refuse(s, "`-- sort:` takes column names");
}

static bool key(struct scan *s, const char *at, const char *end)
{
    size_t n = next_word(&at, end);
    if (s->now->sorts == NULL || n == 0 || *at == ':' || at + n != end)
        return refuse(s, "`-- key:` takes one column name, in a :page statement");
    s->now->key = arena_strndup(s->arena, at, n);
    return true;
}

static bool masked(struct scan *s, const char *at, const char *end)
{
    if (s->now->kind != STMT_WRITE)
        return refuse(s, "only a :write statement masks what audit keeps");
    for (size_t n, i = 0; (n = next_word(&at, end)) > 0 && *at != ':'; at += n) {
        if (i == MAX_MASKED)
            return refuse(s, "more than 32 masked members");
        s->masked[i++] = arena_strndup(s->arena, at, n);
    }
    s->now->masked = s->masked;
    return at == end && s->masked[0] != NULL ? true : refuse(s, "`-- masked:` takes member names");
}

static bool directive(struct scan *s, const char *at, const char *end)
{
    size_t len = (size_t)(end - at);
    if (len > 8 && memcmp(at, "-- name:", 8) == 0)
        return head(s, at + 8, end);
    if (s->now == NULL)
        return true;
    if (len > 8 && memcmp(at, "-- sort:", 8) == 0)
        return sorts(s, at + 8, end);
    if (len > 7 && memcmp(at, "-- key:", 7) == 0)
        return key(s, at + 7, end);
    if (len >= 10 && memcmp(at, "-- masked:", 10) == 0)
        return masked(s, at + 10, end);
    return true;
}

static bool line_comment(struct scan *s, const char *start)
{
    const char *end = memchr(s->at, '\n', (size_t)(s->end - s->at));
    if (end == NULL)
        end = s->end;
    const char *trimmed = end;
    while (trimmed > s->at && is_blank(trimmed[-1]))
        trimmed--;
    bool heads_line = s->at == start || s->at[-1] == '\n';
    if (heads_line && !directive(s, s->at, trimmed))
        return false;
    s->at = end;
    return true;
}

static bool other(struct scan *s)
{
    char c = *s->at;
    if (c == '\0')
        return refuse(s, "a NUL byte");
    if (is_blank(c))
        return copy(s, 1);
    if (s->now == NULL)
        return refuse(s, "SQL before the first `-- name:` line");
    if (s->finished)
        return refuse(s, "one statement under one name");
    if (c == ';') {
        s->finished = true;
        s->at++;
        return true;
    }
    size_t n = 1;
    while (in_name(c) && (in_name(peek(s, n)) || peek(s, n) == '$'))
        n++;
    return copy(s, n);
}

static bool step(struct scan *s, const char *start)
{
    char c = *s->at, next = peek(s, 1);
    if (c == '-' && next == '-')
        return line_comment(s, start);
    if (c == '/' && next == '*')
        return block_comment(s);
    if (s->now == NULL || s->finished)
        return other(s);
    if (c == '\'' || c == '"')
        return quoted(s, c, c == '\'' && escapes(s, start));
    if (c == '$')
        return dollar(s);
    if (c == ':' && (next == ':' || next == '='))
        return copy(s, 2);
    if (c == ':')
        return parameter(s);
    return other(s);
}

bool sqlparse(struct arena *a, const char *bytes, size_t len, struct sqlparse_list *ret,
              struct err *err)
{
    *ret = (struct sqlparse_list){0};
    struct scan s = {
        .arena = a, .at = bytes, .end = bytes + len, .line = 1, .list = ret, .err = err};
    while (s.at < s.end) {
        if (!step(&s, bytes))
            return false;
    }
    return finish(&s);
}

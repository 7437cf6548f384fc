/* common/tables/ndjson_source.c - rows of NDJSON: one flat object a line, members by name. Numbers
 * keep their digits as written, which a JSON library would not. Columns are the wanted ones. */
#include <stdint.h>
#include <string.h>

#include "tables/text.h"

#include "core/banned.h"

struct ndjson_rows {
    struct text *text;
    size_t n_columns;
    unsigned lines;
    char **values; /* [n_columns]: into the pool, or NULL */
    char *pool, *line;
    size_t used;
};

struct at {
    const char *s, *end;
};

static void skip(struct at *a)
{
    while (a->s < a->end && (*a->s == ' ' || *a->s == '\t' || *a->s == '\r' || *a->s == '\n'))
        a->s++;
}

static bool take(struct at *a, char c)
{
    skip(a);
    if (a->s == a->end || *a->s != c)
        return false;
    a->s++;
    return true;
}

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    char low = (char)(c | 0x20);
    return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

static bool read_hex(struct at *a, unsigned *ret)
{
    *ret = 0;
    if (a->end - a->s < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        int digit = hex(*a->s++);
        if (digit < 0)
            return false;
        *ret = *ret << 4 | (unsigned)digit;
    }
    return true;
}

/* Behind \u: four digits, and four more for the second half of a pair. */
static bool read_point(struct at *a, unsigned *ret)
{
    unsigned low = 0;
    if (!read_hex(a, ret))
        return false;
    if (*ret < 0xD800 || *ret > 0xDFFF)
        return true;
    if (*ret > 0xDBFF || a->end - a->s < 6 || a->s[0] != '\\' || a->s[1] != 'u')
        return false;
    a->s += 2;
    if (!read_hex(a, &low) || low < 0xDC00 || low > 0xDFFF)
        return false;
    *ret = 0x10000 + ((*ret - 0xD800) << 10) + (low - 0xDC00);
    return true;
}

static bool read_escape(struct at *a, char **out)
{
    static const char names[] = "\"\\/bfnrt", chars[] = "\"\\/\b\f\n\r\t";
    unsigned point = 0;
    if (a->s == a->end)
        return false;
    char c = *a->s++;
    const char *known = c == '\0' ? NULL : strchr(names, c);
    if (known != NULL) {
        *(*out)++ = chars[known - names];
        return true;
    }
    if (c != 'u' || !read_point(a, &point))
        return false;
    *out += put_utf8(point, *out);
    return true;
}

/* Behind the opening mark: to `out`, which has room, for no escape grows. */
static bool read_string(struct at *a, char **out)
{
    while (a->s < a->end && *a->s != '"') {
        if ((unsigned char)*a->s < 0x20)
            return false;
        if (*a->s != '\\')
            *(*out)++ = *a->s++;
        else {
            a->s++;
            if (!read_escape(a, out))
                return false;
        }
    }
    return take(a, '"');
}

/* A number by JSON's grammar, or true, false, null (which is an empty cell). */
static bool read_bare(struct at *a, char **out)
{
    const char *from = a->s;
    while (a->s < a->end && *a->s != '\0' &&
           strchr("+-.0123456789abcdefghijklmnopqrstuvwxyzE", *a->s))
        a->s++;
    size_t n = (size_t)(a->s - from);
    if (n == 4 && memcmp(from, "null", 4) == 0)
        return true;
    bool word =
        (n == 4 && memcmp(from, "true", 4) == 0) || (n == 5 && memcmp(from, "false", 5) == 0);
    if (!word && !json_number(from, n))
        return false;
    memcpy(*out, from, n);
    *out += n;
    return true;
}

/* A nested value is passed over, whatever it holds, by its brackets. */
static bool skip_nested(struct at *a)
{
    size_t depth = 0;
    bool quoted = false;
    for (; a->s < a->end; a->s++) {
        if (quoted && *a->s == '\\' && a->end - a->s > 1)
            a->s++;
        else if (*a->s == '"')
            quoted = !quoted;
        else if (!quoted && (*a->s == '{' || *a->s == '['))
            depth++;
        else if (!quoted && (*a->s == '}' || *a->s == ']') && --depth == 0) {
            a->s++;
            return true;
        }
    }
    return false;
}

static int find_column(const struct source *s, const char *name)
{
    const struct table_column *c = s->options->columns;
    for (int i = 0; c[i].name != NULL; i++) {
        if (strcmp(c[i].name, name) == 0 || (c[i].label != NULL && strcmp(c[i].label, name) == 0))
            return i;
    }
    return -1;
}

static void row_fault(struct raw_row *r, const char *code, const char *column)
{
    if (r->fault != NULL)
        return;
    r->fault = code;
    r->fault_column = column;
}

/* One member; its text goes to the pool, and counts when its column is wanted. */
static bool read_member(struct source *s, struct at *a)
{
    struct ndjson_rows *n = s->self;
    char *name = n->pool + n->used, *out = name;
    if (!take(a, '"') || !read_string(a, &out) || !take(a, ':'))
        return false;
    *out++ = '\0';
    char *value = out;
    skip(a);
    bool nested = a->s < a->end && (*a->s == '{' || *a->s == '[');
    if (nested ? !skip_nested(a) : take(a, '"') ? !read_string(a, &out) : !read_bare(a, &out))
        return false;
    size_t len = (size_t)(out - value);
    *out++ = '\0';
    n->used = (size_t)(out - n->pool);
    int column = find_column(s, name);
    if (nested)
        row_fault(&s->row, "nested_value", name);
    else if (column < 0 && strcmp(name, TABLE_REASON) != 0)
        row_fault(&s->row, "unknown_column", name);
    else if (column >= 0 && n->values[column] != NULL)
        row_fault(&s->row, "repeated_column", name);
    else if (column >= 0 && memchr(value, '\0', len) != NULL)
        row_fault(&s->row, "control_character", name);
    else if (column >= 0)
        n->values[column] = value;
    return true;
}

static bool read_object(struct source *s, struct at *a)
{
    if (!take(a, '{'))
        return false;
    bool more = !take(a, '}');
    while (more) {
        if (!read_member(s, a))
            return false;
        more = take(a, ',');
        if (!more && !take(a, '}'))
            return false;
    }
    skip(a);
    return a->s == a->end;
}

static void put_cells(struct source *s)
{
    struct ndjson_rows *n = s->self;
    for (size_t i = 0; i < n->n_columns && s->row.refusal == NULL; i++) {
        const char *value = n->values[i] == NULL ? "" : n->values[i];
        if (!raw_row_cell(&s->row, i))
            return;
        raw_row_add(&s->row, value, strlen(value));
        raw_row_end_cell(&s->row, NULL);
    }
}

static enum table_step fail(struct ndjson_rows *n, const char *code, struct err *err)
{
    refuse(err, code, n->lines);
    return TABLE_FAILED;
}

static enum table_step next(struct source *s, struct err *err)
{
    struct ndjson_rows *n = s->self;
    const char *line = NULL;
    size_t len = 0;
    enum text_got got = text_line(n->text, &line, &len);
    if (got == TEXT_END)
        return TABLE_END;
    n->lines++;
    if (got != TEXT_LINE || len > s->limits.row_bytes)
        return fail(n, got == TEXT_UNREADABLE ? "unreadable" : "row_too_long", err);
    raw_row_start(&s->row, n->lines);
    trim(&line, &len);
    memcpy(n->line, line, len);
    n->line[len] = '\0';
    n->used = 0;
    memset(n->values, 0, n->n_columns * sizeof *n->values);
    struct at a = {line, line + len};
    if (len > 0 && !read_object(s, &a)) {
        memset(n->values, 0, n->n_columns * sizeof *n->values);
        s->row.fault = "bad_json";
        s->row.fault_column = NULL;
    }
    s->row.line = n->line;
    put_cells(s);
    return s->row.refusal == NULL ? TABLE_ROW : fail(n, s->row.refusal, err);
}

static bool go_back(struct source *s, struct err *err)
{
    struct ndjson_rows *n = s->self;
    (void)err;
    text_rewind(n->text);
    n->lines = 0;
    return true;
}

bool ndjson_source_open(struct source *s, struct err *err)
{
    struct ndjson_rows *n = arena_new(s->arena, struct ndjson_rows);
    if (n == NULL)
        return refuse(err, "no_memory", 0);
    while (s->options->columns[n->n_columns].name != NULL)
        n->n_columns++;
    n->text = text_open(s, err);
    if (n->text == NULL)
        return false;
    n->values = arena_array(s->arena, char *, n->n_columns + 1);
    n->pool = arena_alloc(s->arena, (size_t)s->limits.row_bytes * 2 + 2);
    n->line = arena_alloc(s->arena, (size_t)s->limits.row_bytes + 2);
    if (n->values == NULL || n->pool == NULL || n->line == NULL)
        return refuse(err, "no_memory", 0);
    s->self = n;
    s->next = next;
    s->rewind = go_back;
    return true;
}

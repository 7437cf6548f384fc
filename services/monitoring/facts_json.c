/* services/monitoring/facts_json.c - see facts_json.h. */
#include "facts_json.h"

#include <string.h>

#include "core/str.h"
#include "http/json_scan.h"

#include "core/banned.h"

static unsigned hex_of(const char *p)
{
    unsigned n = 0;
    for (int i = 0; i < 4 && p[i] != '\0'; i++) {
        char c = (char)(p[i] | 0x20);
        n = n * 16 + (unsigned)(c >= 'a' ? c - 'a' + 10 : c - '0');
    }
    return n;
}

/* PostgreSQL escapes quotes, backslashes and what is below the blank; nothing else. */
static char plain_of(char escaped)
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    const char *at = strchr(from, escaped);
    return at == NULL || escaped == '\0' ? escaped : to[at - from];
}

static char *unescape(struct fact_reader *r, const char *p, size_t len)
{
    char *text = arena_alloc(r->arena, len + 1);
    size_t n = 0;
    r->failed = r->failed || text == NULL;
    for (size_t i = 0; text != NULL && i < len; i++) {
        if (p[i] != '\\' || i + 1 >= len) {
            text[n++] = p[i];
        } else if (p[++i] == 'u' && i + 4 < len) {
            text[n++] = (char)(hex_of(p + i + 1) & 0x7f);
            i += 4;
        } else {
            text[n++] = plain_of(p[i]);
        }
    }
    return text;
}

const char *facts_text(struct fact_reader *r, const char *value, size_t len)
{
    if (value == NULL || (len == 4 && strncmp(value, "null", 4) == 0))
        return NULL;
    if (len >= 2 && *value == '"')
        return unescape(r, value + 1, len - 2);
    const char *text = arena_strndup(r->arena, value, len);
    r->failed = r->failed || text == NULL;
    return text;
}

const char *facts_next(const char **at)
{
    const char *p = json_skip_blanks(*at);
    if (*p != '[' && *p != ',')
        return NULL;
    p = json_skip_blanks(p + 1);
    if (*p == ']' || *p == '\0')
        return NULL;
    *at = json_skip_value(p);
    return p;
}

size_t facts_length(const char *json)
{
    size_t n = 0;
    while (json != NULL && facts_next(&json) != NULL)
        n++;
    return n;
}

const char *facts_member(const char *json, const char *name, size_t *ret_len)
{
    struct json_member m;
    while (json != NULL && json_next_member(&json, &m)) {
        if (!json_is_key(&m, name))
            continue;
        *ret_len = m.value_len;
        return m.value;
    }
    return NULL;
}

static struct words read_words(struct fact_reader *r, const char *json)
{
    size_t n = facts_length(json);
    const char **of = arena_array(r->arena, const char *, n + 1);
    r->failed = r->failed || of == NULL;
    for (size_t i = 0; of != NULL && i < n; i++) {
        const char *value = facts_next(&json);
        of[i] = facts_text(r, value, (size_t)(json - value));
    }
    return (struct words){of, of == NULL ? 0 : n};
}

struct words facts_split(struct fact_reader *r, const char *text)
{
    size_t n = text == NULL || *text == '\0' ? 0 : 1;
    for (const char *p = text; n > 0 && *p != '\0'; p++)
        n += *p == ',';
    const char **of = arena_array(r->arena, const char *, n + 1);
    r->failed = r->failed || of == NULL;
    for (size_t i = 0; of != NULL && i < n; i++) {
        size_t len = strcspn(text, ",");
        of[i] = arena_strndup(r->arena, text, len);
        r->failed = r->failed || of[i] == NULL;
        text += len + 1;
    }
    return (struct words){of, of == NULL ? 0 : n};
}

static void read_sealed(struct fact_reader *r, const char *json, const struct fact *f,
                        const char *hex, struct personal *ret)
{
    size_t len = 0;
    const char *id = facts_member(json, "id", &len);
    const char *record = facts_text(r, id, len);
    *ret = (struct personal){.there = hex != NULL};
    if (hex != NULL && record != NULL && r->opener != NULL)
        ret->text = r->opener->open(r->opener->with, f->column, record, hex);
}

static void read_value(struct fact_reader *r, const struct fact *f, const char *value, size_t len,
                       void *to)
{
    const char *text = f->kind == FACT_WORDS ? NULL : facts_text(r, value, len);
    switch (f->kind) {
    case FACT_TEXT:
        *(const char **)to = text;
        break;
    case FACT_WORDS:
        *(struct words *)to = read_words(r, value);
        break;
    case FACT_ANSWER:
        *(enum answer *)to = text == NULL ? UNSAID : strcmp(text, "true") == 0 ? YES : NO;
        break;
    case FACT_COUNT: {
        struct count *n = to;
        n->there = text != NULL && str_int(text, -999999999, 999999999, &n->n);
        break;
    }
    case FACT_AMOUNT: {
        struct amount *a = to;
        a->there = text != NULL && decimal_parse(text, 4, &a->value);
        break;
    }
    case FACT_DATE:
        if (text == NULL || !date_parse(text, to))
            *(struct date *)to = (struct date){0};
        break;
    case FACT_SEALED:
        break;
    }
}

/* The row of the table that has this key: mostly the one behind the last, for both are in one
 * order.
 */
static const struct fact *row_of(const struct fact *table, const struct fact **at,
                                 const struct json_member *m)
{
    if (*at != NULL && (*at)->name != NULL && json_is_key(m, (*at)->name))
        return (*at)++;
    for (const struct fact *f = table; f != NULL && f->name != NULL; f++) {
        if (json_is_key(m, f->name)) {
            *at = f + 1;
            return f;
        }
    }
    return NULL;
}

void facts_read(struct fact_reader *r, const char *json, const struct fact *table, void *into)
{
    const struct fact *at = table;
    const char *p = json;
    struct json_member m;
    while (p != NULL && json_next_member(&p, &m)) {
        const struct fact *f = row_of(table, &at, &m);
        if (f == NULL)
            continue;
        if (f->kind == FACT_SEALED)
            read_sealed(r, json, f, facts_text(r, m.value, m.value_len),
                        (struct personal *)(void *)((char *)into + f->offset));
        else
            read_value(r, f, m.value, m.value_len, (char *)into + f->offset);
    }
}

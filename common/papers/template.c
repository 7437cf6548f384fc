/* common/papers/template.c - reads forms, and fills values in. Draws nothing. */
#include "papers/template.h"

#include <string.h>

#include "core/buf.h"
#include "core/str.h"

#include "core/banned.h"

enum { LINE_MAX_BYTES = 8192 };

static const char *const kinds[] = {[PAPER_TITLE] = "title",
                                    [PAPER_NUMBER] = "number",
                                    [PAPER_ADDRESSEE] = "addressee",
                                    [PAPER_PARAGRAPH] = "paragraph",
                                    [PAPER_TABLE] = "table",
                                    [PAPER_SIGNATURE] = "signature",
                                    [PAPER_NOTE] = "note"};

static const char *trimmed(struct arena *a, const char *s, size_t n)
{
    while (n > 0 && *s == ' ') {
        s++;
        n--;
    }
    while (n > 0 && s[n - 1] == ' ')
        n--;
    return arena_strndup(a, s, n);
}

/* "52 任务" */
static bool read_column(struct arena *a, const char *s, size_t n, struct paper_column *ret)
{
    const char *text = trimmed(a, s, n);
    size_t digits = text == NULL ? 0 : strspn(text, "0123456789");
    int64_t width = 0;
    const char *number = digits == 0 ? NULL : arena_strndup(a, text, digits);
    if (number == NULL || text[digits] != ' ' || !str_int(number, 1, 100, &width))
        return false;
    *ret = (struct paper_column){(unsigned)width, text + digits + 1};
    return true;
}

static bool read_columns(struct arena *a, struct paper_part *part)
{
    unsigned sum = 0;
    for (const char *s = part->text; *s != '\0'; s += *s == '|') {
        size_t n = strcspn(s, "|");
        if (part->n_columns == PAPER_COLUMNS_MAX ||
            !read_column(a, s, n, &part->columns[part->n_columns]))
            return false;
        sum += part->columns[part->n_columns++].width;
        s += n;
    }
    return sum == 100;
}

static bool read_signature(struct arena *a, struct paper_part *part)
{
    const char *bar = strchr(part->text, '|');
    if (bar == NULL)
        return false;
    part->second = trimmed(a, bar + 1, strlen(bar + 1));
    part->text = trimmed(a, part->text, (size_t)(bar - part->text));
    return part->text != NULL && part->second != NULL;
}

static bool read_line(struct arena *a, const char *line, size_t n, struct paper_part *ret)
{
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        size_t len = strlen(kinds[k]);
        if (n <= len || strncmp(line, kinds[k], len) != 0 || line[len] != ' ')
            continue;
        *ret = (struct paper_part){.kind = (enum paper_part_kind)k,
                                   .text = trimmed(a, line + len, n - len)};
        if (ret->text == NULL || *ret->text == '\0')
            return false;
        if (ret->kind == PAPER_TABLE)
            return read_columns(a, ret);
        return ret->kind != PAPER_SIGNATURE || read_signature(a, ret);
    }
    return false;
}

bool paper_template_parse(struct arena *a, const char *text, struct paper_template *ret,
                          struct err *err)
{
    unsigned number = 0;
    *ret = (struct paper_template){.parts = arena_array(a, struct paper_part, PAPER_PARTS_MAX)};
    if (ret->parts == NULL)
        return err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
    while (*text != '\0') {
        size_t n = strcspn(text, "\n");
        const char *line = text;
        text += n + (text[n] == '\n');
        number++;
        if (n == 0 || *line == '#')
            continue;
        if (n > LINE_MAX_BYTES || ret->n_parts == PAPER_PARTS_MAX ||
            !read_line(a, line, n, &ret->parts[ret->n_parts++]))
            return err_set(err, ERR_INVALID, "template", "Line %u is no part of a paper.", number);
    }
    return ret->n_parts > 0 || err_set(err, ERR_INVALID, "template", "The form is empty.");
}

static const char *value_of(const struct paper_value *values, const char *name, size_t n)
{
    for (const struct paper_value *v = values; v->name != NULL; v++) {
        if (strlen(v->name) == n && strncmp(v->name, name, n) == 0)
            return v->text == NULL ? "" : v->text;
    }
    return "";
}

const char *paper_fill(struct arena *a, const char *text, const struct paper_value *values)
{
    struct buf b;
    buf_init(&b, a, (size_t)64 * 1024);
    while (*text != '\0') {
        size_t n = strcspn(text, "{");
        buf_add(&b, text, n);
        text += n;
        const char *end = *text == '{' ? strchr(text, '}') : NULL;
        if (end == NULL) {
            buf_str(&b, text);
            break;
        }
        buf_str(&b, value_of(values, text + 1, (size_t)(end - text - 1)));
        text = end + 1;
    }
    return buf_text(&b);
}

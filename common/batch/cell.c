/* common/batch/cell.c - see cell.h. */
#include "batch/cell.h"

#include <string.h>

#include "core/decimal.h"
#include "core/division_code.h"
#include "core/str.h"
#include "tables/table.h"

#include "core/banned.h"

enum { SHORT_MAX = 200 };

static const char *read_text(struct arena *a, const struct batch_column *c, const char *text,
                             const char **ret)
{
    if (str_length(text) > c->max)
        return "too_long";
    *ret = arena_strdup(a, text);
    return NULL;
}

static const char *read_code(struct arena *a, const char *text, const char **ret)
{
    char code[DIVISION_CODE];
    bool whole = division_level(text) >= 0;
    if (!whole && (!division_pad(text, code) || division_level(code) < 0))
        return "not_a_code";
    *ret = arena_strdup(a, whole ? text : code);
    return NULL;
}

static const char *read_word(const struct batch_column *c, const char *text,
                             const struct batch_word *words, const char **ret)
{
    for (; words != NULL && words->dictionary != NULL; words++) {
        if (strcmp(words->dictionary, c->dictionary) == 0 &&
            (strcmp(words->code, text) == 0 || strcmp(words->label, text) == 0 ||
             str_equal(words->short_label, text))) {
            *ret = words->code;
            return NULL;
        }
    }
    return "not_one_of";
}

static const char *read_day(struct arena *a, const char *text, const char **ret)
{
    char day[11];
    if (!table_date(text, day))
        return "not_a_date";
    *ret = arena_strdup(a, day);
    return NULL;
}

static const char *read_number(struct arena *a, const struct batch_column *c, const char *text,
                               const char **ret)
{
    struct decimal d;
    char out[24];
    if (!decimal_parse(text, (int)c->max, &d) || d.units < 0)
        return "not_a_number";
    decimal_format(d, out);
    *ret = arena_strdup(a, out);
    return NULL;
}

const char *batch_cell_read(struct arena *a, const struct batch_column *c, const char *text,
                            const struct batch_word *words, const char **ret)
{
    char plain[SHORT_MAX];
    *ret = NULL;
    if (text == NULL || *text == '\0')
        return c->required ? "missing" : NULL;
    if (c->cell == BATCH_TEXT)
        return read_text(a, c, text, ret);
    if (!table_halfwidth(text, plain, sizeof plain))
        return "too_long";
    switch (c->cell) {
    case BATCH_CODE:
        return read_code(a, plain, ret);
    case BATCH_DAY:
        return read_day(a, plain, ret);
    case BATCH_NUMBER:
        return read_number(a, c, plain, ret);
    case BATCH_TEXT:
    case BATCH_WORD:
        break;
    }
    return read_word(c, text, words, ret);
}

/* common/batch/cell.c - see cell.h. */
#include "batch/cell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/clock.h"
#include "core/decimal.h"
#include "core/division_code.h"
#include "core/personal_text.h"
#include "core/str.h"
#include "tables/table.h"

#include "core/banned.h"

enum { SHORT_MAX = 200, WORDS_MAX = 20, CODES_MAX = 400, MONTH_TEXT = 32 };

static const char *read_text(struct arena *a, const struct batch_column *c, const char *text,
                             const char **ret)
{
    if (c->cell == BATCH_KEY && personal_is_citizen_id(text))
        return "is_id_number";
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

static const char *read_place(struct arena *a, const struct batch_column *c, const char *text,
                              const char **ret)
{
    if (c->cell != BATCH_PLACE || (strcmp(text, "境外") != 0 && strcmp(text, "abroad") != 0))
        return read_code(a, text, ret);
    *ret = "abroad";
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

/* A number cell says 3.0 of a 3: zeros behind so many places are none. */
static const char *without_zeros(struct arena *a, const char *text, unsigned places)
{
    size_t n = strlen(text), point = strcspn(text, "."), least = point + 1 + places;
    while (n > least && text[n - 1] == '0')
        n--;
    return arena_strndup(a, text, n == point + 1 && text[n] == '0' ? point : n);
}

static const char *read_number(struct arena *a, const struct batch_column *c, const char *text,
                               const char **ret)
{
    struct decimal d;
    char out[24];
    const char *plain = without_zeros(a, text, c->max);
    if (plain == NULL || !decimal_parse(plain, (int)c->max, &d) || d.units < 0)
        return "not_a_number";
    decimal_format(d, out);
    *ret = arena_strdup(a, out);
    return NULL;
}

static const char *read_decimal(const struct batch_column *c, struct arena *a, const char *text,
                                const char **ret)
{
    struct decimal d;
    char out[24];
    if (!decimal_parse(text, 2, &d) || d.units < 0 || d.units > INT64_MAX / 100)
        return "not_a_number";
    for (; d.scale < 2; d.scale++)
        d.units *= 10;
    int64_t bound = 100;
    for (unsigned i = 0; i < c->max; i++)
        bound *= 10;
    if (d.units >= bound)
        return "too_large";
    decimal_format(d, out);
    *ret = arena_strdup(a, out);
    return NULL;
}

static const char *read_yes_no(const char *text, const char **ret)
{
    static const char *const said[] = {"是", "否", "true", "false", "1", "0", NULL};
    for (size_t i = 0; said[i] != NULL; i++) {
        if (strcmp(text, said[i]) == 0) {
            *ret = i % 2 == 0 ? "true" : "false";
            return NULL;
        }
    }
    return "not_yes_no";
}

/* What a month's first day is written with behind it. A number cell says 2026.1 of October, too. */
static const char *first_day(const char *text)
{
    size_t n = strlen(text);
    if (n == 6 && strspn(text, "0123456789") == n)
        return "01";
    if (strchr(text, '.') != NULL)
        return strcmp(text + (n < 2 ? 0 : n - 2), ".1") == 0 ? "?" : ".01";
    return strchr(text, '/') != NULL ? "/01" : "-01";
}

/* A day, or a month: 202607, 2026-7, 2026/7, 2026.7, 2026年7月. */
static const char *read_month(struct arena *a, const char *text, const char **ret)
{
    char day[11], longer[MONTH_TEXT];
    int len = snprintf(longer, sizeof longer, "%s%s", text, first_day(text));
    if (len < 0 || (size_t)len >= sizeof longer)
        return "not_a_month";
    if (!table_date(text, day)) {
        char *month = strstr(longer, "月");
        if (month != NULL)
            memcpy(month, "月1日", sizeof "月1日");
        if (!table_date(longer, day))
            return "not_a_month";
    }
    *ret = arena_strdup(a, day);
    return NULL;
}

/* ---- several words ---- */

static size_t gap_at(const char *s)
{
    static const char *const gaps[] = {"、", "，", "；", "\u3000", "|", ",", ";", " ", "/"};
    for (size_t i = 0; i < sizeof gaps / sizeof *gaps; i++) {
        size_t n = strlen(gaps[i]);
        if (strncmp(s, gaps[i], n) == 0)
            return n;
    }
    return 0;
}

static int compare_codes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *join_codes(struct arena *a, const char **codes, size_t n, const char **ret)
{
    struct buf b;
    buf_init(&b, a, CODES_MAX);
    qsort(codes, n, sizeof *codes, compare_codes);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || strcmp(codes[i], codes[i - 1]) != 0)
            buf_printf(&b, "%s%s", i == 0 ? "" : ",", codes[i]);
    }
    *ret = buf_text(&b);
    return NULL;
}

static const char *read_words(struct arena *a, const struct batch_column *c, const char *text,
                              const struct batch_word *words, const char **ret)
{
    const char *codes[WORDS_MAX];
    size_t n = 0, most = c->max > 0 && c->max < WORDS_MAX ? c->max : WORDS_MAX;
    while (*text != '\0') {
        size_t gap = gap_at(text), len = 0;
        text += gap;
        if (gap > 0)
            continue;
        while (text[len] != '\0' && gap_at(text + len) == 0)
            len++;
        if (n == most)
            return "too_many_words";
        const char *word = arena_strndup(a, text, len);
        const char *wrong = word == NULL ? NULL : read_word(c, word, words, &codes[n]);
        if (wrong != NULL || word == NULL)
            return wrong;
        n++;
        text += len;
    }
    return join_codes(a, codes, n, ret);
}

static const char *read_sealed(struct arena *a, const struct batch_column *c, const char *text,
                               const struct batch_word *words, const char **ret)
{
    const char *problem = NULL, *ignored = NULL, *codes = text;
    const char *wrong = c->dictionary == NULL ? NULL : read_words(a, c, text, words, &codes);
    if (wrong != NULL)
        return wrong;
    *ret = personal_normal(a, c->seal->kind, clock_date(clock_now()), codes, &problem, &ignored);
    return problem;
}

static const char *read_plain(struct arena *a, const struct batch_column *c, const char *plain,
                              const struct batch_word *words, const char **ret)
{
    switch (c->cell) {
    case BATCH_PLACE:
    case BATCH_CODE:
        return read_place(a, c, plain, ret);
    case BATCH_DAY:
        return read_day(a, plain, ret);
    case BATCH_NUMBER:
        return read_number(a, c, plain, ret);
    case BATCH_YES_NO:
        return read_yes_no(plain, ret);
    case BATCH_MONTH:
        return read_month(a, plain, ret);
    case BATCH_DECIMAL:
        return read_decimal(c, a, plain, ret);
    case BATCH_SEALED:
        return read_sealed(a, c, plain, words, ret);
    case BATCH_SHOWN:
    case BATCH_TEXT:
    case BATCH_KEY:
    case BATCH_WORD:
    case BATCH_WORDS:
        break;
    }
    return "not_one_of";
}

const char *batch_cell_read(struct arena *a, const struct batch_column *c, const char *text,
                            const struct batch_word *words, const char **ret)
{
    char plain[SHORT_MAX];
    *ret = NULL;
    if (c->cell == BATCH_SHOWN)
        return NULL;
    if (text == NULL || *text == '\0')
        return c->required ? "missing" : NULL;
    if (c->cell == BATCH_TEXT || c->cell == BATCH_KEY)
        return read_text(a, c, text, ret);
    if (c->cell == BATCH_WORDS)
        return read_words(a, c, text, words, ret);
    if (!table_halfwidth(text, plain, sizeof plain))
        return "too_long";
    return c->cell == BATCH_WORD ? read_word(c, text, words, ret)
                                 : read_plain(a, c, plain, words, ret);
}

bool batch_cell_same(const struct batch_column *c, const char *a, const char *b)
{
    enum { MONTH = 7, FIRST_DAY = 10 };
    if (a == NULL || b == NULL)
        return a == b;
    bool month = c->cell == BATCH_MONTH && strcmp(a + MONTH, "-01") == 0;
    return month ? strncmp(a, b, MONTH) == 0 : strcmp(a, b) == 0;
}

const struct batch_word *batch_words_from(const struct batch_word *words, const char *dictionary)
{
    while (words != NULL && words->dictionary != NULL && dictionary != NULL &&
           strcmp(words->dictionary, dictionary) != 0)
        words++;
    return words;
}

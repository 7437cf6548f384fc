/* common/http/decode_value.c - one value by its field: from text to canonical text, or what is
 * wrong with it. Does not trim, guess or look anything up. */
#include <inttypes.h>
#include <string.h>

#include "core/buf.h"
#include "core/clock.h"
#include "core/decimal.h"
#include "core/division_code.h"
#include "core/personal_text.h"
#include "core/str.h"
#include "core/uuid.h"
#include "http/decode_parts.h"

#include "core/banned.h"

enum {
    ITEM_LENGTH_MAX = 200,        /* code points of one text of FIELD_TEXTS */
    DECIMAL_DIGITS = 18,          /* of a decimal, those behind its point included */
    LITERAL_MAX = 4 * 1024 * 1024 /* bytes of an array literal: more than any body */
};

struct verdict { /* where a refusal goes: code NULL while there is none */
    const char *code, *detail;
};

/* Refuses. A detail that memory did not suffice for leaves the code, with less to say. */
static const char *refuse(struct verdict *v, const char *code, const char *detail)
{
    v->code = code;
    v->detail = detail == NULL ? "The value is not acceptable." : detail;
    return NULL;
}

/* Length of a blank at `s`: ASCII white space, no-break space U+00A0, ideographic space U+3000. */
static size_t blank_at(const char *s)
{
    if (*s == ' ' || *s == '\t' || *s == '\n' || *s == '\r')
        return 1;
    if (strncmp(s, "\xC2\xA0", 2) == 0)
        return 2;
    return strncmp(s, "\xE3\x80\x80", 3) == 0 ? 3 : 0;
}

static bool is_blank(const char *s)
{
    for (size_t n = blank_at(s); n > 0; n = blank_at(s))
        s += n;
    return *s == '\0';
}

/* A carriage return may only end a line together with its line feed. */
static bool has_lone_return(const char *s)
{
    for (s = strchr(s, '\r'); s != NULL; s = strchr(s + 1, '\r')) {
        if (s[1] != '\n')
            return true;
    }
    return false;
}

static const char *check_text(struct arena *a, const char *text, int64_t min, int64_t max,
                              struct verdict *v)
{
    int64_t length = (int64_t)str_length(text);
    if (!str_printable(text) || has_lone_return(text))
        return refuse(v, "bad_character", "Control characters do not belong here.");
    if (min > 0 && is_blank(text))
        return refuse(v, "blank", "Something must be written here.");
    if (length < min)
        return refuse(v, "too_short", arena_printf(a, "At least %" PRId64 " characters.", min));
    if (length > max)
        return refuse(v, "too_long", arena_printf(a, "At most %" PRId64 " characters.", max));
    return text;
}

const char decode_id_number_refused[] = "The ID number of a person does not belong here.";

static const char *check_words(struct arena *a, const struct field *f, const char *text,
                               struct verdict *v)
{
    if ((f->flags & NO_ID_NUMBER) != 0 && personal_holds_citizen_id(text))
        return refuse(v, "is_id_number", decode_id_number_refused);
    return check_text(a, text, f->min, f->max, v);
}

static const char *check_uuid(struct arena *a, const char *text, struct verdict *v)
{
    if (!uuid_valid(text))
        return refuse(v, "not_a_uuid", "A UUID reads xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx.");
    char *lower = arena_strdup(a, text);
    for (char *c = lower; c != NULL && *c != '\0'; c++) {
        if (*c >= 'A' && *c <= 'F')
            *c = (char)(*c - 'A' + 'a');
    }
    return lower;
}

static const char *check_int(struct arena *a, const struct field *f, const char *text,
                             struct verdict *v)
{
    int64_t n = 0;
    if (!str_int(text, INT64_MIN, INT64_MAX, &n))
        return refuse(v, "not_an_integer", "A whole number is wanted here.");
    if (n < f->min)
        return refuse(v, "too_small", arena_printf(a, "At least %" PRId64 ".", f->min));
    if (n > f->max)
        return refuse(v, "too_large", arena_printf(a, "At most %" PRId64 ".", f->max));
    return text;
}

static const char *check_bool(const char *text, struct verdict *v)
{
    if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
        return text;
    return refuse(v, "not_a_boolean", "Either true or false.");
}

static const char *check_date(const char *text, struct verdict *v)
{
    struct date d;
    if (date_parse(text, &d))
        return text;
    return refuse(v, "not_a_date", "A date of the calendar, as YYYY-MM-DD.");
}

static const char *check_instant(struct arena *a, const char *text, struct verdict *v)
{
    instant_us at = 0;
    char out[32] = "0000";
    if (clock_parse(text, &at))
        clock_format(at, out);
    if (str_starts(out, "0000")) /* not parsed, or moved out of the calendar by its offset */
        return refuse(v, "not_an_instant",
                      "A time as RFC 3339 writes it: 2026-05-01T08:30:00+08:00.");
    return arena_strdup(a, out);
}

static const char *check_decimal(struct arena *a, const struct field *f, const char *text,
                                 struct verdict *v)
{
    struct decimal d;
    char out[24];
    int64_t whole = DECIMAL_DIGITS - f->max; /* what the column keeps before the point */
    if (!decimal_parse(text, (int)f->max, &d) ||
        strcspn(*text == '-' ? text + 1 : text, ".") > (size_t)whole)
        return refuse(v, "not_a_decimal",
                      arena_printf(a,
                                   "A decimal number with at most %" PRId64
                                   " digits before the point and %" PRId64 " behind it.",
                                   whole, f->max));
    if (f->min >= 0 && d.units < 0)
        return refuse(v, "too_small", "Not below zero.");
    if (f->min > 0 && d.units == 0)
        return refuse(v, "too_small", "More than zero.");
    decimal_format(d, out);
    return arena_strdup(a, out);
}

static const char *check_code(const char *text, struct verdict *v)
{
    if (division_level(text) >= 0)
        return text;
    return refuse(v, "not_a_division_code", "A division code has twelve characters: 431302000000.");
}

static const char *check_enum(struct arena *a, const struct field *f, const char *text,
                              struct verdict *v)
{
    struct buf list;
    buf_init(&list, a, 1024);
    buf_str(&list, "One of:");
    for (const char *const *value = f->values; *value != NULL; value++) {
        if (strcmp(*value, text) == 0)
            return *value;
        buf_printf(&list, " %s", *value);
    }
    buf_char(&list, '.');
    return refuse(v, "not_one_of", buf_text(&list));
}

const char *decode_item(struct arena *a, const struct field *f, const char *text,
                        const char **ret_problem, const char **ret_detail)
{
    struct verdict v = {NULL, NULL};
    const char *item = f->type == FIELD_UUIDS ? check_uuid(a, text, &v)
                                              : check_text(a, text, 1, ITEM_LENGTH_MAX, &v);
    *ret_problem = v.code;
    *ret_detail = v.detail;
    return item;
}

static bool has_twice(const char *const *items, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        for (size_t k = 0; k < i; k++) {
            if (str_equal(items[i], items[k]))
                return true;
        }
    }
    return false;
}

bool decode_list_fits(struct arena *a, const struct field *f, const char *const *items, size_t n,
                      const char **ret_problem, const char **ret_detail)
{
    struct verdict v = {NULL, NULL};
    if (n > (size_t)f->max)
        refuse(&v, "too_many", arena_printf(a, "At most %" PRId64 " of them.", f->max));
    else if (f->type == FIELD_UUIDS && has_twice(items, n))
        refuse(&v, "repeated", "The same id stands here twice.");
    *ret_problem = v.code;
    *ret_detail = v.detail;
    return v.code == NULL;
}

const char *decode_array_literal(struct arena *a, const char *const *items, size_t n)
{
    struct buf b;
    buf_init(&b, a, LITERAL_MAX);
    buf_char(&b, '{');
    for (size_t i = 0; i < n; i++) {
        buf_str(&b, i == 0 ? "\"" : ",\"");
        for (const char *c = items[i]; *c != '\0'; c++) {
            if (*c == '"' || *c == '\\')
                buf_char(&b, '\\');
            buf_char(&b, *c);
        }
        buf_char(&b, '"');
    }
    buf_char(&b, '}');
    return buf_text(&b);
}

static size_t count_parts(const char *text)
{
    size_t n = *text == '\0' ? 0 : 1;
    for (; *text != '\0'; text++)
        n += *text == ',' ? 1 : 0;
    return n;
}

/* "a,b,c": how lists come in a query or a table; nothing is the empty list. */
static const char *check_list(struct arena *a, const struct field *f, const char *text,
                              struct verdict *v)
{
    size_t n = count_parts(text);
    if (n > (size_t)f->max)
        return refuse(v, "too_many", arena_printf(a, "At most %" PRId64 " of them.", f->max));
    const char **items = arena_array(a, const char *, n);
    for (size_t i = 0; items != NULL && i < n; i++) {
        size_t len = strcspn(text, ",");
        const char *part = arena_strndup(a, text, len);
        items[i] = part == NULL ? NULL : decode_item(a, f, part, &v->code, &v->detail);
        if (items[i] == NULL)
            return NULL;
        text += len + 1;
    }
    if (items == NULL || !decode_list_fits(a, f, items, n, &v->code, &v->detail))
        return NULL;
    return decode_array_literal(a, items, n);
}

static const char *check_value(struct arena *a, const struct field *f, const char *text,
                               struct verdict *v)
{
    switch (f->type) {
    case FIELD_TEXT:
        return check_words(a, f, text, v);
    case FIELD_UUID:
        return check_uuid(a, text, v);
    case FIELD_INT:
        return check_int(a, f, text, v);
    case FIELD_BOOL:
        return check_bool(text, v);
    case FIELD_DATE:
        return check_date(text, v);
    case FIELD_INSTANT:
        return check_instant(a, text, v);
    case FIELD_DECIMAL:
        return check_decimal(a, f, text, v);
    case FIELD_CODE:
        return check_code(text, v);
    case FIELD_ENUM:
        return check_enum(a, f, text, v);
    case FIELD_UUIDS:
    case FIELD_TEXTS:
        return check_list(a, f, text, v);
    case FIELD_SEALED:
        return personal_normal(a, (enum sealed_kind)f->min, clock_date(clock_now()), text, &v->code,
                               &v->detail);
    case FIELD_OBJECT:
    case FIELD_ARRAY:
        break;
    }
    return refuse(v, "not_allowed", "This can only stand in a JSON body.");
}

const char *decode_value(struct arena *a, const struct field *f, const char *text,
                         const char **ret_problem, const char **ret_detail)
{
    struct verdict v = {NULL, NULL};
    const char *value = check_value(a, f, text, &v);
    *ret_problem = v.code;
    *ret_detail = v.detail;
    return value;
}

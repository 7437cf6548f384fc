/* common/http/openapi_schema.c - JSON Schema and examples out of field tables, for openapi.c.
 * Accepts what decode.c accepts; what a schema cannot say (a date that exists, a division that
 * does) is left to the service. Knows nothing of routes. */
#include "http/openapi_schema.h"

#include <stddef.h>
#include <string.h>

#include "auth/permission.h"
#include "core/personal.h"

#include "core/banned.h"

/* What http/decode_value.c takes: no control characters but tab and line feed, a carriage return
 * only before a line feed, not blank where something is wanted. */
#define LETTER "([^\\u0000-\\u0008\\u000B-\\u001F\\u007F-\\u009F]|\\r\\n)*"
#define PRINTABLE "^" LETTER "$"
#define NOT_BLANK "^" LETTER "[^\\u0000-\\u0020\\u007F-\\u00A0\\u3000]" LETTER "$"
#define UUID_EXAMPLE "019b7a3e-8d52-7c41-9f06-2b8e5d1a4c70"
#define CODE_PATTERN                                                                               \
    "^[0-9]{2}([0-9]{2}|F[0-9A-Z])([0-9]{2}|F[0-9A-Z])([0-9]{3}|F[0-9A-Z]{2})([0-9]{3}|F[0-9A-Z]{" \
    "2})$"

enum { TEXT_ELEMENT_MAX = 200, DATE_LENGTH = 10, INSTANT_MAX = 35, UUID_LENGTH = 36 };
enum { CODE_LENGTH = 12, DECIMAL_DIGITS = 18 };
enum { PHONE_MIN = 10, PHONE_MAX = 40, SEALED_TEXT_MAX = 63 };

static bool answer_takes(const void *of, const struct field *f)
{
    (void)of;
    return (f->flags & SHOWN) != 0;
}

static bool answer_demands(const void *of, const struct field *f)
{
    return answer_takes(of, f) && (f->flags & SPARSE) == 0;
}

const struct schema_part schema_answer = {answer_takes, answer_demands, NULL, true, false};

bool schema_shows(const struct field *fields)
{
    for (const struct field *f = fields; f->name != NULL; f++) {
        if ((f->flags & SHOWN) != 0)
            return true;
    }
    return false;
}

static bool nested_body_takes(const void *of, const struct field *f)
{
    (void)of;
    return (f->flags & IN_BODY) != 0;
}

static bool nested_body_demands(const void *of, const struct field *f)
{
    (void)of;
    return (f->flags & REQUIRED) != 0;
}

static const struct schema_part nested_body = {nested_body_takes, nested_body_demands, NULL, false,
                                               false};

static const struct schema_part *nested(bool answer)
{
    return answer ? &schema_answer : &nested_body;
}

static void type(struct json *j, const char *name, bool nullable)
{
    if (!nullable) {
        put_text(j, "type", name);
        return;
    }
    put_array(j, "type");
    put_text(j, NULL, name);
    put_text(j, NULL, "null");
    put_close(j);
}

static void string_limits(struct json *j, int64_t min, int64_t max, const char *pattern)
{
    if (min > 0)
        put_int(j, "minLength", min);
    put_int(j, "maxLength", max);
    if (pattern != NULL)
        put_text(j, "pattern", pattern);
}

static void formatted(struct json *j, const char *format, int64_t min, int64_t max)
{
    put_text(j, "format", format);
    string_limits(j, min, max, NULL);
}

static void text_limits(struct json *j, const struct field *f)
{
    if ((f->flags & SECRET) != 0) {
        put_text(j, "format", "password");
        put_bool(j, "writeOnly", true);
    }
    string_limits(j, f->min, f->max, f->min > 0 ? NOT_BLANK : PRINTABLE);
}

static void int_limits(struct json *j, const struct field *f)
{
    bool small = f->min >= INT32_MIN && f->max <= INT32_MAX;
    put_text(j, "format", small ? "int32" : "int64");
    put_int(j, "minimum", f->min);
    put_int(j, "maximum", f->max);
}

/* As many digits before the point as leave room for the scale in DECIMAL_DIGITS. */
static void decimal_limits(struct json *j, const struct field *f)
{
    struct buf b;
    int scale = (int)f->max, whole = DECIMAL_DIGITS - 1 - scale;
    buf_init(&b, j->to->arena, 200);
    buf_printf(&b, "^%s([1-9][0-9]{0,%d}", f->min < 0 ? "-?" : "", whole);
    if (scale > 0) {
        buf_printf(&b, "(\\.[0-9]{1,%d})?|0", scale);
        buf_printf(&b, f->min > 0 ? "\\.(?!0+$)[0-9]{1,%d}" : "(\\.[0-9]{1,%d})?", scale);
    } else if (f->min <= 0) {
        buf_str(&b, "|0");
    }
    buf_str(&b, ")$");
    string_limits(j, 1, DECIMAL_DIGITS + 2, buf_text(&b));
}

/* What the contract says of a kind of sealed field. */
static const struct {
    const char *format, *pattern, *example, *mask;
    int min, max;
} sealed_words[SEALED_KINDS] = {
    [SEALED_CITIZEN_ID] = {"citizen-id", "^[0-9]{17}[0-9Xx]$", "11010519491231002X",
                           "110105********002X", CITIZEN_ID_LENGTH, CITIZEN_ID_LENGTH},
    [SEALED_PHONE] = {"phone", "^[+0-9(][0-9 ()-]*$", "13812345678", "138****5678", PHONE_MIN,
                      PHONE_MAX},
    [SEALED_DISABILITY_CARD] = {"disability-card", "^[0-9]{17}[0-9Xx][1-7][1-4]$",
                                "11010519491231002X43", "110105**************",
                                DISABILITY_CARD_LENGTH, DISABILITY_CARD_LENGTH},
    [SEALED_CODES] = {"codes", "^[a-z0-9_]{1,40}(,[a-z0-9_]{1,40}){0,9}$", "chronic,disabled",
                      MASK_HIDES_ALL, 1, SEALED_CODES_LENGTH},
    [SEALED_TEXT] = {"text", NOT_BLANK, "1986-03-02", MASK_HIDES_ALL, 1, SEALED_TEXT_LENGTH},
};

/* Sent in full, and taken in the forms that people write; shown as a mask, but to who holds the
 * permission it is shown to. */
static void sealed_limits(struct json *j, const struct field *f, bool answer)
{
    put_text(j, "format", sealed_words[f->min].format);
    if (!answer) {
        put_bool(j, "writeOnly", true);
        string_limits(j, sealed_words[f->min].min, sealed_words[f->min].max,
                      sealed_words[f->min].pattern);
        return;
    }
    put_bool(j, "x-masked", true);
    if (f->shown_to != 0)
        put_text(j, "x-shown-to", permission_code((enum permission)f->shown_to));
    if (f->masked_to != 0)
        put_text(j, "x-masked-to", permission_code((enum permission)f->masked_to));
    string_limits(j, 1,
                  personal_hides_whole((enum sealed_kind)f->min) ? sealed_words[f->min].max
                                                                 : SEALED_TEXT_MAX,
                  NULL);
}

static void enum_values(struct json *j, const struct field *f, bool nullable)
{
    put_array(j, "enum");
    for (const char *const *v = f->values; *v != NULL; v++)
        put_text(j, NULL, *v);
    if (nullable)
        put_text(j, NULL, NULL);
    put_close(j);
}

static void element(struct json *j, const struct field *f, bool answer)
{
    if (f->type == FIELD_ARRAY) {
        schema_object(j, "items", f->of, nested(answer), NULL);
        return;
    }
    put_object(j, "items");
    put_text(j, "type", "string");
    if (f->type == FIELD_UUIDS)
        formatted(j, "uuid", UUID_LENGTH, UUID_LENGTH);
    else
        string_limits(j, 1, TEXT_ELEMENT_MAX, NOT_BLANK);
    put_close(j);
}

static void array_limits(struct json *j, const struct field *f, bool answer)
{
    element(j, f, answer);
    if (f->min > 0)
        put_int(j, "minItems", f->min);
    put_int(j, "maxItems", f->max);
    if (f->type == FIELD_UUIDS)
        put_bool(j, "uniqueItems", true);
}

static const char *type_name(enum field_type t)
{
    switch (t) {
    case FIELD_INT:
        return "integer";
    case FIELD_BOOL:
        return "boolean";
    case FIELD_UUIDS:
    case FIELD_TEXTS:
    case FIELD_ARRAY:
        return "array";
    case FIELD_OBJECT:
        return "object";
    case FIELD_TEXT:
    case FIELD_UUID:
    case FIELD_DATE:
    case FIELD_INSTANT:
    case FIELD_DECIMAL:
    case FIELD_CODE:
    case FIELD_ENUM:
    case FIELD_SEALED:
        return "string";
    }
    return "string";
}

static void limits(struct json *j, const struct field *f, bool answer, bool nullable)
{
    switch (f->type) {
    case FIELD_TEXT:
        text_limits(j, f);
        return;
    case FIELD_UUID:
        formatted(j, "uuid", UUID_LENGTH, UUID_LENGTH);
        return;
    case FIELD_INT:
        int_limits(j, f);
        return;
    case FIELD_DATE:
        formatted(j, "date", DATE_LENGTH, DATE_LENGTH);
        return;
    case FIELD_INSTANT:
        formatted(j, "date-time", 0, INSTANT_MAX);
        return;
    case FIELD_DECIMAL:
        decimal_limits(j, f);
        return;
    case FIELD_CODE:
        string_limits(j, CODE_LENGTH, CODE_LENGTH, CODE_PATTERN);
        return;
    case FIELD_ENUM:
        enum_values(j, f, nullable);
        return;
    case FIELD_UUIDS:
    case FIELD_TEXTS:
    case FIELD_ARRAY:
        array_limits(j, f, answer);
        return;
    case FIELD_SEALED:
        sealed_limits(j, f, answer);
        return;
    case FIELD_BOOL:
    case FIELD_OBJECT:
        return;
    }
}

static void members(struct json *j, const struct field *fields, const struct schema_part *part)
{
    put_object(j, "properties");
    for (const struct field *f = fields; f->name != NULL; f++) {
        if (part->takes(part->of, f))
            schema_value(j, f->name, f, part->answer, true);
    }
    put_close(j);
    if (part->at_least_one)
        put_int(j, "minProperties", 1);
    bool any = false;
    for (const struct field *f = fields; f->name != NULL; f++) {
        if (!part->takes(part->of, f) || !part->demands(part->of, f))
            continue;
        if (!any)
            put_array(j, "required");
        any = true;
        put_text(j, NULL, f->name);
    }
    if (any)
        put_close(j);
    put_bool(j, "additionalProperties", false);
}

void schema_value(struct json *j, const char *key, const struct field *f, bool answer,
                  bool nullable)
{
    bool null_too = nullable && (f->flags & NULLABLE) != 0;
    put_object(j, key);
    type(j, type_name(f->type), null_too);
    if (f->doc != NULL)
        put_text(j, "description", f->doc);
    limits(j, f, answer, null_too);
    if (f->type == FIELD_OBJECT && f->of != NULL)
        members(j, f->of, nested(answer));
    put_array(j, "examples");
    example_value(j, NULL, f, answer);
    put_close(j);
    put_close(j);
}

void schema_object(struct json *j, const char *key, const struct field *fields,
                   const struct schema_part *part, const char *doc)
{
    put_object(j, key);
    put_text(j, "type", "object");
    if (doc != NULL)
        put_text(j, "description", doc);
    members(j, fields, part);
    put_close(j);
}

/* Text within min and max where the table says nothing. */
static const char *some_text(struct json *j, int64_t min, int64_t max)
{
    struct buf b;
    buf_init(&b, j->to->arena, 4096);
    buf_str(&b, max >= 7 ? "example" : "x");
    while ((int64_t)b.len < min && !b.failed)
        buf_char(&b, 'x');
    return buf_text(&b);
}

static const char *some_value(struct json *j, const struct field *f)
{
    if (f->example != NULL)
        return f->example;
    switch (f->type) {
    case FIELD_TEXT:
        return some_text(j, f->min, f->max);
    case FIELD_UUID:
    case FIELD_UUIDS:
        return UUID_EXAMPLE;
    case FIELD_DATE:
        return "2026-06-30";
    case FIELD_INSTANT:
        return "2026-06-30T02:03:04.000005Z";
    case FIELD_DECIMAL:
        return f->max == 0 ? "12" : "12.5";
    case FIELD_CODE:
        return "431302000000";
    case FIELD_ENUM:
        return f->values[0];
    case FIELD_TEXTS:
        return "agriculture";
    case FIELD_SEALED:
        return sealed_words[f->min].example;
    case FIELD_INT:
    case FIELD_BOOL:
    case FIELD_OBJECT:
    case FIELD_ARRAY:
        break;
    }
    return "";
}

void example_value(struct json *j, const char *key, const struct field *f, bool answer)
{
    switch (f->type) {
    case FIELD_INT:
        if (f->example != NULL)
            put_literal(j, key, f->example);
        else
            put_int(j, key, f->min);
        return;
    case FIELD_BOOL:
        put_literal(j, key, f->example != NULL ? f->example : "false");
        return;
    case FIELD_OBJECT:
        example_object(j, key, f->of, nested(answer));
        return;
    case FIELD_ARRAY:
        put_array(j, key);
        example_object(j, NULL, f->of, nested(answer));
        put_close(j);
        return;
    case FIELD_UUIDS:
    case FIELD_TEXTS:
        put_array(j, key);
        put_text(j, NULL, some_value(j, f));
        put_close(j);
        return;
    case FIELD_TEXT:
    case FIELD_UUID:
    case FIELD_DATE:
    case FIELD_INSTANT:
    case FIELD_DECIMAL:
    case FIELD_CODE:
    case FIELD_ENUM:
        put_text(j, key, some_value(j, f));
        return;
    case FIELD_SEALED:
        put_text(j, key, answer ? sealed_words[f->min].mask : some_value(j, f));
        return;
    }
}

void example_object(struct json *j, const char *key, const struct field *fields,
                    const struct schema_part *part)
{
    put_object(j, key);
    for (const struct field *f = fields; f != NULL && f->name != NULL; f++) {
        if (part->takes(part->of, f))
            example_value(j, f->name, f, part->answer);
    }
    put_close(j);
}

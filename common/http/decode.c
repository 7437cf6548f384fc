/* common/http/decode.c - the JSON body, by its route's field table. Every value becomes canonical
 * text here, so that no other file of decoding sees jansson. Does not judge single values
 * (decode_value.c) and does not say in which order a request is read (decode_request.c). */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "core/buf.h"
#include "core/personal_text.h"
#include "http/decode_parts.h"
#include "http/sealed.h"

#include "core/banned.h"

enum {
    NAME_MAX_BYTES = 200,            /* of an unknown member that a problem still quotes */
    POINTER_MAX = 64 * 1024,         /* bytes: every level's name, escaped */
    CANONICAL_MAX = 16 * 1024 * 1024 /* bytes of a nested value; the arena's ceiling is lower */
};

/* Where in the body a value stands: turned into a JSON pointer (RFC 6901) only to refuse it. */
struct where {
    const struct where *up;
    const char *name; /* NULL: an element */
    size_t index;
};

static void write_value(struct decoder *d, const struct field *f, json_t *v, const struct where *at,
                        bool partial, struct buf *out);

static void write_pointer(struct buf *b, const struct where *at)
{
    if (at == NULL)
        return;
    write_pointer(b, at->up);
    buf_char(b, '/');
    if (at->name == NULL)
        buf_int(b, (int64_t)at->index);
    for (const char *c = at->name; c != NULL && *c != '\0'; c++) {
        if (*c == '~' || *c == '/')
            buf_str(b, *c == '~' ? "~0" : "~1");
        else
            buf_char(b, *c);
    }
}

/* Adds a problem at a pointer. Always NULL. */
static const char *refuse(struct decoder *d, const struct where *at, const char *code,
                          const char *detail)
{
    struct buf pointer;
    buf_init(&pointer, d->rq->arena, POINTER_MAX);
    write_pointer(&pointer, at);
    decode_refuse(d, AT_POINTER, buf_text(&pointer), code, detail);
    return NULL;
}

static void refuse_unknown(struct decoder *d, const struct where *up, const char *name)
{
    const struct where at = {up, name, 0};
    if (strlen(name) <= NAME_MAX_BYTES)
        refuse(d, &at, "unknown_field", "There is no such field here.");
    else
        refuse(d, up, "unknown_field", "There is no field with a name as long as one given here.");
}

/* May null stand here? Says so if not. */
static bool allows_null(struct decoder *d, const struct field *f, const struct where *at)
{
    if ((f->flags & NULLABLE) == 0)
        refuse(d, at, "null", "This may not be null.");
    return (f->flags & NULLABLE) != 0;
}

/* The code of a scalar that is not of the field's JSON type, or NULL. */
static const char *type_problem(const struct field *f, const json_t *v, const char **ret_detail)
{
    if (f->type == FIELD_INT) {
        *ret_detail = "A JSON integer is wanted here.";
        return json_is_integer(v) ? NULL : "not_an_integer";
    }
    if (f->type == FIELD_BOOL) {
        *ret_detail = "Either true or false, without quotes.";
        return json_is_boolean(v) ? NULL : "not_a_boolean";
    }
    *ret_detail = "A JSON string is wanted here.";
    return json_is_string(v) ? NULL : "not_a_string";
}

static const char *raw_text(struct arena *a, const json_t *v)
{
    if (json_is_integer(v))
        return arena_printf(a, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
    if (json_is_boolean(v))
        return json_is_true(v) ? "true" : "false";
    return json_string_value(v);
}

static const char *scalar_text(struct decoder *d, const struct field *f, const json_t *v,
                               const struct where *at)
{
    const char *detail = NULL, *problem = type_problem(f, v, &detail);
    if (problem != NULL)
        return refuse(d, at, problem, detail);
    const char *text = raw_text(d->rq->arena, v);
    if (text != NULL)
        text = decode_value(d->rq->arena, f, text, &problem, &detail);
    return text != NULL ? text : refuse(d, at, problem, detail);
}

static const char *item_text(struct decoder *d, const struct field *f, const json_t *v,
                             const struct where *at)
{
    const char *problem = NULL, *detail = NULL;
    if (!json_is_string(v))
        return refuse(d, at, "not_a_string", "A JSON string is wanted here.");
    const char *text = decode_item(d->rq->arena, f, json_string_value(v), &problem, &detail);
    return text != NULL ? text : refuse(d, at, problem, detail);
}

/* The elements of FIELD_UUIDS or FIELD_TEXTS; NULL with problems. */
static const char **list_items(struct decoder *d, const struct field *f, json_t *v,
                               const struct where *at)
{
    const char *problem = NULL, *detail = NULL;
    size_t n = json_array_size(v), accepted = 0;
    if (!json_is_array(v)) {
        refuse(d, at, "not_an_array", "A JSON array of strings is wanted here.");
        return NULL;
    }
    const char **items = arena_array(d->rq->arena, const char *, n);
    for (size_t i = 0; items != NULL && i < n && n <= (size_t)f->max; i++) {
        const struct where here = {at, NULL, i};
        items[i] = item_text(d, f, json_array_get(v, i), &here);
        accepted += items[i] != NULL ? 1 : 0;
    }
    if (items != NULL && accepted < n && n <= (size_t)f->max)
        return NULL;
    if (items == NULL || !decode_list_fits(d->rq->arena, f, items, n, &problem, &detail)) {
        refuse(d, at, problem, detail);
        return NULL;
    }
    return items;
}

static void write_items(struct decoder *d, const struct field *f, json_t *v, const struct where *at,
                        struct buf *out)
{
    const char **items = list_items(d, f, v, at);
    buf_char(out, '[');
    for (size_t i = 0; items != NULL && i < json_array_size(v); i++) {
        if (i > 0)
            buf_char(out, ',');
        buf_json(out, items[i]);
    }
    buf_char(out, ']');
}

/* A member of a nested table is taken when it says IN_BODY. */
static const struct field *nested_field(const struct field *of, const char *name)
{
    for (; of->name != NULL; of++) {
        if ((of->flags & IN_BODY) != 0 && strcmp(of->name, name) == 0)
            return of;
    }
    return NULL;
}

static void write_member(struct decoder *d, const struct field *f, json_t *v,
                         const struct where *up, bool partial, struct buf *out)
{
    const struct where at = {up, f->name, 0};
    if (v == NULL) {
        if ((f->flags & REQUIRED) != 0 && !partial)
            refuse(d, &at, "required", "This field is required.");
        return;
    }
    if (out->bytes[out->len - 1] != '{')
        buf_char(out, ',');
    buf_json(out, f->name);
    buf_char(out, ':');
    write_value(d, f, v, &at, partial, out);
}

/* An object of any members, as compact JSON. */
static void write_open(struct decoder *d, const struct field *f, const json_t *v,
                       const struct where *at, struct buf *out)
{
    char *text = json_dumps(v, JSON_COMPACT);
    if (text == NULL)
        refuse(d, at, NULL, NULL);
    else if ((f->flags & NO_ID_NUMBER) != 0 && personal_holds_citizen_id(text))
        refuse(d, at, "is_id_number", decode_id_number_refused);
    else
        buf_str(out, text);
    free(text);
}

static void write_object(struct decoder *d, const struct field *f, json_t *v,
                         const struct where *at, bool partial, struct buf *out)
{
    const char *name = NULL;
    json_t *member = NULL;
    if (!json_is_object(v)) {
        refuse(d, at, "not_an_object", "A JSON object is wanted here.");
        return;
    }
    if (f->of == NULL && f->type == FIELD_OBJECT) {
        write_open(d, f, v, at, out);
        return;
    }
    json_object_foreach(v, name, member)
    {
        if (nested_field(f->of, name) == NULL)
            refuse_unknown(d, at, name);
    }
    buf_char(out, '{');
    for (const struct field *of = f->of; of->name != NULL && !out->failed; of++) {
        if ((of->flags & IN_BODY) != 0)
            write_member(d, of, json_object_get(v, of->name), at, partial, out);
    }
    buf_char(out, '}');
}

static void write_array(struct decoder *d, const struct field *f, json_t *v, const struct where *at,
                        struct buf *out)
{
    struct arena *a = d->rq->arena;
    size_t n = json_array_size(v);
    if (!json_is_array(v)) {
        refuse(d, at, "not_an_array", "A JSON array of objects is wanted here.");
        return;
    }
    if (n < (size_t)f->min)
        refuse(d, at, "too_few", arena_printf(a, "At least %" PRId64 " of them.", f->min));
    if (n > (size_t)f->max) {
        refuse(d, at, "too_many", arena_printf(a, "At most %" PRId64 " of them.", f->max));
        return;
    }
    buf_char(out, '[');
    for (size_t i = 0; i < n; i++) {
        const struct where here = {at, NULL, i};
        if (i > 0)
            buf_char(out, ',');
        write_object(d, f, json_array_get(v, i), &here, false, out);
    }
    buf_char(out, ']');
}

/* Appends a nested value as compact JSON, canonical; what is wrong becomes problems. */
static void write_value(struct decoder *d, const struct field *f, json_t *v, const struct where *at,
                        bool partial, struct buf *out)
{
    if (json_is_null(v)) {
        if (allows_null(d, f, at))
            buf_str(out, "null");
    } else if (f->type == FIELD_OBJECT) {
        write_object(d, f, v, at, partial, out);
    } else if (f->type == FIELD_ARRAY) {
        write_array(d, f, v, at, out);
    } else if (f->type == FIELD_UUIDS || f->type == FIELD_TEXTS) {
        write_items(d, f, v, at, out);
    } else {
        const char *text = scalar_text(d, f, v, at);
        bool bare = f->type == FIELD_INT || f->type == FIELD_BOOL;
        if (text != NULL && bare)
            buf_str(out, text);
        else
            buf_json(out, text);
    }
}

/* The canonical text of a member of the body; NULL for null and with problems. */
static const char *member_text(struct decoder *d, const struct field *f, json_t *v,
                               const struct where *at)
{
    if (json_is_null(v)) {
        (void)allows_null(d, f, at);
        return NULL;
    }
    if (f->type == FIELD_UUIDS || f->type == FIELD_TEXTS) {
        const char **items = list_items(d, f, v, at);
        const char *text =
            items == NULL ? NULL : decode_array_literal(d->rq->arena, items, json_array_size(v));
        return text != NULL || items == NULL ? text : refuse(d, at, NULL, NULL);
    }
    if (f->type != FIELD_OBJECT && f->type != FIELD_ARRAY)
        return scalar_text(d, f, v, at);
    struct buf out;
    buf_init(&out, d->rq->arena, CANONICAL_MAX);
    write_value(d, f, v, at, d->route->method == METHOD_PATCH, &out);
    const char *text = buf_text(&out);
    return text != NULL ? text : refuse(d, at, NULL, NULL);
}

static void take_member(struct decoder *d, const char *name, json_t *v)
{
    const struct field *f = route_field(d->route, name);
    if (f == NULL || !route_takes(d->route, f, IN_BODY)) {
        refuse_unknown(d, NULL, name);
        return;
    }
    const struct where at = {NULL, f->name, 0};
    size_t i = (size_t)(f - d->route->fields);
    d->given[i] = true;
    d->args[i] = member_text(d, f, v, &at);
}

static void demand_members(struct decoder *d)
{
    for (size_t i = 0; d->route->fields != NULL && d->route->fields[i].name != NULL; i++) {
        const struct field *f = &d->route->fields[i];
        const struct where at = {NULL, f->name, 0};
        if (!d->given[i] && route_takes(d->route, f, IN_BODY) && route_demands(d->route, f))
            refuse(d, &at, "required", "This field is required.");
    }
}

void decode_body(struct decoder *d)
{
    const char *name = NULL;
    json_t *member = NULL;
    if (d->root == NULL)
        return;
    json_object_foreach(d->root, name, member)
    {
        take_member(d, name, member);
    }
    demand_members(d);
    if (d->route->method == METHOD_PATCH && json_object_size(d->root) == 0)
        refuse(d, NULL, "empty_patch", "At least one field must be given.");
}

/* What a byte outside strings adds to the nesting. */
static int nesting(char c)
{
    if (c == '{' || c == '[')
        return 1;
    return c == '}' || c == ']' ? -1 : 0;
}

/* The last byte of a string that starts at `i` with its quote; `len` when it does not end. */
static size_t skip_string(const char *s, size_t len, size_t i)
{
    for (i++; i < len && s[i] != '"'; i++)
        i += s[i] == '\\' ? 1 : 0;
    return i;
}

/* Refuses what would cost too much to parse, looking at brackets and commas outside strings. */
static bool scan_body(struct request *rq)
{
    int depth = 0, values = 0;
    for (size_t i = 0; i < rq->body_len; i++) {
        char c = rq->body[i];
        if (c == '"')
            i = skip_string(rq->body, rq->body_len, i);
        depth += nesting(c);
        values += c == ',' || nesting(c) > 0 ? 1 : 0;
        if (depth > BODY_DEPTH_MAX)
            return fail(rq, ERR_MALFORMED, NULL,
                        "The JSON is nested deeper than %d levels at byte %zu.", BODY_DEPTH_MAX,
                        i + 1);
        if (values > BODY_VALUES_MAX)
            return fail(rq, ERR_TOO_LARGE, NULL, "The JSON has more than %d values.",
                        BODY_VALUES_MAX);
    }
    return true;
}

static bool refuse_json(struct request *rq, const json_error_t *e)
{
    static const struct {
        enum json_error_code code;
        const char *words;
    } kinds[] = {
        {json_error_premature_end_of_input, "ends too early"},
        {json_error_end_of_input_expected, "goes on behind its end"},
        {json_error_null_character, "holds a NUL"},
        {json_error_null_byte_in_key, "holds a NUL"},
        {json_error_duplicate_key, "has the same member twice"},
        {json_error_invalid_utf8, "is not UTF-8"},
        {json_error_numeric_overflow, "has a number that is too large"},
    };
    const char *words = "is not well-formed";
    if (json_error_code(e) == json_error_out_of_memory)
        return fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (kinds[i].code == json_error_code(e))
            words = kinds[i].words;
    }
    return fail(rq, ERR_MALFORMED, NULL, "The JSON %s at line %d, column %d (byte %d).", words,
                e->line, e->column, e->position);
}

static bool has_secret(const struct route *r)
{
    for (const struct field *f = r->fields; f != NULL && f->name != NULL; f++) {
        bool hidden = (f->flags & SECRET) != 0 || f->type == FIELD_SEALED || sealed_within(f);
        if (hidden && route_takes(r, f, IN_BODY))
            return true;
    }
    return false;
}

static void release_root(void *root)
{
    json_decref(root);
}

/* Overwrites every string; the body is BODY_DEPTH_MAX deep at most. */
static void wipe_value(json_t *v)
{
    const char *name = NULL;
    json_t *member = NULL;
    size_t i = 0;
    if (json_is_string(v))
        explicit_bzero((void *)(uintptr_t)json_string_value(v), json_string_length(v));
    json_array_foreach(v, i, member)
    {
        wipe_value(member);
    }
    json_object_foreach(v, name, member)
    {
        wipe_value(member);
    }
}

/* Overwrites the strings of the body first: one of them is a secret. */
static void release_secret_root(void *root)
{
    wipe_value(root);
    json_decref(root);
}

bool decode_parse(struct decoder *d)
{
    struct request *rq = d->rq;
    json_error_t error;
    bool secret = has_secret(d->route);
    if (rq->body_len == 0)
        return true;
    if (!scan_body(rq))
        return false;
    json_t *root =
        json_loadb(rq->body, rq->body_len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (root == NULL)
        return refuse_json(rq, &error);
    if (secret)
        arena_wipe_on_reset(rq->arena);
    if (!arena_defer(rq->arena, secret ? release_secret_root : release_root, root))
        return fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
    if (!json_is_object(root))
        return fail(rq, ERR_MALFORMED, NULL, "The body is not a JSON object.");
    d->root = root;
    return true;
}

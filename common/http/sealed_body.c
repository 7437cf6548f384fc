/* common/http/sealed_body.c - sealed fields of nested records in a body: before a statement sees
 * them, each is its ciphertext. Walks the canonical JSON that decoding wrote. Shows nothing. */
#include <string.h>

#include "core/buf.h"
#include "core/uuid.h"
#include "http/decode.h"
#include "http/json_scan.h"
#include "http/lifecycle.h"
#include "http/sealed.h"

#include "core/banned.h"

enum { SEALED_BODY_MAX = 16 * 1024 * 1024 };

struct body {
    struct request *rq;
    struct buf out;
};

bool sealed_within(const struct field *f)
{
    for (f = f->of; f != NULL && f->name != NULL; f++) {
        if (f->type == FIELD_SEALED || sealed_within(f))
            return true;
    }
    return false;
}

static const struct field *field_of(const struct field *fields, const struct json_member *m)
{
    while (fields->name != NULL && !json_is_key(m, fields->name))
        fields++;
    return fields->name == NULL ? NULL : fields;
}

/* The element's own id, or a new one. NULL with rq->err. */
static const char *record_of(struct body *b, const char *object)
{
    struct json_member m;
    char *id = NULL;
    while (json_next_member(&object, &m)) {
        if (json_is_key(&m, "id") && m.value_len > 2 && *m.value == '"')
            return arena_strndup(b->rq->arena, m.value + 1, m.value_len - 2);
    }
    id = arena_alloc(b->rq->arena, UUID_TEXT);
    if (id != NULL && uuid_new(b->rq->now, id))
        return id;
    fail(b->rq, id == NULL ? ERR_NO_MEMORY : ERR_INTERNAL, NULL, "%s", "");
    return NULL;
}

/* The ciphertext of a member, and behind it its hash; null for null. */
static bool add_sealed(struct body *b, const struct field *f, const char *record,
                       const struct json_member *m)
{
    const char *value = NULL, *hash = NULL, *plain = NULL;
    if (*m->value == '"') { /* canonical values of all kinds need no escapes */
        plain = arena_strndup(b->rq->arena, m->value + 1, m->value_len - 2);
        if (plain == NULL)
            return fail(b->rq, ERR_NO_MEMORY, NULL, "%s", "");
    }
    if (!sealed_text(b->rq, f, record, plain, &value) ||
        (f->min != SEALED_CODES && !sealed_hash(b->rq, f, plain, &hash)))
        return false;
    buf_printf(&b->out, ",\"%s\":", f->name);
    buf_json(&b->out, value);
    buf_printf(&b->out, ",\"%s_hash\":", f->name);
    buf_json(&b->out, hash);
    return true;
}

static bool add_value(struct body *b, const struct field *f, const char *at, size_t len);

static bool add_object(struct body *b, const struct field *fields, const char *at)
{
    struct json_member m;
    const char *record = record_of(b, at);
    bool ok = record != NULL;
    buf_str(&b->out, "{\"id\":");
    buf_json(&b->out, record);
    while (ok && json_next_member(&at, &m)) {
        const struct field *f = field_of(fields, &m);
        if (f == NULL || json_is_key(&m, "id"))
            continue; /* decoding left no member without a field */
        if (f->type == FIELD_SEALED) {
            ok = add_sealed(b, f, record, &m);
            continue;
        }
        buf_printf(&b->out, ",\"%s\":", f->name);
        ok = add_value(b, f, m.value, m.value_len);
    }
    buf_char(&b->out, '}');
    return ok;
}

static bool add_array(struct body *b, const struct field *fields, const char *at)
{
    bool ok = true;
    char gap = '[';
    for (at = json_skip_blanks(at + 1); ok && *at == '{'; at = json_skip_blanks(at)) {
        buf_char(&b->out, gap);
        ok = add_object(b, fields, at);
        gap = ',';
        at = json_skip_blanks(json_skip_value(at));
        at += *at == ',';
    }
    buf_str(&b->out, gap == '[' ? "[]" : "]");
    return ok;
}

static bool add_value(struct body *b, const struct field *f, const char *at, size_t len)
{
    if (sealed_within(f) && *at == '{')
        return add_object(b, f->of, at);
    if (sealed_within(f) && *at == '[')
        return add_array(b, f->of, at);
    buf_add(&b->out, at, len);
    return true;
}

bool sealed_members(struct request *rq, const char *name, const char **ret_json)
{
    struct body b = {.rq = rq};
    const struct field *f = route_field(rq->route, name);
    const char *text = arg_text(rq, name);
    *ret_json = NULL;
    if (text == NULL)
        return true;
    buf_init(&b.out, rq->arena, SEALED_BODY_MAX);
    if (!add_value(&b, f, text, strlen(text)))
        return false;
    *ret_json = buf_text(&b.out);
    return *ret_json != NULL || fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
}

/* common/http/sealed_show.c - ciphertext in an answer becomes a mask, or the plain text of what was
 * unmasked. Walks the JSON by its field table, so text that only looks like a member is not
 * touched. Decides nothing about who may see what: the principal and the handler did. */
#include <stdatomic.h>
#include <string.h>

#include "core/buf.h"
#include "core/log.h"
#include "http/decode.h"
#include "http/json_scan.h"
#include "http/lifecycle.h"
#include "http/sealed.h"
#include "keys/field.h"

#include "core/banned.h"

enum { ANSWER_MAX = 24 * 1024 * 1024, SAY_AGAIN_US = 60 * 1000000 };

_Static_assert((int)MASK_HIDDEN == (int)PERSONAL_HIDDEN && (int)MASK_STRICT == PERSONAL_STRICT &&
                   (int)MASK_USUAL == (int)PERSONAL_USUAL,
               "role.personal_data is how much of a value is seen");

struct show {
    struct request *rq;
    struct buf out;
};

/* At most once a minute: a lost key makes whole lists unreadable. */
static void say_unreadable(const struct request *rq, const char *column, const struct err *why)
{
    static _Atomic int64_t said_us;
    int64_t now = clock_ticks_us(), before = atomic_load(&said_us);
    struct log_line l;
    if ((before != 0 && now - before < SAY_AGAIN_US) ||
        !atomic_compare_exchange_strong(&said_us, &before, now))
        return;
    log_begin(&l, ERR_LEVEL_ERROR, "request");
    log_text(&l, "request_id", rq->request_id);
    log_text(&l, "field", column);
    log_text(&l, "cause", why->cause);
    log_text(&l, "detail", "a sealed value cannot be opened and is shown as unreadable");
    log_end(&l);
}

const char *sealed_open(struct request *rq, const char *column, const char *record, const char *hex)
{
    struct span plain;
    struct err why = {.code = ERR_NONE};
    const struct field_place place = {column, record};
    if (hex == NULL)
        return NULL;
    hex += hex[0] == '\\' && hex[1] == '\\' ? 1 : 0;
    arena_wipe_on_reset(rq->arena);
    if (rq->engine->keyring != NULL && record != NULL &&
        field_open(rq->engine->keyring, &place, hex, rq->arena, &plain, &why))
        return plain.at;
    say_unreadable(rq, column, &why);
    return NULL;
}

static bool may(const struct request *rq, int permission)
{
    return permission != 0 && rq->signed_in &&
           permission_in(rq->principal.permissions, (enum permission)permission);
}

static bool is_unmasked(const struct request *rq, const char *name)
{
    const char *at = rq->unmasked;
    size_t len = strlen(name);
    while (at != NULL && *at != '\0') {
        size_t n = strcspn(at, ",");
        if (n == len && strncmp(at, name, n) == 0)
            return true;
        at += n + (at[n] == ',');
    }
    return false;
}

static const char *shown_text(struct request *rq, const struct field *f, const char *record,
                              const char *hex)
{
    bool whole = is_unmasked(rq, f->name) || may(rq, f->shown_to);
    enum personal_mask level = rq->signed_in ? rq->principal.mask : MASK_HIDDEN;
    if (!whole && (level == MASK_HIDDEN || personal_hides_whole((enum sealed_kind)f->min)))
        return MASK_HIDES_ALL; /* nothing needs opening */
    const char *plain = sealed_open(rq, f->column, record, hex);
    if (plain == NULL)
        return SEALED_UNREADABLE;
    if (whole)
        return plain;
    char *mask = arena_alloc(rq->arena, MASK_TEXT);
    if (mask != NULL)
        personal_mask_of((enum sealed_kind)f->min, (enum personal_level)level, plain, mask);
    return mask;
}

/* Is the value bytea as row_to_json() writes it: "\\x01..." with two backslashes? Whatever begins
 * so does not leave, even if it is no ciphertext. */
static bool is_sealed(const struct json_member *m)
{
    static const char begin[] = "\"\\\\x";
    return m->value_len > sizeof begin - 1 && memcmp(m->value, begin, sizeof begin - 1) == 0;
}

static void show_sealed(struct show *s, const struct field *f, const char *record,
                        const struct json_member *m)
{
    if (!is_sealed(m)) {
        buf_add(&s->out, m->value, m->value_len); /* null, or shown already */
        return;
    }
    if (f->masked_to != 0 && !may(s->rq, f->masked_to)) {
        buf_str(&s->out, "null");
        return;
    }
    const char *hex = arena_strndup(s->rq->arena, m->value + 2, m->value_len - 3);
    const char *text = hex == NULL ? NULL : shown_text(s->rq, f, record, hex);
    if (text == NULL)
        s->out.failed = true; /* no memory: no answer */
    buf_json(&s->out, text);
}

/* The record's id, lower case as PostgreSQL writes it. */
static const char *record_in(struct show *s, const char *object)
{
    struct json_member m;
    while (json_next_member(&object, &m)) {
        if (json_is_key(&m, "id") && m.value_len > 2 && *m.value == '"')
            return arena_strndup(s->rq->arena, m.value + 1, m.value_len - 2);
    }
    return NULL;
}

/* The field of a member that needs a look: sealed, or with fields of its own. */
static const struct field *field_of(const struct field *fields, const struct json_member *m)
{
    for (; fields->name != NULL; fields++) {
        if ((fields->type == FIELD_SEALED || fields->of != NULL) && json_is_key(m, fields->name))
            return fields;
    }
    return NULL;
}

static void show_value(struct show *s, const struct field *fields, const struct json_member *m);

static void show_member(struct show *s, const struct field *fields, const char *record,
                        const struct json_member *m)
{
    const struct field *f = field_of(fields, m);
    buf_add(&s->out, m->key - 1, m->key_len + 2);
    buf_char(&s->out, ':');
    if (f == NULL)
        buf_add(&s->out, m->value, m->value_len);
    else if (f->type == FIELD_SEALED)
        show_sealed(s, f, record, m);
    else
        show_value(s, f->of, m);
}

static void show_object(struct show *s, const struct field *fields, const char *at)
{
    struct json_member m;
    const char *record = record_in(s, at);
    char gap = '{';
    while (json_next_member(&at, &m)) {
        buf_char(&s->out, gap);
        show_member(s, fields, record, &m);
        gap = ',';
    }
    buf_str(&s->out, gap == '{' ? "{}" : "}");
}

static void show_array(struct show *s, const struct field *fields, const char *at)
{
    char gap = '[';
    for (at = json_skip_blanks(at + 1); *at == '{'; at = json_skip_blanks(at)) {
        buf_char(&s->out, gap);
        show_object(s, fields, at);
        gap = ',';
        at = json_skip_blanks(json_skip_value(at));
        at += *at == ',';
    }
    buf_str(&s->out, gap == '[' ? "[]" : "]");
}

/* One of the record's own tables, as deep as the field tables go. */
static void show_value(struct show *s, const struct field *fields, const struct json_member *m)
{
    if (*m->value == '{')
        show_object(s, fields, m->value);
    else if (*m->value == '[' && *json_skip_blanks(m->value + 1) == '{')
        show_array(s, fields, m->value);
    else
        buf_add(&s->out, m->value, m->value_len);
}

/* {"items":[...],"next_cursor":...} */
static void show_page(struct show *s, const struct field *fields, const char *at)
{
    struct json_member m;
    char gap = '{';
    while (json_next_member(&at, &m)) {
        buf_char(&s->out, gap);
        buf_add(&s->out, m.key - 1, m.key_len + 2);
        buf_char(&s->out, ':');
        if (json_is_key(&m, "items"))
            show_value(s, fields, &m);
        else
            buf_add(&s->out, m.value, m.value_len);
        gap = ',';
    }
    buf_str(&s->out, gap == '{' ? "{}" : "}");
}

/* Its first member is its items. */
static bool is_page(const char *json)
{
    struct json_member m;
    return json_next_member(&json, &m) && json_is_key(&m, "items");
}

const char *sealed_show(struct request *rq, const char *json)
{
    struct show s = {.rq = rq};
    const struct route *r = rq->route;
    if (json == NULL || *json != '{' || r == NULL || !sealed_on_route(r))
        return json;
    const struct field *fields = r->shows != NULL ? r->shows : r->fields;
    buf_init(&s.out, rq->arena, ANSWER_MAX);
    if (route_is_page(r) && is_page(json))
        show_page(&s, fields, json);
    else
        show_object(&s, fields, json);
    return buf_text(&s.out);
}

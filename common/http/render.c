/* common/http/render.c - headers, conditional reads and `fields=`. Reads only JSON that PostgreSQL
 * wrote, so a scanner of members is enough, and numbers come out as they went in (style S1). */
#include "http/render.h"

#include <string.h>

#include <jansson.h>

#include "core/buf.h"
#include "core/str.h"
#include "http/json_scan.h"
#include "http/lifecycle.h"
#include "http/sealed.h"

#include "core/banned.h"

enum { FIELDS_MAX_BYTES = 8 * 1024 * 1024 };

void render_init(void)
{
    json_object_seed(0);
}

/* Is that name one of the comma-separated list? */
static bool in_list(const char *list, const char *name, size_t len)
{
    while (*list != '\0') {
        size_t n = strcspn(list, ",");
        if (n == len && memcmp(list, name, n) == 0)
            return true;
        list += n + (list[n] == ',');
    }
    return false;
}

static bool is_shown(const struct route *r, const char *name, size_t len)
{
    const struct field *f = r->shows != NULL ? r->shows : r->fields;
    for (; f->name != NULL; f++) {
        if ((f->flags & (SHOWN | IS_VERSION)) != 0 && strlen(f->name) == len &&
            memcmp(f->name, name, len) == 0)
            return true;
    }
    return false;
}

bool render_fields_known(struct request *rq)
{
    if (rq->only_fields == NULL)
        return true;
    const char *name = rq->only_fields;
    do {
        size_t n = strcspn(name, ",");
        if (!is_shown(rq->route, name, n))
            return fail(rq, ERR_BAD_PARAMETER, "fields", "There is no field \"%.*s\" here",
                        (int)(n < 40 ? n : 40), name);
        name += n + (name[n] == ',');
    } while (*name != '\0');
    return true;
}

const char *render_fields(struct request *rq, const char *object)
{
    if (rq->only_fields == NULL)
        return object;
    struct buf b;
    struct json_member m;
    object = sealed_show(rq, object); /* before the id may be cut, which opens its values */
    if (object == NULL)
        return NULL;
    buf_init(&b, rq->arena, FIELDS_MAX_BYTES);
    char gap = '{';
    while (json_next_member(&object, &m)) {
        if (!in_list(rq->only_fields, m.key, m.key_len))
            continue;
        buf_char(&b, gap);
        buf_char(&b, '"');
        buf_add(&b, m.key, m.key_len);
        buf_str(&b, "\":");
        buf_add(&b, m.value, m.value_len);
        gap = ',';
    }
    buf_str(&b, gap == '{' ? "{}" : "}");
    return buf_text(&b);
}

const char *render_word(struct arena *a, const char *object, const char *name)
{
    struct json_member m;
    while (json_next_member(&object, &m)) {
        if (m.key_len == strlen(name) && memcmp(m.key, name, m.key_len) == 0)
            return m.value_len >= 2 && *m.value == '"'
                       ? arena_strndup(a, m.value + 1, m.value_len - 2)
                       : NULL;
    }
    return NULL;
}

const char *render_etag(struct arena *a, const char *version)
{
    return version == NULL ? NULL : arena_printf(a, "\"%s\"", version);
}

/* RFC 9110 13.1.2: weak comparison with each tag of the list. */
static bool none_match(const char *list, const char *etag)
{
    size_t len = strlen(etag);
    while (*list != '\0') {
        list += strspn(list, " \t,");
        if (*list == '*')
            return true;
        if (strncmp(list, "W/", 2) == 0)
            list += 2;
        if (strncmp(list, etag, len) == 0 && strchr(" \t,", list[len]) != NULL)
            return true;
        list += strcspn(list, ",");
    }
    return false;
}

void render_finish(struct request *rq)
{
    bool read = rq->status == 200 && rq->route != NULL && rq->route->method == METHOD_GET;
    if (read && rq->etag != NULL && rq->if_none_match != NULL &&
        none_match(rq->if_none_match, rq->etag))
        rq->status = 304;
    if (rq->status == 204) {
        rq->answer = NULL;
        rq->answer_len = 0;
    }
}

static void put(struct header *ret, size_t *n, const char *name, const char *value)
{
    if (value != NULL && *n < HEADERS_MAX)
        ret[(*n)++] = (struct header){name, value};
}

static void put_number(struct request *rq, struct header *ret, size_t *n, const char *name, int v)
{
    put(ret, n, name, arena_printf(rq->arena, "%d", v));
}

static const char *challenge_of(const struct request *rq)
{
    if (rq->status != 401 || rq->err.code != ERR_UNAUTHENTICATED)
        return NULL;
    return rq->authorization == NULL ? "Bearer realm=\"zeren\""
                                     : "Bearer realm=\"zeren\", error=\"invalid_token\"";
}

static const char *media_of(const struct request *rq)
{
    if (rq->answer_type != NULL)
        return rq->answer_type;
    bool other = rq->route != NULL && rq->route->answers != NULL;
    return other ? rq->route->answers : "application/json";
}

size_t render_headers(struct request *rq, struct header ret[static HEADERS_MAX])
{
    size_t n = 0;
    if (rq->answer_len > 0 || (rq->redirect != NULL && rq->status < 400))
        put(ret, &n, "Content-Type", rq->status >= 400 ? "application/problem+json" : media_of(rq));
    put(ret, &n, "X-Request-Id", rq->request_id);
    put(ret, &n, "Cache-Control", "no-store");
    put(ret, &n, "X-Content-Type-Options", "nosniff");
    put(ret, &n, "ETag", rq->etag);
    put(ret, &n, "Location", rq->location);
    put(ret, &n, "Link", rq->link);
    put(ret, &n, "Allow", rq->allow);
    put(ret, &n, "Upload-Offset", rq->next_offset);
    put(ret, &n, "Content-Disposition", rq->disposition);
    put(ret, &n, "X-Accel-Redirect", rq->redirect);
    put(ret, &n, "WWW-Authenticate", challenge_of(rq));
    put(ret, &n, "traceparent", rq->traceparent);
    put(ret, &n, "Idempotency-Replayed", rq->replayed ? "true" : NULL);
    if (rq->retry_after_s > 0)
        put_number(rq, ret, &n, "Retry-After", rq->retry_after_s);
    if (rq->rate.limit > 0) {
        put_number(rq, ret, &n, "RateLimit-Limit", rq->rate.limit);
        put_number(rq, ret, &n, "RateLimit-Remaining", rq->rate.remaining);
        put_number(rq, ret, &n, "RateLimit-Reset", rq->rate.reset_s);
    }
    return n;
}

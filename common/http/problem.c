/* common/http/problem.c - failures as problem documents. What is not UTF-8 is left out, so that the
 * document always is. Does not log and does not set headers but Retry-After. */
#include "http/problem.h"

#include <string.h>

#include "core/buf.h"
#include "core/str.h"
#include "http/decode.h"

#include "core/banned.h"

enum { DOCUMENT_MAX = 4 * 1024 * 1024 /* bytes, the record of a 412 included */ };

/* What is sent when there is no memory for more: a whole document for every code. */
static const char *fixed_document(enum err_code code)
{
    static const char *const documents[ERR_COUNT] = {
#define X(name, code, status, title, retryable, level)                                             \
    [ERR_##name] = "{\"type\":\"urn:zeren:problem:" code "\",\"title\":\"" title                   \
                   "\",\"status\":" #status ",\"detail\":\"" title "\",\"code\":\"" code "\"}",
#include "errors.def"
#undef X
    };
    return documents[code];
}

static bool presentable(const char *s)
{
    return s != NULL && *s != '\0' && str_utf8(s, strlen(s));
}

/* ,"name":"value", or nothing when the value cannot be shown. */
static void add_text(struct buf *b, const char *name, const char *value)
{
    if (!presentable(value))
        return;
    buf_printf(b, ",\"%s\":", name);
    buf_json(b, value);
}

static void add_instance(struct buf *b, struct request *rq)
{
    if (rq->url == NULL)
        return;
    const char *path = arena_strndup(rq->arena, rq->url, strcspn(rq->url, "?"));
    if (path == NULL)
        b->failed = true;
    add_text(b, "instance", path);
}

static const char *place_name(enum problem_place place)
{
    static const char *const names[] = {[AT_POINTER] = "pointer",
                                        [AT_PARAMETER] = "parameter",
                                        [AT_HEADER] = "header",
                                        [AT_CELL] = "column"};
    return names[place];
}

static void add_problem(struct buf *b, const struct problem *p)
{
    buf_printf(b, "{\"code\":\"%s\"", p->code);
    if (p->place == AT_CELL)
        buf_printf(b, ",\"row\":%u", p->row);
    if (p->name != NULL &&
        str_utf8(p->name, strlen(p->name))) { /* "" is a pointer, too: the whole body */
        buf_printf(b, ",\"%s\":", place_name(p->place));
        buf_json(b, p->name);
    }
    add_text(b, "detail", p->detail);
    add_text(b, "severity", p->severity);
    add_text(b, "record", p->record);
    buf_char(b, '}');
}

/* The route's field that a refusal names, or that it names a member of: "members/0/name". */
static const struct field *field_named(const struct request *rq)
{
    char first[sizeof rq->err.field] = {0};
    if (rq->route == NULL)
        return NULL;
    memcpy(first, rq->err.field, strcspn(rq->err.field, "/"));
    return route_field(rq->route, first);
}

/* A refusal that names one field, as the problem it would have been in a list. `name` holds 66. */
static struct problem problem_of_field(const struct request *rq, char name[static 66])
{
    const char *field = rq->err.field;
    const struct field *f = field_named(rq);
    struct problem p = {.place = AT_PARAMETER, .name = name};
    bool in_body = f != NULL && route_takes(rq->route, f, IN_BODY);
    if (f != NULL && route_takes(rq->route, f, IS_VERSION)) {
        field = "If-Match";
        p.place = AT_HEADER;
    } else if (in_body) {
        p.place = AT_POINTER;
    } else if (field[0] >= 'A' && field[0] <= 'Z') {
        p.place = AT_HEADER;
    }
    name[0] = '/';
    memcpy(name + (in_body ? 1 : 0), field, strlen(field) + 1);
    p.code = err_class(rq->err.code)->code;
    p.detail = rq->err.detail;
    return p;
}

static void add_problems(struct buf *b, const struct request *rq)
{
    char name[66];
    if (rq->n_problems == 0 && rq->err.field[0] == '\0')
        return;
    buf_str(b, ",\"errors\":[");
    if (rq->n_problems == 0) {
        struct problem p = problem_of_field(rq, name);
        add_problem(b, &p);
    }
    for (size_t i = 0; i < rq->n_problems; i++) {
        if (i > 0)
            buf_char(b, ',');
        add_problem(b, &rq->problems[i]);
    }
    buf_char(b, ']');
}

/* The end of the string that starts at `s` with its quote. */
static const char *skip_string(const char *s)
{
    for (s++; *s != '\0' && *s != '"'; s++) {
        if (s[0] == '\\' && s[1] != '\0')
            s++;
    }
    return *s == '"' ? s + 1 : s;
}

/* Where the value begins when the string at `s` is the name "version", else NULL. */
static const char *version_value(const char *s, const char *end)
{
    end += strspn(end, " ");
    if (!str_starts(s, "\"version\"") || *end != ':')
        return NULL;
    return end + 1 + strspn(end + 1, " ");
}

static int nesting(char c)
{
    if (c == '{' || c == '[')
        return 1;
    return c == '}' || c == ']' ? -1 : 0;
}

/* The value of member "version" of a JSON object, or "" when it has none. */
static const char *find_version(const char *json)
{
    int depth = 0;
    const char *value = NULL;
    while (*json != '\0' && value == NULL) {
        depth += nesting(*json);
        const char *end = *json == '"' ? skip_string(json) : json + 1;
        if (*json == '"' && depth == 1)
            value = version_value(json, end);
        json = end;
    }
    return value == NULL ? "" : value;
}

static void add_current(struct buf *b, const char *current)
{
    const char *version = find_version(current);
    size_t len = strspn(version, "0123456789");
    if (len > 0) {
        buf_str(b, ",\"current_version\":");
        buf_add(b, version, len);
    }
    buf_str(b, ",\"current\":");
    buf_str(b, current);
}

static const char *render(struct request *rq, const struct err_class *class, const char *current)
{
    struct buf b;
    buf_init(&b, rq->arena, DOCUMENT_MAX);
    buf_printf(&b, "{\"type\":\"urn:zeren:problem:%s\",\"title\":\"%s\",\"status\":%d", class->code,
               class->title, class->status);
    add_text(&b, "detail", presentable(rq->err.detail) ? rq->err.detail : class->title);
    add_instance(&b, rq);
    add_text(&b, "code", class->code);
    add_text(&b, "request_id", rq->request_id);
    add_text(&b, "about", rq->about);
    add_problems(&b, rq);
    if (current != NULL && rq->err.code == ERR_STALE)
        add_current(&b, current);
    buf_char(&b, '}');
    return buf_text(&b);
}

void problem_render(struct request *rq, const char *current)
{
    if (rq->err.code == ERR_NONE) /* a stage that refused without a reason */
        err_set(&rq->err, ERR_INTERNAL, NULL, "%s", "");
    const struct err_class *class = err_class(rq->err.code);
    const char *document = render(rq, class, current);
    rq->answer = document != NULL ? document : fixed_document(rq->err.code);
    rq->answer_len = strlen(rq->answer);
    rq->status = class->status;
    rq->location = NULL;
    rq->link = NULL;
    if (rq->err.code != ERR_STALE)
        rq->etag = NULL;
    if (class->retryable && rq->retry_after_s == 0)
        rq->retry_after_s = 1;
}

/* common/http/sync_push.c - POST /sync: operations in order, each run as its own route would run it
 * for the same caller, each in a transaction of its own under its own key. What a change meets that
 * came first is merged member by member. Rules: M-4 to M-6 of proto/sync.md. */
#include <assert.h>
#include <string.h>

#include "core/buf.h"
#include "core/limits.h"
#include "core/str.h"
#include "http/json_scan.h"
#include "http/lifecycle.h"
#include "http/match.h"
#include "http/render.h"
#include "http/sync.h"
#include "sql_engine.h"

#include "core/banned.h"

enum { RESULTS_MAX = 24 * 1024 * 1024, MERGES = 4 /* tries while others change the same record */ };

struct operation { /* members as they were decoded; NULL: absent */
    const char *op_id, *operation, *target, *base_version, *base, *body;
    const char *text; /* all of it */
    const struct route *route;
    const struct sync_resource *resource;
};

struct push {
    struct request *rq;
    struct arena *scratch; /* of one operation at a time */
    struct buf results;
};

/* What became of an operation. */
struct result {
    const char *outcome, *record, *problem, *conflict_id;
    int status;
};

/* --- running another route --- */

/* "/reports/:id:confirm" with the target in place of the parameter. */
static const char *url_of(struct request *rq, struct arena *a, const struct sync_call *c)
{
    const char *path = c->route->path, *at = strstr(path, "/:");
    const char *root = arena_printf(a, "/api/v1/%s", rq->engine->service->name);
    if (root == NULL || at == NULL || c->target == NULL)
        return root == NULL ? NULL : arena_printf(a, "%s%s", root, path);
    const char *rest = at + 2 + strcspn(at + 2, "/:");
    return arena_printf(a, "%s%.*s%s%s", root, (int)(at + 1 - path), path, c->target, rest);
}

static void fill_match(struct arena *a, const struct sync_call *c, struct match *m)
{
    assert(c->route != NULL); /* the lint has seen to it */
    const char *at = strstr(c->route->path, "/:");
    *m = (struct match){.route = c->route, .path_exists = true};
    if (at == NULL || c->target == NULL)
        return;
    m->n_params = 1;
    m->names[0] = arena_strndup(a, at + 2, strcspn(at + 2, "/:"));
    m->values[0] = c->target;
}

void sync_run(struct request *rq, struct arena *a, const struct sync_call *c, struct request *ret)
{
    static const char *const methods[] = {"GET", "POST", "PATCH"};
    struct match m;
    fill_match(a, c, &m);
    *ret = (struct request){
        .engine = rq->engine,
        .arena = a,
        .now = rq->now,
        .today = rq->today,
        .method = methods[c->route->method],
        .url = url_of(rq, a, c),
        .body = c->body,
        .body_len = c->body == NULL ? 0 : strlen(c->body),
        .content_type = c->body == NULL ? NULL : "application/json",
        .if_match = c->version == NULL ? NULL : arena_printf(a, "\"%s\"", c->version),
        .idempotency_key = c->key,
        .claim_text = c->claim_text,
        .first = c->first,
        .first_of = c->first_of,
        .traceparent = rq->traceparent,
        .request_id = rq->request_id,
        .address = rq->address,
        .principal = rq->principal,
        .signed_in = true,
    };
    lifecycle_run_inner(ret, &m);
}

/* --- an operation --- */

static bool is_transient(int status)
{
    return status >= 500 || status == 429;
}

static void tell(const struct request *inner, const char *good, struct result *ret)
{
    bool done = inner->status < 300;
    bool again = is_transient(inner->status) || inner->err.code == ERR_KEY_IN_USE;
    ret->status = inner->status;
    ret->outcome = done ? good : again ? "retry" : "refused";
    if (done)
        ret->record = inner->answer;
    else
        ret->problem = inner->answer;
}

/* A conflict about to be kept. */
struct keep {
    const struct operation *op;
    const struct merge *m;
    const char *current;        /* the record that it met */
    const char *record_version; /* when the rest of the operation is written */
};

static const char *version_in(struct arena *a, const char *record)
{
    struct json_member m;
    while (record != NULL && json_next_member(&record, &m)) {
        if (json_is_key(&m, "version"))
            return arena_strndup(a, m.value, m.value_len);
    }
    return NULL;
}

static const char *version_after(struct arena *a, const char *version)
{
    int64_t n = 0;
    return str_int(version, 0, INT32_MAX - 1, &n) ? arena_printf(a, "%lld", (long long)n + 1)
                                                  : version;
}

static bool bind_conflict(struct request *rq, const struct keep *k)
{
    const struct {
        const char *name, *value;
    } all[] = {{"op_id", k->op->op_id},
               {"operation", k->op->operation},
               {"kind", k->op->resource->kind},
               {"record_id", k->op->target},
               {"base_version", k->op->base_version},
               {"record_version", k->record_version},
               {"record_division", render_word(rq->arena, k->current, "owner_division")},
               {"fields", k->m->fields},
               {"base", k->m->base},
               {"mine", k->m->mine},
               {"theirs", k->m->theirs}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (!arg_bind(rq, all[i].name, all[i].value))
            return false;
    }
    char *id = arena_alloc(rq->arena, UUID_TEXT);
    rq->new_id = id;
    return id != NULL && uuid_new(rq->now, id);
}

/* M-5: one an operation. Leaves the request as it was. */
static bool keep_conflict(struct request *rq, const struct keep *k)
{
    struct binding *bindings = rq->bindings;
    const char *new_id = rq->new_id;
    bool kept = bind_conflict(rq, k) && db_write(rq, &SQL_conflict_keep, 200);
    rq->bindings = bindings;
    rq->new_id = new_id;
    return kept;
}

static bool keep_first(struct request *inner)
{
    return keep_conflict(inner, inner->first_of);
}

static void call(struct push *p, const struct operation *op, const char *version, const char *body,
                 const struct keep *k, struct request *ret)
{
    sync_run(p->rq, p->scratch,
             &(struct sync_call){.route = op->route,
                                 .target = op->target,
                                 .body = body,
                                 .version = version,
                                 .key = op->op_id,
                                 .claim_text = op->text,
                                 .first = k == NULL ? NULL : keep_first,
                                 .first_of = k},
             ret);
}

/* M-5. The same operation keeps the conflict it has. */
static bool find_conflict(struct push *p, const struct operation *op, struct result *ret)
{
    struct rows *rows = NULL;
    if (!arg_bind(p->rq, "op_id", op->op_id) || !db_rows(p->rq, &SQL_conflict_find, &rows))
        return false;
    if (rows_count(rows) == 0)
        return true;
    ret->conflict_id = arena_strdup(p->rq->arena, rows_text(rows, 0, 0));
    ret->outcome = "conflict";
    ret->status = 409;
    return ret->conflict_id != NULL || fail(p->rq, ERR_NO_MEMORY, NULL, "%s", "");
}

/* Nothing is left to write: the conflict alone. */
static bool keep_alone(struct push *p, const struct keep *k, struct result *ret)
{
    struct request *rq = p->rq;
    if (!keep_conflict(rq, k)) {
        if (rq->err.code != ERR_DUPLICATE) /* the same operation came twice at once */
            return false;
        err_clear(&rq->err);
    }
    return find_conflict(p, k->op, ret);
}

/* One try of M-4 and M-5 on the record as it stands: the conflict and what can be written are one
 * transaction. Without an outcome: the record has moved on once more. */
static bool merge_once(struct push *p, const struct operation *op, struct request *inner,
                       struct result *ret)
{
    struct merge m;
    const char *current = inner->current, *version = version_in(p->scratch, current);
    if (version == NULL || !sync_merge(p->scratch, op->body, op->base, current, &m))
        return fail(p->rq, ERR_NO_MEMORY, NULL, "%s", "");
    struct keep k = {op, &m, current, version};
    *ret = (struct result){"unchanged", current, NULL, NULL, 200};
    if (m.patch == NULL)
        return m.fields == NULL || keep_alone(p, &k, ret);
    k.record_version = version_after(p->scratch, version);
    call(p, op, version, m.patch, m.fields == NULL ? NULL : &k, inner);
    tell(inner, "merged", ret);
    if (inner->err.code == ERR_STALE)
        ret->outcome = NULL;
    return inner->status >= 300 || m.fields == NULL || find_conflict(p, op, ret);
}

/* Others may change the same record meanwhile. */
static bool merge(struct push *p, const struct operation *op, struct request *inner,
                  struct result *ret)
{
    struct result before = {.record = inner->current};
    if (!find_conflict(p, op, &before))
        return false;
    if (before.conflict_id != NULL) {
        *ret = before;
        return true;
    }
    ret->outcome = NULL;
    for (int i = 0; i < MERGES && ret->outcome == NULL; i++) {
        if (!merge_once(p, op, inner, ret))
            return false;
    }
    if (ret->outcome == NULL) /* they are too many: nothing has been written */
        *ret = (struct result){"retry", NULL, inner->answer, NULL, inner->status};
    return true;
}

/* What wrote nothing is remembered, too: the operation that comes once more, late or by itself,
 * must not find a record that it suits by then. */
static void remember(struct request *inner, const struct result *r)
{
    if (inner->replayed || r->conflict_id != NULL)
        return;
    if (str_equal(r->outcome, "refused"))
        lifecycle_keep_answer(inner, r->status, r->problem);
    else if (str_equal(r->outcome, "unchanged"))
        lifecycle_keep_answer(inner, r->status, r->record);
}

/* An operation sent again whose first answer was stored may have left a conflict, too. */
static bool run_operation(struct push *p, const struct operation *op, struct result *ret)
{
    struct request inner;
    call(p, op, op->base_version, op->body, NULL, &inner);
    tell(&inner, "done", ret);
    bool patch = op->route->method == METHOD_PATCH && op->body != NULL, ok = true;
    if (patch && inner.err.code == ERR_STALE)
        ok = merge(p, op, &inner, ret);
    else if (patch && inner.replayed && inner.status < 300)
        ok = find_conflict(p, op, ret);
    if (ok)
        remember(&inner, ret);
    return ok;
}

/* --- the list of them --- */

static const char *plain(struct arena *a, const struct json_member *m)
{
    bool quoted = m->value_len >= 2 && *m->value == '"';
    return arena_strndup(a, m->value + (quoted ? 1 : 0), m->value_len - (quoted ? 2 : 0));
}

/* Members of the canonical text that decoding wrote: ids and words need no unescaping. */
static bool read_operation(struct request *rq, const char *text, struct operation *ret)
{
    const struct {
        const char *name;
        const char **into;
    } members[] = {{"op_id", &ret->op_id},   {"operation", &ret->operation},
                   {"target", &ret->target}, {"base_version", &ret->base_version},
                   {"base", &ret->base},     {"body", &ret->body}};
    struct json_member m;
    *ret = (struct operation){.text = text};
    while (json_next_member(&text, &m)) {
        for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
            if (json_is_key(&m, members[i].name) &&
                (*members[i].into = plain(rq->arena, &m)) == NULL)
                return fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
        }
    }
    return true;
}

/* Is it one of those that the service lets devices bring? */
static void find_route(const struct request *rq, struct operation *op)
{
    const struct service *s = rq->engine->service;
    assert(op->operation != NULL); /* decoding demanded it */
    for (const struct sync_resource *x = s->sync; x != NULL && x->kind != NULL; x++) {
        for (size_t i = 0; x->operations != NULL && x->operations[i] != NULL; i++) {
            if (strcmp(x->operations[i], op->operation) != 0)
                continue;
            op->resource = x;
            op->route = sync_route(s, op->operation, strlen(op->operation));
        }
    }
}

static void refuse(struct request *rq, size_t i, const char *member, const char *code,
                   const char *detail)
{
    problem_add(rq, (struct problem){AT_POINTER,
                                     arena_printf(rq->arena, "/operations/%zu/%s", i, member), 0,
                                     code, detail});
}

/* What is wrong with the list itself refuses all of it: a device that sends it is in error. */
static void check_operation(struct request *rq, size_t i, struct operation *op)
{
    find_route(rq, op);
    if (op->route == NULL) {
        refuse(rq, i, "operation", "unknown_operation", "There is no such operation for devices.");
        return;
    }
    bool wants = strstr(op->route->path, "/:") != NULL;
    if (wants != (op->target != NULL))
        refuse(rq, i, "target", wants ? "required" : "not_wanted",
               wants ? "This operation is done to a record." : "This operation has no target.");
}

static size_t count_of(const char *list)
{
    size_t n = 0;
    for (const char *at = json_skip_blanks(list + 1); *at != ']' && *at != '\0'; n++) {
        at = json_skip_value(at);
        at = *at == ',' ? at + 1 : at;
    }
    return n;
}

static bool read_operations(struct request *rq, struct operation **ret, size_t *ret_n)
{
    const char *list = arg_text(rq, "operations"), *at = list + 1;
    size_t n = count_of(list);
    struct operation *all = arena_array(rq->arena, struct operation, n + 1);
    for (size_t i = 0; all != NULL && i < n; i++) {
        const char *end = json_skip_value(at);
        const char *text = arena_strndup(rq->arena, at, (size_t)(end - at));
        if (text == NULL || !read_operation(rq, text, &all[i]))
            return fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
        check_operation(rq, i, &all[i]);
        at = *end == ',' ? end + 1 : end;
    }
    *ret = all;
    *ret_n = n;
    return all != NULL && rq->err.code == ERR_NONE;
}

static void add_member(struct buf *b, const char *name, const char *json)
{
    buf_printf(b, ",\"%s\":", name);
    buf_str(b, json == NULL ? "null" : json);
}

static void add_result(struct push *p, const struct operation *op, const struct result *r)
{
    struct buf *b = &p->results;
    buf_printf(b, "%s{\"op_id\":\"%s\",\"outcome\":\"%s\",\"status\":%d",
               b->bytes != NULL && b->bytes[b->len - 1] == '}' ? "," : "", op->op_id, r->outcome,
               r->status);
    add_member(b, "record", r->record);
    add_member(b, "problem", r->problem);
    buf_str(b, ",\"conflict_id\":");
    buf_json(b, r->conflict_id);
    buf_char(b, '}');
}

static void drop_arena(void *a)
{
    struct arena *scratch = a;
    arena_destroy(&scratch);
}

bool sync_push(struct request *rq)
{
    struct push p = {.rq = rq, .scratch = arena_create(LIMIT_ARENA_BYTES)};
    struct operation *all = NULL;
    size_t n = 0;
    if (p.scratch == NULL || !arena_defer(rq->arena, drop_arena, p.scratch))
        return fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
    if (!read_operations(rq, &all, &n))
        return false;
    buf_init(&p.results, rq->arena, RESULTS_MAX);
    buf_str(&p.results, "{\"results\":[");
    bool held = false;
    for (size_t i = 0; i < n; i++) {
        struct result r = {.outcome = "retry", .status = 503};
        if (!held && !run_operation(&p, &all[i], &r))
            return false;
        held = held || strcmp(r.outcome, "retry") == 0; /* M-4: those behind it wait with it */
        add_result(&p, &all[i], &r);
        arena_reset(p.scratch);
    }
    buf_str(&p.results, "]}");
    return reply_json(rq, 200, buf_text(&p.results));
}

/* common/http/sync_pull.c - GET /sync: first a copy of everything in the caller's scope, then what
 * the feed says has moved. Each answer is of one moment of the database. Rules: M-1 to M-3 of
 * proto/sync.md. */
#include <string.h>

#include "core/buf.h"
#include "core/str.h"
#include "http/decode.h"
#include "http/lifecycle.h"
#include "http/sealed.h"
#include "http/sync.h"
#include "http/sync_cursor.h"
#include "http/values.h"
#include "sql_engine.h"

#include "core/banned.h"

enum {
    RECORDS = 200 /* of one answer, unless said */,
    WAITING_MAX = 2000, /* as many a sequencer numbers in a breath: with more the digest can wait */
    PART_MAX = 12 * 1024 * 1024,
    IDS_MAX = 40 * (LIMIT_MAX + 1)
};

struct moved { /* the last that the feed says of one record */
    const char *kind, *id;
    bool deleted, shown;
};

struct pull {
    struct request *rq;
    struct sync_cursor at;
    int64_t head;    /* the feed's last number at this moment */
    int64_t waiting; /* changes of whomever that are committed and not numbered yet */
    bool behind;     /* too many of them to tell apart: it is not known what the device lacks */
    bool more;
    int64_t left; /* how many records still fit */
    struct buf changed, gone, deleted, digests;
};

static bool no_memory(struct request *rq)
{
    return fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
}

static const struct sync_resource *resource_of(const struct pull *p, int64_t i)
{
    return &p->rq->engine->service->sync[i];
}

static const struct route *list_of(const struct pull *p, const struct sync_resource *x)
{
    return sync_route(p->rq->engine->service, x->list, strlen(x->list));
}

/* Kinds that the caller may not read do not exist. */
static bool may_read(const struct pull *p, const struct sync_resource *x)
{
    enum permission wanted = list_of(p, x)->permission;
    return wanted == PERM_SIGNED_IN || permission_in(p->rq->principal.permissions, wanted);
}

static const char *today_of(struct request *rq)
{
    char *text = arena_alloc(rq->arena, 11);
    if (text != NULL)
        date_format(rq->today, text);
    return text;
}

/* A list's statement with all its filters open but one: behind an id, or these ids. */
static bool run_list(struct pull *p, const struct stmt_form *f, const char *ids, const char *limit,
                     struct rows **ret)
{
    struct request *rq = p->rq;
    const char *today = today_of(rq);
    const struct {
        const char *name, *value;
    } known[] = {{"ids", ids},
                 {"after_key", p->at.after},
                 {"limit", limit},
                 {"today", today},
                 {"scope_lo", rq->principal.scope_lo},
                 {"scope_hi", rq->principal.scope_hi},
                 {"caller_account", rq->principal.account}};
    const char **values = arena_array(rq->arena, const char *, f->n_params + 1);
    if (values == NULL || today == NULL || limit == NULL)
        return no_memory(rq);
    for (unsigned i = 0; i < f->n_params; i++) {
        if (!values_may(rq, f->params[i], &values[i]))
            values[i] = NULL;
        for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
            if (strcmp(f->params[i], known[k].name) == 0)
                values[i] = known[k].value;
        }
    }
    return tx_run(&rq->tx, f, values, ret, &rq->err);
}

/* The record as its own route would show it. */
static bool add_record(struct pull *p, const struct sync_resource *x, const char *json)
{
    struct request shown = *p->rq;
    shown.route = list_of(p, x);
    json = sealed_show(&shown, json);
    if (json == NULL)
        return no_memory(p->rq);
    buf_printf(&p->changed, "%s{\"kind\":\"%s\",\"record\":", p->changed.len == 0 ? "" : ",",
               x->kind);
    buf_str(&p->changed, json);
    buf_char(&p->changed, '}');
    p->left--;
    return true;
}

/* --- the first copy --- */

static bool copy_page(struct pull *p, const struct sync_resource *x, bool *ret_end)
{
    struct request *rq = p->rq;
    struct rows *rows = NULL;
    const struct stmt_order order = {.sort = "id", .after_cursor = p->at.after[0] != '\0'};
    const struct stmt_form *f = stmt_page_form(rq->engine->statements, list_of(p, x)->sql, order);
    int64_t wanted = p->left;
    if (!run_list(p, f, NULL, arena_printf(rq->arena, "%lld", (long long)wanted + 1), &rows))
        return false;
    size_t n = rows_count(rows);
    *ret_end = (int64_t)n <= wanted;
    for (size_t i = 0; i < n && p->left > 0; i++) {
        if (!add_record(p, x, rows_text(rows, i, 0)))
            return false;
        memcpy(p->at.after, rows_text(rows, i, 2), UUID_TEXT);
    }
    return true;
}

/* M-1. What changes meanwhile is in the feed behind the number that the copy began with. */
static bool copy(struct pull *p)
{
    p->more = true;
    while (p->left > 0 && resource_of(p, p->at.resource)->kind != NULL) {
        const struct sync_resource *x = resource_of(p, p->at.resource);
        bool end = true;
        if (may_read(p, x) && !copy_page(p, x, &end))
            return false;
        if (!end)
            return true;
        p->at.resource++;
        p->at.after[0] = '\0';
    }
    if (resource_of(p, p->at.resource)->kind == NULL)
        p->at = (struct sync_cursor){.first = false, .seq = p->at.seq};
    return true;
}

/* --- what moved --- */

/* {"item","report"}: the kinds that the caller reads. */
static const char *kinds_of(struct pull *p)
{
    struct buf b;
    buf_init(&b, p->rq->arena, 4096);
    buf_char(&b, '{');
    for (int64_t i = 0; resource_of(p, i)->kind != NULL; i++) {
        if (may_read(p, resource_of(p, i)))
            buf_printf(&b, "%s%s", b.len > 1 ? "," : "", resource_of(p, i)->kind);
    }
    buf_char(&b, '}');
    return buf_text(&b);
}

/* Each record once, with the last that was said of it: adds those of these rows that are not there
 * yet. */
static size_t gather(const struct rows *rows, int kind, struct moved *all, size_t n)
{
    for (size_t i = rows_count(rows); i-- > 0;) {
        struct moved m = {.kind = rows_text(rows, i, (size_t)kind),
                          .id = rows_text(rows, i, (size_t)kind + 1),
                          .deleted = str_equal(rows_text(rows, i, (size_t)kind + 2), "t")};
        size_t k = 0;
        while (k < n && (strcmp(all[k].id, m.id) != 0 || strcmp(all[k].kind, m.kind) != 0))
            k++;
        if (k == n)
            all[n++] = m;
    }
    return n;
}

static const char *ids_of(struct arena *a, const char *kind, const struct moved *all, size_t n)
{
    struct buf b;
    buf_init(&b, a, IDS_MAX);
    buf_char(&b, '{');
    for (size_t i = 0; i < n; i++) {
        if (strcmp(all[i].kind, kind) == 0)
            buf_printf(&b, "%s%s", b.len > 1 ? "," : "", all[i].id);
    }
    buf_char(&b, '}');
    return b.len > 2 ? buf_text(&b) : NULL;
}

static bool show_moved(struct pull *p, const struct sync_resource *x, struct moved *all, size_t n)
{
    struct request *rq = p->rq;
    struct rows *rows = NULL;
    const char *ids = ids_of(rq->arena, x->kind, all, n);
    if (ids == NULL)
        return true;
    const struct stmt_form *f = stmt_page_form(rq->engine->statements, list_of(p, x)->sql,
                                               (struct stmt_order){.sort = "id"});
    if (!run_list(p, f, ids, arena_printf(rq->arena, "%zu", n), &rows))
        return false;
    for (size_t r = 0; r < rows_count(rows); r++) {
        for (size_t i = 0; i < n; i++) {
            if (strcmp(all[i].id, rows_text(rows, r, 2)) == 0 && strcmp(all[i].kind, x->kind) == 0)
                all[i].shown = true;
        }
        if (!add_record(p, x, rows_text(rows, r, 0)))
            return false;
    }
    return true;
}

static void add_gone(struct pull *p, const struct moved *m)
{
    struct buf *b = m->deleted ? &p->deleted : &p->gone;
    buf_printf(b, "%s{\"kind\":\"%s\",\"id\":\"%s\"}", b->len == 0 ? "" : ",", m->kind, m->id);
}

/* M-3: what is committed and not numbered yet comes along, and once more behind its number: else
 * nobody could be told what to hold where changes never cease. */
static bool look_at_waiting(struct pull *p, int64_t room, struct rows **ret)
{
    *ret = NULL;
    if (p->more || p->waiting == 0)
        return true;
    p->behind = p->waiting > WAITING_MAX || room <= 0;
    if (p->behind)
        return true;
    if (!arg_bind(p->rq, "sync_limit", arena_printf(p->rq->arena, "%lld", (long long)room)) ||
        !db_rows(p->rq, &SQL_sync_waiting, ret))
        return false;
    p->behind = (int64_t)rows_count(*ret) > room;
    if (p->behind)
        *ret = NULL;
    return true;
}

/* The numbered and the waiting ones, each record once. */
static bool look_at_moved(struct pull *p, struct rows **ret_events, struct moved **ret,
                          size_t *ret_n)
{
    struct request *rq = p->rq;
    struct rows *waiting = NULL;
    if (!arg_bind(rq, "sync_after", arena_printf(rq->arena, "%lld", (long long)p->at.seq)) ||
        !arg_bind(rq, "sync_kinds", kinds_of(p)) ||
        !arg_bind(rq, "sync_limit", arena_printf(rq->arena, "%lld", (long long)p->left)) ||
        !db_rows(rq, &SQL_sync_events, ret_events))
        return false;
    size_t events = rows_count(*ret_events);
    p->more = (int64_t)events >= p->left;
    if (!look_at_waiting(p, p->left - (int64_t)events, &waiting))
        return false;
    size_t most = events + (waiting == NULL ? 0 : rows_count(waiting));
    *ret = arena_array(rq->arena, struct moved, most + 1);
    if (*ret == NULL)
        return no_memory(rq);
    *ret_n = waiting == NULL ? 0 : gather(waiting, 0, *ret, 0);
    *ret_n = gather(*ret_events, 1, *ret, *ret_n);
    return true;
}

/* M-2. Whether a record is still the caller's to see is asked of the database, not of the feed. */
static bool follow(struct pull *p)
{
    struct rows *events = NULL;
    struct moved *all = NULL;
    size_t n = 0;
    if (!look_at_moved(p, &events, &all, &n))
        return false;
    for (int64_t i = 0; resource_of(p, i)->kind != NULL; i++) {
        if (may_read(p, resource_of(p, i)) && !show_moved(p, resource_of(p, i), all, n))
            return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (!all[i].shown)
            add_gone(p, &all[i]);
    }
    if (!p->more)
        p->at.seq = p->head;
    else if (!str_int(rows_text(events, rows_count(events) - 1, 0), 0, INT64_MAX, &p->at.seq))
        return fail(p->rq, ERR_INTERNAL, NULL, "%s", "");
    return true;
}

/* M-3. */
static bool count(struct pull *p)
{
    struct request *rq = p->rq;
    for (int64_t i = 0; resource_of(p, i)->kind != NULL; i++) {
        const struct sync_resource *x = resource_of(p, i);
        struct rows *rows = NULL;
        if (!may_read(p, x))
            continue;
        const struct stmt_form *f = stmt_digest_form(rq->engine->statements, list_of(p, x)->sql);
        if (!run_list(p, f, NULL, "0", &rows))
            return false;
        buf_printf(&p->digests, "%s{\"kind\":\"%s\",\"count\":%s,\"digest\":\"%s\"}",
                   p->digests.len == 0 ? "" : ",", x->kind, rows_text(rows, 0, 0),
                   rows_text(rows, 0, 1));
    }
    return true;
}

/* --- the answer --- */

static bool look_at_feed(struct pull *p, int64_t *ret_dropped)
{
    struct rows *rows = NULL;
    if (!db_rows(p->rq, &SQL_sync_head, &rows))
        return false;
    return (str_int(rows_text(rows, 0, 0), 0, INT64_MAX, &p->head) &&
            str_int(rows_text(rows, 0, 1), 0, INT64_MAX, ret_dropped) &&
            str_int(rows_text(rows, 0, 2), 0, INT64_MAX, &p->waiting)) ||
           fail(p->rq, ERR_INTERNAL, NULL, "%s", "");
}

/* A cursor is no secret: whoever has one can make another. */
static bool is_resource(const struct pull *p)
{
    int64_t n = 0;
    while (resource_of(p, n)->kind != NULL)
        n++;
    return p->at.resource <= n;
}

static bool place(struct pull *p)
{
    int64_t dropped = 0;
    const char *cursor = arg_text(p->rq, "cursor");
    if (!look_at_feed(p, &dropped))
        return false;
    if (cursor == NULL) {
        p->at = (struct sync_cursor){.first = true, .seq = p->head};
        return true;
    }
    if (!sync_cursor_read(p->rq, cursor, &p->at))
        return false;
    if (!is_resource(p))
        return fail(p->rq, ERR_BAD_PARAMETER, "cursor", "This is no cursor of a sync.");
    if (p->at.seq >= dropped && p->at.seq <= p->head)
        return true;
    return fail(p->rq, ERR_CURSOR_OLD, "cursor",
                "What changed since is no longer kept: begin again without a cursor.");
}

static bool answer(struct pull *p)
{
    struct buf b;
    bool counted = !p->more && !p->behind;
    buf_init(&b, p->rq->arena, 2 * (size_t)PART_MAX);
    const char *cursor = sync_cursor_write(p->rq, &p->at);
    const char *parts[] = {buf_text(&p->changed), buf_text(&p->gone), buf_text(&p->deleted),
                           buf_text(&p->digests)};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (parts[i] == NULL || cursor == NULL)
            return fail(p->rq, ERR_TOO_LARGE, "limit", "Ask for fewer records at a time.");
    }
    buf_str(&b, "{\"changed\":[");
    buf_str(&b, parts[0]);
    buf_str(&b, "],\"left\":[");
    buf_str(&b, parts[1]);
    buf_str(&b, "],\"deleted\":[");
    buf_str(&b, parts[2]);
    buf_printf(&b, "],\"next_cursor\":\"%s\",\"more\":%s,\"digests\":", cursor,
               p->more ? "true" : "false");
    if (counted)
        buf_printf(&b, "[%s]}", parts[3]);
    else
        buf_str(&b, "null}");
    return reply_json(p->rq, 200, buf_text(&b));
}

bool sync_pull(struct request *rq)
{
    struct pull p = {.rq = rq, .left = RECORDS};
    buf_init(&p.changed, rq->arena, PART_MAX);
    buf_init(&p.gone, rq->arena, PART_MAX);
    buf_init(&p.deleted, rq->arena, PART_MAX);
    buf_init(&p.digests, rq->arena, PART_MAX);
    (void)arg_int(rq, "limit", &p.left);
    rq->tx.snapshot = true;
    if (!tx_begin(&rq->tx, NULL, &rq->err) || !place(&p)) /* reads claim no key */
        return false;
    if (!(p.at.first ? copy(&p) : follow(&p)))
        return false;
    return (p.more || p.behind || count(&p)) && answer(&p);
}

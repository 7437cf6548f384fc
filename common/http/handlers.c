/* common/http/handlers.c - the stock handlers and what they are made of: running statements with
 * the request's values, answers, pages, and telling apart why a change hit no row. Knows no
 * business rule. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/buf.h"
#include "core/str.h"
#include "http/decode.h"
#include "http/lifecycle.h"
#include "http/page.h"
#include "http/render.h"
#include "http/values.h"

#include "core/banned.h"

enum { PAGE_MAX_BYTES = 16 * 1024 * 1024 };

static bool no_memory(struct request *rq)
{
    return fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
}

bool reply_json(struct request *rq, int status, const char *json)
{
    if (json == NULL)
        return no_memory(rq);
    rq->status = status;
    rq->answer = json;
    rq->answer_len = strlen(json);
    return true;
}

static bool run(struct request *rq, const struct stmt_form *f, const struct value_context *c,
                struct rows **ret)
{
    const char *const *values = values_of(rq, f, c);
    return values != NULL && tx_run(&rq->tx, f, values, ret, &rq->err);
}

bool db_rows(struct request *rq, const struct stmt *st, struct rows **ret)
{
    return run(rq, stmt_form(rq->engine->statements, st), &(struct value_context){0}, ret);
}

bool db_begin(struct request *rq)
{
    struct claim c;
    return lifecycle_claim(rq, &c) && tx_begin(&rq->tx, &c, &rq->err);
}

bool read_one(struct request *rq)
{
    struct rows *rows = NULL;
    const struct stmt *st = rq->route->sql;
    if (!render_fields_known(rq) || !db_rows(rq, st, &rows))
        return false;
    if (rows_count(rows) == 0)
        return fail(rq, ERR_NOT_FOUND, NULL, "%s", "");
    if (st->kind == STMT_ONE)
        rq->etag = render_etag(rq->arena, rows_text(rows, 0, 1));
    return reply_json(rq, 200, render_fields(rq, rows_text(rows, 0, 0)));
}

/* What the state table says about a record that stands at `status`. */
static bool refuse_state(struct request *rq, const char *status)
{
    const struct route *r = rq->route;
    struct buf wanted;
    buf_init(&wanted, rq->arena, 150);
    for (const struct transition *t = r->fsm; t != NULL && t->verb != NULL; t++) {
        if (r->verb == NULL || strcmp(t->verb, r->verb) != 0 || t->from == NULL)
            continue;
        buf_str(&wanted, wanted.len == 0 ? "" : " or ");
        buf_str(&wanted, t->from);
    }
    const char *text = buf_text(&wanted);
    if (status == NULL)
        return fail(rq, ERR_STATE, NULL, "The record does not permit this now.");
    if (text == NULL || *text == '\0')
        return fail(rq, ERR_STATE, NULL, "The record is %s, which does not permit this.", status);
    return fail(rq, ERR_STATE, NULL, "The record is %s; this needs %s.", status, text);
}

/* May the route's step start from that state? A route without steps may from any. */
static bool permits(const struct route *r, const char *status)
{
    if (r->fsm == NULL)
        return true;
    for (const struct transition *t = r->fsm; t->verb != NULL; t++) {
        if (strcmp(t->verb, r->verb) == 0 && str_equal(t->from, status))
            return true;
    }
    return false;
}

/* No row changed: the probe tells whether the record is missing, newer, in another state, or only
 * to be read. */
static bool tell_apart(struct request *rq)
{
    const struct stmt *probe = rq->route->probe;
    struct rows *rows = NULL;
    tx_end(&rq->tx); /* what was begun has failed */
    err_clear(&rq->err);
    if (probe == NULL)
        return fail(rq, ERR_NOT_FOUND, NULL, "%s", "");
    if (!db_rows(rq, probe, &rows))
        return false;
    if (rows_count(rows) == 0)
        return fail(rq, ERR_NOT_FOUND, NULL, "%s", "");
    const char *record = rows_text(rows, 0, 0);
    const char *version = probe->kind == STMT_ONE ? rows_text(rows, 0, 1) : NULL;
    const struct field *f = route_field(rq->route, "version");
    const char *wanted = f == NULL ? NULL : rq->args[f - rq->route->fields];
    if (wanted != NULL && !str_equal(wanted, version)) {
        rq->current = record;
        rq->etag = render_etag(rq->arena, version);
        return fail(rq, ERR_STALE, "If-Match", "The record is at version %s.", version);
    }
    const char *status = render_word(rq->arena, record, "status");
    if (wanted != NULL && permits(rq->route, status)) /* seen, in that state and version, and still
                                                         no row: it is not the caller's to change */
        return fail(rq, ERR_OUT_OF_SCOPE, NULL,
                    "The record belongs to a division outside your scope.");
    return refuse_state(rq, status);
}

/* The columns of a :write form: body, version, id. */
static bool reply_written(struct request *rq, const struct rows *rows, int status)
{
    if (rows_count(rows) == 0)
        return fail(rq, ERR_INTERNAL, NULL, "%s", "");
    rq->etag = render_etag(rq->arena, rows_text(rows, 0, 1));
    if ((status == 201 || status == 202) && rq->route->location != NULL)
        rq->location = arena_printf(rq->arena, "/api/v1/%s%s%s", rq->engine->service->name,
                                    rq->route->location, rows_text(rows, 0, 2));
    return reply_json(rq, status, rows_text(rows, 0, 0));
}

bool db_write(struct request *rq, const struct stmt *st, int status)
{
    struct claim claim;
    struct rows *rows = NULL;
    const struct stmt_form *f = stmt_form(rq->engine->statements, st);
    const char *const *values = values_of(rq, f, &(struct value_context){.status = status});
    if (values == NULL || !lifecycle_claim(rq, &claim))
        return false;
    if (tx_write(&rq->tx, &claim, status, f, values, &rows, &rq->err))
        return reply_written(rq, rows, rq->validate_only ? 200 : status); /* nothing was created */
    return strcmp(rq->err.sqlstate, "ZR001") == 0 ? tell_apart(rq) : false;
}

static int success_of(const struct route *r)
{
    if (r->status != 0)
        return r->status;
    return r->method == METHOD_POST && r->probe == NULL ? 201 : 200;
}

bool write_one(struct request *rq)
{
    return db_write(rq, rq->route->sql, success_of(rq->route));
}

bool step_one(struct request *rq)
{
    assert(rq->route->fsm != NULL && rq->route->verb != NULL); /* the lint saw to it */
    return write_one(rq);
}

/* The order that was asked for. */
static struct stmt_order order_of(const struct request *rq)
{
    const char *sort = rq->sort;
    bool descending = sort != NULL && *sort == '-';
    return (struct stmt_order){.sort = descending ? sort + 1 : sort,
                               .descending = descending,
                               .after_cursor = rq->cursor != NULL};
}

/* The answer of a page: its rows, and where the next one starts. */
static bool reply_page(struct request *rq, const struct rows *rows, const char *cursor)
{
    struct buf b;
    size_t n = rows_count(rows);
    buf_init(&b, rq->arena, PAGE_MAX_BYTES);
    buf_str(&b, "{\"items\":[");
    for (size_t i = 0; i < n && i < (size_t)rq->limit; i++) {
        const char *item = render_fields(rq, rows_text(rows, i, 0));
        if (item == NULL)
            return no_memory(rq);
        buf_str(&b, i == 0 ? "" : ",");
        buf_str(&b, item);
    }
    buf_str(&b, "],\"next_cursor\":");
    buf_json(&b, cursor);
    buf_char(&b, '}');
    return reply_json(rq, 200, buf_text(&b));
}

/* A cursor that was made up passes the digest only on purpose; the database then refuses its
 * values. */
static bool refuse_cursor(struct request *rq)
{
    if (rq->cursor == NULL || strncmp(rq->err.sqlstate, "22", 2) != 0)
        return false;
    err_clear(&rq->err);
    return fail(rq, ERR_BAD_PARAMETER, "cursor", "The cursor is not one of this list.");
}

bool db_page(struct request *rq, const struct stmt *st)
{
    struct rows *rows = NULL;
    struct value_context c = {0};
    if (!render_fields_known(rq) ||
        (rq->cursor != NULL && !page_after(rq, &c.after_sort, &c.after_key)))
        return false;
    const struct stmt_form *f = stmt_page_form(rq->engine->statements, st, order_of(rq));
    if (f == NULL)
        return fail(rq, ERR_BAD_PARAMETER, "sort", "This list is not sorted by that.");
    c.limit = arena_printf(rq->arena, "%ld",
                           rq->limit + 1); /* one more tells whether there is a next page */
    if (c.limit == NULL)
        return no_memory(rq);
    if (!run(rq, f, &c, &rows))
        return refuse_cursor(rq);
    size_t last = (size_t)rq->limit - 1;
    const char *cursor = NULL;
    if (rows_count(rows) > last + 1) {
        cursor = page_cursor(rq, rows_text(rows, last, 1), rows_text(rows, last, 2));
        rq->link = cursor == NULL ? NULL : page_link(rq, cursor);
        if (rq->link == NULL)
            return no_memory(rq);
    }
    return reply_page(rq, rows, cursor);
}

bool read_page(struct request *rq)
{
    return db_page(rq, rq->route->sql);
}

/* Bound as a value, the list is planned for the few divisions that these are. */
bool read_upward(struct request *rq)
{
    const char *above = rq->principal.ancestors;
    return arg_bind(rq, "ancestors", *above != '\0' ? above : "{}") && read_page(rq);
}

/* common/http/feed_routes.c - reading the feed. What the caller sees of it is the database's
 * business: row security, by scope and lines; here it is cut by what the caller may read. */
#include "http/feed_routes.h"

#include <string.h>

#include "core/buf.h"
#include "core/clock.h"
#include "core/str.h"
#include "http/decode.h"
#include "http/feed_watch.h"
#include "http/lifecycle.h"
#include "sql_engine.h"

#include "core/banned.h"

enum { USUAL_LIMIT = 50, WAIT_MAX_S = 30, PAGE_BYTES = 1024 * 1024, KINDS_BYTES = 4096 };

#define SEQ_MAX INT64_C(9007199254740991)

static const char *const orders[] = {"asc", "desc", NULL};
static handler list_events;

/* clang-format off */
static const struct field event_fields[] = {
    F_INT("seq", SHOWN, 1, SEQ_MAX, "Its number; rises, with gaps where events are not the caller's to see.", "4711"),
    F_INSTANT("at", SHOWN, "When the change was asked for."),
    F_TEXT("kind", SHOWN, 1, 40, "What kind of record changed.", "report"),
    F_UUID("id", SHOWN, "Which record."),
    F_TEXT("verb", SHOWN, 1, 60, "What was done: the operation's name in the contract.", "confirm_report"),
    F_INT("version", SHOWN, 0, INT32_MAX, "The record's version then.", "2"),
    F_CODE("owner_division", SHOWN, "The division the record belongs to; of one that has left, belonged to until then."),
    F_BOOL("left", SHOWN, "The record has left that division or its lines: whoever does not find it any more removes it."),
    F_BOOL("deleted", SHOWN, "The record is no more."),
    F_TEXT("trace_id", SHOWN | NULLABLE, 32, 32, "The trace of the request, where it had one.", "0af7651916cd43dd8448eb211c80319c"),
    FIELDS_END
};

static const struct field page_fields[] = {
    F_INT("after", IN_QUERY, 0, SEQ_MAX, "Only what is behind this number, `next_cursor` of the answer before; absent: from the beginning of what is kept. With order=desc: before it; absent: from the end.", "4711"),
    F_INT("limit", IN_QUERY, 1, LIMIT_MAX, "Events at most; 50 unless said.", "50"),
    F_TEXT("kind", IN_QUERY, 1, 400, "Only these kinds of record, with commas between.", "item,report"),
    F_ENUM("order", IN_QUERY, orders, "By number, rising (unless said) or falling."),
    F_INT("wait", IN_QUERY, 0, WAIT_MAX_S, "When there is nothing: seconds to wait for something.", "30"),
    F_ARRAY("items", SHOWN, event_fields, LIMIT_MAX, "The events."),
    F_INT("next_cursor", SHOWN | NULLABLE, 0, SEQ_MAX, "Where the next call goes on; null: order=desc has come to its end.", "4712"),
    F_INT("head", SHOWN, 0, SEQ_MAX, "The number of the newest event of all, the caller's or not: where to go on after having read the lists.", "4712"),
    FIELDS_END
};

const struct route feed_routes[] = {
    {METHOD_GET, "/events", PERM_SIGNED_IN, page_fields, NULL, list_events, "list_events", "What changed in the caller's scope, by number: what permissions let the caller read in lists",
        .also = "after limit kind order wait", .forgets = true},
    ROUTES_END
};
/* clang-format on */

const struct stmt *const feed_statements[] = {&SQL_feed_kinds,    &SQL_feed_head,
                                              &SQL_feed_touched,  &SQL_events_after,
                                              &SQL_events_before, NULL};

/* What is asked for. */
struct question {
    bool falling;
    bool has_after;
    int64_t after, limit, wait_s;
};

static bool read_question(struct request *rq, struct question *q)
{
    const char *order = arg_text(rq, "order");
    *q = (struct question){.limit = USUAL_LIMIT, .falling = str_equal(order, "desc")};
    q->has_after = arg_int(rq, "after", &q->after);
    (void)arg_int(rq, "limit", &q->limit);
    (void)arg_int(rq, "wait", &q->wait_s);
    if (q->falling && q->wait_s > 0)
        return problem_add(rq, (struct problem){AT_PARAMETER, "wait", 0, "not_with",
                                                "What is new comes at the end: wait with the "
                                                "rising order."});
    return true;
}

static bool is_asked(const char *kinds, const char *name)
{
    size_t len = strlen(name);
    for (const char *at = kinds; at != NULL; at = strchr(at, ',')) {
        at += *at == ',';
        if (strncmp(at, name, len) == 0 && (at[len] == '\0' || at[len] == ','))
            return true;
    }
    return kinds == NULL;
}

static size_t count_words(const char *kinds)
{
    size_t n = 1;
    for (const char *at = strchr(kinds, ','); at != NULL; at = strchr(at + 1, ','))
        n++;
    return n;
}

/* E-004: binds the kinds that are asked for and the caller may read. A kind that the caller may not
 * read is as unknown as one that there is not. */
static bool bind_kinds(struct request *rq)
{
    const struct feed_kind *kinds = NULL;
    size_t n = 0, found = 0;
    const char *asked = arg_text(rq, "kind");
    struct buf b;
    if (!feed_kinds(rq, &kinds, &n))
        return false;
    buf_init(&b, rq->arena, KINDS_BYTES);
    buf_char(&b, '{');
    for (size_t i = 0; i < n; i++) {
        if (!is_asked(asked, kinds[i].name) ||
            !permission_in(rq->principal.permissions, kinds[i].permission))
            continue;
        buf_printf(&b, "%s%s", found++ == 0 ? "" : ",", kinds[i].name);
    }
    buf_char(&b, '}');
    if (asked != NULL && found != count_words(asked))
        return problem_add(rq, (struct problem){AT_PARAMETER, "kind", 0, "not_one_of",
                                                "Each once, of the kinds that you may read."});
    const char *text = buf_text(&b);
    return text != NULL ? arg_bind(rq, "kinds_read", text)
                        : fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
}

/* A page: rows[0] is the head and what was dropped, then the events. */
struct page {
    struct rows *rows;
    int64_t head, dropped;
};

static bool read_events(struct request *rq, const struct question *q, struct page *ret)
{
    const struct stmt *st = q->falling ? &SQL_events_before : &SQL_events_after;
    bool ok = db_rows(rq, st, &ret->rows);
    tx_end(&rq->tx); /* whoever waits holds no connection */
    if (!ok)
        return false;
    if (rows_count(ret->rows) < 1 ||
        !str_int(rows_text(ret->rows, 0, 0), 0, INT64_MAX, &ret->head) ||
        !str_int(rows_text(ret->rows, 0, 1), 0, INT64_MAX, &ret->dropped))
        return fail(rq, ERR_INTERNAL, NULL, "%s", "");
    return true;
}

/* E-006. Ahead of the head is a place of before the database was restored. */
static bool check_place(struct request *rq, const struct question *q, const struct page *p)
{
    if (q->falling || !q->has_after || (q->after >= p->dropped && q->after <= p->head))
        return true;
    return fail(rq, ERR_CURSOR_OLD, "after",
                "Events are kept from %lld to %lld. Read the lists anew, then go on from "
                "/api/v1/%s/events?after=%lld",
                (long long)p->dropped, (long long)p->head, rq->engine->service->name,
                (long long)p->head);
}

/* Reads, and reads again when something has come that may concern the caller, as long as there is
 * nothing and time is left. Who waited must still be let in. */
static bool read_or_wait(struct request *rq, const struct question *q, struct page *p)
{
    int64_t until = clock_ticks_us() + q->wait_s * 1000000;
    struct arena_mark mark = arena_mark(rq->arena);
    for (;;) {
        if (!read_events(rq, q, p) || !check_place(rq, q, p))
            return false;
        if (rows_count(p->rows) > 1 || clock_ticks_us() >= until ||
            !feed_watch_wait(rq->engine->feed, &rq->principal, p->head, until))
            return true;
        if (!lifecycle_still_allowed(rq))
            return false;
        arena_rewind(rq->arena, mark);
    }
}

static const char *cursor_of(struct request *rq, const struct question *q, const struct page *p)
{
    size_t n = rows_count(p->rows);
    if (n == (size_t)q->limit + 1)
        return rows_text(p->rows, n - 1, 0);
    return q->falling ? "null" : arena_printf(rq->arena, "%lld", (long long)p->head);
}

static bool list_events(struct request *rq)
{
    struct question q;
    struct page p = {0};
    struct buf b;
    if (!read_question(rq, &q) || !bind_kinds(rq))
        return false;
    int64_t behind = q.has_after ? q.after : q.falling ? SEQ_MAX : 0;
    if (!arg_bind(rq, "behind", arena_printf(rq->arena, "%lld", (long long)behind)) ||
        !arg_bind(rq, "rows", arena_printf(rq->arena, "%lld", (long long)q.limit)) ||
        !read_or_wait(rq, &q, &p))
        return false;
    buf_init(&b, rq->arena, PAGE_BYTES);
    buf_str(&b, "{\"items\":[");
    for (size_t i = 1; i < rows_count(p.rows); i++) {
        buf_str(&b, i == 1 ? "" : ",");
        buf_str(&b, rows_text(p.rows, i, 1));
    }
    buf_printf(&b, "],\"next_cursor\":%s,\"head\":%lld}", cursor_of(rq, &q, &p), (long long)p.head);
    return reply_json(rq, 200, buf_text(&b));
}

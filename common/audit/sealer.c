/* common/audit/sealer.c - the loop of `zeren-audit seal`. What it believes is its
 * own head file: a database that ends before it, or elsewhere, was tampered with or restored, and
 * to seal on would be to hide that. */
#include "audit/sealer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "core/log.h"

#include "core/banned.h"

enum {
    EVERY_MS = 400,
    REOPEN_US = 120 * 1000000, /* how often gaps too old to be filled are let go */
    CHORES_S = 3600,
    COMPLAIN_US = 10 * 1000000,
    TELL_US = 60 * 1000000,
    HEAD_US = 500 * 1000, /* a file is synced no more often while there is much to seal */
    MONTHS_AHEAD = 3,
    WORK_MEMORY = 64 * 1024 * 1024,
    KEPT_MEMORY = 16 * 1024 * 1024,
};

struct chain {
    struct store *store;
    const struct heads *heads;
    struct arena *work, *kept, *lasting; /* of a turn; the open ids; the anchors */
    bool known;                          /* head and anchors were read */
    struct audit_head head;
    struct anchors anchors;
    const char *open;
    int64_t opened_at, chores_at, complained_at, told_at, written_at;
    bool unwritten; /* the head file is behind */
    int64_t sealed; /* rows since it was last told */
};

static bool refuse(struct err *err, const char *why)
{
    return err_set(err, ERR_STATE, NULL, "%s", why);
}

static bool write_head(struct chain *c, struct err *err)
{
    c->head.anchors = (int64_t)c->anchors.n;
    c->written_at = clock_ticks_us();
    c->unwritten = false;
    return heads_write(c->heads, store_service(c->store), &c->head, c->work, err);
}

static bool read_own(struct chain *c, struct err *err)
{
    const char *service = store_service(c->store);
    arena_reset(c->lasting);
    if (!heads_read(c->heads, service, c->work, &c->head, err) ||
        !anchors_read(c->heads, service, c->lasting, &c->anchors, err))
        return false;
    if ((int64_t)c->anchors.n < c->head.anchors)
        return refuse(err, "lines of the anchors are missing");
    c->known = true;
    return true;
}

bool sealer_catch_up(struct store *s, struct keyring *ring, struct arena *work, int64_t until,
                     struct audit_head *head, struct err *err)
{
    static struct audit_seal seal;
    uint8_t mac[AUDIT_DIGEST];
    while (head->seq < until) {
        struct arena_mark mark = arena_mark(work);
        if (!store_seal_after(s, work, head->seq, &seal, err))
            return false;
        if (seal.seq != head->seq + 1 || !chain_equal(seal.prev, head->mac))
            return err_set(err, ERR_INVALID, NULL, "seal %lld does not follow the one before",
                           (long long)head->seq + 1);
        if (!chain_knows(ring, seal.kid))
            return err_set(err, ERR_INVALID, NULL, "seal %lld has an unknown key",
                           (long long)seal.seq);
        if (!chain_seal_mac(ring, store_service(s), &seal, mac, err))
            return false;
        if (!chain_equal(mac, seal.mac))
            return err_set(err, ERR_INVALID, NULL, "the mac of seal %lld is wrong",
                           (long long)seal.seq);
        head->seq = seal.seq;
        memcpy(head->mac, seal.mac, sizeof head->mac);
        memcpy(head->sealed_at, seal.sealed_at, sizeof head->sealed_at);
        arena_rewind(work, mark);
    }
    return true;
}

/* A directory without a head is a new one, or one that lost it: then there is a chain already. */
static bool begin_head(struct chain *c, const struct store_head *there, struct err *err)
{
    if (there->seq > 0 || c->anchors.n > 0)
        return err_set(err, ERR_STATE, NULL,
                       "the head is gone: outside are %lld anchors, the database has %lld seals",
                       (long long)c->anchors.n, (long long)there->seq);
    clock_format(clock_now(), c->head.sealed_at);
    return write_head(c, err);
}

/* Is the database's end the one that was left here, or what this sealer's keys put behind it? */
static bool agree(struct chain *c, const struct store_head *there, struct err *err)
{
    if (c->head.sealed_at[0] == '\0')
        return begin_head(c, there, err);
    if (there->seq < c->head.seq)
        return err_set(err, ERR_STATE, NULL, "the chain was cut: it ends at %lld, and had %lld",
                       (long long)there->seq, (long long)c->head.seq);
    if (there->seq == c->head.seq)
        return chain_equal(there->mac, c->head.mac) ||
               refuse(err, "the chain was rebuilt: its end has another mac");
    return sealer_catch_up(c->store, c->heads->ring, c->work, there->seq, &c->head, err) &&
           write_head(c, err);
}

static bool keep_open(struct chain *c, const char *open, struct err *err)
{
    arena_reset(c->kept);
    c->open = arena_strdup(c->kept, open);
    return c->open != NULL || err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
}

static bool open_ids(struct chain *c, struct err *err)
{
    int64_t now = clock_ticks_us();
    const char *open = NULL;
    if (c->open != NULL && now - c->opened_at < REOPEN_US)
        return true;
    c->opened_at = now;
    return store_open_ids(c->store, c->work, c->open, &open, err) && keep_open(c, open, err);
}

static bool fill(struct audit_seal *seal, const struct store_rows *rows, struct err *err)
{
    seal->n = rows->n;
    for (size_t i = 0; i < rows->n; i++) {
        const char *id = rows->rows[i].text[AUDIT_ID];
        if (!chain_number(id, &seal->ids[i]))
            return refuse(err, "an audit row has no id");
        if (!chain_row_digest(&rows->rows[i], seal->digests[i], err))
            return false;
    }
    (void)snprintf(seal->oldest, sizeof seal->oldest, "%s", rows->rows[0].text[AUDIT_RECORDED_AT]);
    (void)snprintf(seal->newest, sizeof seal->newest, "%s",
                   rows->rows[rows->n - 1].text[AUDIT_RECORDED_AT]);
    clock_format(clock_now(), seal->sealed_at);
    return true;
}

/* One seal. The database has it before the head file does: a sealer killed in between finds it
 * there, and goes on behind it. */
static bool seal_rows(struct chain *c, const struct store_rows *rows, struct err *err)
{
    static struct audit_seal seal;
    const char *open = NULL;
    seal.seq = c->head.seq + 1;
    seal.kid = 0;
    memcpy(seal.prev, c->head.mac, sizeof seal.prev);
    if (!fill(&seal, rows, err) ||
        !chain_seal_mac(c->heads->ring, store_service(c->store), &seal, seal.mac, err) ||
        !store_add_seal(c->store, c->work, &seal, c->open, &open, err) || !keep_open(c, open, err))
        return false;
    c->head.seq = seal.seq;
    memcpy(c->head.mac, seal.mac, sizeof c->head.mac);
    memcpy(c->head.sealed_at, seal.sealed_at, sizeof c->head.sealed_at);
    c->sealed += (int64_t)rows->n;
    c->unwritten = true;
    bool wait = rows->n == AUDIT_BATCH && clock_ticks_us() - c->written_at < HEAD_US;
    return wait || write_head(c, err);
}

/* One batch; `ret_more`: perhaps there is another. */
static bool seal_batch(struct chain *c, bool *ret_more, struct err *err)
{
    struct store_head there;
    struct store_rows rows;
    *ret_more = false;
    arena_reset(c->work);
    if (!store_head(c->store, c->work, &there, err))
        return false;
    if ((!c->known && !read_own(c, err)) || !agree(c, &there, err) || !open_ids(c, err) ||
        !store_next_rows(c->store, c->work, c->open, there.horizon, &rows, err))
        return false;
    *ret_more = rows.n == AUDIT_BATCH; /* the few that came meanwhile wait: a seal is a commit */
    if (rows.n == 0)
        return !c->unwritten || write_head(c, err);
    return seal_rows(c, &rows, err);
}

static bool add_anchor(struct chain *c, enum anchor_kind kind, const char *note, struct err *err)
{
    struct anchor next = {
        .day = clock_date(clock_now()), .kind = kind, .seq = c->head.seq, .note = note};
    memcpy(next.mac, c->head.mac, sizeof next.mac);
    return anchors_append(c->heads, store_service(c->store), &next, c->lasting, &c->anchors, err) &&
           write_head(c, err);
}

/* A day's first look anchors the end of the chain as it stands; after a clock that was ahead, too.
 */
static bool anchor_day(struct chain *c, struct err *err)
{
    const struct anchors *list = &c->anchors;
    if (c->head.seq == 0 ||
        (list->n > 0 && date_compare(list->all[list->n - 1].day, clock_date(clock_now())) == 0))
        return true;
    return add_anchor(c, ANCHOR_DAY, "", err);
}

/* The newest seal that an anchor of an earlier day has. */
static int64_t anchored(const struct chain *c)
{
    int64_t seq = 0;
    for (size_t i = 0; i < c->anchors.n; i++) {
        if (c->anchors.all[i].kind == ANCHOR_RESTORED || c->anchors.all[i].seq > seq)
            seq = c->anchors.all[i].seq;
    }
    return seq;
}

/* What goes is written down first: a crash in between leaves rows that are still good. */
static bool drop_month(struct chain *c, const struct store_month *m, struct err *err)
{
    struct log_line l;
    if (!add_anchor(c, ANCHOR_DROPPED, m->end, err) ||
        !store_drop_month(c->store, c->work, m->month, anchored(c), err))
        return false;
    log_begin(&l, ERR_LEVEL_INFO, "seal");
    log_text(&l, "name", store_service(c->store));
    log_text(&l, "detail", "a month of audit older than its retention was dropped");
    log_text(&l, "value", m->month);
    log_end(&l);
    return true;
}

static bool chores(struct chain *c, struct err *err)
{
    struct store_month *months = NULL;
    size_t n = 0;
    int64_t now = clock_ticks_us();
    if (c->chores_at != 0 && now - c->chores_at < CHORES_S * 1000000LL)
        return true;
    c->chores_at = now;
    arena_reset(c->work);
    if (!store_make_months(c->store, c->work, MONTHS_AHEAD, err) ||
        !store_due_months(c->store, c->work, anchored(c), &months, &n, err))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!drop_month(c, &months[i], err))
            return false;
    }
    return true;
}

/* Loud, but not once a turn. What is believed is read anew: it may have been mended. */
static void complain(struct chain *c, const struct err *err)
{
    struct log_line l;
    int64_t now = clock_ticks_us();
    c->known = false;
    c->unwritten = false;
    c->open = NULL;
    if (c->complained_at != 0 && now - c->complained_at < COMPLAIN_US)
        return;
    c->complained_at = now;
    log_begin(&l, ERR_LEVEL_ERROR, "seal");
    log_text(&l, "name", store_service(c->store));
    log_text(&l, "error", err_class(err->code)->code);
    log_text(&l, "detail", err->detail[0] == '\0' ? NULL : err->detail);
    log_text(&l, "cause", err->cause[0] == '\0' ? NULL : err->cause);
    log_text(&l, "sqlstate", err->sqlstate[0] == '\0' ? NULL : err->sqlstate);
    log_end(&l);
}

static void tell(struct chain *c)
{
    struct log_line l;
    int64_t now = clock_ticks_us();
    if (c->sealed == 0 || (c->told_at != 0 && now - c->told_at < TELL_US))
        return;
    log_begin(&l, ERR_LEVEL_INFO, "seal");
    log_text(&l, "name", store_service(c->store));
    log_int(&l, "count", c->sealed);
    log_int(&l, "value", c->head.seq);
    log_end(&l);
    c->told_at = now;
    c->sealed = 0;
}

/* True when there may be more of it at once. */
static bool look(struct chain *c)
{
    struct err err = {.code = ERR_NONE};
    bool more = false;
    bool ok = seal_batch(c, &more, &err) && anchor_day(c, &err) && chores(c, &err);
    if (!ok)
        complain(c, &err);
    tell(c);
    return ok && more;
}

static bool stopped(const sigset_t *stop, int64_t wait_ms)
{
    const struct timespec wait = {.tv_sec = 0, .tv_nsec = wait_ms * 1000000};
    return sigtimedwait(stop, NULL, &wait) > 0;
}

static bool prepare(struct chain *c, const struct heads *heads, struct store *store)
{
    *c = (struct chain){.store = store, .heads = heads};
    c->work = arena_create(WORK_MEMORY);
    c->lasting = arena_create(KEPT_MEMORY);
    c->kept = arena_create(KEPT_MEMORY);
    return c->work != NULL && c->lasting != NULL && c->kept != NULL;
}

static void release(struct chain *c)
{
    arena_destroy(&c->work);
    arena_destroy(&c->lasting);
    arena_destroy(&c->kept);
}

enum { MAX_SERVICES = 16 };

bool sealer_run(const struct sealer_options *o, const sigset_t *stop, struct err *err)
{
    struct chain chains[MAX_SERVICES] = {0};
    bool ok = o->n_stores <= MAX_SERVICES && heads_lock(&o->heads, err);
    for (size_t i = 0; ok && i < o->n_stores; i++)
        ok = prepare(&chains[i], &o->heads, o->stores[i]);
    bool more = false;
    while (ok && !stopped(stop, more ? 0 : EVERY_MS)) {
        more = false;
        for (size_t i = 0; i < o->n_stores; i++)
            more |= look(&chains[i]);
    }
    for (size_t i = 0; ok && i < o->n_stores; i++)
        (void)look(&chains[i]); /* what the services wrote last */
    for (size_t i = 0; i < o->n_stores && i < MAX_SERVICES; i++)
        release(&chains[i]);
    return ok || err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
}

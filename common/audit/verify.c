/* common/audit/verify.c - what each kind of tampering looks like. README.md lists the kinds; what
 * nobody seals is A-011. */
#include "audit/verify.h"

#include <stdlib.h>
#include <string.h>

#include "audit/swapped.h"
#include "core/buf.h"
#include "core/clock.h"

#include "core/banned.h"

enum {
    SLACK_S = 180, /* a sealer looks for late rows a little longer than it promises */
    LINE_BYTES = 4096,
    LINE_MEMORY = 64 * 1024,
    MISSING_SAID = 100, /* seals removed in one place that are named one by one */
};

/* Seals whose mac is wrong, one behind the other, up to now. */
struct bad_run {
    int64_t from, to;
};

struct verify {
    struct verify_options o;
    struct arena *line;
    struct swapped *changed;
    int64_t last; /* number of the last seal; 0: none yet */
    uint8_t last_mac[AUDIT_DIGEST];
    bool last_good; /* its mac was right */
    struct bad_run bad;
    const char *dropped_before;        /* rows before it were dropped after their time, or NULL */
    instant_us newest, oldest_pending; /* 0: none */
    int64_t seals, rows, pending, retired, faults;
};

struct verify *verify_create(struct arena *a, const struct verify_options *o, struct err *err)
{
    struct verify *v = arena_new(a, struct verify);
    if (v != NULL) {
        *v = (struct verify){.o = *o, .last_good = true};
        v->line = arena_create(LINE_MEMORY);
        v->changed = swapped_create();
    }
    if (v == NULL || v->line == NULL || v->changed == NULL) {
        err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
        return NULL;
    }
    for (size_t i = 0; o->anchors != NULL && i < o->anchors->n; i++) {
        const struct anchor *at = &o->anchors->all[i];
        if (at->kind == ANCHOR_DROPPED &&
            (v->dropped_before == NULL || strcmp(at->note, v->dropped_before) > 0))
            v->dropped_before = at->note;
    }
    return v;
}

void verify_destroy(struct verify *v)
{
    if (v == NULL)
        return;
    arena_destroy(&v->line);
    swapped_destroy(v->changed);
}

static void put_number(struct buf *b, const char *name, int64_t n)
{
    buf_printf(b, ",\"%s\":%lld", name, (long long)n);
}

void verify_fault(struct verify *v, const char *kind, int64_t seq, int64_t id, const char *detail)
{
    struct buf b;
    arena_reset(v->line);
    buf_init(&b, v->line, LINE_BYTES);
    buf_printf(&b, "{\"fault\":\"%s\",\"service\":\"%s\"", kind, v->o.service);
    if (seq > 0)
        put_number(&b, "seq", seq);
    if (id > 0)
        put_number(&b, "audit_id", id);
    buf_str(&b, ",\"detail\":");
    buf_json(&b, detail);
    buf_char(&b, '}');
    const char *line = buf_text(&b);
    v->faults++;
    (void)fprintf(v->o.out, "%s\n", line == NULL ? "{\"fault\":\"no_memory\"}" : line);
}

/* --- the chain --- */

static void settle_bad(struct verify *v, bool rebuilt)
{
    struct bad_run run = v->bad;
    v->bad = (struct bad_run){0};
    if (run.from == 0)
        return;
    if (rebuilt) {
        verify_fault(v, "chain_rebuilt", run.from, 0,
                     "from this seal to the end the chain was made without the key");
        return;
    }
    for (int64_t seq = run.from; seq <= run.to; seq++)
        verify_fault(v, "seal_changed", seq, 0, "the mac of the seal is wrong");
}

static void note_bad(struct verify *v, int64_t seq)
{
    if (v->bad.from == 0)
        v->bad.from = seq;
    v->bad.to = seq;
}

static void missing_seals(struct verify *v, int64_t from, int64_t before)
{
    settle_bad(v, false);
    for (int64_t seq = from; seq < before && seq < from + MISSING_SAID; seq++)
        verify_fault(v, "seal_removed", seq, 0, "there is no seal of this number");
}

/* Takes the number of the next seal; says whether its predecessor is the one before. */
static bool follows(struct verify *v, int64_t seq)
{
    int64_t expected = v->last == 0 ? v->o.first : v->last + 1;
    if (seq > expected)
        missing_seals(v, expected, seq);
    return seq == expected && v->last_good;
}

/* Does the anchor still count, or was it overtaken by a restore? */
static bool holds(const struct anchors *list, size_t at)
{
    for (size_t i = at + 1; i < list->n; i++) {
        if (list->all[i].kind == ANCHOR_RESTORED && list->all[i].seq < list->all[at].seq)
            return false;
    }
    return true;
}

/* True when an anchor has this seal under another mac. */
static bool against_anchor(const struct verify *v, const struct audit_seal *seal)
{
    const struct anchors *list = v->o.anchors;
    for (size_t i = 0; list != NULL && i < list->n; i++) {
        if (list->all[i].seq == seal->seq && holds(list, i) &&
            !chain_equal(list->all[i].mac, seal->mac))
            return true;
    }
    return false;
}

static bool mac_is_right(struct verify *v, struct audit_seal *seal, bool *ret, struct err *err)
{
    uint8_t mac[AUDIT_DIGEST];
    *ret = false;
    if (!chain_knows(v->o.ring, seal->kid))
        return true;
    if (!chain_seal_mac(v->o.ring, v->o.service, seal, mac, err))
        return false;
    *ret = chain_equal(mac, seal->mac);
    return true;
}

/* The predecessor of a good seal is the seal before it, if that was good, too. */
static void check_link(struct verify *v, const struct audit_seal *seal, bool direct)
{
    static const uint8_t none[AUDIT_DIGEST];
    if (v->last == 0 && seal->seq == 1 && !chain_equal(seal->prev, none))
        verify_fault(v, "seal_changed", seal->seq, 0, "the first seal stands behind another");
    if (v->last != 0 && direct && !chain_equal(seal->prev, v->last_mac))
        verify_fault(v, "chain_broken", seal->seq, 0,
                     "good seals, but not of one chain: one of them is from elsewhere");
    if (against_anchor(v, seal))
        verify_fault(v, "anchor_changed", seal->seq, 0, "an anchor has this seal otherwise");
}

/* --- rows --- */

static bool is_dropped(const struct verify *v, const struct audit_seal *seal,
                       const struct store_rows *rows)
{
    return rows->n == 0 && v->dropped_before != NULL && strcmp(seal->newest, v->dropped_before) < 0;
}

static bool inside(const struct audit_seal *seal, const struct audit_row *row)
{
    const char *at = row->text[AUDIT_RECORDED_AT];
    return strcmp(at, seal->oldest) >= 0 && strcmp(at, seal->newest) <= 0;
}

/* What stands under one sealed id. */
struct finding {
    const struct audit_row *other; /* the first that is not what was sealed */
    bool found;                    /* what was sealed is there */
};

static bool look_at(struct verify *v, const struct audit_seal *seal, size_t n,
                    const struct audit_row *row, struct finding *ret, struct err *err)
{
    uint8_t digest[AUDIT_DIGEST];
    if (!chain_row_digest(row, digest, err))
        return false;
    bool same = chain_equal(digest, seal->digests[n]);
    if (!same && ret->found && inside(seal, row))
        verify_fault(v, "row_inserted", seal->seq, seal->ids[n],
                     "another row of an id that is sealed");
    if (!same && ret->other == NULL)
        ret->other = row;
    ret->found |= same;
    return true;
}

static bool check_one(struct verify *v, const struct audit_seal *seal, size_t n,
                      const struct store_rows *rows, struct err *err)
{
    struct finding f = {.found = false};
    for (size_t i = 0; i < rows->n; i++) {
        int64_t id = 0;
        bool mine = chain_number(rows->rows[i].text[AUDIT_ID], &id) && id == seal->ids[n];
        if (mine && !look_at(v, seal, n, &rows->rows[i], &f, err))
            return false;
    }
    if (f.found)
        return true;
    if (f.other != NULL)
        return swapped_note(v->changed, seal, n, f.other, err);
    verify_fault(v, "row_removed", seal->seq, seal->ids[n], "a sealed row is not there");
    return true;
}

static bool check_rows(struct verify *v, const struct audit_seal *seal,
                       const struct store_rows *rows, struct err *err)
{
    if (is_dropped(v, seal, rows)) {
        v->retired += (int64_t)seal->n;
        return true;
    }
    for (size_t n = 0; n < seal->n; n++) {
        if (!check_one(v, seal, n, rows, err))
            return false;
    }
    v->rows += (int64_t)seal->n;
    return true;
}

bool verify_seal(struct verify *v, struct audit_seal *seal, const struct store_rows *rows,
                 struct err *err)
{
    bool good = false;
    instant_us newest = 0;
    bool direct = follows(v, seal->seq);
    if (!mac_is_right(v, seal, &good, err))
        return false;
    if (good) {
        settle_bad(v, false);
        check_link(v, seal, direct);
        if (!check_rows(v, seal, rows, err))
            return false;
    } else {
        note_bad(v, seal->seq);
    }
    if (good && clock_parse(seal->newest, &newest))
        v->newest = newest; /* of the last one: a clock that was ahead made greater ones */
    v->seals++;
    v->last = seal->seq;
    v->last_good = good;
    memcpy(v->last_mac, seal->mac, sizeof v->last_mac);
    return true;
}

void verify_no_seal(struct verify *v, int64_t seq)
{
    (void)follows(v, seq);
    settle_bad(v, false);
    verify_fault(v, "seal_changed", seq, 0, "what stands in its place is not a seal");
    v->seals++;
    v->last = seq;
    v->last_good = false;
}

static void note_pending(struct verify *v, instant_us at)
{
    v->pending++;
    if (v->oldest_pending == 0 || at < v->oldest_pending)
        v->oldest_pending = at;
}

bool verify_waits(const struct verify *v)
{
    return v->o.pending_max_s > 0 && v->oldest_pending != 0 &&
           clock_now() - v->oldest_pending > v->o.pending_max_s * 1000000;
}

void verify_loose(struct verify *v, const struct audit_row *row)
{
    instant_us at = 0;
    int64_t id = 0;
    (void)!chain_number(row->text[AUDIT_ID], &id);
    bool known = clock_parse(row->text[AUDIT_RECORDED_AT], &at);
    bool late = v->newest > 0 && at < v->newest - (AUDIT_LATE_S + SLACK_S) * 1000000LL;
    bool ahead = at > clock_now() + SLACK_S * 1000000LL && at > v->newest;
    if (known && !late && !ahead)
        note_pending(v, at);
    else if (!swapped_has(v->changed, id))
        verify_fault(v, "row_inserted", 0, id,
                     late ? "a row that was never sealed, too old to wait"
                          : "a row that was never sealed, of a time that has not come");
}

/* --- the end --- */

static void say_changed(void *ctx, const struct swapped_fault *f)
{
    struct verify *v = ctx;
    char detail[80];
    if (f->with == 0) {
        verify_fault(v, "row_changed", f->seq, f->id, "the row is not what was sealed");
        return;
    }
    (void)snprintf(detail, sizeof detail, "it and row %lld have changed places",
                   (long long)f->with);
    verify_fault(v, "rows_swapped", f->seq, f->id, detail);
}

static bool anchor_beyond(const struct verify *v)
{
    const struct anchors *list = v->o.anchors;
    for (size_t i = 0; list != NULL && i < list->n; i++) {
        int64_t seq = list->all[i].seq;
        if (seq > v->last && holds(list, i) &&
            (v->o.anchors_until == 0 || seq <= v->o.anchors_until))
            return true;
    }
    return false;
}

static void check_end(struct verify *v)
{
    const struct audit_head *head = v->o.head;
    if (head != NULL && head->seq == 0 && v->last > 0)
        verify_fault(v, "head_missing", v->last, 0, "nothing was left outside the database");
    bool reaches = head == NULL || v->last >= head->seq;
    bool same =
        head == NULL || v->last != head->seq || v->last == 0 || chain_equal(head->mac, v->last_mac);
    bool kept = head != NULL && v->last == head->seq && same;
    bool bad_end = v->bad.from != 0 && v->bad.to == v->last;
    settle_bad(v, bad_end && !kept);
    if (!same && !bad_end)
        verify_fault(v, "head_changed", v->last, 0, "the chain's end is not the one left outside");
    if (!reaches || (head != NULL && anchor_beyond(v)))
        verify_fault(v, "tail_cut", v->last, 0,
                     "the chain ends before the end that was left outside the database");
}

static void put_oldest(struct buf *b, instant_us at)
{
    char text[32];
    if (at == 0)
        return;
    clock_format(at, text);
    buf_printf(b, ",\"oldest_pending\":\"%s\"", text);
    put_number(b, "waiting_s", (clock_now() - at) / 1000000);
}

int64_t verify_end(struct verify *v, struct err *err)
{
    struct buf b;
    check_end(v);
    arena_reset(v->line);
    if (!swapped_settle(v->changed, say_changed, v, err))
        return -1;
    arena_reset(v->line);
    buf_init(&b, v->line, LINE_BYTES);
    buf_printf(&b, "{\"service\":\"%s\"", v->o.service);
    put_number(&b, "seals", v->seals);
    put_number(&b, "last_seq", v->last);
    put_number(&b, "rows", v->rows);
    put_number(&b, "pending", v->pending);
    put_oldest(&b, v->oldest_pending);
    put_number(&b, "retired", v->retired);
    put_number(&b, "faults", v->faults);
    buf_printf(&b, ",\"head\":%s}", v->o.head == NULL ? "false" : "true");
    (void)fprintf(v->o.out, "%s\n", buf_text(&b));
    return v->faults;
}

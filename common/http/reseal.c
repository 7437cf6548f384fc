/* common/http/reseal.c - see reseal.h. A failure is logged and tried again: nothing waits for it.
 */
#include "http/reseal.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "core/str.h"
#include "core/uuid.h"
#include "keys/field.h"

#include "core/banned.h"

enum {
    SETTLE_US = 15 * 1000000,  /* a writer that took the old keys has ended by then */
    AGAIN_US = 1800 * 1000000, /* and one that had them in force for longer, here */
    BATCH = 500,
    RUN_MEMORY = 8 * 1024 * 1024,
    ROWS_MAX = 4 * 1024 * 1024,
    COLUMNS_MAX = 32
};

/* Then nobody has them: a pass reads every row of a province. */
static const int64_t DAY_US = 86400LL * 1000000;

#define NO_ID "00000000-0000-0000-0000-000000000000"

struct key_ids { /* what the active keys write */
    char field[FIELD_KEY_ID], lookup[FIELD_LOOKUP_ID];
};

struct reseal {
    const struct engine *engine;
    const struct sealed_column *columns;
    const struct work_step *step; /* under way */
    struct arena *run;
    struct key_ids done;         /* the keys of the last pass that found nothing left */
    int64_t changed_us, done_us; /* when those keys were first seen, when that pass ended */
    _Atomic int64_t rewritten, unreadable[COLUMNS_MAX], settled;
};

/* One column's pass. */
struct pass {
    struct reseal *r;
    const struct sealed_column *column;
    const struct key_ids *ids;
    char after[UUID_TEXT];
    int64_t rewritten, unreadable;
};

/* Binds by name, as http/values.c does for a request. */
static const char *value_of(const struct stmt_form *f, unsigned i, const char *const (*pairs)[2])
{
    for (; (*pairs)[0] != NULL; pairs++) {
        if (strcmp((*pairs)[0], f->params[i]) == 0)
            return (*pairs)[1];
    }
    return NULL;
}

static bool run(struct pass *p, const struct stmt *st, const char *const (*pairs)[2],
                struct rows **ret, struct err *err)
{
    struct reseal *r = p->r;
    const struct stmt_form *f = stmt_form(r->engine->statements, st);
    const char **values = arena_array(r->run, const char *, f->n_params + 1);
    struct tx tx = {.pool = r->step->pool, .arena = r->run, .scope = "{[\"\",\"~\")}", .lines = ""};
    for (unsigned i = 0; values != NULL && i < f->n_params; i++)
        values[i] = value_of(f, i, pairs);
    bool ok = values != NULL ? tx_run(&tx, f, values, ret, err)
                             : err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
    tx_end(&tx);
    return ok;
}

/* One row as it will be; false when no key of the ring opens it. */
static bool add_row(struct pass *p, const char *id, const char *was, struct buf *out)
{
    struct keyring *ring = p->r->engine->keyring;
    const struct field_place place = {p->column->column, id};
    struct span plain;
    struct err err = {.code = ERR_NONE};
    const char *value = NULL, *hash = NULL;
    if (!field_open(ring, &place, was, p->r->run, &plain, &err) ||
        !field_seal(ring, &place, plain, p->r->run, &value, &err) ||
        (p->column->hashed &&
         !field_lookup(ring, p->column->column, plain, p->r->run, &hash, &err)))
        return false;
    buf_str(out, out->len > 1 ? ",{\"id\":" : "{\"id\":");
    buf_json(out, id);
    buf_str(out, ",\"was\":");
    buf_json(out, was);
    buf_str(out, ",\"value\":");
    buf_json(out, value);
    buf_str(out, ",\"hash\":");
    buf_json(out, hash);
    buf_char(out, '}');
    return true;
}

static bool rewrite(struct pass *p, const char *rows, struct err *err)
{
    char now[32], id[UUID_TEXT];
    struct rows *done = NULL;
    int64_t n = 0;
    clock_format(clock_now(), now);
    if (!uuid_new(clock_now(), id))
        return err_set(err, ERR_INTERNAL, NULL, "%s", "");
    const char *const pairs[][2] = {
        {"rows", rows}, {"now", now}, {"new_id", id}, {"column", p->column->column}, {NULL, NULL}};
    if (!run(p, p->column->rewrite, pairs, &done, err))
        return false;
    if (rows_count(done) > 0 && str_int(rows_text(done, 0, 0), 0, INT64_MAX, &n))
        p->rewritten += n;
    atomic_fetch_add(&p->r->rewritten, n);
    return true;
}

/* The next rows; *ret_more: there were any. */
static bool next_batch(struct pass *p, bool *ret_more, struct err *err)
{
    struct rows *found = NULL;
    struct buf rows;
    const char *batch = arena_printf(p->r->run, "%d", BATCH);
    const char *const pairs[][2] = {
        {"column", p->column->column}, {"after", p->after}, {"key_id", p->ids->field},
        {"lookup_id", p->ids->lookup}, {"batch", batch},    {NULL, NULL}};
    *ret_more = false;
    if (!run(p, p->column->find, pairs, &found, err))
        return false;
    const char *last = rows_count(found) == 0 ? NULL : rows_text(found, 0, 0);
    if (last == NULL || strlen(last) >= sizeof p->after)
        return true;
    memcpy(p->after, last, strlen(last) + 1);
    *ret_more = true;
    buf_init(&rows, p->r->run, ROWS_MAX);
    buf_char(&rows, '[');
    for (size_t i = 0; i < rows_count(found); i++) {
        if (rows_text(found, i, 1) != NULL &&
            !add_row(p, rows_text(found, i, 1), rows_text(found, i, 2), &rows))
            p->unreadable++;
    }
    bool any = rows.len > 1;
    buf_char(&rows, ']');
    const char *text = buf_text(&rows);
    if (text == NULL)
        return err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
    return !any || rewrite(p, text, err);
}

static void say(const struct pass *p)
{
    struct log_line l;
    if (p->rewritten == 0 && p->unreadable == 0)
        return;
    log_begin(&l, p->unreadable > 0 ? ERR_LEVEL_WARN : ERR_LEVEL_INFO, "job");
    log_text(&l, "name", "reseal");
    log_text(&l, "field", p->column->column);
    log_text(&l, "value", p->ids->field);
    log_int(&l, "count", p->rewritten);
    if (p->unreadable > 0)
        log_int(&l, "unreadable", p->unreadable);
    log_end(&l);
}

/* Goes through a column once. False when it could not be gone through. */
static bool go_through(struct reseal *r, size_t nth, const struct key_ids *ids, int64_t *ret_n)
{
    struct err err = {.code = ERR_NONE};
    struct pass p = {.r = r, .column = &r->columns[nth], .ids = ids, .after = NO_ID};
    bool more = true, ok = true;
    while (ok && more && !work_stopping(r->step)) {
        arena_wipe_on_reset(r->run);
        ok = next_batch(&p, &more, &err);
        arena_reset(r->run);
    }
    if (!ok)
        log_event(ERR_LEVEL_WARN, "job", "cause",
                  err.cause[0] == '\0' ? err_class(err.code)->code : err.cause);
    say(&p);
    atomic_store(&r->unreadable[nth], p.unreadable);
    *ret_n += p.rewritten;
    return ok && !more;
}

static bool ids_now(const struct reseal *r, struct key_ids *ret)
{
    struct err err = {.code = ERR_NONE};
    *ret = (struct key_ids){.field = ""};
    return field_key_id(r->engine->keyring, ret->field, &err) &&
           field_lookup_id(r->engine->keyring, ret->lookup, &err);
}

/* Is there reason for a pass: other keys, or a while since? */
static bool is_due(struct reseal *r, const struct key_ids *ids)
{
    int64_t held = r->done_us - r->changed_us, wait = DAY_US;
    if (memcmp(ids, &r->done, sizeof *ids) != 0)
        return true;
    if (held < AGAIN_US)
        wait = held < SETTLE_US ? SETTLE_US : AGAIN_US;
    return clock_ticks_us() - r->done_us > wait;
}

static void look(struct reseal *r)
{
    struct key_ids ids;
    int64_t n = 0;
    bool whole = true;
    if (!ids_now(r, &ids) || !is_due(r, &ids))
        return;
    if (memcmp(&ids, &r->done, sizeof ids) != 0) {
        atomic_store(&r->settled, 0);
        if (r->changed_us <= r->done_us)
            r->changed_us = clock_ticks_us();
    }
    for (size_t i = 0; r->columns[i].column != NULL && !work_stopping(r->step); i++)
        whole = go_through(r, i, &ids, &n) && whole;
    if (!whole || n > 0 || work_stopping(r->step))
        return; /* a pass that finds nothing is the last */
    r->done = ids;
    r->done_us = clock_ticks_us();
    atomic_store(&r->settled, r->done_us - r->changed_us >= SETTLE_US ? 1 : 0);
}

enum work_result reseal_step(struct work_step *s)
{
    struct reseal *r = ((const struct engine *)s->owner)->reseal;
    r->step = s;
    look(r);
    r->step = NULL;
    return WORK_NONE;
}

static size_t count_columns(const struct sealed_column *c)
{
    size_t n = 0;
    while (c[n].column != NULL)
        n++;
    return n;
}

struct reseal *reseal_create(const struct engine *e, struct err *err)
{
    struct reseal *r = calloc(1, sizeof *r);
    if (r != NULL) {
        r->engine = e;
        r->columns = e->service->sealed;
        r->run = arena_create(RUN_MEMORY);
    }
    if (r != NULL && r->run != NULL && count_columns(r->columns) <= COLUMNS_MAX)
        return r;
    reseal_destroy(&r);
    err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
    return NULL;
}

void reseal_destroy(struct reseal **r)
{
    if (*r == NULL)
        return;
    arena_destroy(&(*r)->run);
    free(*r);
    *r = NULL;
}

static void number(const struct engine *e, struct buf *out, const char *name, const char *type,
                   int64_t value)
{
    buf_printf(out, "# TYPE %s %s\n%s{service=\"%s\"} %lld\n", name, type, name, e->service->name,
               (long long)value);
}

void reseal_metrics(const struct engine *e, struct buf *out)
{
    const struct reseal *r = e->reseal;
    if (r == NULL)
        return;
    number(e, out, "zeren_sealed_rows_rewritten_total", "counter", atomic_load(&r->rewritten));
    number(e, out, "zeren_sealed_settled", "gauge", atomic_load(&r->settled));
    buf_str(out, "# TYPE zeren_sealed_rows_unreadable gauge\n");
    for (size_t i = 0; r->columns[i].column != NULL; i++)
        buf_printf(out, "zeren_sealed_rows_unreadable{service=\"%s\",column=\"%s\"} %lld\n",
                   e->service->name, r->columns[i].column,
                   (long long)atomic_load(&r->unreadable[i]));
}

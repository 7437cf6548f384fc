/* common/audit/store.c - the statements of sql/audit.sql, run one at a time. */
#include "audit/store.h"

#include <stdio.h>
#include <string.h>

#include "core/buf.h"
#include "core/str.h"
#include "db/tx.h"
#include "sql_audit.h"

#include "core/banned.h"

enum { ACQUIRE_MS = 5000, LOCK_MS = 5000, LIFETIME_S = 1800, ID_TEXT = 21, LATE_TEXT = 12 };

struct store {
    const char *service;
    struct pool *pool;
    struct stmt_set *statements;
    char late[LATE_TEXT];
};

static bool no_memory(struct err *err)
{
    return err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
}

static struct pool *open_pool(struct arena *a, const struct store_options *o)
{
    struct pool_options p = {
        .conninfo = o->conninfo,
        .password = o->password,
        .search_path = arena_printf(a, "%s, zeren", o->service),
        .application_name = arena_printf(a, "%s/audit", o->service),
        .size = 1,
        .acquire_ms = ACQUIRE_MS,
        .statement_ms = o->statement_ms,
        .lock_ms = LOCK_MS,
        .lifetime_s = LIFETIME_S,
    };
    return p.search_path == NULL || p.application_name == NULL ? NULL : pool_create(&p);
}

struct store *store_create(struct arena *a, const struct store_options *o, struct err *err)
{
    struct store *s = arena_new(a, struct store);
    struct stmt_set *statements = stmt_set_create(a, sql_audit_all, err);
    if (statements == NULL)
        return NULL;
    if (s != NULL) {
        *s = (struct store){
            .service = o->service, .statements = statements, .pool = open_pool(a, o)};
        (void)snprintf(s->late, sizeof s->late, "%d", AUDIT_LATE_S);
    }
    if (s != NULL && s->pool != NULL)
        return s;
    no_memory(err);
    return NULL;
}

void store_close(struct store *s)
{
    if (s != NULL)
        pool_destroy(&s->pool);
}

const char *store_service(const struct store *s)
{
    return s->service;
}

/* A value by the name of its parameter. */
struct value {
    const char *name, *text;
};

static const char *value_of(const struct value *values, const char *name)
{
    while (values->name != NULL && strcmp(values->name, name) != 0)
        values++;
    return values->text;
}

/* Runs a statement with values by name; {0} ends them. */
static bool run(struct store *s, struct arena *work, const struct stmt *st,
                const struct value *values, struct rows **ret, struct err *err)
{
    struct stmt_form f = *stmt_form(s->statements, st);
    const char **texts = arena_array(work, const char *, f.n_params + 1);
    if (texts == NULL)
        return no_memory(err);
    for (unsigned i = 0; i < f.n_params; i++)
        texts[i] = value_of(values, f.params[i]);
    f.custom_plan = true; /* how many rows wait, or are sealed, changes with every call */
    struct tx tx = {.pool = s->pool, .arena = work, .scope = "{}", .lines = ""};
    bool ok = tx_run(&tx, &f, texts, ret, err);
    tx_end(&tx);
    return ok;
}

static bool number(const char *text, int64_t *ret)
{
    return text != NULL && str_int(text, 0, INT64_MAX, ret);
}

static bool odd(struct err *err)
{
    err_set(err, ERR_INTERNAL, NULL, "%s", "");
    err_cause(err, "%s", "the database answered what the statement cannot");
    return false;
}

bool store_head(struct store *s, struct arena *work, struct store_head *ret, struct err *err)
{
    struct rows *rows = NULL;
    const struct value values[] = {{"late_s", s->late}, {0}};
    *ret = (struct store_head){.seq = 0};
    if (!run(s, work, &SQL_audit_seal_head, values, &rows, err))
        return false;
    if (rows_count(rows) == 0)
        return true;
    ret->horizon = rows_text(rows, 0, 2);
    return (number(rows_text(rows, 0, 0), &ret->seq) &&
            chain_unhex(rows_text(rows, 0, 1), ret->mac, sizeof ret->mac)) ||
           odd(err);
}

bool store_open_ids(struct store *s, struct arena *work, const char *open, const char **ret,
                    struct err *err)
{
    struct rows *rows = NULL;
    const struct value values[] = {{"late_s", s->late}, {"open", open}, {0}};
    if (!run(s, work, &SQL_audit_open_ids, values, &rows, err))
        return false;
    *ret = rows_count(rows) == 1 ? rows_text(rows, 0, 0) : NULL;
    return *ret != NULL || odd(err);
}

static bool rows_of(struct arena *work, const struct rows *from, struct store_rows *ret,
                    struct err *err)
{
    ret->n = rows_count(from);
    ret->rows = arena_array(work, struct audit_row, ret->n + 1);
    if (ret->rows == NULL)
        return no_memory(err);
    for (size_t i = 0; i < ret->n; i++) {
        for (size_t c = 0; c < AUDIT_COLUMNS; c++)
            ret->rows[i].text[c] = rows_text(from, i, c);
    }
    return true;
}

bool store_next_rows(struct store *s, struct arena *work, const char *open, const char *horizon,
                     struct store_rows *ret, struct err *err)
{
    struct rows *rows = NULL;
    const struct value values[] = {{"open", open}, {"horizon", horizon}, {0}};
    return run(s, work, &SQL_audit_next_rows, values, &rows, err) && rows_of(work, rows, ret, err);
}

static const char *hex(struct arena *work, const void *bytes, size_t n)
{
    char *text = arena_alloc(work, 2 * n + 1);
    if (text != NULL)
        chain_hex(bytes, n, text);
    return text;
}

/* {1,2,3} */
static const char *id_array(struct arena *work, const struct audit_seal *seal)
{
    struct buf b;
    buf_init(&b, work, AUDIT_BATCH * ID_TEXT + 2);
    buf_char(&b, '{');
    for (size_t i = 0; i < seal->n; i++) {
        buf_str(&b, i == 0 ? "" : ",");
        buf_int(&b, seal->ids[i]);
    }
    buf_char(&b, '}');
    return buf_text(&b);
}

static const char *decimal(struct arena *work, int64_t n)
{
    return arena_printf(work, "%lld", (long long)n);
}

bool store_add_seal(struct store *s, struct arena *work, const struct audit_seal *seal,
                    const char *open, const char **ret_open, struct err *err)
{
    struct rows *rows = NULL;
    char kid[KEY_KID_TEXT];
    key_kid_text(seal->kid, kid);
    const struct value values[] = {
        {"seq", decimal(work, seal->seq)},
        {"sealed_at", seal->sealed_at},
        {"key_id", kid},
        {"oldest", seal->oldest},
        {"newest", seal->newest},
        {"ids", id_array(work, seal)},
        {"digests", hex(work, seal->digests, seal->n * AUDIT_DIGEST)},
        {"prev", hex(work, seal->prev, AUDIT_DIGEST)},
        {"mac", hex(work, seal->mac, AUDIT_DIGEST)},
        {"open", open},
        {0},
    };
    if (!run(s, work, &SQL_audit_seal_insert, values, &rows, err))
        return false;
    if (rows_count(rows) == 0)
        return err_set(err, ERR_STATE, NULL, "the chain ends elsewhere");
    *ret_open = rows_text(rows, 0, 0);
    return *ret_open != NULL || odd(err);
}

bool store_seal_after(struct store *s, struct arena *work, int64_t after, struct audit_seal *ret,
                      struct err *err)
{
    struct rows *rows = NULL;
    const char *text[AUDIT_SEAL_WORDS];
    const struct value values[] = {{"after", decimal(work, after)}, {0}};
    ret->seq = 0;
    if (!run(s, work, &SQL_audit_seals, values, &rows, err))
        return false;
    if (rows_count(rows) == 0)
        return true;
    for (size_t i = 0; i < AUDIT_SEAL_WORDS; i++)
        text[i] = rows_text(rows, 0, i);
    if (chain_seal_parse(text, ret))
        return true;
    (void)!number(text[0], &ret->seq);
    return err_set(err, ERR_INVALID, NULL, "is not written as seals are");
}

bool store_span(struct store *s, struct arena *work, struct store_span *span, struct err *err)
{
    struct rows *rows = NULL;
    const struct value values[] = {{"from", span->from}, {"until", span->until}, {0}};
    span->first = span->last = 0;
    if (!run(s, work, &SQL_audit_seals_between, values, &rows, err))
        return false;
    if (rows_count(rows) != 1 || rows_text(rows, 0, 0) == NULL)
        return true;
    return (number(rows_text(rows, 0, 0), &span->first) &&
            number(rows_text(rows, 0, 1), &span->last)) ||
           odd(err);
}

static bool rows_with_ids(struct store *s, struct arena *work, const struct value *values,
                          struct store_rows *ret, struct err *err)
{
    struct rows *rows = NULL;
    return run(s, work, &SQL_audit_rows_of, values, &rows, err) && rows_of(work, rows, ret, err);
}

bool store_rows_of(struct store *s, struct arena *work, const struct audit_seal *seal,
                   struct store_rows *ret, struct err *err)
{
    const char *ids = id_array(work, seal);
    const struct value home[] = {
        {"ids", ids}, {"oldest", seal->oldest}, {"newest", seal->newest}, {0}};
    const struct value anywhere[] = {{"ids", ids}, {0}};
    return rows_with_ids(s, work, home, ret, err) &&
           (ret->n >= seal->n || rows_with_ids(s, work, anywhere, ret, err));
}

static void move_on(struct store_place *place, const struct store_rows *rows)
{
    if (rows->n == 0)
        return;
    const struct audit_row *last = &rows->rows[rows->n - 1];
    (void)snprintf(place->id, sizeof place->id, "%s", last->text[AUDIT_ID]);
    (void)snprintf(place->at, sizeof place->at, "%s", last->text[AUDIT_RECORDED_AT]);
}

bool store_loose_rows(struct store *s, struct arena *work, const struct store_span *span,
                      struct store_place *place, struct store_rows *ret, struct err *err)
{
    struct rows *rows = NULL;
    bool start = place->id[0] == '\0';
    const struct value values[] = {{"from", span->from},
                                   {"until", span->until},
                                   {"after", start ? "-1" : place->id},
                                   {"after_at", start ? "-infinity" : place->at},
                                   {0}};
    if (!run(s, work, &SQL_audit_loose_rows, values, &rows, err) || !rows_of(work, rows, ret, err))
        return false;
    move_on(place, ret);
    return true;
}

bool store_make_months(struct store *s, struct arena *work, int ahead, struct err *err)
{
    struct rows *rows = NULL;
    const struct value values[] = {{"ahead", decimal(work, ahead)}, {0}};
    return run(s, work, &SQL_audit_make_months, values, &rows, err);
}

bool store_due_months(struct store *s, struct arena *work, int64_t anchored,
                      struct store_month **ret, size_t *ret_n, struct err *err)
{
    struct rows *rows = NULL;
    const struct value values[] = {{"anchored", decimal(work, anchored)}, {0}};
    if (!run(s, work, &SQL_audit_due_months, values, &rows, err))
        return false;
    *ret_n = rows_count(rows);
    *ret = arena_array(work, struct store_month, *ret_n + 1);
    if (*ret == NULL)
        return no_memory(err);
    for (size_t i = 0; i < *ret_n; i++)
        (*ret)[i] = (struct store_month){rows_text(rows, i, 0), rows_text(rows, i, 1)};
    return true;
}

bool store_drop_month(struct store *s, struct arena *work, const char *month, int64_t anchored,
                      struct err *err)
{
    struct rows *rows = NULL;
    const struct value values[] = {{"month", month}, {"anchored", decimal(work, anchored)}, {0}};
    return run(s, work, &SQL_audit_drop_month, values, &rows, err);
}

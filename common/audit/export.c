/* common/audit/export.c - an export: one JSON object a line. First what it is, then each seal with
 * its rows behind it, then rows without a seal, then how many there were. README.md has the form.
 */
#include <string.h>

#include "audit/check.h"
#include "core/buf.h"

#include "core/banned.h"

enum { MEMORY = 64 * 1024 * 1024, WORK_MEMORY = 256 * 1024 * 1024, LINE_BYTES = 64 * 1024 * 1024 };

struct writer {
    struct store *store;
    const struct heads *heads;
    struct store_span *span;
    struct arena *arena, *work;
    FILE *out;
    int64_t seals, rows, loose;
};

static bool no_memory(struct err *err)
{
    return err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
}

static bool put_line(struct writer *w, struct buf *b, struct err *err)
{
    const char *text = buf_text(b);
    if (text == NULL)
        return no_memory(err);
    if (fputs(text, w->out) >= 0 && fputc('\n', w->out) != EOF)
        return true;
    err_set(err, ERR_INTERNAL, NULL, "%s", "");
    err_cause(err, "%s", "the export cannot be written");
    return false;
}

static void put_member(struct buf *b, const char *name, const char *value)
{
    buf_printf(b, ",\"%s\":", name);
    buf_json(b, value);
}

/* The head is read before the seals are: what is sealed meanwhile is more than it says, not less.
 */
static bool put_heading(struct writer *w, struct err *err)
{
    struct buf b;
    struct audit_head head = {.seq = 0};
    const char *service = store_service(w->store), *line = NULL, *anchors = NULL;
    if (w->heads->dir != NULL) {
        anchors = anchors_text(w->heads, service, w->arena, err);
        if (anchors == NULL || !heads_read(w->heads, service, w->arena, &head, err))
            return false;
        line = heads_line(w->heads->ring, service, &head, w->arena, err);
        if (line == NULL)
            return false;
    }
    if (!store_span(w->store, w->work, w->span, err))
        return false;
    buf_init(&b, w->arena, LINE_BYTES);
    buf_str(&b, "{\"export\":1");
    put_member(&b, "service", service);
    put_member(&b, "from", w->span->from);
    put_member(&b, "until", w->span->until);
    buf_printf(&b, ",\"first\":%lld", (long long)w->span->first);
    put_member(&b, "head", line);
    put_member(&b, "anchors", anchors);
    buf_char(&b, '}');
    return put_line(w, &b, err);
}

static bool put_seal(struct writer *w, const struct audit_seal *seal, struct err *err)
{
    struct buf b;
    char kid[KEY_KID_TEXT], mac[2 * AUDIT_DIGEST + 1];
    key_kid_text(seal->kid, kid);
    buf_init(&b, w->work, LINE_BYTES);
    buf_printf(&b, "{\"seal\":{\"seq\":\"%lld\"", (long long)seal->seq);
    put_member(&b, "sealed_at", seal->sealed_at);
    put_member(&b, "key_id", kid);
    put_member(&b, "oldest", seal->oldest);
    put_member(&b, "newest", seal->newest);
    buf_str(&b, ",\"ids\":\"");
    for (size_t i = 0; i < seal->n; i++)
        buf_printf(&b, "%s%lld", i == 0 ? "" : ",", (long long)seal->ids[i]);
    buf_str(&b, "\",\"row_digests\":\"");
    for (size_t i = 0; i < seal->n; i++) {
        chain_hex(seal->digests[i], AUDIT_DIGEST, mac);
        buf_str(&b, mac);
    }
    chain_hex(seal->prev, AUDIT_DIGEST, mac);
    buf_printf(&b, "\",\"prev\":\"%s\"", mac);
    chain_hex(seal->mac, AUDIT_DIGEST, mac);
    buf_printf(&b, ",\"mac\":\"%s\"}}", mac);
    w->seals++;
    return put_line(w, &b, err);
}

static bool put_row(struct writer *w, const char *kind, const struct audit_row *row,
                    struct err *err)
{
    struct buf b;
    struct arena_mark mark = arena_mark(w->work);
    buf_init(&b, w->work, LINE_BYTES);
    buf_printf(&b, "{\"%s\":{", kind);
    for (size_t i = 0; i < AUDIT_COLUMNS; i++) {
        buf_printf(&b, "%s\"%s\":", i == 0 ? "" : ",", audit_column_names[i]);
        buf_json(&b, row->text[i]);
    }
    buf_str(&b, "}}");
    bool ok = put_line(w, &b, err);
    arena_rewind(w->work, mark);
    return ok;
}

static bool put_sealed(struct writer *w, struct err *err)
{
    static struct audit_seal seal;
    struct store_rows rows;
    for (int64_t after = w->span->first - 1; w->span->first > 0; after = seal.seq) {
        arena_reset(w->work);
        if (!store_seal_after(w->store, w->work, after, &seal, err))
            return false;
        bool more = seal.seq != 0 && (w->span->until == NULL || seal.seq <= w->span->last);
        if (!more)
            return true;
        if (!put_seal(w, &seal, err) || !store_rows_of(w->store, w->work, &seal, &rows, err))
            return false;
        for (size_t i = 0; i < rows.n; i++) {
            if (!put_row(w, "row", &rows.rows[i], err))
                return false;
        }
        w->rows += (int64_t)rows.n;
    }
    return true;
}

static bool put_loose(struct writer *w, struct err *err)
{
    struct store_place last = {.id = ""};
    struct store_rows rows;
    do {
        arena_reset(w->work);
        if (!store_loose_rows(w->store, w->work, w->span, &last, &rows, err))
            return false;
        for (size_t i = 0; i < rows.n; i++) {
            if (!put_row(w, "loose", &rows.rows[i], err))
                return false;
        }
        w->loose += (int64_t)rows.n;
    } while (rows.n > 0);
    return true;
}

static bool put_end(struct writer *w, struct err *err)
{
    struct buf b;
    buf_init(&b, w->work, LINE_BYTES);
    buf_printf(&b, "{\"end\":{\"seals\":%lld,\"rows\":%lld,\"loose\":%lld}}", (long long)w->seals,
               (long long)w->rows, (long long)w->loose);
    return put_line(w, &b, err);
}

bool export_write(const struct heads *h, struct store *s, struct store_span *span, FILE *out,
                  struct err *err)
{
    struct writer w = {.store = s, .heads = h, .span = span, .out = out};
    w.arena = arena_create(MEMORY);
    w.work = arena_create(WORK_MEMORY);
    bool ok = w.arena != NULL && w.work != NULL ? put_heading(&w, err) && put_sealed(&w, err) &&
                                                      put_loose(&w, err) && put_end(&w, err)
                                                : no_memory(err);
    arena_destroy(&w.work);
    arena_destroy(&w.arena);
    return ok;
}

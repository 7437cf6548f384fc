/* common/audit/import.c - an export back before the judge, line by line, without a database. It is
 * somebody's file: anything in it may be wrong, and is then said to be. */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "audit/check.h"
#include "audit/verify.h"

#include "core/banned.h"

enum { MEMORY = 64 * 1024 * 1024, ROWS_MAX = 2 * AUDIT_BATCH };

struct reader {
    struct check *check;
    FILE *in;
    struct arena *arena, *work; /* work: the rows of the seal at hand */
    char *line;
    size_t room;
    int64_t number; /* of the line */
    char *service;
    struct audit_head head;
    struct anchors anchors;
    struct verify *verify;
    struct audit_seal seal; /* at hand; seq 0: none */
    struct store_rows rows;
    int64_t seals, n_rows, loose;
    bool ended;
};

static bool no_memory(struct err *err)
{
    return err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
}

static bool refuse(struct reader *r, struct err *err, const char *why)
{
    return err_set(err, ERR_MALFORMED, NULL, "line %lld: %s", (long long)r->number, why);
}

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static char *copy_of(struct arena *a, const json_t *object, const char *name)
{
    return arena_strdup(a, text_of(object, name));
}

/* Those of the directory at hand, else those that the export carries. */
static bool read_outside(struct reader *r, const json_t *heading, struct err *err)
{
    const struct heads *h = &r->check->heads;
    const char *line = text_of(heading, "head"), *anchors = copy_of(r->arena, heading, "anchors");
    struct audit_head newest = {.seq = 0};
    if (h->dir != NULL && !heads_read(h, r->service, r->arena, &newest, err))
        return false;
    if (line != NULL && !heads_parse(h->ring, r->service, line, &r->head, err))
        return false;
    if (line == NULL)
        r->head = newest;
    if (h->dir != NULL && newest.seq < r->head.seq)
        return err_set(err, ERR_INVALID, NULL, "the head at hand is older than the export");
    return h->dir != NULL ? anchors_read(h, r->service, r->arena, &r->anchors, err)
                          : anchors_parse(h->ring, r->service, anchors == NULL ? "" : anchors,
                                          r->arena, &r->anchors, err);
}

static bool judge_made(struct reader *r, const json_t *heading, const char *changed,
                       struct err *err)
{
    bool known = changed == NULL && (r->check->heads.dir != NULL || text_of(heading, "head"));
    json_int_t first = json_integer_value(json_object_get(heading, "first"));
    r->verify =
        verify_create(r->arena,
                      &(struct verify_options){
                          .service = r->service,
                          .ring = r->check->heads.ring,
                          .out = r->check->out,
                          .head = known && text_of(heading, "until") == NULL ? &r->head : NULL,
                          .anchors = known ? &r->anchors : NULL,
                          .anchors_until = r->head.seq,
                          .first = text_of(heading, "from") != NULL && first > 0 ? first : 1,
                      },
                      err);
    if (r->verify != NULL && changed != NULL)
        verify_fault(r->verify, "anchor_changed", 0, 0, changed);
    return r->verify != NULL;
}

static bool is_word(const char *text)
{
    return text != NULL && *text != '\0' &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz_") == strlen(text) && strlen(text) < 40;
}

static bool take_heading(struct reader *r, const json_t *line, struct err *err)
{
    const char *changed = NULL;
    if (r->verify != NULL || !is_word(text_of(line, "service")))
        return refuse(r, err, "not the heading of an export");
    r->service = copy_of(r->arena, line, "service");
    if (r->service == NULL)
        return no_memory(err);
    if (!read_outside(r, line, err)) {
        if (err->code != ERR_INVALID)
            return false;
        changed = arena_strdup(r->arena, err->detail);
        err_clear(err);
    }
    return judge_made(r, line, changed, err);
}

/* The seal at hand has all its rows now. */
static bool settle(struct reader *r, struct err *err)
{
    if (r->seal.seq == 0)
        return true;
    bool ok = verify_seal(r->verify, &r->seal, &r->rows, err);
    r->seal.seq = 0;
    r->rows.n = 0;
    arena_reset(r->work);
    r->rows.rows = arena_array(r->work, struct audit_row, ROWS_MAX);
    return ok && (r->rows.rows != NULL || no_memory(err));
}

static bool take_seal(struct reader *r, const json_t *seal, struct err *err)
{
    static const char *const names[AUDIT_SEAL_WORDS] = {
        "seq", "sealed_at", "key_id", "oldest", "newest", "ids", "row_digests", "prev", "mac"};
    const char *text[AUDIT_SEAL_WORDS];
    if (!settle(r, err))
        return false;
    for (size_t i = 0; i < AUDIT_SEAL_WORDS; i++)
        text[i] = text_of(seal, names[i]);
    r->seals++;
    if (chain_seal_parse(text, &r->seal))
        return true;
    int64_t seq = 0;
    r->seal.seq = 0;
    if (!chain_number(text[0], &seq))
        return refuse(r, err, "a seal without a number");
    verify_no_seal(r->verify, seq);
    return true;
}

static bool read_row(struct reader *r, const json_t *from, struct audit_row *to, struct err *err)
{
    for (size_t i = 0; i < AUDIT_COLUMNS; i++) {
        const char *text = text_of(from, audit_column_names[i]);
        to->text[i] = arena_strdup(r->work, text);
        if (text != NULL && to->text[i] == NULL)
            return no_memory(err);
    }
    bool whole = to->text[AUDIT_ID] != NULL && to->text[AUDIT_RECORDED_AT] != NULL;
    return whole || refuse(r, err, "a row without id or stamp");
}

static bool take_row(struct reader *r, const json_t *row, struct err *err)
{
    r->n_rows++;
    if (r->seal.seq == 0) /* of something that is no seal */
        return true;
    if (r->rows.n == ROWS_MAX)
        return refuse(r, err, "more rows than a seal can have");
    return read_row(r, row, &r->rows.rows[r->rows.n++], err);
}

static bool take_loose(struct reader *r, const json_t *row, struct err *err)
{
    struct audit_row loose;
    if (!settle(r, err))
        return false;
    struct arena_mark mark = arena_mark(r->work);
    bool ok = read_row(r, row, &loose, err);
    if (ok)
        verify_loose(r->verify, &loose);
    arena_rewind(r->work, mark);
    r->loose++;
    return ok;
}

static int64_t count_of(const json_t *end, const char *name)
{
    return json_integer_value(json_object_get(end, name));
}

static bool take_end(struct reader *r, const json_t *end, struct err *err)
{
    if (!settle(r, err))
        return false;
    if (count_of(end, "seals") != r->seals || count_of(end, "rows") != r->n_rows ||
        count_of(end, "loose") != r->loose)
        verify_fault(r->verify, "export_changed", 0, 0, "lines were added or taken out");
    r->ended = true;
    return true;
}

static bool take_line(struct reader *r, const json_t *line, struct err *err)
{
    static const struct {
        const char *name;
        bool (*take)(struct reader *r, const json_t *value, struct err *err);
    } takers[] = {{"seal", take_seal}, {"row", take_row}, {"loose", take_loose}, {"end", take_end}};
    if (json_object_get(line, "export") != NULL)
        return take_heading(r, line, err);
    for (size_t i = 0; i < sizeof takers / sizeof *takers; i++) {
        const json_t *value = json_object_get(line, takers[i].name);
        if (value != NULL && r->verify != NULL && !r->ended)
            return takers[i].take(r, value, err);
    }
    return refuse(r, err, "not a line of an export, or not in its place");
}

static bool all_lines(struct reader *r, struct err *err)
{
    ssize_t n;
    while ((n = getline(&r->line, &r->room, r->in)) > 0) {
        r->number++;
        json_t *line = json_loadb(r->line, (size_t)n, JSON_REJECT_DUPLICATES, NULL);
        bool ok = line != NULL ? take_line(r, line, err) : refuse(r, err, "not JSON");
        json_decref(line);
        if (!ok)
            return false;
    }
    if (r->verify == NULL)
        return refuse(r, err, "not an export");
    if (!settle(r, err))
        return false;
    if (!r->ended)
        verify_fault(r->verify, "export_changed", 0, 0, "its last line is missing");
    return true;
}

static bool judge(struct reader *r, struct err *err)
{
    r->rows.rows = arena_array(r->work, struct audit_row, ROWS_MAX);
    if (r->rows.rows == NULL)
        return no_memory(err);
    if (!all_lines(r, err))
        return false;
    int64_t faults = verify_end(r->verify, err);
    if (faults < 0)
        return false;
    r->check->faults += faults;
    return true;
}

bool check_export(struct check *c, FILE *in, struct err *err)
{
    struct reader *r = calloc(1, sizeof *r);
    if (r == NULL)
        return no_memory(err);
    *r = (struct reader){.check = c, .in = in};
    r->arena = arena_create(MEMORY);
    r->work = arena_create((size_t)4 * MEMORY);
    bool ok = r->arena != NULL && r->work != NULL ? judge(r, err) : no_memory(err);
    verify_destroy(r->verify);
    arena_destroy(&r->work);
    arena_destroy(&r->arena);
    free(r->line);
    free(r);
    return ok;
}

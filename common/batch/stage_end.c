/* common/batch/stage_end.c - the end of reading a batch: what its tables turned out to be, so that
 * they are read the same way again, and what is wrong with their headings (B-003). */
#include "batch/bundles.h"
#include "core/buf.h"
#include "core/personal_text.h"
#include "core/str.h"

#include "core/banned.h"

enum { FAULTS_MAX = 1024 * 1024 };

unsigned batch_place(const struct job_run *r)
{
    int64_t at = 0;
    return r->position != NULL && str_int(r->position, 0, UINT32_MAX, &at) ? (unsigned)at : 0;
}

enum personal_level batch_mask(const struct job_run *r)
{
    enum personal_level level = PERSONAL_USUAL;
    while (level > PERSONAL_HIDDEN && !job_may(r, personal_right(level)))
        level--;
    return level;
}

static const char *charset_of(const struct table *t)
{
    static const char *const charsets[] = {NULL, "utf-8", "gb18030"};
    return table_format(t) == TABLE_XLSX ? NULL : charsets[table_charset(t)];
}

static void put_faults(struct buf *b, const struct table *t, const char *part)
{
    size_t n = 0;
    const struct table_fault *faults = t == NULL ? NULL : table_heading_faults(t, &n);
    for (size_t i = 0; i < n; i++) {
        buf_str(b, b->len == 1 ? "{\"column\":" : ",{\"column\":");
        const char *column = part == NULL
                                 ? faults[i].column
                                 : arena_printf(b->arena, "%s：%s", part, faults[i].column);
        buf_json(b, column == NULL ? NULL : personal_starred(b->arena, column)); /* B-022 */
        buf_printf(b, ",\"code\":\"%s\"}", faults[i].code);
    }
}

const char *batch_read_json(struct arena *a, const struct table *t)
{
    struct buf b;
    if (t == NULL)
        return NULL;
    const char separator[2] = {table_format(t) == TABLE_CSV ? table_separator(t) : '\0', '\0'};
    buf_init(&b, a, FAULTS_MAX);
    buf_printf(&b, "{\"format\":\"%s\",\"charset\":", batch_formats()[table_format(t) - TABLE_CSV]);
    buf_json(&b, charset_of(t));
    buf_str(&b, ",\"separator\":");
    buf_json(&b, separator[0] == '\0' ? NULL : separator);
    buf_str(&b, ",\"sheet\":");
    buf_json(&b, table_format(t) == TABLE_XLSX ? table_sheet(t) : NULL);
    buf_char(&b, '}');
    return buf_text(&b);
}

static bool is_bad(const struct batch_work *w, struct table *const *tables, size_t n)
{
    size_t first = batch_first_part(w->kind);
    bool bad = w->refusal != NULL || tables == NULL;
    for (size_t i = first; !bad && i < n; i++)
        bad = tables[i] == NULL ? i == first : !table_heading_ok(tables[i]);
    return bad;
}

static const char *heading_faults(struct job_run *r, const struct batch_work *w,
                                  struct table *const *tables, size_t n)
{
    struct buf b;
    size_t first = batch_first_part(w->kind);
    buf_init(&b, r->arena, FAULTS_MAX);
    buf_char(&b, '[');
    for (size_t i = 0; tables != NULL && i < n; i++)
        put_faults(&b, tables[i], i <= first ? NULL : w->kind->parts[i].label);
    buf_char(&b, ']');
    return buf_text(&b);
}

bool stage_end(struct job_run *r, struct batch_work *w, struct table *const *tables, size_t n,
               struct err *err)
{
    size_t first = batch_first_part(w->kind), second = first + 1;
    const struct table *t = tables == NULL ? NULL : tables[first];
    enum table_format format = t == NULL ? TABLE_ANY : table_format(t);
    bool bad = is_bad(w, tables, n);
    char separator[2] = {format == TABLE_CSV ? table_separator(t) : '\0', '\0'};
    const char *const pairs[] = {
        "batch_id",
        w->id,
        "verb",
        "stage_batch",
        "status",
        bad ? "failed" : "staged",
        "refusal",
        w->refusal != NULL ? w->refusal
        : bad              ? "bad_heading"
                           : NULL,
        "heading_faults",
        heading_faults(r, w, tables, n),
        "format",
        format == TABLE_ANY ? NULL : batch_formats()[format - TABLE_CSV],
        "charset",
        t == NULL ? NULL : charset_of(t),
        "separator",
        separator[0] == '\0' ? NULL : separator,
        "sheet",
        format == TABLE_XLSX ? table_sheet(t) : NULL,
        "member_read",
        tables == NULL || n <= second ? NULL : batch_read_json(r->arena, tables[second]),
        NULL};
    r->total = r->done;
    return batch_work_move(r, w, pairs, err);
}

/* common/http/batch_template.c - an empty table to fill in, with its lists (B-011). */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "batch/kind.h"
#include "core/str.h"
#include "files/name.h"
#include "http/batch_routes.h"
#include "http/lifecycle.h"
#include "sql_batch.h"

#include "core/banned.h"

enum { TEMPLATE_MAX = 4 * 1024 * 1024 };

static bool answer_bytes(struct request *rq, int fd)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || st.st_size > TEMPLATE_MAX)
        return fail(rq, ERR_INTERNAL, NULL, "%s", "");
    char *bytes = arena_alloc(rq->arena, (size_t)st.st_size + 1);
    if (bytes == NULL)
        return fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
    if (pread(fd, bytes, (size_t)st.st_size, 0) != st.st_size)
        return fail(rq, ERR_INTERNAL, NULL, "%s", "");
    rq->status = 200;
    rq->answer = bytes;
    rq->answer_len = (size_t)st.st_size;
    return true;
}

static bool write_template(struct request *rq, const struct table_writer_options *o)
{
    char *path = arena_printf(rq->arena, "%s/template-XXXXXX", rq->engine->settings->files_dir);
    int fd = path == NULL ? -1 : mkostemp(path, O_CLOEXEC);
    if (fd < 0)
        return fail(rq, ERR_STORAGE, NULL, "%s", "");
    bool ok = table_template(path, o, &rq->err) && answer_bytes(rq, fd);
    close(fd);
    (void)unlink(path);
    return ok;
}

/* Its sheet, and in an xlsx those of the parts behind it. */
static struct table_writer_options *template_of(struct request *rq, const struct batch_kind *k,
                                                const struct rows *words, size_t part)
{
    const char *format = arg_text(rq, "format");
    size_t n = batch_part_count(k);
    struct table_writer_options *o = arena_array(rq->arena, struct table_writer_options, n + 1);
    for (size_t i = 0; o != NULL && i < n; i++) {
        o[i] = (struct table_writer_options){
            .format = str_equal(format, "csv")      ? TABLE_CSV
                      : str_equal(format, "ndjson") ? TABLE_NDJSON
                                                    : TABLE_XLSX,
            .columns = batch_out_columns(rq->arena, batch_part_columns(k, i), words),
            .sheet = k->parts == NULL ? NULL : k->parts[i].label,
            .mark = true,
            .spill_dir = rq->engine->settings->files_dir,
            .next = i + 1 < n && arg_text(rq, "part") == NULL ? &o[i + 1] : NULL};
        if (o[i].columns == NULL)
            return NULL;
    }
    return o == NULL ? NULL : &o[part];
}

bool batch_template(struct request *rq)
{
    struct rows *words = NULL;
    int64_t part = 1;
    const char *format = arg_text(rq, "format"), *asked = arg_text(rq, "part");
    const struct batch_kind *k = batch_kind_of(rq->engine->service->batches, arg_text(rq, "kind"));
    size_t held = k == NULL ? 0 : batch_first_part(k);
    if (k == NULL || !permission_in(rq->principal.permissions, (enum permission)k->permission) ||
        (asked != NULL && !str_int(asked, 1, (int64_t)(batch_part_count(k) - held), &part)))
        return fail(rq, ERR_NOT_FOUND, NULL, "%s", "");
    if (!arg_bind(rq, "dictionaries", batch_dictionaries(rq->arena, k)) ||
        !db_rows(rq, &SQL_batch_words, &words))
        return false;
    tx_end(&rq->tx);
    const struct table_writer_options *o = template_of(rq, k, words, held + (size_t)part - 1);
    const char *name = arena_printf(rq->arena, "%s.%s", k->name, format);
    if (o == NULL || name == NULL)
        return fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
    rq->disposition = file_disposition(rq->arena, name, format);
    return rq->disposition != NULL ? write_template(rq, o)
                                   : fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
}

/* common/batch/out.c - tables that go out: written beside the uploads, kept under their digest,
 * made a file of the service. What is not whole is the collector's. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "batch/work.h"
#include "core/str.h"
#include "core/uuid.h"
#include "sql_batch.h"

#include "core/banned.h"

/* ThreadSanitizer of clang 14 does not know that pthread_clockjoin_np() is a join. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TELL_JOIN 1
#endif
#endif

#ifdef TELL_JOIN
#include <sanitizer/tsan_interface.h>
#define tell_end(of) __tsan_release(of)
#define tell_join(of) __tsan_acquire(of)
#else
#define tell_end(of) ((void)(of))
#define tell_join(of) ((void)(of))
#endif

enum { WAIT_S = 1 };

static const char *const formats[] = {"csv", "ndjson", "xlsx", NULL};

const char *const *batch_formats(void)
{
    return formats;
}

enum table_format batch_format_of(const char *name)
{
    for (int i = 0; formats[i] != NULL; i++) {
        if (str_equal(formats[i], name))
            return (enum table_format)(TABLE_CSV + i);
    }
    return TABLE_ANY;
}

static const char *media_type_of(enum table_format f)
{
    switch (f) {
    case TABLE_CSV:
        return "text/csv";
    case TABLE_XLSX:
        return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    case TABLE_ANY:
    case TABLE_NDJSON:
        break;
    }
    return "application/x-ndjson";
}

bool out_open(struct job_run *r, struct batch_work *w, const struct table_writer_options *o,
              struct err *err)
{
    struct out_file *f = &w->out;
    if (!uuid_new(r->now, f->id))
        return err_set(err, ERR_INTERNAL, NULL, "%s", "");
    if (!upload_open(w->store, f->id, true, &f->upload, err))
        return false;
    f->open = true;
    f->format = o->format;
    const char *path = arena_printf(w->arena, "%s/incoming/%s", r->dir, f->id);
    f->writer = path == NULL ? NULL : table_create(path, o, err);
    return f->writer != NULL || err->code != ERR_NONE ||
           err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
}

static bool complete(struct out_file *f, struct err *err)
{
    struct stat st;
    if (!table_finish(&f->writer, err))
        return false;
    if (fstat(f->upload.fd, &st) != 0 || !file_digests(f->upload.fd, st.st_size, &f->digests))
        return err_set(err, ERR_STORAGE, NULL, "%s", "");
    f->size = st.st_size;
    return true;
}

static void *run_finisher(void *arg)
{
    struct out_file *f = arg;
    f->finished = complete(f, &f->failure);
    tell_end(f);
    return NULL;
}

bool out_finish(struct out_file *f, struct err *err)
{
    struct timespec until;
    if (!f->finishing && pthread_create(&f->finisher, NULL, run_finisher, f) != 0)
        return err_set(err, ERR_BUSY, NULL, "%s", "");
    f->finishing = true;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += WAIT_S;
    if (pthread_clockjoin_np(f->finisher, NULL, CLOCK_MONOTONIC, &until) != 0)
        return true; /* the next chunk looks again */
    tell_join(f);
    f->finishing = false;
    f->whole = f->finished;
    if (!f->finished)
        *err = f->failure;
    return f->finished;
}

bool out_keep(struct job_run *r, struct batch_work *w, const char *name, const char *verb,
              struct err *err)
{
    struct out_file *f = &w->out;
    struct rows *rows = NULL;
    const char *const pairs[] = {"id",         f->id,
                                 "name",       name,
                                 "verb",       verb,
                                 "sha256",     f->digests.sha256,
                                 "sm3",        f->digests.sm3,
                                 "size",       batch_digits(r->arena, f->size),
                                 "media_type", media_type_of(f->format),
                                 NULL};
    f->bucket = store_hold(w->store, f->digests.sha256, err);
    if (f->bucket < 0 || !store_keep(&f->upload, false, f->bucket, f->digests.sha256, err) ||
        !job_query(r, &SQL_made_file_put, pairs, &rows, err))
        return false;
    if (rows_count(rows) != 1)
        return err_set(err, ERR_INTERNAL, NULL, "%s", "");
    r->result =
        arena_printf(r->arena, "{\"file_id\":\"%s\",\"rows\":%lld}", f->id, (long long)r->done);
    return r->result != NULL || err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
}

bool out_keep_own(struct job_run *r, const struct batch_work *w, struct err *err)
{
    struct rows *ignored = NULL;
    const char *const pairs[] = {"id", w->out.id, NULL};
    return job_query(r, &SQL_made_file_own, pairs, &ignored, err);
}

void out_close(struct out_file *f)
{
    if (f->finishing)
        (void)pthread_join(f->finisher, NULL);
    f->finishing = false;
    if (f->writer != NULL)
        table_abandon(&f->writer);
    if (f->bucket >= 0)
        store_release(f->bucket);
    f->bucket = -1;
    if (f->open) {
        (void)upload_remove(f->upload.store, f->id);
        upload_close(&f->upload);
    }
    f->open = false;
}

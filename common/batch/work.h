/* common/batch/work.h - inside the room: what jobs of batches keep between chunks, and the files
 * that they read and write. */
#ifndef ZEREN_BATCH_WORK_H
#define ZEREN_BATCH_WORK_H

#include <pthread.h>

#include "batch/cell.h"
#include "files/digests.h"
#include "files/store.h"

/* What a chunk does within its two seconds on a slow machine (J-003): bounded by that, no wish. */
enum { CHUNK_ROWS = 5000 };

/* A table on its way out. Zeroed with bucket -1 before its first use. */
struct out_file {
    struct upload upload;
    struct table_writer *writer;
    struct file_digests digests;
    char id[FILE_ID_TEXT];
    bool open, whole;
    pthread_t finisher; /* completes it while chunks renew the job's lease */
    bool finishing, finished;
    struct err failure;
    enum table_format format;
    int64_t size;
    int bucket; /* held until the row of the file is committed */
};

struct batch_work {
    struct arena *arena; /* of the job in this process */
    struct file_store *store;
    const struct batch_kind *kind;
    const struct export_kind *outgoing;
    const struct batch_word *words;
    const char *id, *sha256, *file_name, *filters;
    char *place;
    bool only_faulty;
    bool is_own; /* who asks has sent the table, or there is nothing in it to hide (B-020) */
    struct table_options read;
    struct table *table;
    int fd;
    struct out_file out;
    struct bundles *bundles;   /* of a kind with parts, while it is staged */
    struct ahead *ahead;       /* while it is applied two chunks at a time */
    struct carried *taken;     /* what was carried out ahead, in the arena of the chunk */
    bool warm;                 /* a chunk was applied alone, in this process */
    const char *member_sha256; /* of the second part's own file, or NULL */
    struct table_options member_read;
    size_t part; /* that is written again */

    /* what was read before a chunk, in the arena of the chunk */
    const char *refusal; /* why the file is no table, in the arena of the job */
    const char *json;    /* rows to stage */
    struct read_row {
        unsigned number;
        const char **cells;
    } * rows; /* rows to write again */
    size_t n;
    unsigned first, last;
    bool at_end;
};

/* The state of a job, made at its first chunk in this process; NULL with err set. */
struct batch_work *batch_work_begin(struct job_run *r, struct err *err);

/* Looks the job's batch up; false with err set, ERR_NOT_FOUND without one. */
bool batch_work_look(struct job_run *r, struct batch_work *w, struct err *err);

/* Is the batch in that state? Held by the chunk's transaction. */
bool batch_work_hold(struct job_run *r, const struct batch_work *w, const char *status,
                     bool *ret_is, struct err *err);

/* What a table turned out to be, as JSON members; NULL: no table. */
const char *batch_read_json(struct arena *a, const struct table *t);

/* Moves the batch on; verb is the operation's name. */
bool batch_work_move(struct job_run *r, const struct batch_work *w, const char *const *pairs,
                     struct err *err);

/* The end of staging, with what the tables of its parts (some NULL; `tables` NULL: none) are. */
bool stage_end(struct job_run *r, struct batch_work *w, struct table *const *tables, size_t n,
               struct err *err);

/* How much of personal data the job's maker sees (J-012). */
enum personal_level batch_mask(const struct job_run *r);

/* Where the job left off. */
unsigned batch_place(const struct job_run *r);

/* Opens the table at the file's first row. A file that is none: w->refusal is set. */
bool batch_work_open(struct batch_work *w, struct err *err);

/* Rows of batch_words, copied. NULL: out of memory. */
const struct batch_word *batch_words_of(struct arena *a, const struct rows *rows);

/* Chinese for the code of a fault. */
const char *batch_fault_label(const struct batch_work *w, const char *code);

const char *batch_digits(struct arena *a, int64_t n);

/* ---- tables that go out ---- */

bool out_open(struct job_run *r, struct batch_work *w, const struct table_writer_options *o,
              struct err *err);

/* Completes it, outside of a transaction and on a thread of its own, for a large workbook takes
 * longer than a lease: waits a second at most; o->whole says that it is done. */
bool out_finish(struct out_file *o, struct err *err);

/* Makes it a file of the service in the chunk's transaction; the job's result names it. */
bool out_keep(struct job_run *r, struct batch_work *w, const char *name, const char *verb,
              struct err *err);
/* Behind it: its bytes are for the account that asked alone (F-013). */
bool out_keep_own(struct job_run *r, const struct batch_work *w, struct err *err);
void out_close(struct out_file *o);

const char *const *batch_formats(void); /* "csv", "ndjson", "xlsx", NULL: at their enum less one */
enum table_format batch_format_of(const char *name);

#endif

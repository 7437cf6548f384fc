/* common/batch/kind.h - what can come in as a table and what can go out as one. A service has a row
 * for each; how tables are read, staged, applied, undone and written is the room's. Knows no
 * request. Rules: proto/batches.md. */
#ifndef ZEREN_BATCH_KIND_H
#define ZEREN_BATCH_KIND_H

#include <stdbool.h>

#include "db/stmt.h"
#include "jobs/job.h"
#include "tables/writer.h"

enum batch_cell {
    BATCH_TEXT,   /* at most `max` characters */
    BATCH_CODE,   /* a division's code of 2, 4, 6, 9 or 12 characters, made twelve */
    BATCH_WORD,   /* an entry of `dictionary`: its code, its label or its short label */
    BATCH_DAY,    /* as people write days, made YYYY-MM-DD */
    BATCH_NUMBER, /* not below zero, at most `max` digits behind the point */
};

/* A column of an import; the list ends with a NULL name. */
struct batch_column {
    const char *name, *label;
    enum batch_cell cell;
    unsigned max;
    bool required;
    const char *dictionary;  /* BATCH_WORD */
    const char *explanation; /* for who fills the table in */
};

/* A kind of import. Rows end with {0}. Its statements are :rows, under the submitter's scope:
 *   stage  :batch_id, :rows, a JSON array of {row, id, data, faults}; :labels, name to label. Puts
 *          each into batch_row with what it would do, and returns (action, how many).
 *   apply  :batch_id, :after, :chunk. Carries out the next :chunk rows behind :after that would
 *          insert or update, announces each changed record, notes in batch_row.outcome why one was
 *          left out, and returns one row: (last row or NULL, how many done, how many not).
 *   undo   the same, backwards in effect. */
struct batch_kind {
    const char *name;
    int permission; /* of enum permission: who stages and applies it */
    const struct batch_column *columns;
    const struct stmt *stage, *apply, *undo;
};

/* A kind of export. Rows end with {0}. `rows` is a :rows statement with :after (JSON array, NULL at
 * first), :filters (JSON object) and :chunk; it returns the place behind each row as such an array,
 * then a text for each column, in an order that :after goes on in. */
struct export_kind {
    const char *name;
    int permission;
    const struct table_out_column *columns;
    const struct stmt *rows;
};

/* What a service has. */
struct batch_set {
    const struct batch_kind *imports;
    const struct export_kind *exports;
};

/* NULL: there is none. */
const struct batch_kind *batch_kind_of(const struct batch_set *s, const char *name);
const struct export_kind *export_kind_of(const struct batch_set *s, const char *name);

/* Columns as common/tables reads and writes them, in the arena; NULL when out of memory. `words`:
 * rows of batch_words, for lists of values; may be NULL. */
struct rows;
const struct table_column *batch_read_columns(struct arena *a, const struct batch_kind *k);
const struct table_out_column *batch_out_columns(struct arena *a, const struct batch_kind *k,
                                                 const struct rows *words);

/* The dictionaries of its columns, and that of faults, as an array literal. */
const char *batch_dictionaries(struct arena *a, const struct batch_kind *k);

/* Jobs of batches, whose `arg` is the service's struct batch_set: chunks and what comes before. */
#define BATCH_JOB(job, set, of_rule)                                                               \
    {                                                                                              \
        .name = #job, .prepare = job##_prepare, .chunk = job##_chunk, .close = batch_job_close,    \
        .arg = (set), .by_rule = (of_rule)                                                         \
    }
#define BATCH_JOBS(set)                                                                            \
    BATCH_JOB(stage_batch, set, false), BATCH_JOB(apply_batch, set, false),                        \
        BATCH_JOB(undo_batch, set, false), BATCH_JOB(error_file, set, false),                      \
        BATCH_JOB(export_table, set, true)

bool stage_batch_prepare(struct job_run *r, struct err *err);
bool stage_batch_chunk(struct job_run *r, enum job_step *ret, struct err *err);
bool apply_batch_chunk(struct job_run *r, enum job_step *ret, struct err *err);
bool undo_batch_chunk(struct job_run *r, enum job_step *ret, struct err *err);
bool error_file_prepare(struct job_run *r, struct err *err);
bool error_file_chunk(struct job_run *r, enum job_step *ret, struct err *err);
bool export_table_prepare(struct job_run *r, struct err *err);
bool export_table_chunk(struct job_run *r, enum job_step *ret, struct err *err);
void batch_job_close(void *state);
#define apply_batch_prepare NULL
#define undo_batch_prepare NULL

#endif

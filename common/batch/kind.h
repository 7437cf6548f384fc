/* common/batch/kind.h - what can come in as a table and what can go out as one. A service has a row
 * for each; how tables are read, staged, applied, undone and written is the room's. Knows no
 * request. Rules: proto/batches.md. */
#ifndef ZEREN_BATCH_KIND_H
#define ZEREN_BATCH_KIND_H

#include <stdbool.h>

#include "core/personal.h"
#include "db/stmt.h"
#include "jobs/job.h"
#include "tables/writer.h"

enum batch_cell {
    BATCH_TEXT,   /* at most `max` characters */
    BATCH_KEY,    /* the same, a number of a thing: never the ID number of a person */
    BATCH_CODE,   /* a division's code of 2, 4, 6, 9 or 12 characters, made twelve */
    BATCH_WORD,   /* an entry of `dictionary`: its code, its label or its short label */
    BATCH_DAY,    /* as people write days, made YYYY-MM-DD */
    BATCH_NUMBER, /* not below zero, at most `max` digits behind the point */
    BATCH_YES_NO, /* 是 or 否, made true or false */
    BATCH_WORDS, /* at most `max` entries of `dictionary`, between commas and the like: codes joined
                    by commas, each once */
    BATCH_MONTH, /* a month or a day as people write them, made YYYY-MM-DD */
    BATCH_DECIMAL, /* not below zero, two digits behind the point, at most `max` before it */
    BATCH_PLACE,   /* a division's code, or 境外, made `abroad` */
    BATCH_SEALED,  /* personal data: see `seal` */
    BATCH_SHOWN, /* goes out, and is passed over when it comes in; a number where `max` is not 0 */
};

/* How personal data of a column is kept. With a `dictionary` the cell has words of it. */
struct batch_seal {
    const char *column; /* schema.table.column that it is sealed for */
    enum sealed_kind kind;
    bool hashed; /* and its look-up hash besides, as <name>_hash */
};

/* A column of an import; the list ends with a NULL name. */
struct batch_column {
    const char *name, *label;
    enum batch_cell cell;
    unsigned max;
    bool required;
    const char *dictionary;        /* BATCH_WORD */
    const char *explanation;       /* for who fills the table in */
    const struct batch_seal *seal; /* BATCH_SEALED */
    bool looked;                   /* of a part: its `look` is told */
    bool starred;                  /* a name: a text with a * is a mask and says nothing, as sealed
                                      ones; others see its first character (B-020), of BATCH_SHOWN too */
};

/* Kinds with parts: a table of several, whose rows of one key stand and fall together (a household
 * and its members). They are read in order of their key, looked up, judged, and then stored, as
 * one. */
struct bundle; /* bundle.h */

/* A part. Rows end with {0}. `look` is a :rows statement, under the submitter's scope, of :rows, a
 * JSON array of {n, key, <looked columns>, <hashed columns>_hash}, n null where the part has no row
 * of that key; behind the first part, whose record there is, with its id as `parent`. It returns (n
 * or NULL, key, id, version, what is wrong or NULL, in which column, then a text for each column as
 * the record has it): a row for each given one that means a record or has something wrong, and one
 * for each record of these keys that none means. */
struct batch_part {
    const char *name, *label; /* the label is the name of its sheet */
    const struct batch_column *columns;
    const struct stmt *look;
    bool held; /* of the first alone: nobody sends it, and the others' rows are of records of it
                  that are there */
};

/* B-017: judges a bundle whose rows are complete. `state` is what `begin` made. */
struct job_run;
struct batch_judge {
    /* In the transaction of the job's first chunk of this process; the arena is the job's. */
    bool (*begin)(struct job_run *r, struct arena *a, void **ret_state, struct err *err);
    /* In a chunk's transaction, behind the look-ups; may be NULL. */
    bool (*look)(void *state, struct job_run *r, struct bundle *const *list, size_t n,
                 struct err *err);
    /* Without a transaction. */
    bool (*judge)(void *state, struct bundle *b, struct date today, struct err *err);
    /* In the transaction that has applied, or taken back, rows from `after` (text, not itself) to
     * `last`; may be NULL. */
    bool (*settle)(struct job_run *r, const char *batch_id, const char *after, const char *last,
                   struct err *err);
    /* What `apply` has as :given besides; may be NULL. */
    bool (*give)(struct job_run *r, const char **ret_given, struct err *err);
};

/* A kind of import. Rows end with {0}. Its statements are :rows, under the submitter's scope:
 *   stage  :batch_id, :rows, a JSON array of {row, id, data, faults}; :labels, name to label. Puts
 *          each into batch_row with what it would do, and returns (action, how many).
 *   apply  :batch_id, :after, :chunk. Carries out the next :chunk rows behind :after that would
 *          insert or update, announces each changed record, notes in batch_row.outcome why one was
 *          left out, and returns one row: (last row or NULL, how many done, how many not).
 *   undo   the same, backwards in effect.
 *   reach  :batch_id, :after, :chunk. The last row that `apply` would look at, before it does; then
 *          two chunks are applied at a time (B-019), `apply` waits for whatever another one may
 *          have written, and takes households, members and the like in one order. May be NULL.
 * Of a kind with parts `columns` are those of the first, and `stage` is NULL: its rows are stored
 * as its parts' look-ups and its judge found them. */
struct batch_kind {
    const char *name;
    int permission; /* of enum permission: who stages and applies it */
    const struct batch_column *columns;
    const struct stmt *stage, *apply, *undo, *reach;
    const struct batch_part *parts; /* NULL: it has one, of `columns` */
    const char *key;                /* of kinds with parts: the column that every part has */
    const struct batch_judge *judge;
    unsigned chunk; /* rows of a chunk, where a row is more work than others; 0: as many as any */
};

/* A kind of export. Rows end with {0}. `rows` is a :rows statement with :after (JSON array, NULL at
 * first), :filters (JSON object) and :chunk; it returns the place behind each row as such an array,
 * then a text for each column, in an order that :after goes on in. */
struct export_kind {
    const char *name;
    int permission;
    const struct table_out_column *columns; /* NULL: those of `of` */
    const struct stmt *rows;
    /* A part of an import: what goes out comes back in. `rows` returns cells in their one form,
     * sealed ones as ciphertext of the record whose id is in column `id`; they go out as labels,
     * 是 and 否, and masks. A sealed column in `whole` (between blanks) goes out in the clear: the
     * statement has looked who asks. */
    const struct batch_column *of;
    const char *whole;
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
 * rows of batch_words, for a table to fill in: with lists of values, without what is only shown;
 * NULL: for one that goes out. */
struct rows;
const struct table_column *batch_read_columns(struct arena *a, const struct batch_column *columns);
const struct table_out_column *
batch_out_columns(struct arena *a, const struct batch_column *columns, const struct rows *words);
size_t batch_width(const struct batch_column *columns);

/* Is there personal data among them? NULL has none. */
bool batch_is_sealed(const struct batch_column *columns);
/* Does any part of it that people send tell of persons (B-020): sealed, or starred for others? */
bool batch_kind_is_personal(const struct batch_kind *k);

/* How many parts; which is the first that is sent; the columns of one, from 0. People count from
 * the first that is sent, as 1. */
size_t batch_part_count(const struct batch_kind *k);
size_t batch_first_part(const struct batch_kind *k);
const struct batch_column *batch_part_columns(const struct batch_kind *k, size_t part);

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
bool apply_batch_prepare(struct job_run *r, struct err *err);
bool apply_batch_chunk(struct job_run *r, enum job_step *ret, struct err *err);
bool undo_batch_chunk(struct job_run *r, enum job_step *ret, struct err *err);
bool error_file_prepare(struct job_run *r, struct err *err);
bool error_file_chunk(struct job_run *r, enum job_step *ret, struct err *err);
bool export_table_prepare(struct job_run *r, struct err *err);
bool export_table_chunk(struct job_run *r, enum job_step *ret, struct err *err);
void batch_job_close(void *state);
#define undo_batch_prepare NULL

#endif

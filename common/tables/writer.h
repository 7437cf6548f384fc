/* common/tables/writer.h - tables that people get, row by row in constant memory: CSV, NDJSON,
 * xlsx; empty ones to fill in; and their own with a reason beside each bad row. Values come as
 * text; knows no database and no HTTP. Not thread-safe. */
#ifndef ZEREN_TABLES_WRITER_H
#define ZEREN_TABLES_WRITER_H

#include "tables/table.h"

enum table_kind {
    TABLE_TEXT,   /* ID numbers, codes, phones too: a spreadsheet must not count with them */
    TABLE_NUMBER, /* by JSON's grammar; of more than 15 digits it is written as text */
    TABLE_DAY,    /* YYYY-MM-DD */
};

struct table_out_column { /* the list ends with a NULL name */
    const char *name;     /* NDJSON's member */
    const char *label;    /* the heading; NULL: the name */
    enum table_kind kind;
    unsigned width; /* of an xlsx column in ASCII characters; 0: by kind */
    /* For empty tables: */
    bool required;
    const char *explanation;
    const char *const *list; /* values that a cell may have, ended by NULL; or NULL */
};

struct table_writer_options {
    enum table_format format;
    const struct table_out_column *columns; /* lives as long as the writer */
    const char *sheet;                      /* at most 25 characters; NULL: "数据" */
    uint32_t sheet_rows;                    /* xlsx, with the heading; 0: 1,048,576, the most */
    enum table_charset charset;             /* CSV; TABLE_ANY_CHARSET: UTF-8 */
    bool mark;                              /* CSV in UTF-8: begins with a byte-order mark */
    char separator;                         /* CSV; 0: comma */
    const char *spill_dir;                  /* xlsx: for temporary files; NULL: /tmp */
    /* Of an empty xlsx: the same for a further table, in a sheet of its own. Only `columns`,
     * `sheet` and `next` of it count. */
    const struct table_writer_options *next;
};

struct table_writer;

/* Creates (or empties) a file of mode 0600 and writes the heading. NULL with err INTERNAL. */
struct table_writer *table_create(const char *path, const struct table_writer_options *options,
                                  struct err *err);

/* Writes a row of one value a column, NULL for an empty cell. A full sheet goes on in another one
 * ("数据 (2)"). CSV cells that a spreadsheet would take for a formula get a ' in
 * front, which reading takes away. Fails with INVALID cell_too_long (xlsx: 32,767 characters) or
 * INTERNAL no_room; then nothing but table_abandon() is left to do. */
bool table_put(struct table_writer *w, const char *const *values, struct err *err);

/* Rows so far. */
uint64_t table_written(const struct table_writer *w);

/* Completes the file and frees the writer; false with INTERNAL no_room when it is not whole. */
bool table_finish(struct table_writer **w, struct err *err);

/* Frees the writer; what the file holds is of no use. Accepts NULL, nulls the pointer. */
void table_abandon(struct table_writer **w);

/* An empty table to fill in. xlsx: text columns take text only, lists offer their values, and a
 * second sheet explains the columns. CSV and NDJSON: the heading, and nothing. */
bool table_template(const char *path, const struct table_writer_options *options, struct err *err);

struct table_reasons {
    /* The reason for a row, in order of rows; NULL: the row is good. Lives until the next call. */
    const char *(*reason)(void *into, unsigned row);
    void *into;
    bool only_faulty; /* leave good rows out */
};

/* Writes the table of `fd` again, in its own format (xlsx: one heading row with joined names, text
 * only), with the reasons in a last column TABLE_REASON. What comes back corrected can be read with
 * the same options. Values that were lost (results, digits) stay faulty. */
bool table_error_file(int fd, const struct table_options *options, const char *path,
                      const struct table_reasons *reasons, struct err *err);

/* Appends "列名：说明；" for each fault to `out`; false when it was cut at `cap` (at least 4). */
bool table_reason_text(const struct table_fault *faults, size_t n, char *out, size_t cap);

#endif

/* common/batch/bundle.h - rows of tables that say one thing together, as their judge sees them
 * (B-014, B-017). Knows no database and no request. */
#ifndef ZEREN_BATCH_BUNDLE_H
#define ZEREN_BATCH_BUNDLE_H

#include "batch/kind.h"

/* One row of a bundle. */
struct bundle_row {
    unsigned part;           /* from 0 */
    unsigned number;         /* of its table; 0: a record that is there and that no row means */
    const char **cells;      /* by column, in their one form; NULL: empty or faulty */
    const char **was;        /* by column: what the record says; NULL: there is none */
    const char **hashes;     /* by column, of what is hashed */
    const char **texts;      /* by column, as they came */
    const char *id, *parent; /* of the record, and of that of the bundle's first part */
    const char *version;     /* of the record that is there */
    bool changed;
    struct bundle_fault {
        const char *column, *code; /* column: its label; "": the row as a whole */
        struct bundle_fault *next;
    } * faults;
    struct bundle_more { /* kept besides its cells; or shown in place of one */
        const char *name, *value;
        bool shown;
        struct bundle_more *next;
    } * more;
};

struct bundle {
    struct arena *arena;
    const struct batch_kind *kind;
    const char *key;
    struct bundle_row **rows; /* in order of parts and numbers, then those that are there */
    size_t n_rows, n_given;
    bool failed;
    const void *context; /* of its judge */
    struct bundle_note {
        const char *json; /* an object */
        struct bundle_note *next;
    } * notes;
};

/* What it will say: the cell, or what is there. */
const char *bundle_value(const struct bundle_row *r, size_t column);

/* For judges; `column` NULL: the row as a whole. */
void bundle_fault(struct bundle *b, struct bundle_row *r, const char *column, const char *code);
/* Kept with a new or changed record; takes the place of a cell of that name. */
void bundle_keep(struct bundle *b, struct bundle_row *r, const char *name, const char *value);
/* Shown in place of a cell, which is kept. */
void bundle_show(struct bundle *b, struct bundle_row *r, const char *name, const char *value);
/* Told without refusing; `json` is what applying is given. */
void bundle_note(struct bundle *b, const char *json);

#endif

/* common/batch/bundles.h - inside the room: kinds with parts on their way into a batch. Tables are
 * sorted by key (row_sort.h), read back bundle by bundle, looked up in the database, judged, and
 * written as JSON. What a chunk looks up the next one stores: while the database stores a set of
 * bundles, a thread judges and seals the one that was looked up and reads the one behind it. */
#ifndef ZEREN_BATCH_BUNDLES_H
#define ZEREN_BATCH_BUNDLES_H

#include "batch/bundle.h"
#include "batch/row_sort.h"
#include "batch/work.h"
#include "core/buf.h"

enum { PARTS_MAX = 4, BUNDLE_ROWS = 100, SETS = 3 };

/* Bundles of one chunk. */
struct bundle_set {
    struct arena *arena;
    struct bundle **list; /* in order of keys */
    size_t n, n_rows, bytes;
    unsigned first;  /* place of its first row in the batch */
    unsigned bundle; /* number of its first bundle */
    /* when it is weighed: to be stored */
    const char *json;
    size_t n_inserts, n_updates, n_unchanged, n_failed, n_warnings;
    unsigned last;
};

struct part_in {
    const struct batch_column *columns;
    size_t width, key;
    const struct batch_word **words; /* by column: its dictionary's */
    struct table *table;             /* NULL: there is none */
    int fd;                          /* its own; -1: the first part's */
};

struct bundles {
    size_t n_parts, reading;
    struct part_in parts[PARTS_MAX];
    struct row_sort *sort;
    bool sorted, has_row, at_end;
    struct sorted_row row;                                   /* the next, when has_row */
    struct bundle_set sets[SETS], *fresh, *looked, *weighed; /* the last is to be stored */
    struct arena *scratch;                                   /* of the thread beside a chunk */
    unsigned place, bundle;                                  /* of the last row that was read */
    const char *last_key;
    char key[256];
    void *judge;
    bool judging; /* judge is made */
};

/* Opens the tables of all parts; a refusal is in w->refusal. */
bool bundles_open(struct job_run *r, struct batch_work *w, struct err *err);
void bundles_close(struct bundles *b);

/* Reads on into the sort, for a second or so; b->sorted at the end. */
bool bundles_sort(struct batch_work *w, struct err *err);

/* The next chunk's bundles, cells checked, into b->fresh. At first those up to place `after`, which
 * another process has stored, are passed over. */
bool bundles_read(struct job_run *r, struct batch_work *w, unsigned after, struct err *err);

/* In the transaction: what b->fresh means, copied; it becomes b->looked, and what was that, to be
 * read into. */
bool bundles_look(struct job_run *r, struct batch_work *w, struct err *err);

/* Judges b->looked and makes its JSON and its counts. */
bool bundles_weigh(struct job_run *r, struct batch_work *w, struct err *err);

bool stage_bundles_prepare(struct job_run *r, struct batch_work *w, struct err *err);
bool stage_bundles_chunk(struct job_run *r, struct batch_work *w, enum job_step *ret,
                         struct err *err);

/* Is it what an export, or an error file for others, shows in place of a value? It leaves what is
 * there. */
bool bundle_is_mask(const struct batch_column *c, const char *text);

/* B-022: what is shown of a text that is not sealed. Keys are made of digits: only a right ID
 * number is hidden in one. NULL: nothing of it, for want of memory. */
const char *bundle_words(const struct batch_kind *k, const struct batch_column *c, struct arena *a,
                         const char *text);

/* A row as JSON, `place` and `bundle` given. */
struct put_row {
    struct job_run *run;
    const struct batch_work *work;
    struct bundle *bundle;
    struct bundle_row *row;
    unsigned place, number; /* of the bundle */
    bool first;             /* of the bundle */
};
bool bundle_put(struct buf *b, const struct put_row *p, struct err *err);
const char *bundle_action(const struct bundle *b, const struct bundle_row *r);

#endif

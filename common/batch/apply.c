/* common/batch/apply.c - carries a staged batch out, and takes it back: chunks of rows, each one
 * statement of the kind, one audit row and the counts that readers see. */
#include <string.h>

#include "batch/work.h"
#include "core/str.h"
#include "sql_batch.h"

#include "core/banned.h"

enum { UNDO_ROWS = 1000 }; /* each is looked up in all that may name it */

struct way { /* there or back */
    const char *verb, *during, *after;
    bool back;
    int rows; /* of a chunk */
};

static const char *or_zero(bool wanted, const char *n)
{
    return wanted ? n : "0";
}

static bool note(struct job_run *r, const struct batch_work *w, const struct way *way,
                 const struct rows *did, struct err *err)
{
    struct rows *ignored = NULL;
    const char *done = rows_text(did, 0, 1), *left = rows_text(did, 0, 2);
    const char *const pairs[] = {"batch_id",    w->id,
                                 "verb",        way->verb,
                                 "after",       r->position == NULL ? "0" : r->position,
                                 "last",        rows_text(did, 0, 0),
                                 "applied",     or_zero(!way->back, done),
                                 "not_applied", or_zero(!way->back, left),
                                 "undone",      or_zero(way->back, done),
                                 "not_undone",  or_zero(way->back, left),
                                 NULL};
    int64_t n = 0, m = 0;
    (void)str_int(done, 0, INT64_MAX, &n);
    (void)str_int(left, 0, INT64_MAX, &m);
    r->done += n + m;
    r->failed += m;
    r->next_position = rows_text(did, 0, 0);
    return job_query(r, &SQL_batch_note, pairs, &ignored, err);
}

static bool carry_on(struct job_run *r, const struct batch_work *w, const struct way *way,
                     enum job_step *ret, struct err *err)
{
    struct rows *did = NULL;
    const struct stmt *st = way->back ? w->kind->undo : w->kind->apply;
    const char *const pairs[] = {"batch_id", w->id,
                                 "after",    r->position == NULL ? "0" : r->position,
                                 "chunk",    batch_digits(r->arena, way->rows),
                                 "verb",     way->verb,
                                 NULL};
    if (!job_query(r, st, pairs, &did, err))
        return false;
    if (rows_count(did) == 1 && rows_text(did, 0, 0) != NULL)
        return note(r, w, way, did, err);
    const char *const end[] = {"batch_id", w->id, "verb", way->verb, "status", way->after, NULL};
    *ret = JOB_DONE;
    return batch_work_move(r, w, end, err);
}

static bool chunk(struct job_run *r, const struct way *way, enum job_step *ret, struct err *err)
{
    bool is = false;
    struct batch_work *w = r->state;
    r->next_position = r->position;
    if (w == NULL) {
        w = batch_work_begin(r, err);
        return w != NULL && batch_work_look(r, w, err);
    }
    if (!batch_work_hold(r, w, way->during, &is, err))
        return false;
    if (is)
        return carry_on(r, w, way, ret, err);
    *ret = JOB_DONE;
    return true;
}

bool apply_batch_chunk(struct job_run *r, enum job_step *ret, struct err *err)
{
    static const struct way there = {"apply_batch", "applying", "applied", false, CHUNK_ROWS};
    return chunk(r, &there, ret, err);
}

bool undo_batch_chunk(struct job_run *r, enum job_step *ret, struct err *err)
{
    static const struct way back = {"undo_batch", "undoing", "undone", true, UNDO_ROWS};
    return chunk(r, &back, ret, err);
}

/* common/batch/apply.c - carries a staged batch out, and takes it back: chunks of rows, each one
 * statement of the kind, one audit row and the counts that readers see. Two at a time: ahead.c. */
#include <string.h>

#include "batch/ahead.h"
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

static const char *place_of(const struct job_run *r)
{
    return r->position == NULL ? "0" : r->position;
}

static bool note(struct job_run *r, const struct batch_work *w, const struct way *way,
                 const struct carried *did, struct err *err)
{
    struct rows *ignored = NULL;
    const char *done = did->done, *left = did->left_out;
    const char *const pairs[] = {"batch_id",    w->id,
                                 "verb",        way->verb,
                                 "after",       place_of(r),
                                 "last",        did->last,
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
    r->next_position = did->last;
    return job_query(r, &SQL_batch_note, pairs, &ignored, err);
}

static const char *rows_of_chunk(struct arena *a, const struct batch_work *w, const struct way *way)
{
    int most = (int)w->kind->chunk;
    return batch_digits(a, most > 0 && most < way->rows ? most : way->rows);
}

/* The statement of the kind, and what follows of what it applied, or took back. */
static bool carry_out(struct job_run *r, const struct batch_work *w, const struct way *way,
                      const char *after, struct carried *ret, struct err *err)
{
    struct rows *did = NULL;
    const char *given = NULL;
    const struct stmt *st = way->back ? w->kind->undo : w->kind->apply;
    const struct batch_judge *j = w->kind->judge;
    if (!way->back && j != NULL && j->give != NULL && !j->give(r, &given, err))
        return false;
    const char *const pairs[] = {
        "batch_id", w->id,     "after", after, "chunk", rows_of_chunk(r->arena, w, way),
        "verb",     way->verb, "given", given, NULL};
    if (!job_query(r, st, pairs, &did, err))
        return false;
    bool any = rows_count(did) == 1;
    *ret = (struct carried){any ? rows_text(did, 0, 0) : NULL, any ? rows_text(did, 0, 1) : NULL,
                            any ? rows_text(did, 0, 2) : NULL};
    return ret->last == NULL || j == NULL || j->settle == NULL ||
           j->settle(r, w->id, after, ret->last, err);
}

static const struct way there = {"apply_batch", "applying", "applied", false, CHUNK_ROWS};
static const struct way back = {"undo_batch", "undoing", "undone", true, UNDO_ROWS};

static bool carry_there(struct job_run *r, struct batch_work *w, const char *after,
                        struct carried *ret, struct err *err)
{
    return carry_out(r, w, &there, after, ret, err);
}

/* B-019: the next chunk beside this one, but not beside the first: what failed together must get
 * on alone. */
static bool begin_next(struct job_run *r, struct batch_work *w, const struct way *way,
                       struct err *err)
{
    struct rows *rows = NULL;
    if (way->back || w->kind->reach == NULL)
        return true;
    bool alone = !w->warm;
    w->warm = true;
    if (alone)
        return true;
    const char *const pairs[] = {
        "batch_id", w->id, "after", place_of(r), "chunk", rows_of_chunk(r->arena, w, way), NULL};
    if (!job_query(r, w->kind->reach, pairs, &rows, err))
        return false;
    const char *last = rows_count(rows) == 1 ? rows_text(rows, 0, 0) : NULL;
    return last == NULL || ahead_begin(r, w, last, carry_there, err);
}

static bool carry_on(struct job_run *r, struct batch_work *w, const struct way *way,
                     enum job_step *ret, struct err *err)
{
    struct carried did = {NULL, NULL, NULL};
    if (r->begun)
        did = *w->taken;
    else if (!begin_next(r, w, way, err) || !carry_out(r, w, way, place_of(r), &did, err))
        return false;
    if (did.last != NULL)
        return note(r, w, way, &did, err);
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
    if (is) {
        bool ok = carry_on(r, w, way, ret, err);
        r->again = ahead_is(w); /* it may have waited for that one */
        return ok;
    }
    if (r->begun) /* nothing of it may be committed; whoever takes the job next ends it */
        return err_set(err, ERR_STATE, NULL, "%s", "");
    *ret = JOB_DONE;
    return true;
}

/* What was carried out ahead is this chunk. */
bool apply_batch_prepare(struct job_run *r, struct err *err)
{
    struct batch_work *w = r->state;
    if (w == NULL)
        return true;
    w->taken = arena_new(r->arena, struct carried);
    if (w->taken == NULL)
        return err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
    r->begun = ahead_take(r, w, w->taken);
    return true;
}

bool apply_batch_chunk(struct job_run *r, enum job_step *ret, struct err *err)
{
    return chunk(r, &there, ret, err);
}

bool undo_batch_chunk(struct job_run *r, enum job_step *ret, struct err *err)
{
    return chunk(r, &back, ret, err);
}

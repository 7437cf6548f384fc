/* services/monitoring/findings.h - the rules on write and in bulk (M-105 to M-107): reads what a
 * household has become, judges it, keeps what was found. */
#ifndef ZEREN_FINDINGS_H
#define ZEREN_FINDINGS_H

#include "household_rules.h"
#include "http/request.h"
#include "jobs/job.h"

/* For every handler that changes an archive record, behind its db_write() inside db_begin(), once
 * for each household it touches: holds the household, judges it as it now stands. Any error that
 * the caller may be told: 422 with everything that was found, and the transaction is undone.
 * Otherwise what was found is stored and what has vanished is resolved, in the same transaction. A
 * household that has ended has no findings. */
bool findings_after(struct request *rq, const char *household_id)
    __attribute__((warn_unused_result));

/* As findings_after(), of a household that the change touched and that is not its maker's to put
 * right: nothing is refused or told, errors are stored, too. */
bool findings_recorded(struct request *rq, const char *household_id)
    __attribute__((warn_unused_result));

/* Judges a household without storing anything; 404 where there is none. */
bool findings_now(struct request *rq, const char *household_id, struct found_list *ret);

/* M-108: may the caller see what this finding tells of? `minors_after` of findings_minors_after().
 */
bool findings_minors_after(struct request *rq, const char **ret_day);
bool finding_may_be_seen(const struct request *rq, const struct found *f, const char *minors_after);

/* Is it a fact of health or of a child's school, which not everybody sees? */
bool finding_keeps_apart(const char *field);

/* M-105, M-108: false with a problem for each of what was found, errors first, when one of the
 * errors may be told to the caller; each points into the body that was sent. */
bool findings_allow(struct request *rq, const struct found_list *l);

/* ---- in jobs; everything lives as long as the chunk. */

/* What one household came to. */
struct household_found {
    const char *household_id;
    struct found_list list;
};

/* The rules that hold in a village this year. For who judges facts of their own
 * (household_check()). */
bool findings_rules(struct job_run *r, const char *division, struct rule_set *ret, struct err *err);

/* Judges the households (ids as an array literal) as they now stand, in order of village and id.
 * Nothing is stored. */
bool findings_check(struct job_run *r, const char *household_ids, struct household_found **ret,
                    size_t *ret_n, struct err *err);

/* Stores what was found in them, errors too: new findings, changed ones, vanished ones. Adds up. */
struct findings_kept {
    int64_t opened, resolved;
};
bool findings_keep(struct job_run *r, const struct household_found *all, size_t n,
                   struct findings_kept *kept, struct err *err);

#endif

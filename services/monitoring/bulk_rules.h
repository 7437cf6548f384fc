/* services/monitoring/bulk_rules.h - the rules in tables: which hold where, what is there, what
 * they find in a household of a batch (M-165, M-166). The rules are those of findings.h; errors
 * fail the rows of the household, the rest is noted and becomes findings when it is applied. */
#ifndef ZEREN_BULK_RULES_H
#define ZEREN_BULK_RULES_H

#include "bulk.h"
#include "household_facts.h"
#include "household_rules.h"

/* Of one bundle; what its `context` is. */
struct bulk_context {
    const struct rule_set *rules; /* NULL: it has no village, and fails without them */
    const char *facts;            /* of a household that is there */
};

/* For struct batch_judge: its begin; and its settle, with a statement that says which households of
 * the rows between :after and :last are to be checked. */
bool bulk_begin(struct job_run *r, struct arena *a, void **ret_state, struct err *err);
bool bulk_settle(struct job_run *r, const struct stmt *to_check, const char *batch_id,
                 const char *after, const char *last, struct err *err);

/* The day behind which children are born. */
const char *bulk_born_after(const void *state);

/* The household of a bundle, or NULL; where it is in the database, or NULL. */
const struct bundle_row *bulk_home(const struct bundle *b);
const struct bundle_row *bulk_home_there(const struct bundle *b);

/* In the chunk's transaction: gives each bundle its context, with rules. */
bool bulk_look_rules(void *state, struct job_run *r, struct bundle *const *list, size_t n,
                     struct bulk_context **ret, struct err *err);
/* Facts of their households, out of rows of (id, facts). */
bool bulk_keep_facts(const struct rows *rows, struct bundle *const *list, size_t n,
                     struct bulk_context *contexts, struct err *err);

/* Facts as JSON; false: out of memory. */
bool bulk_read_facts(const void *state, struct bundle *b, const char *json,
                     struct household_facts *ret);

/* Judges a household as it would stand: errors are faults, what else is found is noted. */
bool bulk_check(struct bundle *b, struct bundle_row *home, const struct household_facts *facts,
                struct date today, struct err *err);

#endif

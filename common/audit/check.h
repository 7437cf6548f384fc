/* common/audit/check.h - `zeren-audit verify` and `export`: brings a chain before the judge
 * (verify.h), from the database or from an export, in constant memory; and writes exports. */
#ifndef ZEREN_AUDIT_CHECK_H
#define ZEREN_AUDIT_CHECK_H

#include <stdio.h>

#include "audit/heads.h"
#include "audit/store.h"

struct check {
    struct heads heads;           /* dir NULL: no heads are at hand */
    FILE *out;                    /* faults and summaries */
    int64_t faults;               /* added to */
    int64_t pending_max_s, waits; /* verify.h; services of which a row waits longer: added to */
};

/* Everything of one service. */
bool check_database(struct check *c, struct store *s, struct err *err);

/* An export, of whatever service it says. Needs no database. */
bool check_export(struct check *c, FILE *in, struct err *err);

/* Writes an export of the rows recorded in a span, their seals, and what is kept outside. */
bool export_write(const struct heads *h, struct store *s, struct store_span *span, FILE *out,
                  struct err *err);

#endif

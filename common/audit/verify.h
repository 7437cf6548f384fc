/* common/audit/verify.h - the judge of a chain: is fed its seals with their rows, in order, and the
 * rows that have no seal; says what is wrong, one JSON object a line. Knows neither database nor
 * file (check.h does), and keeps nothing of what it has seen but a little of what was wrong. */
#ifndef ZEREN_AUDIT_VERIFY_H
#define ZEREN_AUDIT_VERIFY_H

#include <stdio.h>

#include "audit/heads.h"
#include "audit/store.h"

struct verify_options {
    const char *service;
    struct keyring *ring;
    FILE *out;
    const struct audit_head *head; /* the end it must reach; NULL: not known, or a part only */
    const struct anchors *anchors; /* NULL: none */
    int64_t anchors_until;         /* those of later seals are not asked for; 0: all are */
    int64_t first;                 /* number of its first seal: 1, or that of a part */
    int64_t pending_max_s;         /* longest that a row may wait for its seal; 0: any time */
};

struct verify; /* lives in the arena it was made in */

struct verify *verify_create(struct arena *a, const struct verify_options *o, struct err *err);
void verify_destroy(struct verify *v);

/* A seal, and all rows that bear one of its ids. False only when it could not be judged. */
bool verify_seal(struct verify *v, struct audit_seal *seal, const struct store_rows *rows,
                 struct err *err);

/* What stands in the place of a seal and is none. */
void verify_no_seal(struct verify *v, int64_t seq);

/* A row without a seal, after all seals. */
void verify_loose(struct verify *v, const struct audit_row *row);

/* Anything else that is wrong; `kind` a word of README.md, seq and id 0: none. */
void verify_fault(struct verify *v, const char *kind, int64_t seq, int64_t id, const char *detail);

/* Does a row wait for its seal for longer than it may? No fault of the chain: nobody seals. */
bool verify_waits(const struct verify *v);

/* The last word: what could only be known at the end, and the summary. The number of faults. */
int64_t verify_end(struct verify *v, struct err *err);

#endif

/* common/audit/swapped.h - rows that are not what was sealed: changed, or two that have changed
 * places. Keeps the first few, so that pairs can be tried. Private to verify.c. */
#ifndef ZEREN_AUDIT_SWAPPED_H
#define ZEREN_AUDIT_SWAPPED_H

#include "audit/chain.h"

struct swapped;

/* NULL when out of memory. */
struct swapped *swapped_create(void);
void swapped_destroy(struct swapped *s);

/* The n-th row of a seal is another one. */
bool swapped_note(struct swapped *s, const struct audit_seal *seal, size_t n,
                  const struct audit_row *row, struct err *err);

/* Was a row of this id noted? */
bool swapped_has(const struct swapped *s, int64_t id);

struct swapped_fault {
    int64_t seq, id, with; /* with 0: changed; else the row it changed places with, said once */
};

/* Says what each is. */
bool swapped_settle(struct swapped *s, void (*say)(void *ctx, const struct swapped_fault *f),
                    void *ctx, struct err *err);

#endif

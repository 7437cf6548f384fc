/* services/monitoring/bulk_facts.h - a household of a table as the rules look at it. Pure. */
#ifndef ZEREN_BULK_FACTS_H
#define ZEREN_BULK_FACTS_H

#include "bulk.h"
#include "household_facts.h"
#include "member_number.h"

/* The facts of a bundle; `there`: of the household as it is, NULL of a new one; `identities`: of
 * each row that is a member's. In the bundle's arena; false when memory ran out. */
bool bulk_facts(const struct bundle *b, const struct household_facts *there,
                const struct identity *identities, struct household_facts *ret);

#endif

/* services/monitoring/bulk.h - households, members and yearly blocks as tables: their columns, and
 * what judges them. Rules M-160 to M-176. */
#ifndef ZEREN_BULK_H
#define ZEREN_BULK_H

#include "archive_limits.h"
#include "batch/bundle.h"

enum bulk_household {
#define X(name, ...) HOUSEHOLD_##name,
#include "bulk_household.def"
#undef X
    HOUSEHOLD_COLUMNS
};

enum bulk_member {
#define X(name, ...) MEMBER_##name,
#include "bulk_member.def"
#undef X
    MEMBER_COLUMNS
};

enum { HOUSEHOLD_PART, MEMBER_PART };

extern const struct batch_column household_columns[], member_columns[];
extern const struct batch_part archive_parts[];
extern const struct batch_judge archive_judge;

extern const struct batch_column income_columns[], guarantees_columns[], living_columns[];
extern const struct batch_part income_parts[], guarantees_parts[], living_parts[];
extern const struct batch_judge block_judge;

#endif

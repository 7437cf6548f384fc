/* services/monitoring/block.h - what the yearly blocks of a household share: three guarantees,
 * income, living conditions. Rules M-060 to M-062. */
#ifndef ZEREN_BLOCK_H
#define ZEREN_BLOCK_H

#include "household_parts.h"

extern const char *const block_stages[];
extern const struct field three_guarantees_fields[], income_fields[], living_conditions_fields[];

/* clang-format off */
#define BLOCK_FIELDS \
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Its id; may come from the client."), \
    F_UUID("household_id", IN_BODY | IN_QUERY | REQUIRED | SHOWN, "The household."), \
    F_CODE("owner_division", SHOWN, "The household's village."), \
    F_CODE("at_division", SHOWN, "Where this record was made."), \
    F_CODE("division", IN_QUERY | OWN_SCOPE, "Only those of this village."), \
    F_CODE("within", IN_QUERY | OWN_SCOPE, "Only those of this division and below."), \
    F_INT("year", IN_BODY | IN_QUERY | REQUIRED | SHOWN, 2000, 2199, "The year that it is of.", "2026"), \
    F_ENUM("stage", IN_BODY | IN_QUERY | SHOWN, block_stages, "Of the year; or as the household became an object of monitoring, or as its risk was eliminated. Absent: yearly."), \
    F_UUIDS("ids", IN_QUERY, 500, "Only these."), \
    AS_OF_FIELD, \
    RECORDED_FIELDS, \
    REASON_FIELD(SHOWN | NULLABLE), \
    F_VERSION()
/* clang-format on */

/* One block, or as it was recorded at the end of the day that as_of names. */
bool block_one(struct request *rq, const struct stmt *as_of);

/* Enters the route's block; then the rules look at the household. */
handler block_create;

/* Corrects the route's block; `hold` holds its household and says which it is. */
bool block_correct(struct request *rq, const struct stmt *hold);

#endif

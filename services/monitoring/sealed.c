/* services/monitoring/sealed.c - the columns of this service that hold ciphertext, kept under the
 * active keys by http/reseal.h, and the bodies of versions and staged rows of tables that
 * hold the same (M-234 to M-236): their values are sealed for the record, as its column's, so the
 * name is that of the column. */
#include "monitoring.h"
#include "sql_monitoring.h"

/* clang-format off */
#define HOUSEHOLD(column, hashed) \
    {"monitoring.household." column, hashed, &SQL_household_sealed_find, &SQL_household_sealed_rewrite}, \
    {"monitoring.household." column, hashed, &SQL_version_sealed_find, &SQL_version_sealed_rewrite}, \
    {"monitoring.household." column, hashed, &SQL_batch_sealed_find, &SQL_batch_sealed_rewrite}
#define MEMBER(column, hashed) \
    {"monitoring.member." column, hashed, &SQL_member_sealed_find, &SQL_member_sealed_rewrite}, \
    {"monitoring.member." column, hashed, &SQL_version_sealed_find, &SQL_version_sealed_rewrite}, \
    {"monitoring.member." column, hashed, &SQL_batch_sealed_find, &SQL_batch_sealed_rewrite}

const struct sealed_column monitoring_sealed[] = {
    HOUSEHOLD("phone", true),
    MEMBER("id_number", true),
    MEMBER("phone", true),
    MEMBER("health", false),
    MEMBER("disability_card", false),
    {"monitoring.correction.wanted", false, &SQL_correction_sealed_find, &SQL_correction_sealed_rewrite},
    {0},
};
/* clang-format on */

/* services/monitoring/bulk_columns.c - the columns of households and members in tables; nothing
 * else. */
#include "bulk.h"
#include "sql_monitoring.h"

/* clang-format off */
static const struct batch_seal household_phone_seal = {"monitoring.household.phone", SEALED_PHONE, true};
static const struct batch_seal id_number_seal = {"monitoring.member.id_number", SEALED_CITIZEN_ID, true};
static const struct batch_seal member_phone_seal = {"monitoring.member.phone", SEALED_PHONE, true};
static const struct batch_seal health_seal = {"monitoring.member.health", SEALED_CODES, false};
static const struct batch_seal disability_card_seal = {"monitoring.member.disability_card", SEALED_DISABILITY_CARD, false};

#define X(name, label, cell, max, required, dictionary, explanation, seal, looked, starred) \
    {#name, label, cell, max, required, dictionary, explanation, seal, looked, starred},
const struct batch_column household_columns[] = {
#include "bulk_household.def"
    {0}
};
const struct batch_column member_columns[] = {
#include "bulk_member.def"
    {0}
};
#undef X

const struct batch_part archive_parts[] = {
    {"household", "户", household_columns, &SQL_archive_look_households},
    {"member", "成员", member_columns, &SQL_archive_look_members},
    {0}
};
/* clang-format on */

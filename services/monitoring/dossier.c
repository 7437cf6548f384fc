/* services/monitoring/dossier.c - a household in one answer: itself, who lives there, its blocks of
 * a year, what was found. Rule M-069. Changes nothing. */
#include "block.h"
#include "core/limits.h"
#include "household_parts.h"
#include "monitoring.h"
#include "sql_monitoring.h"

/* clang-format off */
static const struct field dossier_fields[] = {
    F_UUID("id", IN_PATH, "Id of the household."),
    F_INT("year", IN_QUERY | SHOWN, 2000, 2199, "The year of the blocks; absent: this one, or that of as_of.", "2026"),
    F_DATE("as_of", IN_QUERY | SHOWN | NULLABLE, "As it was recorded at the end of this day.", "2026-06-30"),
    F_OBJECT("household", SHOWN, household_fields, "The household."),
    F_ARRAY("members", SHOWN, member_fields, LIMIT_HOUSEHOLD_MEMBERS, "Who lives there, the head first."),
    F_ARRAY("three_guarantees", SHOWN, three_guarantees_fields, 3, "Of the year, one a stage."),
    F_ARRAY("incomes", SHOWN, income_fields, 3, "Of the year, one a stage."),
    F_ARRAY("living_conditions", SHOWN, living_conditions_fields, 3, "Of the year, one a stage."),
    F_ARRAY("findings", SHOWN, finding_fields, 1000, "Open ones, as far as the caller may see them."),
    FIELDS_END
};

const struct route dossier_routes[] = {
    {METHOD_GET, "/households/:id/dossier", PERM_HOUSEHOLD_READ, dossier_fields, &SQL_dossier, read_one, "get_household_dossier", "A household with its members, its blocks of a year and open findings; now, or as recorded at the end of a day"},
    ROUTES_END
};
/* clang-format on */

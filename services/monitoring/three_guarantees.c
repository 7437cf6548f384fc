/* services/monitoring/three_guarantees.c - what a household lacks of safe housing, schooling, water
 * and insurance, of a year and stage. Rules M-060 to M-062. */
#include "block.h"
#include "monitoring.h"
#include "sql_monitoring.h"

static handler guarantees_one, guarantees_correct;

/* clang-format off */
#define GUARANTEES \
    F_BOOL("housing_unsafe", IN_BODY | SHOWN | NULLABLE, "Its housing is not safe; null: nobody has said."), \
    F_BOOL("dropout", IN_BODY | SHOWN | NULLABLE, "A child of school age does not go to school."), \
    F_BOOL("water_unsafe", IN_BODY | SHOWN | NULLABLE, "Its drinking water is not safe."), \
    F_BOOL("uninsured", IN_BODY | SHOWN | NULLABLE, "Somebody has no basic medical insurance.")

const struct field three_guarantees_fields[] = {
    BLOCK_FIELDS,
    GUARANTEES,
    FIELDS_END
};

static const struct field corrected_fields[] = {
    F_UUID("id", IN_PATH, "Its id."),
    GUARANTEES,
    REASON_FIELD(0),
    F_VERSION(),
    FIELDS_END
};

#define NAMES "housing_unsafe dropout water_unsafe uninsured reason "

const struct route three_guarantees_routes[] = {
    {METHOD_GET,   "/three_guarantees",     PERM_HOUSEHOLD_READ,  three_guarantees_fields, &SQL_three_guarantees_list,    read_page,          "list_three_guarantees", "Three guarantees and water of households, by village"},
    {METHOD_GET,   "/three_guarantees/:id", PERM_HOUSEHOLD_READ,  three_guarantees_fields, &SQL_three_guarantees_get,     guarantees_one,     "get_three_guarantees", "Of one household, year and stage; or as it was recorded at the end of a day", .also = "as_of"},
    {METHOD_POST,  "/three_guarantees",     PERM_HOUSEHOLD_WRITE, three_guarantees_fields, &SQL_three_guarantees_insert,  block_create,       "create_three_guarantees", "Enter them of a household, year and stage", .also = NAMES, .location = "/three_guarantees/", .status = 201},
    {METHOD_PATCH, "/three_guarantees/:id", PERM_HOUSEHOLD_WRITE, corrected_fields,        &SQL_three_guarantees_correct, guarantees_correct, "update_three_guarantees", "Correct them", .also = NAMES "version", .shows = three_guarantees_fields, .probe = &SQL_three_guarantees_get},
    ROUTES_END
};
/* clang-format on */

static bool guarantees_one(struct request *rq)
{
    return block_one(rq, &SQL_three_guarantees_as_of);
}

static bool guarantees_correct(struct request *rq)
{
    return block_correct(rq, &SQL_three_guarantees_hold);
}

/* services/monitoring/living_conditions.c - a household's land, road, house and what it has, of a
 * year and stage. Rules M-060 to M-062. */
#include "block.h"
#include "monitoring.h"
#include "sql_monitoring.h"

static handler living_one, living_correct;

/* clang-format off */
#define LIVING \
    F_DECIMAL("farmland", IN_BODY | SHOWN | NULLABLE, 0, 2, "Farmland, mu.", "5.6"), \
    F_DECIMAL("grassland", IN_BODY | SHOWN | NULLABLE, 0, 2, "Grassland, mu.", "0"), \
    F_DECIMAL("water_area", IN_BODY | SHOWN | NULLABLE, 0, 2, "Water, mu.", "0.8"), \
    F_DECIMAL("woodland", IN_BODY | SHOWN | NULLABLE, 0, 2, "Woodland, mu.", "12"), \
    F_DECIMAL("returned_forest", IN_BODY | SHOWN | NULLABLE, 0, 2, "Farmland returned to forest, mu.", "2"), \
    F_DECIMAL("orchard", IN_BODY | SHOWN | NULLABLE, 0, 2, "Orchards, mu.", "1.5"), \
    F_TEXT("road_kind", IN_BODY | SHOWN | NULLABLE, 1, 40, "The road to the house, of the value list road_kind.", "cement"), \
    F_DECIMAL("road_distance", IN_BODY | SHOWN | NULLABLE, 0, 2, "To the village's main road, km.", "0.3"), \
    F_BOOL("cooperative", IN_BODY | SHOWN | NULLABLE, "Is in a cooperative."), \
    F_TEXT("house_grade", IN_BODY | SHOWN | NULLABLE, 1, 40, "Of the value list house_grade.", "A"), \
    F_DECIMAL("house_area", IN_BODY | SHOWN | NULLABLE, 0, 2, "The house, square metres.", "96"), \
    F_TEXT("fuel", IN_BODY | SHOWN | NULLABLE, 1, 40, "What is burnt most, of the value list fuel.", "gas"), \
    F_BOOL("enterprise_led", IN_BODY | SHOWN | NULLABLE, "An enterprise takes it along."), \
    F_BOOL("leader_led", IN_BODY | SHOWN | NULLABLE, "Somebody of the village who has done well takes it along."), \
    F_BOOL("electricity", IN_BODY | SHOWN | NULLABLE, "Has electricity."), \
    F_BOOL("broadcast", IN_BODY | SHOWN | NULLABLE, "Has radio or television."), \
    F_TEXT("support_kind", IN_BODY | SHOWN | NULLABLE, 1, 40, "What its own production is helped with, of the value list support_kind.", "planting"), \
    F_BOOL("sanitary_toilet", IN_BODY | SHOWN | NULLABLE, "Has a sanitary toilet."), \
    F_BOOL("safe_water", IN_BODY | SHOWN | NULLABLE, "Has safe drinking water.")

const struct field living_conditions_fields[] = {
    BLOCK_FIELDS,
    LIVING,
    FIELDS_END
};

static const struct field corrected_fields[] = {
    F_UUID("id", IN_PATH, "Its id."),
    LIVING,
    REASON_FIELD(0),
    F_VERSION(),
    FIELDS_END
};

#define NAMES \
    "farmland grassland water_area woodland returned_forest orchard road_kind road_distance cooperative house_grade house_area fuel enterprise_led leader_led " \
    "electricity broadcast support_kind sanitary_toilet safe_water reason "

const struct route living_conditions_routes[] = {
    {METHOD_GET,   "/living_conditions",     PERM_HOUSEHOLD_READ,  living_conditions_fields, &SQL_living_conditions_list,    read_page,      "list_living_conditions", "Living conditions of households, by village"},
    {METHOD_GET,   "/living_conditions/:id", PERM_HOUSEHOLD_READ,  living_conditions_fields, &SQL_living_conditions_get,     living_one,     "get_living_conditions", "Of one household, year and stage; or as they were recorded at the end of a day", .also = "as_of"},
    {METHOD_POST,  "/living_conditions",     PERM_HOUSEHOLD_WRITE, living_conditions_fields, &SQL_living_conditions_insert,  block_create,   "create_living_conditions", "Enter them of a household, year and stage", .also = NAMES, .location = "/living_conditions/", .status = 201},
    {METHOD_PATCH, "/living_conditions/:id", PERM_HOUSEHOLD_WRITE, corrected_fields,         &SQL_living_conditions_correct, living_correct, "update_living_conditions", "Correct them", .also = NAMES "version", .shows = living_conditions_fields, .probe = &SQL_living_conditions_get},
    ROUTES_END
};
/* clang-format on */

static bool living_one(struct request *rq)
{
    return block_one(rq, &SQL_living_conditions_as_of);
}

static bool living_correct(struct request *rq)
{
    return block_correct(rq, &SQL_living_conditions_hold);
}

/* services/registry/settlement.c - natural villages, villagers' groups and grids: what stands below
 * a village, one by one or out of a CSV. Rules. */
#include "core/limits.h"
#include "registry.h"
#include "sql_registry.h"
#include "table_load.h"

static const char *const settlement_kinds[] = {"natural_village", "group", "grid", NULL};
static handler settlement_import;

/* clang-format off */
static const struct field settlement_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Its id; may come from the client."),
    F_CODE("owner_division", IN_BODY | REQUIRED | SHOWN | OWN_SCOPE, "The village that it is of."),
    F_CODE("division", IN_QUERY | OWN_SCOPE, "Only those of this village."),
    F_CODE("within", IN_QUERY | OWN_SCOPE, "Only those of this division and of the villages below it."),
    F_ENUM("kind", IN_BODY | IN_QUERY | REQUIRED | SHOWN, settlement_kinds, "What it is."),
    F_TEXT("name", IN_BODY | REQUIRED | SHOWN, 1, 60, "Its name, one of its kind in the village at a time.", "仙人阁"),
    F_TEXT("name_prefix", IN_QUERY, 1, 60, "Only names that begin so.", "仙"),
    F_UUID("parent_id", IN_BODY | IN_QUERY | SHOWN | NULLABLE, "Of a group or grid: the natural village that it is in."),
    F_DATE("valid_from", IN_BODY | SHOWN, "First day; absent: today.", "2020-01-01"),
    F_DATE("valid_to", IN_BODY | SHOWN | NULLABLE, "The first day it is no longer there; null: open.", "2027-01-01"),
    F_DATE("as_of", IN_QUERY, "Only those that are there on this day.", "2026-06-30"),
    F_UUIDS("ids", IN_QUERY, 500, "Only these."),
    F_INSTANT("created_at", SHOWN, "When it was entered."),
    F_VERSION(),
    FIELDS_END
};

static const struct field corrected_fields[] = {
    F_UUID("id", IN_PATH, "Its id."),
    F_TEXT("name", IN_BODY, 1, 60, "Its name.", "仙人阁"),
    F_UUID("parent_id", IN_BODY | NULLABLE, "Of a group or grid: the natural village that it is in."),
    F_DATE("valid_from", IN_BODY, "First day.", "2020-01-01"),
    F_DATE("valid_to", IN_BODY | NULLABLE, "The first day it is no longer there.", "2027-01-01"),
    F_VERSION(),
    FIELDS_END
};

static const struct field columns[] = {
    F_CODE("owner_division", IN_BODY | REQUIRED, "The village; inside the caller's scope."),
    F_ENUM("kind", IN_BODY | REQUIRED, settlement_kinds, "What it is."),
    F_TEXT("name", IN_BODY | REQUIRED, 1, 60, "Its name.", "三组"),
    F_TEXT("parent", IN_BODY, 1, 60, "Of a group or grid: the name of the natural village that it is in, there already or in this table.", "仙人阁"),
    F_DATE("valid_from", IN_BODY, "First day; empty: today.", "2020-01-01"),
    FIELDS_END
};

const struct route settlement_routes[] = {
    {METHOD_GET,   "/settlements",        PERM_DIVISION_READ,  settlement_fields, &SQL_settlement_list,    read_page, "list_settlements", "Natural villages, villagers' groups and grids in the caller's scope"},
    {METHOD_GET,   "/settlements/:id",    PERM_DIVISION_READ,  settlement_fields, &SQL_settlement_get,     read_one,  "get_settlement", "One natural village, group or grid"},
    {METHOD_POST,  "/settlements",        PERM_DIVISION_WRITE, settlement_fields, &SQL_settlement_insert,  write_one, "create_settlement", "Register a natural village, group or grid", .location = "/settlements/", .status = 201},
    {METHOD_PATCH, "/settlements/:id",    PERM_DIVISION_WRITE, corrected_fields,  &SQL_settlement_correct, write_one, "update_settlement", "Correct it, or say until when it is there", .shows = settlement_fields, .probe = &SQL_settlement_get},
    {METHOD_POST,  "/settlements:import", PERM_DIVISION_WRITE, loaded_fields,     &SQL_settlement_import,  settlement_import, "import_settlements", "Register natural villages, groups and grids from a CSV with columns owner_division, kind, name and optionally parent, valid_from; those that are there stay as they are", .media = MEDIA_CSV, .status = 200},
    ROUTES_END
};
/* clang-format on */

static bool settlement_import(struct request *rq)
{
    static const struct table_load settlements = {
        columns, LIMIT_SETTLEMENT_ROWS, &SQL_settlement_import_check, &SQL_settlement_import};
    return table_load(rq, &settlements);
}

/* services/registry/coverage.c - how much of what there is to visit was visited (遍访), out of the
 * visits that exist and never ticked; and how many households a division has to visit. Rules R-152
 * to R-155. Compares nobody with anybody. */
#include "core/limits.h"
#include "registry.h"
#include "sql_registry.h"
#include "table_load.h"

enum { YEAR_FIRST = 2000, YEAR_LAST = 2199, TOTAL_MAX = 100000000 };
static const char *const coverage_kinds[] = {"natural_village", "household", "poor_household",
                                             NULL};
static const char *const target_kinds[] = {"household", "poor_household", NULL};
static handler target_import;

/* clang-format off */
static const struct field figure_fields[] = {
    F_ENUM("kind", SHOWN, coverage_kinds, "What was to be visited."),
    F_INT("to_visit", SHOWN | NULLABLE, 0, TOTAL_MAX, "How many there are; null: nobody has said.", "24"),
    F_INT("visited", SHOWN, 0, TOTAL_MAX, "How many different ones were visited.", "19"),
    F_INT("left", SHOWN | NULLABLE, 0, TOTAL_MAX, "How many were not.", "5"),
    F_DECIMAL("completion", SHOWN | NULLABLE, 0, 2, "In percent, at most 100.", "79.17"),
    FIELDS_END
};

static const struct field coverage_fields[] = {
    F_CODE("division", IN_QUERY | REQUIRED | SHOWN | OWN_SCOPE, "Of which division, with all below it."),
    F_INT("year", IN_QUERY | REQUIRED | SHOWN, YEAR_FIRST, YEAR_LAST, "In which year.", "2026"),
    F_UUID("post_id", IN_QUERY | SHOWN | NULLABLE, "By which post; null: by whomever."),
    F_ENUM("kind", IN_QUERY, coverage_kinds, "Only of this."),
    F_DATE("as_of", SHOWN, "The day whose natural villages are counted: today, or the year's last.", "2026-11-22"),
    F_ARRAY("figures", SHOWN, figure_fields, 3, "One for each kind."),
    FIELDS_END
};

static const struct field unvisited_fields[] = {
    F_UUID("id", SHOWN, "Id of the natural village."),
    F_CODE("owner_division", SHOWN, "The village that it is of."),
    F_TEXT("name", SHOWN, 1, 60, "Its name.", "仙人阁"),
    F_DATE("last_visited_on", SHOWN | NULLABLE, "The last visit in another year; null: there is none.", "2025-11-03"),
    F_CODE("division", IN_QUERY | REQUIRED | OWN_SCOPE, "Of which division, with all below it."),
    F_INT("year", IN_QUERY | REQUIRED, YEAR_FIRST, YEAR_LAST, "In which year.", "2026"),
    F_UUID("post_id", IN_QUERY, "Not by this post; absent: by nobody."),
    FIELDS_END
};

static const struct field target_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Its id; may come from the client."),
    F_CODE("owner_division", IN_BODY | REQUIRED | SHOWN | OWN_SCOPE, "Of which division, with all below it."),
    F_CODE("division", IN_QUERY | OWN_SCOPE, "Only of this division."),
    F_CODE("within", IN_QUERY | OWN_SCOPE, "Only of this division and those below it."),
    F_INT("year", IN_BODY | IN_QUERY | REQUIRED | SHOWN, YEAR_FIRST, YEAR_LAST, "For which year.", "2026"),
    F_ENUM("kind", IN_BODY | IN_QUERY | REQUIRED | SHOWN, target_kinds, "What is counted."),
    F_INT("n", IN_BODY | REQUIRED | SHOWN, 0, TOTAL_MAX, "How many there are.", "412"),
    F_TEXT("source", IN_BODY | REQUIRED | SHOWN, 1, 200, "Who says so.", "2025年度农户台账"),
    F_INSTANT("created_at", SHOWN, "When it was entered."),
    F_VERSION(),
    FIELDS_END
};

static const struct field corrected_fields[] = {
    F_UUID("id", IN_PATH, "Its id."),
    F_INT("n", IN_BODY, 0, TOTAL_MAX, "How many there are.", "412"),
    F_TEXT("source", IN_BODY, 1, 200, "Who says so.", "2026年6月核对"),
    F_VERSION(),
    FIELDS_END
};

static const struct field columns[] = {
    F_CODE("owner_division", IN_BODY | REQUIRED, "Of which division; inside the caller's scope."),
    F_INT("year", IN_BODY | REQUIRED, YEAR_FIRST, YEAR_LAST, "For which year.", "2026"),
    F_ENUM("kind", IN_BODY | REQUIRED, target_kinds, "What is counted."),
    F_INT("total", IN_BODY | REQUIRED, 0, TOTAL_MAX, "How many there are.", "412"),
    F_TEXT("source", IN_BODY | REQUIRED, 1, 200, "Who says so.", "2025年度农户台账"),
    FIELDS_END
};

const struct route coverage_routes[] = {
    {METHOD_GET,   "/coverage",                PERM_VISIT_READ,    coverage_fields,  &SQL_coverage_get,              read_one,  "get_coverage", "How much of a division was visited in a year, by a post or by whomever"},
    {METHOD_GET,   "/unvisited_settlements",   PERM_VISIT_READ,    unvisited_fields, &SQL_unvisited_settlement_list, read_page, "list_unvisited_settlements", "Natural villages that were not visited in a year"},
    {METHOD_GET,   "/coverage_targets",        PERM_VISIT_READ,    target_fields,    &SQL_coverage_target_list,      read_page, "list_coverage_targets", "How many households there are to visit"},
    {METHOD_GET,   "/coverage_targets/:id",    PERM_VISIT_READ,    target_fields,    &SQL_coverage_target_get,       read_one,  "get_coverage_target", "One such number"},
    {METHOD_POST,  "/coverage_targets",        PERM_CONTACT_WRITE, target_fields,    &SQL_coverage_target_insert,    write_one, "create_coverage_target", "Say how many households a division has to visit in a year", .location = "/coverage_targets/", .status = 201},
    {METHOD_PATCH, "/coverage_targets/:id",    PERM_CONTACT_WRITE, corrected_fields, &SQL_coverage_target_correct,   write_one, "update_coverage_target", "Correct such a number", .shows = target_fields, .probe = &SQL_coverage_target_get},
    {METHOD_POST,  "/coverage_targets:import", PERM_CONTACT_WRITE, loaded_fields,    &SQL_coverage_target_import,    target_import, "import_coverage_targets", "Load such numbers from a CSV with columns owner_division, year, kind, total, source; a number that is there is replaced", .media = MEDIA_CSV, .status = 200},
    ROUTES_END
};
/* clang-format on */

static bool target_import(struct request *rq)
{
    static const struct table_load targets = {columns, LIMIT_COVERAGE_ROWS,
                                              &SQL_coverage_target_import_check,
                                              &SQL_coverage_target_import};
    return table_load(rq, &targets);
}

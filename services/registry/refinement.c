/* services/registry/refinement.c - monthly refinement (月度细化): what the lead unit of an item
 * does in one month, told by the unit itself. Rules R-127: sql/refinement.sql. Whether a unit owes
 * one is not said here. */
#include "registry.h"
#include "sql_registry.h"

/* clang-format off */
static const struct field refinement_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id of the refinement; may come from the client."),
    F_CODE("owner_division", SHOWN, "The item's division."),
    F_CODE("at_division", SHOWN, "Where it is done."),
    F_CODE("division", IN_QUERY | OWN_SCOPE, "Only refinements of items of this division."),
    F_UUID("item_id", IN_PATH | IN_QUERY | SHOWN, "The item that is refined; as a filter: in whatever edition of its list."),
    F_DATE("month", IN_BODY | IN_QUERY | SHOWN | REQUIRED, "The first day of the month.", "2026-06-01"),
    F_TEXT("content", IN_BODY | REQUIRED | SHOWN, 1, 4000, "What is done in that month.", "完成五处供水工程管网铺设"),
    F_TEXT("standard", IN_BODY | SHOWN | NULLABLE, 1, 1000, "To which standard.", "水质检测合格，入户率百分之百"),
    F_UUID("organisation_id", IN_QUERY | SHOWN, "The lead unit that refined it."),
    F_UUID("post_id", SHOWN, "The post that did."),
    F_DATE("refined_on", SHOWN, "The day it was told.", "2026-06-02"),
    F_INSTANT("created_at", SHOWN, "When it was entered."),
    F_VERSION(),
    FIELDS_END
};

static const struct field corrected_fields[] = {
    F_UUID("id", IN_PATH, "Id of the refinement."),
    F_TEXT("content", IN_BODY, 1, 4000, "What is done in that month.", "完成五处供水工程管网铺设"),
    F_TEXT("standard", IN_BODY | NULLABLE, 1, 1000, "To which standard.", "水质检测合格，入户率百分之百"),
    F_VERSION(),
    FIELDS_END
};

const struct route refinement_routes[] = {
    {METHOD_GET,   "/refinements",     PERM_DUTY_LIST_READ, refinement_fields, &SQL_refinement_list,   read_page, "list_refinements", "Monthly refinements of items in the caller's scope"},
    {METHOD_GET,   "/refinements/:id", PERM_DUTY_LIST_READ, refinement_fields, &SQL_refinement_get,    read_one,  "get_refinement", "One refinement"},
    {METHOD_POST,  "/items/:item_id/refinements", PERM_REPORT_WRITE, refinement_fields, &SQL_refinement_insert, write_one, "refine_item", "Refine an item of the own unit for a month", .location = "/refinements/", .status = 201},
    {METHOD_PATCH, "/refinements/:id", PERM_REPORT_WRITE,   corrected_fields,  &SQL_refinement_correct, write_one, "update_refinement", "Correct an own refinement until its month is over", .shows = refinement_fields, .probe = &SQL_refinement_get},
    ROUTES_END
};
/* clang-format on */

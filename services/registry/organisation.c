/* services/registry/organisation.c - units that can answer for something: register, look up,
 * correct. Contract: proto/registry.md. Posts and their holders live in identity. */
#include "registry.h"
#include "sql_registry.h"

const char *const organisation_kinds[] = {
    "party_committee", "government", "department", "town", "village",
    "work_group",      "enterprise", "other",      NULL};

/* clang-format off */
static const struct field organisation_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id of the organisation; may come from the client."),
    F_CODE("owner_division", IN_BODY | REQUIRED | SHOWN | OWN_SCOPE, "The division it belongs to; inside the caller's scope."),
    F_TEXT("name", IN_BODY | REQUIRED | SHOWN, 1, 80, "Full name, unique in its division.", "娄星区水利局"),
    F_ENUM("kind", IN_BODY | IN_QUERY | REQUIRED | SHOWN, organisation_kinds, "What sort of unit it is."),
    F_TEXT("line", IN_BODY | IN_QUERY | SHOWN | NULLABLE, 1, 40, "The functional line (条) it works in; null: the whole division.", "water"),
    F_INSTANT("created_at", SHOWN, "When it was registered."),
    F_CODE("division", IN_QUERY | OWN_OR_ABOVE, "Only organisations of this division."),
    F_TEXT("name_prefix", IN_QUERY, 1, 80, "Only names that begin so.", "娄星区"),
    F_VERSION(),
    FIELDS_END
};

static const struct field organisation_import_fields[] = {
    F_UUID("id", SHOWN, "Id of this load, as in the audit log."),
    F_INT("rows", SHOWN, 0, INT32_MAX, "Rows read.", "120"),
    F_INT("inserted", SHOWN, 0, INT32_MAX, "Organisations registered.", "118"),
    F_INT("unchanged", SHOWN, 0, INT32_MAX, "Organisations that were there already.", "2"),
    F_VERSION(),
    FIELDS_END
};

const struct route organisation_routes[] = {
    {METHOD_GET,   "/organisations",     PERM_ORGANISATION_READ,  organisation_fields, &SQL_organisation_list,    read_page, "list_organisations", "Organisations of the caller's divisions and above"},
    {METHOD_GET,   "/organisations/:id", PERM_ORGANISATION_READ,  organisation_fields, &SQL_organisation_get,     read_one,  "get_organisation", "One organisation"},
    {METHOD_POST,  "/organisations",     PERM_ORGANISATION_WRITE, organisation_fields, &SQL_organisation_insert,  write_one, "create_organisation", "Register an organisation", .location = "/organisations/"},
    {METHOD_PATCH, "/organisations/:id", PERM_ORGANISATION_WRITE, organisation_fields, &SQL_organisation_correct, write_one, "update_organisation", "Correct an organisation", .probe = &SQL_organisation_get},
    {METHOD_POST,  "/organisations:import", PERM_ORGANISATION_WRITE, organisation_import_fields, &SQL_organisation_import, organisation_import, "import_organisations", "Register organisations from a CSV with columns owner_division, name, kind and optionally line; those that are there stay as they are", .media = MEDIA_CSV, .status = 200},
    ROUTES_END
};
/* clang-format on */

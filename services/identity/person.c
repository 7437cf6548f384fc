/* services/identity/person.c - people who hold posts, by name: register and look up. */
#include "identity.h"
#include "sql_identity.h"

/* clang-format off */
static const struct field person_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id of the person; may come from the client."),
    F_CODE("owner_division", IN_BODY | REQUIRED | SHOWN, "The division that keeps the entry; inside the caller's scope."),
    F_TEXT("name", IN_BODY | REQUIRED | SHOWN, 1, 60, "Name.", "赵甲"),
    F_INSTANT("created_at", SHOWN, "When the entry was made."),
    F_TEXT("name_prefix", IN_QUERY, 1, 60, "Only names that begin so.", "赵"),
    F_VERSION(),
    FIELDS_END
};

const struct route person_routes[] = {
    {METHOD_GET,  "/persons",     PERM_POST_READ,  person_fields, &SQL_person_list,   read_page, "list_persons", "Persons of the caller's divisions and above", .probe = NULL},
    {METHOD_GET,  "/persons/:id", PERM_POST_READ,  person_fields, &SQL_person_get,    read_one,  "get_person", "One person", .probe = NULL},
    {METHOD_POST, "/persons",     PERM_POST_WRITE, person_fields, &SQL_person_insert, write_one, "create_person", "Enter a person", .location = "/persons/"},
    ROUTES_END
};
/* clang-format on */

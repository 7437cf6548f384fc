/* services/identity/holder.c - who holds a post, with dates; two never at once. */
#include "identity.h"
#include "sql_identity.h"

/* clang-format off */
static const struct field holder_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id of the entry; may come from the client."),
    F_CODE("owner_division", SHOWN, "The division of the post."),
    F_UUID("post_id", IN_BODY | REQUIRED | SHOWN, "The post."),
    F_UUID("person_id", IN_BODY | REQUIRED | SHOWN, "Who holds it."),
    F_DATE("starts_on", IN_BODY | REQUIRED | SHOWN, "First day.", "2026-01-01"),
    F_DATE("ends_on", IN_BODY | SHOWN | NULLABLE, "The day after the last one; null: open.", "2027-01-01"),
    F_INSTANT("created_at", SHOWN, "When the entry was made."),
    F_VERSION(),
    FIELDS_END
};

static const struct field holder_filters[] = {
    F_UUID("post_id", IN_QUERY, "Only holders of this post."),
    F_UUID("person_id", IN_QUERY, "Only what this person holds."),
    F_DATE("as_of", IN_QUERY, "Only who holds a post on that day.", "2026-05-01"),
    FIELDS_END
};

const struct route holder_routes[] = {
    {METHOD_GET,  "/holders", PERM_POST_READ,  holder_filters, &SQL_holder_list, read_page, "list_holders", "Who holds which post", .shows = holder_fields},
    {METHOD_POST, "/holders", PERM_POST_WRITE, holder_fields, &SQL_holder_insert, write_one, "create_holder", "Put a person in a post; 409 when another holds it in that time", .location = "/holders/"},
    {METHOD_GET,  "/holders/:id", PERM_POST_READ, holder_fields, &SQL_holder_get, read_one, "get_holder", "One entry of who holds a post"},
    {METHOD_PATCH, "/holders/:id", PERM_POST_WRITE, holder_fields, &SQL_holder_correct, write_one, "update_holder", "End or correct the time somebody holds a post", .probe = &SQL_holder_get},
    ROUTES_END
};
/* clang-format on */

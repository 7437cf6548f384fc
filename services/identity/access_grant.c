/* services/identity/access_grant.c - access to a division's data for a time and a reason: given,
 * seen by those who keep the data, ended. Acting under one is session.c's. Rule A-8. */
#include "identity.h"
#include "sql_identity.h"

/* clang-format off */
static const struct field grantee_fields[] = {
    F_TEXT("post", SHOWN, 1, 80, "The post's name.", "督查岗"),
    F_TEXT("organisation", SHOWN | NULLABLE, 1, 80, "The organisation it is in.", "娄底市督查考核办公室"),
    F_CODE("division", SHOWN, "That organisation's division."),
    F_TEXTS("holders", SHOWN, 8, "Who holds it today."),
    FIELDS_END
};

static const struct field access_grant_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id of the access; may come from the client."),
    F_CODE("owner_division", IN_BODY | REQUIRED | SHOWN | OWN_SCOPE, "Whose data: this division's and those below it."),
    F_UUID("post_id", IN_BODY | IN_QUERY | REQUIRED | SHOWN, "The post that may see it."),
    F_OBJECT("grantee", SHOWN, grantee_fields, "That post, its unit, and who holds it."),
    F_TEXTS("permissions", IN_BODY | REQUIRED | SHOWN, 128, "What it may do there; nothing of an administrator."),
    F_TEXT("reason", IN_BODY | REQUIRED | SHOWN, 1, 200, "Why it is given; in the body of :end, why it ends.", "市级第三轮督查，文件〔2026〕12号"),
    F_INSTANT("starts_at", IN_BODY | SHOWN, "From when; now unless said."),
    F_INSTANT("ends_at", IN_BODY | REQUIRED | SHOWN, "Until when, at most the setting identity.access_grant_days later."),
    F_UUID("granted_by", SHOWN, "The post that gave it."),
    F_INSTANT("ended_at", SHOWN | NULLABLE, "When it was ended before its time."),
    F_UUID("ended_by", SHOWN | NULLABLE, "The post that ended it."),
    F_TEXT("end_reason", SHOWN | NULLABLE, 1, 200, "Why it was ended.", "督查结束"),
    F_BOOL("in_force", IN_QUERY, "Only access that holds now, or only such that does not."),
    F_INSTANT("created_at", SHOWN, "When it was given."),
    F_VERSION(),
    FIELDS_END
};

const struct route access_grant_routes[] = {
    {METHOD_GET,  "/access_grants",         PERM_ACCESS_READ,  access_grant_fields, &SQL_access_grant_list,   read_page, "list_access_grants", "Who was given access to the caller's divisions, why, and until when", .probe = NULL},
    {METHOD_GET,  "/access_grants/:id",     PERM_ACCESS_READ,  access_grant_fields, &SQL_access_grant_get,    read_one,  "get_access_grant", "One access for a time", .probe = NULL},
    {METHOD_POST, "/access_grants",         PERM_ACCESS_GRANT, access_grant_fields, &SQL_access_grant_insert, write_one, "create_access_grant", "Give a post access to a division's data for a time, with a reason", .location = "/access_grants/"},
    {METHOD_POST, "/access_grants/:id:end", PERM_ACCESS_GRANT, access_grant_fields, &SQL_access_grant_end,    write_one, "end_access_grant", "End access before its time, with a reason", .probe = &SQL_access_grant_get},
    ROUTES_END
};
/* clang-format on */

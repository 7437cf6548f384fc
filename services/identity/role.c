/* services/identity/role.c - roles, which divisions keep, and the catalogue of permissions. What
 * may go into a role is judged by identity.check_role() (rules of proto/identity.md).
 */
#include "core/buf.h"
#include "identity.h"
#include "sql_identity.h"

static const char *const masks[] = {"hidden", "strict", "usual", NULL};
static const char *const admin_kinds[] = {"system", "security", "audit", NULL};

/* clang-format off */
static const struct field role_fields[] = {
    F_UUID("id", IN_BODY | SHOWN, "Id of the role; may come from the client."),
    F_TEXT("code", IN_PATH | IN_BODY | REQUIRED | SHOWN, 2, 39, "Its name in the API: small letters, digits and _; in a path the id does, too.", "county_reader"),
    F_TEXT("label", IN_BODY | REQUIRED | SHOWN, 1, 60, "Its name for people.", "县级查阅人员"),
    F_CODE("owner_division", IN_BODY | REQUIRED | SHOWN | OWN_SCOPE, "The division that keeps it; posts of it and below may have it."),
    F_TEXTS("permissions", IN_BODY | REQUIRED | SHOWN, 128, "What whoever acts by it may do."),
    F_TEXTS("grantable", IN_BODY | SHOWN, 64, "What whoever acts by it may give on, inside the own divisions and lines."),
    F_ENUM("personal_data", IN_BODY | SHOWN, masks, "How masked personal data is shown: not at all, strictly or as usual; strictly unless said."),
    F_ENUM("admin_kind", SHOWN | NULLABLE, admin_kinds, "The kind of administrator it makes, if it makes one."),
    F_INSTANT("created_at", SHOWN, "When it was made."),
    F_CODE("division", IN_QUERY | OWN_OR_ABOVE, "Only roles that this division keeps."),
    F_VERSION(),
    FIELDS_END
};

static const struct field permission_fields[] = {
    F_TEXT("code", SHOWN, 1, 40, "The permission.", "duty_list.read"),
    F_ENUM("admin_kind", SHOWN | NULLABLE, admin_kinds, "The kind of administrator that it makes of its holder."),
    F_TEXT("prose", SHOWN | NULLABLE, 1, 200, "What it permits.", "read duty lists, tasks, items and completion"),
    FIELDS_END
};

static handler permission_page;

const struct route role_routes[] = {
    {METHOD_GET,   "/roles",       PERM_ROLE_READ,  role_fields, &SQL_role_list,   read_page, "list_roles", "Roles of the caller's divisions and above", .probe = NULL},
    {METHOD_GET,   "/roles/:code", PERM_ROLE_READ,  role_fields, &SQL_role_get,    read_one,  "get_role", "One role, by code or id", .probe = NULL},
    {METHOD_POST,  "/roles",       PERM_ROLE_WRITE, role_fields, &SQL_role_insert, write_one, "create_role", "Make a role of what the caller may give on", .location = "/roles/"},
    {METHOD_PATCH, "/roles/:code", PERM_ROLE_WRITE, role_fields, &SQL_role_change, write_one, "update_role", "Change a role; what it loses ends within a second", .probe = &SQL_role_get},
    {METHOD_GET,   "/permissions", PERM_ROLE_READ,  permission_fields, &SQL_permission_list, permission_page, "list_permissions", "Every permission, what it permits, and which administrator it makes", .probe = NULL},
    ROUTES_END
};
/* clang-format on */

enum { PROSE_MAX = 16 * 1024 };

/* The program's words for its permissions, {"code": "prose"}. */
static bool permission_page(struct request *rq)
{
    struct buf b;
    buf_init(&b, rq->arena, PROSE_MAX);
    for (unsigned p = PERM_SIGNED_IN + 1; p < PERM_COUNT; p++) {
        buf_printf(&b, "%s\"%s\":", p == PERM_SIGNED_IN + 1 ? "{" : ",",
                   permission_code((enum permission)p));
        buf_json(&b, permission_prose((enum permission)p));
    }
    buf_char(&b, '}');
    const char *prose = buf_text(&b);
    return (prose != NULL && arg_bind(rq, "prose", prose))
               ? read_page(rq)
               : fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
}

/* services/identity/right.c - what posts permit, and which accounts act in a post besides its
 * holder. Who may give what is judged by identity.check_confer() (rules of
 * proto/identity.md). */
#include "identity.h"
#include "sql_identity.h"

/* clang-format off */
static const struct field rights_fields[] = {
    F_UUID("id", IN_PATH | SHOWN, "Id of the post."),
    F_CODE("owner_division", SHOWN, "The division of its organisation."),
    F_UUID("organisation_id", SHOWN, "The organisation it is in."),
    F_TEXT("title", SHOWN, 1, 80, "Its name.", "党组书记、局长"),
    F_TEXT("role", IN_BODY | REQUIRED | SHOWN | NULLABLE, 2, 39, "The role whoever is in the post acts by; null takes all rights away.", "county_office"),
    F_TEXTS("ranges", IN_BODY | SHOWN, 30, "Where: codes of divisions, each with all below it; 000000000000 is the country."),
    F_TEXTS("lines", IN_BODY | SHOWN | NULLABLE, 32, "Lines (条) it is limited to; null: every line."),
    F_VERSION(),
    FIELDS_END
};

static const struct field account_post_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id of the entry; may come from the client."),
    F_CODE("owner_division", SHOWN, "The division of the post, or of the account where the post is another division's."),
    F_UUID("account_id", IN_BODY | IN_QUERY | REQUIRED | SHOWN, "The account: a machine's, a device's, or a named deputy's."),
    F_UUID("post_id", IN_BODY | IN_QUERY | REQUIRED | SHOWN, "The post it may act in."),
    F_INSTANT("created_at", SHOWN, "Since when."),
    F_VERSION(),
    FIELDS_END
};

const struct route right_routes[] = {
    {METHOD_POST, "/posts/:id:grant",          PERM_ACCOUNT_GRANT, rights_fields, &SQL_post_grant, write_one, "grant_post", "Give a post its rights: role, ranges and lines, none beyond the caller's own", .probe = &SQL_post_rights},
    {METHOD_GET,  "/posts/:id/rights",         PERM_ACCOUNT_READ,  rights_fields, &SQL_post_rights, read_one, "get_post_rights", "What a post of the caller's divisions permits, where and in which lines", .probe = NULL},
    {METHOD_GET,  "/account_posts",            PERM_ACCOUNT_READ,  account_post_fields, &SQL_account_post_list, read_page, "list_account_posts", "Which accounts act in which posts besides their holders", .probe = NULL},
    {METHOD_GET,  "/account_posts/:id",        PERM_ACCOUNT_READ,  account_post_fields, &SQL_account_post_get, read_one, "get_account_post", "One such entry", .probe = NULL},
    {METHOD_POST, "/account_posts",            PERM_ACCOUNT_GRANT, account_post_fields, &SQL_account_post_insert, write_one, "create_account_post", "Let an account act in a post", .location = "/account_posts/"},
    {METHOD_POST, "/account_posts/:id:remove", PERM_ACCOUNT_GRANT, account_post_fields, &SQL_account_post_remove, write_one, "remove_account_post", "End it; running tokens end within a second", .probe = &SQL_account_post_get, .media = MEDIA_NONE},
    ROUTES_END
};
/* clang-format on */

/* services/identity/post.c - positions in organisations: register, look up, retitle. What a post
 * permits (role, ranges, lines) is not set here. */
#include "identity.h"
#include "sql_identity.h"

const char *const post_duties[] = {"first_responsible",
                                   "direct",
                                   "specific",
                                   "main_body",
                                   "contact_leader",
                                   "linked_unit",
                                   "lead_unit",
                                   "duty_unit",
                                   "work_group",
                                   "first_secretary",
                                   "team_leader",
                                   "team_member",
                                   "helper",
                                   "grid_worker",
                                   "staff",
                                   NULL};

/* clang-format off */
static const struct field post_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id of the post; may come from the client."),
    F_CODE("owner_division", SHOWN, "The division of its organisation."),
    F_UUID("organisation_id", IN_BODY | REQUIRED | SHOWN, "The organisation it is in."),
    F_TEXT("title", IN_BODY | REQUIRED | SHOWN, 1, 80, "Its name, unique in the organisation.", "党组书记、局长"),
    F_ENUM("duty", IN_BODY | REQUIRED | SHOWN, post_duties, "What its holder answers as."),
    F_TEXT("role", SHOWN | NULLABLE, 0, 40, "The set of permissions of an account in this post; null: nobody signs in with it.", "county_office"),
    F_INSTANT("created_at", SHOWN, "When it was registered."),
    F_VERSION(),
    FIELDS_END
};

static const struct field post_filters[] = {
    F_UUID("organisation_id", IN_QUERY, "Only posts of this organisation."),
    F_ENUM("duty", IN_QUERY, post_duties, "Only posts whose holder answers as that."),
    FIELDS_END
};

const struct route post_routes[] = {
    {METHOD_GET,   "/posts",     PERM_POST_READ,  post_filters, &SQL_post_list,   read_page, "list_posts", "Posts of the caller's divisions and above", .shows = post_fields},
    {METHOD_GET,   "/posts/:id", PERM_POST_READ,  post_fields, &SQL_post_get,     read_one,  "get_post", "One post", .probe = NULL},
    {METHOD_POST,  "/posts",     PERM_POST_WRITE, post_fields, &SQL_post_insert,  write_one, "create_post", "Register a post of an organisation", .location = "/posts/"},
    {METHOD_PATCH, "/posts/:id", PERM_POST_WRITE, post_fields, &SQL_post_correct, write_one, "update_post", "Correct a post's title", .probe = &SQL_post_own},
    ROUTES_END
};
/* clang-format on */

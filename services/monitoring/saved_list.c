/* services/monitoring/saved_list.c - filters of households under a name, kept by a post and shared
 * or not; and the households that they find now. Rules M-200 to M-204. */
#include "core/str.h"
#include "household_parts.h"
#include "monitoring.h"
#include "persons.h"
#include "search.h"
#include "sql_monitoring.h"

static const char *const household_types[] = {"general", "lifted", NULL};
static const char *const household_states[] = {"active", "ended", NULL};
static handler list_households;

/* clang-format off */
static const struct field filter_fields[] = {
    F_TEXT("text", IN_BODY | SHOWN | SPARSE, 2, 60, "As GET /households takes it.", "三组"),
    F_BOOL("unconfirmed", IN_BODY | SHOWN | SPARSE, "As GET /households takes it."),
    F_ENUM("open_findings", IN_BODY | SHOWN | SPARSE, found_severities, "As GET /households takes it."),
    F_CODE("division", IN_BODY | SHOWN | SPARSE, "Only those of this village."),
    F_CODE("within", IN_BODY | SHOWN | SPARSE, "Only those of this division and below."),
    F_ENUM("household_type", IN_BODY | SHOWN | SPARSE, household_types, "As GET /households takes it."),
    F_TEXT("object_type", IN_BODY | SHOWN | SPARSE, 1, 40, "As GET /households takes it.", "3"),
    F_TEXT("risk", IN_BODY | SHOWN | SPARSE, 1, 40, "As GET /households takes it.", "01"),
    F_BOOL("eliminated", IN_BODY | SHOWN | SPARSE, "As GET /households takes it."),
    F_BOOL("martyr_family", IN_BODY | SHOWN | SPARSE, "As GET /households takes it."),
    F_BOOL("resettled", IN_BODY | SHOWN | SPARSE, "As GET /households takes it."),
    F_BOOL("no_labour", IN_BODY | SHOWN | SPARSE, "As GET /households takes it."),
    F_ENUM("status", IN_BODY | SHOWN | SPARSE, household_states, "As GET /households takes it."),
    F_UUID("settlement_id", IN_BODY | SHOWN | SPARSE, "As GET /households takes it."),
    F_UUID("grid_id", IN_BODY | SHOWN | SPARSE, "As GET /households takes it."),
    FIELDS_END
};

static const struct field saved_list_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id of the list; may come from the client."),
    F_CODE("owner_division", IN_BODY | SHOWN | OWN_SCOPE, "Where a shared list is read, and below; absent: the widest of the caller's divisions."),
    F_UUID("post_id", SHOWN, "The post that it is of."),
    F_TEXT("name", IN_BODY | REQUIRED | SHOWN, 1, 60, "What it is called, once among a post's.", "重点走访户"),
    F_OBJECT("filters", IN_BODY | REQUIRED | SHOWN, filter_fields, "Filters of GET /households; at least one."),
    F_BOOL("shared", IN_BODY | SHOWN, "Read by everybody in its division and below, too."),
    F_BOOL("own", IN_QUERY, "Only the caller's post's own (true), or others' (false)."),
    F_INSTANT("created_at", SHOWN, "When it was saved."),
    F_VERSION(),
    FIELDS_END
};

static const struct field changed_fields[] = {
    F_UUID("id", IN_PATH, "Id of the list."),
    F_TEXT("name", IN_BODY, 1, 60, "What it is called, once among a post's.", "重点走访户"),
    F_OBJECT("filters", IN_BODY, filter_fields, "In the place of those that are there."),
    F_BOOL("shared", IN_BODY, "Read by everybody in its division and below, too."),
    F_VERSION(),
    FIELDS_END
};

static const struct field listed_fields[] = {
    F_UUID("id", IN_PATH, "Id of the list."),
    FIELDS_END
};

const struct route saved_list_routes[] = {
    {METHOD_GET,   "/saved_lists",                PERM_HOUSEHOLD_READ, saved_list_fields, &SQL_saved_list_list,   read_upward,     "list_saved_lists", "Lists that the caller's post has saved, and those shared with it"},
    {METHOD_GET,   "/saved_lists/:id",            PERM_HOUSEHOLD_READ, saved_list_fields, &SQL_saved_list_get,    read_one,        "get_saved_list", "One saved list"},
    {METHOD_GET,   "/saved_lists/:id/households", PERM_HOUSEHOLD_READ, listed_fields,     &SQL_household_list,    list_households, "list_saved_list_households", "The households that a saved list finds now, in the caller's own scope", .shows = household_fields},
    {METHOD_POST,  "/saved_lists",                PERM_HOUSEHOLD_READ, saved_list_fields, &SQL_saved_list_insert, write_one,       "create_saved_list", "Save filters of households under a name", .location = "/saved_lists/", .status = 201},
    {METHOD_PATCH, "/saved_lists/:id",            PERM_HOUSEHOLD_READ, changed_fields,    &SQL_saved_list_change, write_one,       "update_saved_list", "Rename a list, change its filters, share it or not; its own post's alone", .shows = saved_list_fields, .probe = &SQL_saved_list_own},
    {METHOD_POST,  "/saved_lists/:id:delete",     PERM_HOUSEHOLD_READ, changed_fields,    &SQL_saved_list_delete, write_one,       "delete_saved_list", "Delete a list; its own post's alone", .shows = saved_list_fields, .probe = &SQL_saved_list_own, .media = MEDIA_NONE, .status = 200},
    ROUTES_END
};
/* clang-format on */

/* M-203: filters are bound as a caller's would be; a filter by words or flags leads the walk. */
static bool bind_filters(struct request *rq, const struct rows *rows, bool *ret_walked)
{
    enum { NAME, VALUE };
    for (size_t i = 0; i < rows_count(rows) && rows_text(rows, i, NAME) != NULL; i++) {
        const char *name = rows_text(rows, i, NAME), *value = rows_text(rows, i, VALUE);
        if (str_equal(name, "text") || str_equal(name, "open_findings") ||
            (str_equal(name, "unconfirmed") && str_equal(value, "true")))
            *ret_walked = true;
        if (str_equal(name, "unconfirmed") && !person_told(rq))
            return false;
        if (!arg_bind(rq, name, value))
            return false;
    }
    return true;
}

static bool list_households(struct request *rq)
{
    struct rows *rows = NULL;
    bool walked = false;
    if (!db_rows(rq, &SQL_saved_list_filters, &rows))
        return false;
    if (rows_count(rows) == 0)
        return fail(rq, ERR_NOT_FOUND, NULL, "%s", "");
    return bind_filters(rq, rows, &walked) &&
           db_page(rq, walked ? &SQL_household_search : &SQL_household_list);
}

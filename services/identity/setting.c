/* services/identity/setting.c - thresholds, limits and the like, which differ by division and year:
 * what holds where, and who lays it down. Rules I-401 to I-408 of proto/identity.md. What each may
 * be is a row of zeren.setting_kind; it gives no setting a meaning. */
#include "identity.h"
#include "sql_identity.h"

static const char *const value_types[] = {"integer", "choice", "text", NULL};

/* clang-format off */
#define VALUE(flags) F_TEXT("value", flags, 0, 20000, "What holds: a whole number within its bounds, one of the choices, or text; a number as text, too.", "5")
#define ASSUMED(flags) F_BOOL("assumed", flags, "No document at hand says so.")
#define SOURCE(flags) F_TEXT("source", flags, 1, 300, "What lays it down, or why.", "湘乡振发〔2026〕3号")

static const struct field setting_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id of the row; may come from the client."),
    F_TEXT("key", IN_BODY | REQUIRED | SHOWN, 3, 80, "The setting.", "registry.amber_work_days"),
    F_TEXT("label", SHOWN, 1, 60, "What people call it.", "分解项到期前提醒工作日数"),
    F_CODE("owner_division", IN_BODY | REQUIRED | SHOWN | OWN_SCOPE, "The division that lays it down; it holds there and below, until one below lays down another."),
    F_INT("year", IN_BODY | SHOWN | NULLABLE, 2000, 2199, "Only for this year; absent: for any that has no row of its own.", "2026"),
    VALUE(IN_BODY | REQUIRED | SHOWN),
    F_ENUM("value_type", SHOWN, value_types, "What its value is."),
    F_INT("minimum", SHOWN | NULLABLE, 0, 1099511627776, "The least number, or characters of a text.", "0"),
    F_INT("maximum", SHOWN | NULLABLE, 0, 1099511627776, "The greatest number, or characters of a text.", "30"),
    F_TEXTS("choices", SHOWN, 16, "What it may be, where it is one of few."),
    F_TEXT("unit", SHOWN | NULLABLE, 1, 20, "What the number counts.", "work_days"),
    F_INT("lowest_level", SHOWN, 0, 5, "The lowest level of division that may lay it down: 0 the country alone, 1 provinces, to 5 villages.", "5"),
    F_BOOL("yearly", SHOWN, "May it differ by year?"),
    F_BOOL("security", SHOWN, "Is it the security administrator's?"),
    ASSUMED(IN_BODY | SHOWN),
    SOURCE(IN_BODY | REQUIRED | SHOWN),
    F_INSTANT("created_at", SHOWN, "When it was entered."),
    F_CODE("division", IN_QUERY | OWN_OR_ABOVE, "Only rows of this division itself."),
    F_TEXT("key_prefix", IN_QUERY, 1, 80, "Only settings whose key begins so.", "registry."),
    F_VERSION(),
    FIELDS_END
};

static const struct field changed_fields[] = {
    F_UUID("id", IN_PATH, "Id of the row."),
    VALUE(IN_BODY),
    ASSUMED(IN_BODY),
    SOURCE(IN_BODY),
    F_VERSION(),
    FIELDS_END
};

static const struct field holding_fields[] = {
    F_CODE("division", IN_QUERY | REQUIRED | OWN_SCOPE, "The division that is asked for."),
    F_INT("year", IN_QUERY, 2000, 2199, "The year; absent: this one.", "2026"),
    F_TEXT("key_prefix", IN_QUERY, 1, 80, "Only settings whose key begins so.", "registry."),
    FIELDS_END
};

const struct route setting_routes[] = {
    {METHOD_GET,   "/settings",              PERM_SIGNED_IN,     setting_fields, &SQL_setting_list,     read_upward, "list_settings", "Settings laid down in the caller's divisions and above, by key or division"},
    {METHOD_GET,   "/settings/:id",          PERM_SIGNED_IN,     setting_fields, &SQL_setting_get,      read_one,    "get_setting", "One row of a setting"},
    {METHOD_GET,   "/settings:holding",      PERM_SIGNED_IN,     holding_fields, &SQL_setting_holding,  read_page,   "list_holding_settings", "Of each setting the row that holds for a division in a year: its own, or that of the nearest division above", .shows = setting_fields},
    {METHOD_POST,  "/settings",              PERM_SETTING_WRITE, setting_fields, &SQL_setting_insert,   write_one,   "create_setting", "Lay a setting down for a division, for a year or for any", .location = "/settings/", .status = 201},
    {METHOD_PATCH, "/settings/:id",          PERM_SETTING_WRITE, changed_fields, &SQL_setting_change,   write_one,   "update_setting", "Change what was laid down; it holds from now on", .shows = setting_fields, .probe = &SQL_setting_get},
    {METHOD_POST,  "/settings/:id:withdraw", PERM_SETTING_WRITE, setting_fields, &SQL_setting_withdraw, write_one,   "withdraw_setting", "Withdraw what was laid down; what is laid down above holds again", .probe = &SQL_setting_get, .media = MEDIA_NONE},
    ROUTES_END
};
/* clang-format on */

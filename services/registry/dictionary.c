/* services/registry/dictionary.c - dictionaries: the words of every code that answers show, for
 * apps that keep them. Changes nothing: dictionaries are told by migrations. Rule R-050. */
#include "registry.h"
#include "sql_registry.h"

/* clang-format off */
static const struct field known_fields[] = {
    F_TEXT("name", SHOWN, 2, 40, "Name of the dictionary.", "sex"),
    F_TEXT("label", SHOWN, 1, 80, "What it is in Chinese.", "性别"),
    F_TEXT("source", SHOWN, 1, 200, "Where its codes come from.", "GB/T 2261.1-2003"),
    F_INT("version", SHOWN, 0, INT64_MAX, "The newest version of its entries.", "12"),
    F_INT("entries", SHOWN, 0, INT32_MAX, "How many codes it has.", "4"),
    FIELDS_END
};

static const struct field catalogue_fields[] = {
    F_ARRAY("items", SHOWN, known_fields, 500, "Every dictionary, by name."),
    F_VERSION(),
    FIELDS_END
};

static const struct field entry_fields[] = {
    F_TEXT("code", SHOWN, 1, 80, "The code as records show it.", "1"),
    F_TEXT("label", SHOWN, 1, 200, "Its words.", "男性"),
    F_TEXT("short_label", SHOWN, 1, 80, "The same where room is scarce.", "男"),
    F_INT("sort", SHOWN, 0, INT32_MAX, "Its place in lists.", "2"),
    F_DATE("valid_from", SHOWN, "The first day it is used.", "2000-01-01"),
    F_DATE("valid_until", SHOWN | NULLABLE, "The first day it is no longer used; old records keep it.", "2027-01-01"),
    F_TEXT("gb_standard", SHOWN | NULLABLE, 1, 40, "The national standard it maps to.", "GB/T 2261.1"),
    F_TEXT("gb_code", SHOWN | NULLABLE, 1, 20, "Its code there.", "1"),
    F_TEXT("parent_code", SHOWN | NULLABLE, 1, 80, "The code it belongs under.", "10"),
    {"words", FIELD_TEXTS, SHOWN, 0, 100, 0, 0, "What offices write for it besides, and tables take; none: empty.", "男人"},
    F_INT("version", SHOWN, 1, INT64_MAX, "Rises with every change of it or of its words.", "3"),
    FIELDS_END
};

static const struct field dictionary_fields[] = {
    F_TEXT("name", IN_PATH | SHOWN, 2, 40, "Name of the dictionary.", "sex"),
    F_TEXT("label", SHOWN, 1, 80, "What it is in Chinese.", "性别"),
    F_TEXT("source", SHOWN, 1, 200, "Where its codes come from.", "GB/T 2261.1-2003"),
    F_INT("since", IN_QUERY, 0, INT64_MAX, "Only entries changed after that version of the dictionary.", "3"),
    F_ARRAY("items", SHOWN, entry_fields, 5000, "Its codes in order; with `since`, those that changed."),
    F_VERSION(),
    FIELDS_END
};

const struct route dictionary_routes[] = {
    {METHOD_GET, "/dictionaries",       PERM_SIGNED_IN, catalogue_fields,  &SQL_dictionary_list, read_one, "list_dictionaries", "Every dictionary with its newest version; the ETag is the newest of all"},
    {METHOD_GET, "/dictionaries/:name", PERM_SIGNED_IN, dictionary_fields, &SQL_dictionary_get,  read_one, "get_dictionary", "The codes of a dictionary with their words, or what changed since a version"},
    ROUTES_END
};
/* clang-format on */

/* common/http/route.c - what a route takes and demands, read off its table, its path and the names
 * its statement uses. Decoding, the contract and the lint all ask here. Does not look at any
 * request. */
#include <string.h>

#include "core/str.h"
#include "http/decode.h"

#include "core/banned.h"

/* Does the path say ":name", up to its end, a '/' or a verb's ':'? */
static bool in_pattern(const char *path, const char *name)
{
    size_t len = strlen(name);
    for (const char *at = strstr(path, "/:"); at != NULL; at = strstr(at + 1, "/:")) {
        if (strncmp(at + 2, name, len) == 0 && strchr("/:", at[2 + len]) != NULL)
            return true;
    }
    return false;
}

/* Is `name` one of the words of `list`, separated by blanks? */
static bool in_words(const char *list, const char *name)
{
    size_t len = strlen(name);
    while (list != NULL && *list != '\0') {
        size_t word = strcspn(list, " ");
        if (word == len && strncmp(list, name, len) == 0)
            return true;
        list += word;
        list += strspn(list, " ");
    }
    return false;
}

/* Is `param` the field's own name, the one that asks whether it was given, or a look-up hash of it?
 */
static bool names_field(const char *param, const struct field *f)
{
    size_t len = strlen(f->name);
    if (strncmp(param, f->name, len) != 0)
        return false;
    bool hash = strcmp(param + len, "_hash") == 0 || strcmp(param + len, "_hashes") == 0;
    return param[len] == '\0' || strcmp(param + len, "_given") == 0 ||
           (hash && f->type == FIELD_SEALED);
}

static bool in_statement(const struct stmt *st, const struct field *f)
{
    bool is_id = strcmp(f->name, "id") == 0; /* the client's own id arrives as :new_id */
    for (unsigned i = 0; st != NULL && i < st->n_params; i++) {
        if (names_field(st->params[i], f) || (is_id && strcmp(st->params[i], "new_id") == 0))
            return true;
    }
    return false;
}

static bool is_used(const struct route *r, const struct field *f)
{
    return in_words(r->also, f->name) || in_statement(r->sql, f);
}

enum route_media route_body(const struct route *r)
{
    return r->method == METHOD_GET ? MEDIA_NONE : r->media;
}

bool route_takes(const struct route *r, const struct field *f, unsigned place)
{
    if ((f->flags & place) == 0)
        return false;
    if (in_pattern(r->path, f->name))
        return (place & f->flags & IN_PATH) != 0;
    enum route_media media = route_body(r);
    unsigned taken = IS_VERSION;
    if (r->method == METHOD_GET || media == MEDIA_CSV)
        taken |= IN_QUERY;
    if (media == MEDIA_JSON)
        taken |= IN_BODY;
    return (place & f->flags & taken) != 0 && is_used(r, f);
}

bool route_demands(const struct route *r, const struct field *f)
{
    if (route_takes(r, f, IN_PATH | IS_VERSION))
        return true;
    if ((f->flags & REQUIRED) == 0 || r->method == METHOD_PATCH)
        return false;
    bool only_filter =
        r->method == METHOD_GET && (f->flags & IN_BODY) != 0; /* a member that a list filters by */
    return !only_filter && route_takes(r, f, IN_QUERY | IN_BODY);
}

bool route_is_write(const struct route *r)
{
    return r->method != METHOD_GET;
}

bool route_is_page(const struct route *r)
{
    return r->sql != NULL && r->sql->kind == STMT_PAGE;
}

static bool is_one(const struct route *r)
{
    return r->method == METHOD_GET && r->sql != NULL && r->sql->kind == STMT_ONE;
}

bool route_takes_option(const struct route *r, enum route_option option)
{
    if (option == OPTION_VALIDATE_ONLY)
        return route_is_write(r) && r->permission != PERM_PUBLIC && !r->unkept && !r->reads;
    return route_is_page(r) || (option == OPTION_FIELDS && is_one(r));
}

const char *route_option_name(enum route_option option)
{
    static const char *const names[OPTION_COUNT] = {
        [OPTION_LIMIT] = "limit",
        [OPTION_CURSOR] = "cursor",
        [OPTION_SORT] = "sort",
        [OPTION_FIELDS] = "fields",
        [OPTION_VALIDATE_ONLY] = "validate_only",
    };
    return names[option];
}

const struct field *route_clash(const struct route *r)
{
    for (unsigned option = 0; option < OPTION_COUNT; option++) {
        const struct field *f = route_field(r, route_option_name(option));
        if (f != NULL && route_takes_option(r, option) && route_takes(r, f, IN_QUERY))
            return f;
    }
    return NULL;
}

const struct field *route_field(const struct route *r, const char *name)
{
    for (const struct field *f = r->fields; f != NULL && f->name != NULL; f++) {
        if (strcmp(f->name, name) == 0)
            return f;
    }
    return NULL;
}

/* common/auth/principal.c - from the prefixes of a caller to the texts that the database takes as
 * their scope. Does not read tokens. */
#include "auth/principal.h"

#include <stdio.h>
#include <string.h>

#include "core/division_code.h"

#include "core/banned.h"

/* A significant prefix of a division code (core/division_code.h): 0, 2, 4, 6, 9 or 12 characters.
 * The characters are checked because the text goes into a multirange literal. */
static bool is_prefix(const char *prefix)
{
    static const char allowed[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    size_t len = strlen(prefix);
    if (strspn(prefix, allowed) != len)
        return false;
    return len == 0 || len == 2 || len == 4 || len == 6 || len == 9 || len == 12;
}

/* Appends `["4313","4313~")`; `~` sorts behind every character of a code. */
static bool add_range(struct principal *p, size_t *len, const char *prefix)
{
    size_t room = sizeof p->scope - *len;
    int n =
        snprintf(p->scope + *len, room, "%s[\"%s\",\"%s~\")", *len == 1 ? "" : ",", prefix, prefix);
    *len += (size_t)n;
    return (size_t)n < room;
}

static void widen(struct principal *p, const char *prefix)
{
    char end[sizeof p->scope_hi];
    snprintf(end, sizeof end, "%s~", prefix);
    if (p->scope_hi[0] == '\0' || strcmp(prefix, p->scope_lo) < 0)
        snprintf(p->scope_lo, sizeof p->scope_lo, "%s", prefix);
    if (strcmp(end, p->scope_hi) > 0)
        memcpy(p->scope_hi, end, sizeof end);
}

/* Appends the divisions above `prefix`, up to the country, each once. */
static void add_ancestors(struct principal *p, const char *prefix)
{
    static const int lengths[] = {0, 2, 4, 6, 9};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths && lengths[i] < (int)strlen(prefix);
         i++) {
        char code[13];
        size_t len = strlen(p->ancestors);
        memset(code, '0', sizeof code - 1);
        code[sizeof code - 1] = '\0';
        memcpy(code, prefix, (size_t)lengths[i]);
        if (strstr(p->ancestors, code) == NULL)
            snprintf(p->ancestors + len, sizeof p->ancestors - len, "%s%s", len > 1 ? "," : "",
                     code);
    }
}

bool principal_set_scope(struct principal *p)
{
    size_t len = 1;
    snprintf(p->ancestors, sizeof p->ancestors, "{");
    p->scope[0] = '{';
    p->scope_lo[0] = p->scope_hi[0] = '\0';
    if (p->n_prefixes > SCOPE_PREFIXES_MAX)
        return false;
    for (unsigned i = 0; i < p->n_prefixes; i++) {
        if (!is_prefix(p->prefixes[i]) || !add_range(p, &len, p->prefixes[i]))
            return false;
        widen(p, p->prefixes[i]);
        if (i + p->n_former < p->n_prefixes)
            add_ancestors(p, p->prefixes[i]);
    }
    memcpy(p->ancestors + strlen(p->ancestors), "}", 2);
    if (len + 2 > sizeof p->scope)
        return false;
    memcpy(p->scope + len, "}", 2);
    return true;
}

bool principal_covers(const struct principal *p, const char *code)
{
    for (unsigned i = 0; i < p->n_prefixes; i++) {
        if (division_within(code, p->prefixes[i]))
            return true;
    }
    return false;
}

/* The next element of a list whose elements end with a comma; false at its end, or when one is too
 * long (`*ret_bad`). */
static bool next_element(const char **at, char *to, size_t size, bool *ret_bad)
{
    if (*at == NULL || **at == '\0')
        return false;
    size_t n = strcspn(*at, ",");
    *ret_bad = n >= size;
    if (*ret_bad)
        return false;
    memcpy(to, *at, n);
    to[n] = '\0';
    *at += n + ((*at)[n] == ',' ? 1 : 0);
    return true;
}

bool principal_add_permissions(struct principal *p, const char *codes)
{
    char code[64];
    bool bad = false;
    p->permissions = permission_add(p->permissions, PERM_SIGNED_IN);
    while (next_element(&codes, code, sizeof code, &bad)) {
        enum permission found = permission_find(code);
        if (found > PERM_SIGNED_IN)
            p->permissions = permission_add(p->permissions, found);
    }
    return !bad;
}

bool principal_add_prefixes(struct principal *p, const char *prefixes)
{
    char prefix[sizeof p->prefixes[0]];
    bool bad = false;
    while (next_element(&prefixes, prefix, sizeof prefix, &bad)) {
        if (p->n_prefixes == SCOPE_PREFIXES_MAX)
            return false;
        memcpy(p->prefixes[p->n_prefixes++], prefix, sizeof prefix);
    }
    return !bad;
}

bool principal_add_former(struct principal *p, const char *prefixes)
{
    unsigned own = p->n_prefixes;
    bool fit = principal_add_prefixes(p, prefixes);
    p->n_former = p->n_prefixes - own;
    return fit;
}

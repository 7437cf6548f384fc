/* common/auth/permission.c - the vocabulary of proto/permissions.def as codes, prose and bits. Does
 * not know who has which: that is a row of identity.role_permission. */
#include "auth/permission.h"

#include <assert.h>
#include <string.h>

#include "core/banned.h"

static const struct {
    const char *code, *prose;
} permissions[PERM_COUNT] = {
    [PERM_NONE] = {"none", "nobody"},
    [PERM_PUBLIC] = {"public", "anyone, without a token"},
    [PERM_SIGNED_IN] = {"signed_in", "anyone with a valid token"},
#define X(name, code, prose) [PERM_##name] = {code, prose},
#include "permissions.def"
#undef X
};

_Static_assert(PERM_COUNT <= 8 * sizeof(permission_set), "a permission_set has a bit for each");

const char *permission_code(enum permission p)
{
    assert(p < PERM_COUNT);
    return permissions[p].code;
}

const char *permission_prose(enum permission p)
{
    assert(p < PERM_COUNT);
    return permissions[p].prose;
}

enum permission permission_find(const char *code)
{
    for (unsigned p = PERM_PUBLIC; p < PERM_COUNT; p++) {
        if (strcmp(permissions[p].code, code) == 0)
            return (enum permission)p;
    }
    return PERM_NONE;
}

/* Is `word` the code with underscores for dots? */
static bool is_code_of(const char *code, const char *word)
{
    for (; *code != '\0' && (*code == '.' ? '_' : *code) == *word; code++)
        word++;
    return *code == '\0' && *word == '\0';
}

enum permission permission_of_param(const char *param)
{
    static const char begin[] = CALLER_MAY;
    unsigned p = PERM_SIGNED_IN + 1;
    if (strncmp(param, begin, sizeof begin - 1) != 0)
        return PERM_NONE;
    while (p < PERM_COUNT && !is_code_of(permissions[p].code, param + sizeof begin - 1))
        p++;
    return p < PERM_COUNT ? (enum permission)p : PERM_NONE;
}

bool permission_in(permission_set set, enum permission p)
{
    assert(p < PERM_COUNT);
    return p != PERM_NONE && (set >> p & 1) != 0;
}

permission_set permission_add(permission_set set, enum permission p)
{
    assert(p > PERM_NONE && p < PERM_COUNT);
    return set | (permission_set)1 << p;
}

/* common/auth/permission.h - what a caller may do: a set of proto/permissions.def. */
#ifndef ZEREN_AUTH_PERMISSION_H
#define ZEREN_AUTH_PERMISSION_H

#include <stdbool.h>

enum permission {
    PERM_NONE = 0,  /* a route that says nothing: refused at start */
    PERM_PUBLIC,    /* no token needed; said out loud in the route table */
    PERM_SIGNED_IN, /* any valid token */
#define X(name, code, prose) PERM_##name,
#include "permissions.def"
#undef X
    PERM_COUNT
};

/* __extension__: ISO C has no integer of 128 bits, gcc and clang have it on 64-bit machines. */
__extension__ typedef unsigned __int128 permission_set;

/* "duty_list.read"; "public" and "signed_in" for the first two. */
const char *permission_code(enum permission p);
const char *permission_prose(enum permission p);

/* PERM_NONE when there is none of that code. */
enum permission permission_find(const char *code);

/* The permission that a statement's parameter asks about: "caller_may_duty_list_read", dots as
 * underscores. PERM_NONE when it asks about none. */
#define CALLER_MAY "caller_may_"
enum permission permission_of_param(const char *param);

bool permission_in(permission_set set, enum permission p);
permission_set permission_add(permission_set set, enum permission p);

#endif

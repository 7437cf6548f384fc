/* common/auth/principal.h - who calls: what a verified access token says. Immutable once built. */
#ifndef ZEREN_AUTH_PRINCIPAL_H
#define ZEREN_AUTH_PRINCIPAL_H

#include "auth/permission.h"
#include "core/clock.h"
#include "core/uuid.h"

enum principal_kind { PRINCIPAL_PERSON, PRINCIPAL_MACHINE, PRINCIPAL_DEVICE };

#define SCOPE_PREFIXES_MAX 32

struct principal {
    char account[UUID_TEXT], post[UUID_TEXT], organisation[UUID_TEXT], session[UUID_TEXT];
    char role[40];
    enum principal_kind kind;
    permission_set permissions;
    int64_t epoch;
    int64_t expires_at_s; /* exp, seconds since 1970 */
    unsigned n_prefixes;
    char prefixes[SCOPE_PREFIXES_MAX][13]; /* division-code prefixes, "" = the country */
    char scope[1024];                      /* zeren.code_multirange text, as bound to zeren.scope */
    char scope_lo[16], scope_hi[16]; /* the smallest range around all of it: :scope_lo :scope_hi */
    char ancestors[SCOPE_PREFIXES_MAX * 5 * 13 + 3]; /* text[] literal of the divisions above */
    char lines[512];                                 /* text[] literal, or "" for every line */
};

/* Writes scope, ancestors, scope_lo and scope_hi from the prefixes. False when they do not fit. */
bool principal_set_scope(struct principal *p);

/* Is the division one of the caller's, or below one? */
bool principal_covers(const struct principal *p, const char *code);

#endif

/* common/auth/principal.h - who calls: what a verified access token says. Immutable once built. */
#ifndef ZEREN_AUTH_PRINCIPAL_H
#define ZEREN_AUTH_PRINCIPAL_H

#include "auth/permission.h"
#include "core/clock.h"
#include "core/uuid.h"

enum principal_kind { PRINCIPAL_PERSON, PRINCIPAL_MACHINE, PRINCIPAL_DEVICE };

/* How masked personal data is shown to the caller (identity.role.personal_data). */
enum personal_mask { MASK_HIDDEN, MASK_STRICT, MASK_USUAL };

/* What the account must do before anything else; until then only routes open to any valid token. */
enum must_do {
    MUST_CHANGE_PASSWORD = 1 << 0,
    MUST_ENROL_TOTP = 1 << 1,
    MUST_RELEASE_FACTOR = 1 << 2
};

#define SCOPE_PREFIXES_MAX 64
#define ADDRESSES_MAX 512

struct principal {
    char account[UUID_TEXT], post[UUID_TEXT], organisation[UUID_TEXT], session[UUID_TEXT];
    char role[40];
    enum principal_kind kind;
    permission_set permissions;
    int64_t epoch, role_epoch;     /* of account and role: what is revoked has a smaller one */
    int64_t expires_at_s;          /* exp, seconds since 1970 */
    unsigned n_prefixes, n_former; /* the last n_former are codes that the divisions came from */
    char prefixes[SCOPE_PREFIXES_MAX][13];   /* division-code prefixes, "" = the country */
    char scope[SCOPE_PREFIXES_MAX * 33 + 3]; /* zeren.code_multirange text, for zeren.scope */
    char scope_lo[16], scope_hi[16]; /* the smallest range around all of it: :scope_lo :scope_hi */
    char ancestors[SCOPE_PREFIXES_MAX * 5 * 13 + 3]; /* text[] literal of the divisions above, of
                                                        former codes none */
    char lines[512];                                 /* text[] literal, or "" for every line */
    enum personal_mask mask;
    unsigned must;                 /* of enum must_do */
    char access_grant[UUID_TEXT];  /* the access for a time acted under, or "" */
    char addresses[ADDRESSES_MAX]; /* an API token's address ranges, "10.0.0.0/8,2001:db8::/32"; "":
                                      any */
    char kid[64];                  /* the key that signed the token; "": an API token */
    bool api_token;                /* a named token of a script: its id is `session` */
};

/* Writes scope, ancestors, scope_lo and scope_hi from the prefixes. False when they do not fit. */
bool principal_set_scope(struct principal *p);

/* From lists whose elements end with a comma each, as statements give them. A permission that this
 * program does not know grants nothing; false for more or longer prefixes than fit. PERM_SIGNED_IN
 * is always added. */
bool principal_add_permissions(struct principal *p, const char *codes);
bool principal_add_prefixes(struct principal *p, const char *prefixes);

/* The same, behind all others, of the codes that the divisions came from: they open what is
 * recorded there, and nothing of the divisions above them. */
bool principal_add_former(struct principal *p, const char *prefixes);

/* Is the division one of the caller's, or below one? */
bool principal_covers(const struct principal *p, const char *code);

#endif

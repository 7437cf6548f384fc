/* common/audit/chain.h - the arithmetic of the chain: the digest of an audit row and the mac of a
 * seal. README.md has both formats byte by byte. Pure: no database, no file, no clock. */
#ifndef ZEREN_AUDIT_CHAIN_H
#define ZEREN_AUDIT_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "keys/keyring.h"

enum {
    AUDIT_BATCH = 512,        /* rows under one seal, at most */
    AUDIT_DIGEST = KEY_DIGEST /* bytes of SM3 and HMAC-SM3 */
};

/* The columns of a row in the order of its canonical form. */
enum audit_column {
    AUDIT_ID,
    AUDIT_RECORDED_AT,
    AUDIT_AT,
    AUDIT_ACCOUNT,
    AUDIT_POST,
    AUDIT_SESSION,
    AUDIT_ADDRESS,
    AUDIT_VERB,
    AUDIT_RECORD,
    AUDIT_RECORD_ID,
    AUDIT_VERSION,
    AUDIT_OWNER,
    AUDIT_REQUEST,
    AUDIT_REASON,
    AUDIT_BODY,
    AUDIT_BEFORE,
    AUDIT_COLUMNS
};

/* Their names in the table and in an export. */
extern const char *const audit_column_names[AUDIT_COLUMNS];

/* A row as PostgreSQL shows it in text, instants as 2026-11-22T00:33:02.000001Z; NULL for NULL. */
struct audit_row {
    const char *text[AUDIT_COLUMNS];
};

/* One batch under one mac. */
struct audit_seal {
    int64_t seq;
    uint32_t kid;
    char sealed_at[32], oldest[32], newest[32];
    size_t n;
    int64_t ids[AUDIT_BATCH];
    uint8_t digests[AUDIT_BATCH][AUDIT_DIGEST];
    uint8_t prev[AUDIT_DIGEST], mac[AUDIT_DIGEST];
};

/* A seal from text: seq, sealed_at, kid, oldest, newest, ids with commas between, and digests,
 * previous mac and mac in hexadecimal. False when it is none; ret->seq may be set then, too. */
enum { AUDIT_SEAL_WORDS = 9 };
bool chain_seal_parse(const char *const text[static AUDIT_SEAL_WORDS], struct audit_seal *ret);

/* SM3 over the row's canonical form. */
bool chain_row_digest(const struct audit_row *row, uint8_t ret[static AUDIT_DIGEST],
                      struct err *err);

/* HMAC-SM3 of the seal (all but its mac) under the key it names; kid 0: under the active one, which
 * it names then. ERR_INTERNAL when the ring has no such key. */
bool chain_seal_mac(struct keyring *ring, const char *service, struct audit_seal *seal,
                    uint8_t ret[static AUDIT_DIGEST], struct err *err);

/* HMAC-SM3 of a list of texts, each behind its length, behind a title that keeps uses apart. */
struct chain_text {
    const char *title;
    const uint8_t *prev; /* AUDIT_DIGEST bytes, or NULL */
    const char *const *words;
    size_t n_words;
};
bool chain_text_mac(struct keyring *ring, uint32_t *kid, const struct chain_text *t,
                    uint8_t ret[static AUDIT_DIGEST], struct err *err);

/* Has the ring that seal key? */
bool chain_knows(struct keyring *ring, uint32_t kid);

/* Digests as lower-case hexadecimal, and back. */
void chain_hex(const uint8_t *bytes, size_t n, char *out /* 2n + 1 */);
bool chain_unhex(const char *text, uint8_t *ret, size_t n);

/* The text of an id or a number of a seal. */
bool chain_number(const char *text, int64_t *ret);

/* Equal in constant time. */
bool chain_equal(const uint8_t a[static AUDIT_DIGEST], const uint8_t b[static AUDIT_DIGEST]);

#endif

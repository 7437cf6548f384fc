/* common/keys/field.h - one value of personal data as ciphertext for the database, and its look-up
 * hash. What is stored (bytea):
 *     format 1: 01 kid(4) iv(16) SM4-CTR text, HMAC-SM3(32) over everything before and the place
 *     format 2: 02 kid(4) iv(16) AES-256-GCM text, tag(16)
 * The place (column and record) is bound in: a value moved to another row or column does not open.
 * The active encrypt key's algorithm chooses the format. Text in and out is PostgreSQL's bytea hex
 * ("\x01ab..."). Does not normalise values: the caller does, before hashing. Thread-safe. */
#ifndef ZEREN_KEYS_FIELD_H
#define ZEREN_KEYS_FIELD_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/err.h"
#include "keys/keyring.h"

enum {
    FIELD_PLAIN_MAX = 64 * 1024, /* bytes of one value */
    FIELD_KEY_ID = 13,           /* "\x" 10 digits NUL */
    FIELD_LOOKUP_ID = 11,        /* "\x" 8 digits NUL */
};

struct field_place {
    const char *column; /* "identity.person.phone": schema.table.column */
    const char *record; /* the record's id, as text */
};

/* Encrypts under the active keys with a new random IV. */
bool field_seal(struct keyring *ring, const struct field_place *place, struct span plain,
                struct arena *a, const char **ret_hex, struct err *err);

/* The plain bytes with a NUL behind them, in `a` (which should be one that is wiped). Anything that
 * was not sealed for this place by a key of the ring is ERR_INTERNAL with a cause, and no plain
 * text. */
bool field_open(struct keyring *ring, const struct field_place *place, const char *hex,
                struct arena *a, struct span *ret_plain, struct err *err);

/* What begins every value the active keys write, e.g. "\x0112ab34cd" (format, kid): rows whose
 * substr(value, 1, 5) is something else wait to be re-encrypted. */
bool field_key_id(struct keyring *ring, char out[static FIELD_KEY_ID], struct err *err);

/* The look-up hash under the active lookup key, "\x" kid(4) HMAC-SM3(32). `column` keeps equal
 * values of different columns apart: take the same word wherever a value is to be found again. */
bool field_lookup(struct keyring *ring, const char *column, struct span plain, struct arena *a,
                  const char **ret_hex, struct err *err);

/* The hashes under every lookup key of the ring (pending, active, retired) as the text of a bytea[]
 * ({"\\x..","\\x.."}): for "= ANY (...)" while keys rotate. */
bool field_lookups(struct keyring *ring, const char *column, struct span plain, struct arena *a,
                   const char **ret_array, struct err *err);

/* What begins every hash the active lookup key writes, "\x12ab34cd". */
bool field_lookup_id(struct keyring *ring, char out[static FIELD_LOOKUP_ID], struct err *err);

#endif

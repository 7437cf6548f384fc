/* common/auth/api_token.h - the text of an API token: "zat_", then base64url of its id (16 bytes)
 * and a secret (32 bytes). Only the SHA-256 of the text is kept. Does not know what a token may do:
 * auth/trust.h asks the database. */
#ifndef ZEREN_AUTH_API_TOKEN_H
#define ZEREN_AUTH_API_TOKEN_H

#include <stdbool.h>

#include "core/err.h"
#include "core/uuid.h"

#define API_TOKEN_PREFIX "zat_"
#define API_TOKEN_TEXT 69   /* prefix, 64 characters and the NUL */
#define API_TOKEN_DIGEST 67 /* "\x", 64 hexadecimal digits and the NUL: a bytea of PostgreSQL */

/* Is it meant to be one? Says nothing about its being good. */
bool api_token_like(const char *text);

/* A new token of that id; the id must be a UUID. ERR_INTERNAL without random numbers. */
bool api_token_make(const char *id, char ret[static API_TOKEN_TEXT], struct err *err);

/* The id in a token. False for anything but the exact form. */
bool api_token_id(const char *text, char ret_id[static UUID_TEXT]);

/* From a digest to its text. */
void api_token_digest_text(const unsigned char digest[static 32],
                           char ret[static API_TOKEN_DIGEST]);

/* The digest of a token's text. */
bool api_token_digest(const char *text, char ret[static API_TOKEN_DIGEST]);

#endif

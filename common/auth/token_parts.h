/* common/auth/token_parts.h - the parts of a compact JWS, read without trusting them; private to
 * common/auth. Does not verify: auth/token.h. */
#ifndef ZEREN_AUTH_TOKEN_PARTS_H
#define ZEREN_AUTH_TOKEN_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/uuid.h"

struct json_t; /* jansson's */

struct token_parts {
    const char *text[3];
    size_t len[3];
};

/* Three parts that are not empty, at most TOKEN_MAX bytes together, the last of them a signature of
 * ES256 by its length. */
bool token_split(const char *token, struct token_parts *ret);

/* The JSON object in part `i`, to be released with json_decref(); NULL for anything else, a member
 * given twice included. */
struct json_t *token_object(const struct token_parts *p, int i);

/* A header of alg ES256, kid and (unless `typ_optional`) typ JWT, and of nothing else: no jwk, jku,
 * x5u, crit or anything that tells us which key to take. */
bool token_header_kid(const struct json_t *header, bool typ_optional, char ret_kid[static 64]);

/* Members of an object: false when absent, of another type, too long, or negative. */
bool token_member_is(const struct json_t *object, const char *name, const char *wanted);
bool token_copy_text(const struct json_t *object, const char *name, char *to, size_t size);
bool token_copy_uuid(const struct json_t *object, const char *name, char to[static UUID_TEXT]);
bool token_copy_int(const struct json_t *object, const char *name, int64_t *ret);

#endif

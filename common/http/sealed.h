/* common/http/sealed.h - FIELD_SEALED: personal data that the database holds as ciphertext.
 * Decoding checks a value and brings it to one form; statements are bound to
 *     :<name>         its ciphertext (bytea) for the record of the request: the path's id, or
 * :new_id
 *     :<name>_hash    its look-up hash under the active key (bytea)
 *     :<name>_hashes  its hashes under every look-up key (bytea[]): "= ANY", while keys rotate
 *     :<name>_given   as any field's
 * SQL stores and returns the ciphertext, and what leaves is a mask by the caller's role, or the
 * plain text of the fields a handler unmasked (request.unmasked). Elsewhere in C and SQL there is
 * no plain text; an error never repeats one. */
#ifndef ZEREN_HTTP_SEALED_H
#define ZEREN_HTTP_SEALED_H

#include <stdbool.h>

#include "core/arena.h"
#include "http/request.h"

/* What stands in an answer where a value cannot be opened: its key was lost. */
#define SEALED_UNREADABLE "unreadable"

/* The one form of a value; NULL with a problem when it is none of that kind (code NULL: no memory).
 */
const char *sealed_normal(struct arena *a, enum sealed_kind kind, const char *text,
                          const char **ret_problem, const char **ret_detail);

/* For handlers that write many records (imports): a decoded value's ciphertext for that record, and
 * its hashes, as PostgreSQL reads bytea and bytea[]. `plain` NULL gives NULL. Fails in rq->err. */
bool sealed_text(struct request *rq, const struct field *f, const char *record, const char *plain,
                 const char **ret_hex);
bool sealed_hash(struct request *rq, const struct field *f, const char *plain,
                 const char **ret_hex);
bool sealed_hashes(struct request *rq, const struct field *f, const char *plain,
                   const char **ret_array);

/* Is the statement's parameter a sealed field or a hash of one? Then its value, which is NULL with
 * an error in rq->err when it cannot be made. */
bool sealed_bind(struct request *rq, const char *param, const char **ret_value);

/* The field that "<name>_hash" or "<name>_hashes" means, or NULL. */
const struct field *sealed_field(const struct route *r, const char *param);

/* Has the route such a field, in what it takes or shows? Has any route of the service? */
bool sealed_on_route(const struct route *r);
bool sealed_in_service(const struct service *s);

/* An answer as it may leave: the ciphertexts of the route's sealed fields replaced, in one record,
 * in a page, in nested records. What is shown already stays. NULL when memory ran out. */
const char *sealed_show(struct request *rq, const char *json);

/* What is wrong with a field table, or NULL: "a sealed field ..." and which. */
const char *sealed_fault(const struct field *fields, const struct field **ret_field);

#endif

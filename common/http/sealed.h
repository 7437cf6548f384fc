/* common/http/sealed.h - FIELD_SEALED: personal data that the database holds as ciphertext.
 * Decoding checks a value and brings it to one form; statements are bound to
 *     :<name>         its ciphertext (bytea) for the record of the request: the path's id, or
 * :new_id
 *     :<name>_hash    its look-up hash under the active key (bytea)
 *     :<name>_hashes  its hashes under every look-up key (bytea[]): "= ANY", while keys rotate
 *     :<name>_given   as any field's
 * and a field inside an array or object by sealed_members(). SQL stores and returns the ciphertext,
 * and what leaves is a mask by the caller's role; the plain text where a handler unmasked the field
 * (request.unmasked) or the caller holds the permission it is shown to (F_SEALED_FOR), and null for
 * those who may not know that there is one (F_SEALED_AMONG). Elsewhere in C there is the plain text
 * only where sealed_open() gave it, in SQL never; an error repeats none.
 */
#ifndef ZEREN_HTTP_SEALED_H
#define ZEREN_HTTP_SEALED_H

#include <stdbool.h>

#include "core/arena.h"
#include "http/request.h"

/* What stands in an answer where a value cannot be opened: its key was lost. */
#define SEALED_UNREADABLE "unreadable"

/* For handlers that write many records (imports): a decoded value's ciphertext for that record, and
 * its hashes, as PostgreSQL reads bytea and bytea[]. `plain` NULL gives NULL. Fails in rq->err. */
bool sealed_text(struct request *rq, const struct field *f, const char *record, const char *plain,
                 const char **ret_hex);
bool sealed_hash(struct request *rq, const struct field *f, const char *plain,
                 const char **ret_hex);
bool sealed_hashes(struct request *rq, const struct field *f, const char *plain,
                   const char **ret_array);

/* The value of an array or object field as JSON for a statement, with its sealed fields sealed:
 * each element has its own "id" or is given a new one, "<name>" is the ciphertext for that record
 * and
 * "<name>_hash" its look-up hash (none of codes). The field itself cannot be bound. NULL gives
 * NULL. Fails in rq->err. */
bool sealed_members(struct request *rq, const char *name, const char **ret_json);

/* For handlers that judge what is there: the plain text of a ciphertext as PostgreSQL wrote it
 * ("\x01..", or as JSON has it), in the request's arena, which is wiped. NULL for NULL; NULL also
 * where no key of the ring opens it, which is logged and is no failure of the request. */
const char *sealed_open(struct request *rq, const char *column, const char *record,
                        const char *hex);

/* Has an array or object field such a field inside? */
bool sealed_within(const struct field *f);

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

/* common/http/openapi_schema.h - JSON Schema (2020-12) and examples out of a field table: the
 * contract's smaller half. Knows nothing of routes. */
#ifndef ZEREN_HTTP_OPENAPI_SCHEMA_H
#define ZEREN_HTTP_OPENAPI_SCHEMA_H

#include <stdbool.h>

#include "http/field.h"
#include "http/json_writer.h"

/* Whether a field of the table belongs to the object being described, and whether it must be there.
 */
struct schema_part {
    bool (*takes)(const void *of, const struct field *f);
    bool (*demands)(const void *of, const struct field *f);
    const void *of;
    bool answer;       /* of an answer: SHOWN decides in nested tables; else IN_BODY */
    bool at_least_one; /* of a merge patch */
};

/* What an answer holds: every SHOWN field, always there. `of` is not looked at. */
extern const struct schema_part schema_answer;

/* The schema of one value; with `nullable`, null is allowed where the field's flags say so. */
void schema_value(struct json *j, const char *key, const struct field *f, bool answer,
                  bool nullable);

/* The schema of an object: type, members, required, nothing besides. */
void schema_object(struct json *j, const char *key, const struct field *fields,
                   const struct schema_part *part, const char *doc);

/* A value, and an object, that the schema accepts. `title` text stands where the table has no
 * example. */
void example_value(struct json *j, const char *key, const struct field *f, bool answer);
void example_object(struct json *j, const char *key, const struct field *fields,
                    const struct schema_part *part);

/* Does the table show anything? */
bool schema_shows(const struct field *fields);

#endif

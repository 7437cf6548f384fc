/* common/http/field.h - field tables: the shape of a resource, said once. Decoding, statement
 * binding, OpenAPI and the contract tests all walk the same table. A value is kept as its canonical
 * text, which is what a statement binds. */
#ifndef ZEREN_HTTP_FIELD_H
#define ZEREN_HTTP_FIELD_H

#include <stdint.h>

#include "core/personal.h"

enum field_type {
    FIELD_TEXT, /* min..max code points, printable, trimmed of nothing, not blank when min > 0 */
    FIELD_UUID,
    FIELD_INT, /* min..max */
    FIELD_BOOL,
    FIELD_DATE,
    FIELD_INSTANT, /* RFC 3339 */
    FIELD_DECIMAL, /* JSON string, e.g. "12.50"; max = digits behind the point, min = 0: not
                      negative, -1: may be, 1: more than zero */
    FIELD_CODE,    /* division code, twelve characters */
    FIELD_ENUM,    /* one of values[] */
    FIELD_UUIDS, /* array of uuid text, at most max, no repeats; bound as a PostgreSQL array literal
                  */
    FIELD_TEXTS, /* array of text of at most 200 code points, at most max elements; bound as an
                    array literal */
    FIELD_OBJECT, /* nested: of[]; bound as JSON text. of NULL: any members */
    FIELD_ARRAY,  /* of objects: of[], min..max elements; bound as JSON text */
    FIELD_SEALED  /* personal data: ciphertext in the database and in audit rows, a mask in answers;
                     min = enum sealed_kind (core/personal.h) */
};

enum field_flag {
    IN_PATH = 1 << 0,
    IN_QUERY = 1 << 1, /* a filter or parameter of a GET, or a parameter of an import */
    IN_BODY = 1 << 2,
    REQUIRED = 1 << 3,   /* in the body of a POST that creates; in the query unless the field is
                            IN_BODY, too: then it is a filter */
    SHOWN = 1 << 4,      /* part of the answer */
    NULLABLE = 1 << 5,   /* may be null in the body (merge patch: clears) and in the answer */
    IS_VERSION = 1 << 6, /* comes from If-Match, leaves as ETag; shown */
    SECRET = 1 << 7,     /* never logged, never shown; the body is wiped */
    OWN_SCOPE = 1 << 8,  /* FIELD_CODE: a division inside the caller's scope, else 403 (charter D1:
                            it was named) */
    SPARSE = 1 << 10,    /* a member of a nested answer that may be left out */
    OWN_OR_ABOVE =
        1
        << 9, /* FIELD_CODE: as OWN_SCOPE, or one above it, whose upward records the caller reads */
    NO_ID_NUMBER = 1 << 11 /* FIELD_TEXT, FIELD_OBJECT of any members: the ID number of a person
                              stands nowhere in it */
};

struct field {
    const char *name;
    enum field_type type;
    unsigned flags;
    int64_t min, max;
    const char *const *values; /* FIELD_ENUM, NULL-terminated */
    const struct field *of;    /* FIELD_OBJECT, FIELD_ARRAY */
    const char *doc;           /* one sentence for the contract */
    const char *example;       /* as JSON text without quotes; NULL: the engine makes one */
    const char *column;        /* FIELD_SEALED: "identity.person.phone", what it is sealed for */
    int shown_to;              /* FIELD_SEALED: enum permission of those who see it in full without
                                  unmasking; 0: nobody */
    int masked_to; /* FIELD_SEALED: enum permission of those who see so much as its mask,
                      for to have one tells something; others see null; 0: all */
};

/* clang-format off */
#define FIELDS_END {0}

#define F_TEXT(name, flags, min, max, doc, example) {name, FIELD_TEXT, flags, min, max, 0, 0, doc, example}
#define F_UUID(name, flags, doc) {name, FIELD_UUID, flags, 0, 0, 0, 0, doc, 0}
#define F_INT(name, flags, min, max, doc, example) {name, FIELD_INT, flags, min, max, 0, 0, doc, example}
#define F_BOOL(name, flags, doc) {name, FIELD_BOOL, flags, 0, 0, 0, 0, doc, 0}
#define F_DATE(name, flags, doc, example) {name, FIELD_DATE, flags, 0, 0, 0, 0, doc, example}
#define F_INSTANT(name, flags, doc) {name, FIELD_INSTANT, flags, 0, 0, 0, 0, doc, 0}
#define F_DECIMAL(name, flags, sign, scale, doc, example) {name, FIELD_DECIMAL, flags, sign, scale, 0, 0, doc, example}
#define F_CODE(name, flags, doc) {name, FIELD_CODE, flags, 0, 0, 0, 0, doc, "431302000000"}
#define F_ENUM(name, flags, values, doc) {name, FIELD_ENUM, flags, 0, 0, values, 0, doc, 0}
#define F_UUIDS(name, flags, max, doc) {name, FIELD_UUIDS, flags, 0, max, 0, 0, doc, 0}
#define F_TEXTS(name, flags, max, doc) {name, FIELD_TEXTS, flags, 0, max, 0, 0, doc, 0}
#define F_OBJECT(name, flags, of, doc) {name, FIELD_OBJECT, flags, 0, 0, 0, of, doc, 0}
#define F_ARRAY(name, flags, of, max, doc) {name, FIELD_ARRAY, flags, 0, max, 0, of, doc, 0}
#define F_SEALED(name, flags, kind, column, doc) {name, FIELD_SEALED, flags, kind, 0, 0, 0, doc, 0, column}
#define F_SEALED_FOR(name, flags, kind, column, permission, doc) {name, FIELD_SEALED, flags, kind, 0, 0, 0, doc, 0, column, permission}
#define F_SEALED_AMONG(name, flags, kind, column, permission, doc) {name, FIELD_SEALED, flags, kind, 0, 0, 0, doc, 0, column, 0, permission}
#define F_VERSION() {"version", FIELD_INT, IS_VERSION | SHOWN, 1, INT32_MAX, 0, 0, "Rises with every change; the ETag.", "1"}
/* clang-format on */

#endif

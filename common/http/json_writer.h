/* common/http/json_writer.h - pretty JSON (two blanks a level) in the order it is written, over a
 * buffer. Does not read JSON and does not check that keys are distinct. */
#ifndef ZEREN_HTTP_JSON_WRITER_H
#define ZEREN_HTTP_JSON_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"

/* Named put_ and not json_: those names are jansson's, and a symbol of ours would take their place
 * inside libjwt. */
#define JSON_DEPTH_MAX 63

struct json {
    struct buf *to;
    unsigned depth;
    uint64_t arrays; /* bit n: level n is an array */
    bool filled;     /* the open level has a member already */
};

void put_start(struct json *j, struct buf *to);

/* `key` is NULL inside an array and at the top. Every opened level is closed. */
void put_object(struct json *j, const char *key);
void put_array(struct json *j, const char *key);
void put_close(struct json *j);

void put_text(struct json *j, const char *key, const char *text); /* NULL: null */
void put_int(struct json *j, const char *key, int64_t n);
void put_bool(struct json *j, const char *key, bool value);

/* Text that is JSON already: a number out of a table. */
void put_literal(struct json *j, const char *key, const char *literal);

#endif

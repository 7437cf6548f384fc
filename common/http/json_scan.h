/* common/http/json_scan.h - a walk over JSON that PostgreSQL wrote, without building anything:
 * where members stand, and where values end. Does not check what it walks over: text that is no
 * JSON ends the walk early and nothing worse. */
#ifndef ZEREN_HTTP_JSON_SCAN_H
#define ZEREN_HTTP_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

/* One member of an object: where its key (without quotes), and where its value stand. */
struct json_member {
    const char *key, *value;
    size_t key_len, value_len;
};

/* The first byte at or behind `p` that is no white space. */
const char *json_skip_blanks(const char *p);

/* Behind the value that begins at `p`: the comma or bracket that ends it, or the NUL. */
const char *json_skip_value(const char *p);

/* The member that begins at or behind `*at` ("{" or "," or a blank); moves on. False at the end. */
bool json_next_member(const char **at, struct json_member *ret);

bool json_is_key(const struct json_member *m, const char *name);

#endif

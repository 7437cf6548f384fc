/* common/http/json_scan.c - see json_scan.h. */
#include "http/json_scan.h"

#include <string.h>

#include "core/banned.h"

const char *json_skip_blanks(const char *p)
{
    while (*p == ' ' || *p == '\t' || *p == '\r' ||
           *p == '\n') /* strspn() may measure all behind p */
        p++;
    return p;
}

/* Behind the closing quote of the string that begins at `p`. */
static const char *skip_string(const char *p)
{
    for (p++; *p != '\0' && *p != '"'; p++) {
        if (*p == '\\' && p[1] != '\0')
            p++;
    }
    return *p == '"' ? p + 1 : p;
}

const char *json_skip_value(const char *p)
{
    unsigned depth = 0;
    while (*p != '\0') {
        if (*p == '"') {
            p = skip_string(p);
            continue;
        }
        if (depth == 0 && (*p == ',' || *p == '}' || *p == ']'))
            break;
        if (*p == '{' || *p == '[')
            depth++;
        else if (*p == '}' || *p == ']')
            depth--;
        p++;
    }
    return p;
}

bool json_next_member(const char **at, struct json_member *ret)
{
    const char *p = json_skip_blanks(*at);
    if (*p == '{' || *p == ',')
        p = json_skip_blanks(p + 1);
    if (*p != '"')
        return false;
    const char *end = skip_string(p);
    if (end[-1] != '"' || end - p < 2)
        return false;
    ret->key = p + 1;
    ret->key_len = (size_t)(end - p) - 2;
    p = json_skip_blanks(end);
    p = json_skip_blanks(*p == ':' ? p + 1 : p);
    ret->value = p;
    p = json_skip_value(p);
    ret->value_len = (size_t)(p - ret->value);
    *at = p;
    return true;
}

bool json_is_key(const struct json_member *m, const char *name)
{
    return strlen(name) == m->key_len && memcmp(name, m->key, m->key_len) == 0;
}

/* common/http/json_writer.c - pretty JSON over a buffer; the buffer keeps the first failure.
 * Does not read JSON. */
#include "http/json_writer.h"

#include <assert.h>

#include "core/banned.h"

static bool in_array(const struct json *j)
{
    return (j->arrays >> j->depth & 1) != 0;
}

static void new_line(struct json *j)
{
    buf_char(j->to, '\n');
    for (unsigned i = 0; i < j->depth; i++)
        buf_str(j->to, "  ");
}

/* What stands before a value: comma, line, key. */
static void begin_value(struct json *j, const char *key)
{
    if (j->depth > 0) {
        if (j->filled)
            buf_char(j->to, ',');
        new_line(j);
    }
    assert(j->depth == 0 || !in_array(j) || key == NULL);
    if (j->depth > 0 && !in_array(j) && key == NULL) /* a key that found no memory */
        j->to->failed = true;
    if (key != NULL) {
        buf_json(j->to, key);
        buf_str(j->to, ": ");
    }
    j->filled = true;
}

static void open_level(struct json *j, const char *key, bool array)
{
    begin_value(j, key);
    assert(j->depth < JSON_DEPTH_MAX);
    buf_char(j->to, array ? '[' : '{');
    j->depth++;
    uint64_t bit = UINT64_C(1) << j->depth;
    j->arrays = array ? j->arrays | bit : j->arrays & ~bit;
    j->filled = false;
}

void put_start(struct json *j, struct buf *to)
{
    *j = (struct json){.to = to};
}

void put_object(struct json *j, const char *key)
{
    open_level(j, key, false);
}

void put_array(struct json *j, const char *key)
{
    open_level(j, key, true);
}

void put_close(struct json *j)
{
    assert(j->depth > 0);
    bool array = in_array(j);
    j->depth--;
    if (j->filled)
        new_line(j);
    buf_char(j->to, array ? ']' : '}');
    j->filled = true;
}

void put_text(struct json *j, const char *key, const char *text)
{
    begin_value(j, key);
    buf_json(j->to, text);
}

void put_int(struct json *j, const char *key, int64_t n)
{
    begin_value(j, key);
    buf_int(j->to, n);
}

void put_bool(struct json *j, const char *key, bool value)
{
    put_literal(j, key, value ? "true" : "false");
}

void put_literal(struct json *j, const char *key, const char *literal)
{
    begin_value(j, key);
    buf_str(j->to, literal);
}

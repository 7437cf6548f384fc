/* common/http/decode_array.c - handlers' view into array-of-objects arguments. The text was
 * validated and canonicalised by decode_request(), so parsing it again cannot fail but for want of
 * memory. */
#include <assert.h>
#include <jansson.h>

#include "http/request.h"

static void json_release(void *root)
{
    json_decref(root);
}

static const json_t *array_of(struct request *rq, const char *name)
{
    const char *text = arg_text(rq, name);
    json_t *root = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
    if (!root || !arena_defer(rq->arena, json_release, root)) {
        return NULL;
    }
    return root;
}

size_t arg_count(struct request *rq, const char *name)
{
    return json_array_size(array_of(rq, name));
}

const char *arg_member(struct request *rq, const char *name, size_t i, const char *member)
{
    const json_t *value = json_object_get(json_array_get(array_of(rq, name), i), member);
    if (!value || json_is_null(value)) {
        return NULL;
    }
    if (json_is_integer(value)) {
        return arena_printf(rq->arena, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    }
    return json_is_boolean(value) ? (json_is_true(value) ? "true" : "false")
                                  : json_string_value(value);
}

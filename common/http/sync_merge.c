/* common/http/sync_merge.c - three-way comparison of a change with the record as it stands, member
 * by member. Writes nothing. */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "core/buf.h"
#include "http/sync.h"

#include "core/banned.h"

enum { FIELDS_MAX_BYTES = 64 * 1024 };

static void release(void *root)
{
    json_decref(root);
}

/* The object that the text says, released with the arena; NULL when it is none. */
static json_t *object_of(struct arena *a, const char *text)
{
    json_t *v = text == NULL ? json_object() : json_loads(text, 0, NULL);
    if (v == NULL || !arena_defer(a, release, v))
        return NULL;
    return json_is_object(v) ? v : NULL;
}

static const char *text_of(struct arena *a, const json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT);
    const char *copy = text == NULL ? NULL : arena_strdup(a, text);
    free(text);
    return copy;
}

/* Absent is null: clearing what is not there changes nothing. */
static const json_t *member(const json_t *object, const char *name)
{
    const json_t *v = json_object_get(object, name);
    return v == NULL ? json_null() : v;
}

struct sides {
    json_t *patch, *base, *mine, *theirs; /* of the members in conflict, but for the patch */
};

/* Only what has not moved under the change is written; what already is as wanted needs nothing. */
static bool weigh(struct sides *s, const char *name, const json_t *mine, const json_t *base,
                  const json_t *theirs)
{
    if (json_equal(mine, theirs) != 0)
        return true;
    if (base != NULL && json_equal(base, theirs) != 0)
        return json_object_set(s->patch, name, (json_t *)(uintptr_t)mine) == 0;
    const json_t *seen = base == NULL ? json_null() : base;
    return json_object_set(s->base, name, (json_t *)(uintptr_t)seen) == 0 &&
           json_object_set(s->mine, name, (json_t *)(uintptr_t)mine) == 0 &&
           json_object_set(s->theirs, name, (json_t *)(uintptr_t)theirs) == 0;
}

static const char *names_of(struct arena *a, const json_t *object)
{
    struct buf b;
    const char *name = NULL;
    const json_t *v = NULL;
    buf_init(&b, a, FIELDS_MAX_BYTES);
    json_object_foreach((json_t *)(uintptr_t)object, name, v)
    {
        buf_str(&b, b.len == 0 ? "{\"" : ",\"");
        buf_str(&b, name); /* a member that its route took: no quote in it */
        buf_char(&b, '"');
    }
    buf_char(&b, '}');
    return buf_text(&b);
}

static bool tell(struct arena *a, const struct sides *s, struct merge *ret)
{
    if (json_object_size(s->patch) > 0 && (ret->patch = text_of(a, s->patch)) == NULL)
        return false;
    if (json_object_size(s->mine) == 0)
        return true;
    ret->fields = names_of(a, s->mine);
    ret->base = text_of(a, s->base);
    ret->mine = text_of(a, s->mine);
    ret->theirs = text_of(a, s->theirs);
    return ret->fields != NULL && ret->base != NULL && ret->mine != NULL && ret->theirs != NULL;
}

bool sync_merge(struct arena *a, const char *mine, const char *base, const char *current,
                struct merge *ret)
{
    *ret = (struct merge){NULL};
    json_t *change = object_of(a, mine), *before = object_of(a, base), *now = object_of(a, current);
    struct sides s = {object_of(a, NULL), object_of(a, NULL), object_of(a, NULL),
                      object_of(a, NULL)};
    const char *name = NULL;
    json_t *v = NULL;
    if (change == NULL || before == NULL || now == NULL || s.patch == NULL || s.base == NULL ||
        s.mine == NULL || s.theirs == NULL)
        return false;
    json_object_foreach(change, name, v)
    {
        const json_t *seen = json_object_get(before, name);
        if (!weigh(&s, name, v, seen, member(now, name)))
            return false;
    }
    return tell(a, &s, ret);
}

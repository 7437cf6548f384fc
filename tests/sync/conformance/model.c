/* tests/sync/conformance/model.c - M-4 to M-6 for two members of a report. */
#include "model.h"

#include <stdio.h>
#include <string.h>

const char *const model_members[MODEL_MEMBERS] = {"value", "note"};

int model_add(struct model *m, const char *id)
{
    struct model_report *r = &m->reports[m->n_reports];
    *r = (struct model_report){.submitted = true};
    snprintf(r->id, sizeof r->id, "%s", id);
    return m->n_reports++;
}

struct model_report *model_find(struct model *m, const char *id)
{
    for (int i = 0; i < m->n_reports; i++) {
        if (strcmp(m->reports[i].id, id) == 0)
            return &m->reports[i];
    }
    return NULL;
}

struct model_operation *model_operation(struct model *m, const char *op_id)
{
    for (int i = 0; i < m->n_operations; i++) {
        if (strcmp(m->operations[i].op_id, op_id) == 0)
            return &m->operations[i];
    }
    return NULL;
}

static const char *word(const json_t *object, int member)
{
    return json_string_value(json_object_get(object, model_members[member]));
}

static enum model_end submit(struct model *m, const json_t *body, bool may)
{
    struct model_report *r = model_find(m, json_string_value(json_object_get(body, "id")));
    if (!may || r == NULL || r->there)
        return END_REFUSED;
    for (int i = 0; i < MODEL_MEMBERS; i++)
        snprintf(r->member[i], MODEL_WORD, "%s", word(body, i));
    r->there = true;
    r->version++;
    return END_DONE;
}

static enum model_end decide(struct model_report *r, const json_t *op, bool may)
{
    if (!may || r == NULL || !r->there || !r->submitted ||
        json_integer_value(json_object_get(op, "base_version")) != r->version)
        return END_REFUSED;
    r->submitted = false;
    r->version++;
    return END_DONE;
}

/* Member by member: what nobody touched is written, what already is so needs nothing. */
static void weigh(const struct model_report *r, const json_t *op, struct model_operation *o,
                  const char *patch[MODEL_MEMBERS])
{
    for (int i = 0; i < MODEL_MEMBERS; i++) {
        const char *mine = word(json_object_get(op, "body"), i);
        const char *base = word(json_object_get(op, "base"), i);
        patch[i] = NULL;
        if (mine == NULL || strcmp(mine, r->member[i]) == 0)
            continue;
        if (base != NULL && strcmp(base, r->member[i]) == 0) {
            patch[i] = mine;
            continue;
        }
        o->fields[i] = true;
        snprintf(o->mine[i], MODEL_WORD, "%s", mine);
        snprintf(o->theirs[i], MODEL_WORD, "%s", r->member[i]);
    }
}

static void write_members(struct model_report *r, const char *const patch[MODEL_MEMBERS])
{
    for (int i = 0; i < MODEL_MEMBERS; i++) {
        if (patch[i] != NULL)
            snprintf(r->member[i], MODEL_WORD, "%s", patch[i]);
    }
    r->version++;
}

static enum model_end merge(struct model_report *r, const json_t *op, struct model_operation *o)
{
    const char *patch[MODEL_MEMBERS];
    weigh(r, op, o, patch);
    bool some = patch[0] != NULL || patch[1] != NULL;
    bool conflict = o->fields[0] || o->fields[1];
    if (some && !r->submitted) /* nothing of it is written, and nobody is asked */
        return END_REFUSED;
    if (some)
        write_members(r, patch);
    o->open = conflict;
    o->theirs_version = r->version;
    o->version = 1;
    return conflict ? END_CONFLICT : some ? END_MERGED : END_UNCHANGED;
}

static enum model_end update(struct model_report *r, const json_t *op, bool may,
                             struct model_operation *o)
{
    if (!may || r == NULL || !r->there)
        return END_REFUSED;
    if (json_integer_value(json_object_get(op, "base_version")) != r->version)
        return merge(r, op, o);
    if (!r->submitted)
        return END_REFUSED;
    const char *patch[MODEL_MEMBERS] = {word(json_object_get(op, "body"), 0),
                                        word(json_object_get(op, "body"), 1)};
    write_members(r, patch);
    return END_DONE;
}

void model_arrives(struct model *m, const json_t *op, bool may_report, bool may_decide)
{
    const char *op_id = json_string_value(json_object_get(op, "op_id"));
    const char *name = json_string_value(json_object_get(op, "operation"));
    if (model_operation(m, op_id) != NULL || m->n_operations == MODEL_OPERATIONS)
        return;
    struct model_operation *o = &m->operations[m->n_operations++];
    struct model_report *r = model_find(m, json_string_value(json_object_get(op, "target")));
    *o = (struct model_operation){.report = r == NULL ? -1 : (int)(r - m->reports)};
    snprintf(o->op_id, sizeof o->op_id, "%s", op_id);
    if (strcmp(name, "submit_report") == 0)
        o->end = submit(m, json_object_get(op, "body"), may_report);
    else if (strcmp(name, "update_report") == 0)
        o->end = update(r, op, may_report, o);
    else
        o->end = decide(r, op, may_decide);
}

/* The members as they stand where another has changed them once more. */
static bool look_again(const struct model_report *r, struct model_operation *o)
{
    bool moved = false;
    for (int i = 0; o->theirs_version != r->version && i < MODEL_MEMBERS; i++) {
        if (!o->fields[i] || strcmp(o->mine[i], r->member[i]) == 0 ||
            strcmp(o->theirs[i], r->member[i]) == 0)
            continue;
        snprintf(o->theirs[i], MODEL_WORD, "%s", r->member[i]);
        moved = true;
    }
    return moved;
}

void model_settle(struct model *m, struct model_operation *o, int version, bool mine)
{
    struct model_report *r = &m->reports[o->report];
    const char *patch[MODEL_MEMBERS] = {NULL, NULL};
    if (!o->open || o->version != version)
        return;
    if (mine && !r->submitted)
        return;
    if (mine && look_again(r, o)) {
        o->theirs_version = r->version;
        o->version++;
        return;
    }
    for (int i = 0; i < MODEL_MEMBERS; i++)
        patch[i] = o->fields[i] ? o->mine[i] : NULL;
    if (mine)
        write_members(r, patch);
    o->open = false;
}

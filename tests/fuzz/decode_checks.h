/* tests/fuzz/decode_checks.h - what holds of every request after decoding, however odd it was. */
#ifndef ZEREN_TESTS_DECODE_CHECKS_H
#define ZEREN_TESTS_DECODE_CHECKS_H

#include <jansson.h>
#include <stdlib.h>

#include "../unit/toy_service.h"
#include "core/str.h"

static inline void check_json(const char *text)
{
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    if (root == NULL || !str_utf8(text, strlen(text)))
        abort();
    json_decref(root);
}

/* Accepted: every argument is text, and nested ones are JSON. */
static inline void check_arguments(const struct request *rq)
{
    for (size_t i = 0; rq->route->fields[i].name != NULL; i++) {
        const struct field *f = &rq->route->fields[i];
        const char *text = rq->args[i];
        if (text == NULL)
            continue;
        if (!rq->given[i] || !str_utf8(text, strlen(text)))
            abort();
        if (f->type == FIELD_OBJECT || f->type == FIELD_ARRAY)
            check_json(text);
    }
    if (rq->limit < 1 || rq->limit > LIMIT_MAX)
        abort();
    if (route_is_write(rq->route) && rq->new_id == NULL)
        abort();
}

/* Refused: the client's fault, and the document that says so is one. */
static inline void check_refusal(struct request *rq)
{
    problem_render(rq, NULL);
    check_json(rq->answer);
    if (rq->status < 400 || rq->status > 499)
        abort();
}

static inline void check_outcome(struct request *rq, bool accepted)
{
    if (accepted != (rq->err.code == ERR_NONE) || (accepted && rq->n_problems > 0))
        abort();
    if (accepted)
        check_arguments(rq);
    else
        check_refusal(rq);
}

#endif

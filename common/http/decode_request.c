/* common/http/decode_request.c - stage 6: in which order the parts of a request are read, and what
 * is refused for all of it. What cannot be read at all (415, no JSON) is refused alone; else
 * everything wrong is listed. Does not look at single values. */
#include <assert.h>

#include "core/uuid.h"
#include "http/decode_parts.h"

#include "core/banned.h"

static bool body_demanded(const struct route *r)
{
    for (const struct field *f = r->fields; f != NULL && f->name != NULL; f++) {
        if (route_takes(r, f, IN_BODY) && route_demands(r, f))
            return true;
    }
    return r->method == METHOD_PATCH && r->media == MEDIA_JSON; /* no bytes are asked for, too */
}

static bool start(struct decoder *d)
{
    size_t n = 0;
    while (d->route->fields != NULL && d->route->fields[n].name != NULL)
        n++;
    d->args = arena_array(d->rq->arena, const char *, n);
    d->given = arena_array(d->rq->arena, bool, n);
    d->rq->args = d->args;
    d->rq->given = d->given;
    d->rq->limit = LIMIT_DEFAULT;
    return (d->args != NULL && d->given != NULL) || fail(d->rq, ERR_NO_MEMORY, NULL, "%s", "");
}

/* 428, and the key that programs must send with every write. */
static bool check_headers(struct request *rq)
{
    bool program = rq->signed_in && rq->principal.kind != PRINCIPAL_PERSON;
    if (rq->if_match == NULL && decode_version_field(rq->route) != NULL)
        return fail(rq, ERR_PRECONDITION, "If-Match",
                    "Send the record's ETag as If-Match: the version you saw.");
    bool writes = route_is_write(rq->route) && !rq->route->reads;
    if (program && writes && rq->idempotency_key == NULL)
        return fail(rq, ERR_KEY_REQUIRED, "Idempotency-Key",
                    "Programs send a key with every write, the same one when they try again.");
    return true;
}

static bool take_new_id(struct decoder *d)
{
    struct request *rq = d->rq;
    const struct field *f = route_field(d->route, "id");
    if (!route_is_write(d->route))
        return true;
    if (f != NULL && route_takes(d->route, f, IN_BODY))
        rq->new_id = d->args[f - d->route->fields];
    if (rq->new_id != NULL)
        return true;
    char *id = arena_alloc(rq->arena, UUID_TEXT);
    if (id == NULL)
        return fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
    rq->new_id = id;
    return uuid_new(rq->now, id) || fail(rq, ERR_INTERNAL, NULL, "%s", "");
}

bool decode_request(struct request *rq, const struct match *m)
{
    struct decoder d = {.rq = rq, .route = m->route};
    enum route_media media = route_body(m->route);
    assert(rq->err.code == ERR_NONE);
    rq->route = m->route;
    if (!start(&d) || !decode_media(rq, media, body_demanded(m->route)))
        return false;
    if (media == MEDIA_JSON && !decode_parse(&d))
        return false;
    decode_path(&d, m);
    decode_query(&d);
    decode_body(&d);
    decode_version(&d);
    return rq->err.code == ERR_NONE && decode_scope(&d) && check_headers(rq) && take_new_id(&d);
}

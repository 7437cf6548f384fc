/* common/http/lifecycle.c - the stages of a request, in the one place where their order is written.
 * A stage refuses by rq->err and false; it neither logs nor writes the answer of a refusal. */
#include "http/lifecycle.h"

#include <assert.h>
#include <string.h>

#include "auth/address.h"
#include "core/log.h"
#include "core/str.h"
#include "http/decode.h"
#include "http/digest.h"
#include "http/metrics.h"
#include "http/problem.h"
#include "http/rate.h"
#include "http/render.h"
#include "http/sealed.h"

#include "core/banned.h"

enum { ATTEMPTS = 3 /* of a handler whose transaction met another one */ };

static size_t kib(int64_t n)
{
    return (size_t)n * 1024;
}

size_t lifecycle_body_max(const struct engine *e, const struct route *r)
{
    if (r != NULL && r->body_max_kib > 0)
        return kib(r->body_max_kib);
    if (r != NULL)
        return kib(r->media == MEDIA_CSV ? e->settings->import_max_kib : e->settings->body_max_kib);
    size_t most = kib(e->settings->body_max_kib);
    for (size_t i = 0; e->service->resources[i] != NULL; i++) {
        for (r = e->service->resources[i]; r->path != NULL; r++) {
            size_t max = lifecycle_body_max(e, r);
            most = max > most ? max : most;
        }
    }
    return most;
}

static bool refuse_body(struct request *rq, size_t max)
{
    return fail(rq, ERR_TOO_LARGE, NULL, "The body may have %zu bytes.", max);
}

static bool stage_guard(struct request *rq)
{
    if (rq->err.code != ERR_NONE) /* the server refused its headers */
        return false;
    if (rq->body_len > rq->engine->body_max)
        return refuse_body(rq, rq->engine->body_max);
    if (guard_request(rq))
        return true;
    rq->traceparent = NULL; /* not repeated unless it is one */
    return false;
}

static bool stage_match(struct request *rq, struct match *m)
{
    bool found = match_find(rq->engine->matches, rq->arena, rq->method, rq->url, m, &rq->err);
    rq->allow = found ? NULL : m->allow;
    if (!found)
        return false;
    rq->route = m->route;
    size_t max = lifecycle_body_max(rq->engine, rq->route);
    return rq->body_len <= max || refuse_body(rq, max);
}

static bool take(struct request *rq, struct rate *rate, const char *key)
{
    if (rate_take(rate, key, rq->started_us, &rq->rate))
        return true;
    rq->retry_after_s = rq->rate.retry_after_s;
    return fail(rq, ERR_RATE, NULL, "Try again in %d s.", rq->retry_after_s);
}

static bool stage_rate(struct request *rq)
{
    return take(rq, rq->engine->rate_address, rq->address);
}

/* The credentials of "Bearer <token>", or NULL. */
static const char *bearer_of(const char *authorization)
{
    static const char scheme[] = "bearer ";
    if (authorization == NULL)
        return NULL;
    for (size_t i = 0; i < sizeof scheme - 1; i++) {
        if ((authorization[i] | 0x20) != scheme[i])
            return NULL;
    }
    return authorization + sizeof scheme - 1;
}

static bool stage_authn(struct request *rq)
{
    if (rq->route->permission == PERM_PUBLIC)
        return true;
    const char *token = bearer_of(rq->authorization);
    if (token == NULL)
        return fail(rq, ERR_UNAUTHENTICATED, "Authorization", "%s", "");
    const struct credential given = {.text = token, .address = rq->address, .now = rq->now};
    if (!trust_check(rq->engine->trust, &given, &rq->principal, &rq->err)) {
        rq->retry_after_s = rq->err.code == ERR_RATE ? 1 : rq->retry_after_s;
        return false;
    }
    const struct principal *p = &rq->principal;
    if (!address_allowed(p->addresses, rq->address))
        return fail(rq, ERR_ADDRESS_REFUSED, NULL, "%s", "");
    rq->signed_in = true;
    return take(rq, rq->engine->rate_token, p->session[0] != '\0' ? p->session : p->account);
}

bool lifecycle_still_allowed(struct request *rq)
{
    struct principal p;
    const struct credential given = {
        .text = bearer_of(rq->authorization), .address = rq->address, .now = clock_now()};
    return trust_check(rq->engine->trust, &given, &p, &rq->err);
}

/* What the account must do first, as the route that does it. */
static bool refuse_until_done(struct request *rq)
{
    if ((rq->principal.must & MUST_CHANGE_PASSWORD) != 0)
        return fail(rq, ERR_ACTION_REQUIRED, NULL, "%s",
                    "Change the password first: POST /api/v1/identity/me:change_password");
    if ((rq->principal.must & MUST_ENROL_TOTP) != 0)
        return fail(rq, ERR_ACTION_REQUIRED, NULL, "%s",
                    "Enrol a second factor first: POST /api/v1/identity/me/totp:enrol");
    return fail(rq, ERR_ACTION_REQUIRED, NULL, "%s",
                "Show the code that the security administrator gave you first: POST "
                "/api/v1/identity/me/totp:release");
}

static void prepare_tx(struct request *rq)
{
    enum permission wanted = rq->route->permission;
    rq->tx = (struct tx){
        .pool = rq->engine->pool,
        .arena = rq->arena,
        .scope = rq->signed_in ? rq->principal.scope : "{}",
        .lines = rq->signed_in ? rq->principal.lines : "",
        .ancestors = rq->signed_in ? rq->principal.ancestors : NULL,
        .auditing = wanted == PERM_AUDIT_READ || wanted == PERM_AUDIT_EXPORT,
    };
}

static bool stage_authz(struct request *rq)
{
    enum permission wanted = rq->route->permission;
    if (rq->principal.must != 0 && wanted != PERM_PUBLIC && wanted != PERM_SIGNED_IN)
        return refuse_until_done(rq);
    if (wanted != PERM_PUBLIC && wanted != PERM_SIGNED_IN &&
        !permission_in(rq->principal.permissions, wanted))
        return fail(rq, ERR_FORBIDDEN, NULL, "This needs the permission %s.",
                    permission_code(wanted));
    prepare_tx(rq);
    return true;
}

static bool stage_decode(struct request *rq, const struct match *m)
{
    if (!decode_request(rq, m))
        return false;
    rq->tx.validate_only = rq->validate_only;
    return true;
}

/* What tells requests under one key apart. With keys at hand it is keyed: a plain digest of a body
 * that holds little but an ID number gives the number away. `like`: a digest whose key is to be
 * used, or NULL. NULL with rq->err set. */
static const char *claim_digest(struct request *rq, const char *like)
{
    const struct principal *p = &rq->principal;
    const char *text = rq->claim_text;
    const char *if_match = text != NULL || rq->if_match == NULL ? "" : rq->if_match;
    const char *what = text != NULL ? text : rq->url;
    const struct digest_part parts[] = {
        {rq->method, strlen(rq->method)},
        {"\n", 1},
        {what, strlen(what)},
        {"\n", 1},
        {if_match, strlen(if_match)},
        {"\n", 1},
        {p->post, strlen(p->post)},
        {p->access_grant, strlen(p->access_grant)},
        {"\n", 1},
        {rq->body, text != NULL ? 0 : rq->body_len},
    };
    char *digest = arena_alloc(rq->arena, DIGEST_KEYED);
    if (digest == NULL) {
        fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
        return NULL;
    }
    bool plain = rq->engine->keyring == NULL || (like != NULL && strlen(like) < DIGEST_KEYED - 1);
    bool made = plain ? digest_hex(parts, sizeof parts / sizeof *parts, digest)
                      : digest_keyed(rq->engine->keyring, parts, sizeof parts / sizeof *parts, like,
                                     digest);
    if (!made)
        fail(rq, ERR_INTERNAL, NULL, "%s", "");
    return made ? digest : NULL;
}

bool lifecycle_claim(struct request *rq, struct claim *ret)
{
    *ret = (struct claim){.account = NULL};
    if (rq->idempotency_key == NULL || !rq->signed_in || rq->validate_only)
        return true;
    const char *digest = claim_digest(rq, NULL);
    *ret = (struct claim){rq->principal.account, rq->idempotency_key, digest};
    return digest != NULL;
}

/* Was the stored digest made of this request? A keyed one is made again under its own key. */
static bool same_request(struct request *rq, const char *stored)
{
    const char *digest = claim_digest(rq, stored);
    if (digest == NULL)
        err_clear(&rq->err); /* its key was removed */
    return digest != NULL && str_equal(stored, digest);
}

/* The key was there before: its stored answer, or why there is none. */
static bool replay(struct request *rq)
{
    struct claim c;
    struct stored_answer s = {0};
    tx_end(&rq->tx);
    err_clear(&rq->err);
    if (!lifecycle_claim(rq, &c) || !tx_stored(&rq->tx, &c, &s, &rq->err))
        return false;
    if (s.digest != NULL && !same_request(rq, s.digest))
        return fail(rq, ERR_KEY_REUSED, "Idempotency-Key", "%s", "");
    if (s.status == 0)
        return fail(rq, ERR_KEY_IN_USE, "Idempotency-Key", "%s", "");
    rq->replayed = true;
    rq->status = s.status;
    rq->answer = s.body;
    rq->answer_len = s.body == NULL ? 0 : strlen(s.body);
    rq->etag = s.etag;
    rq->location = s.location;
    return true;
}

/* Serialization failure or deadlock: the same work may succeed the next time. */
static bool may_retry(const struct err *e)
{
    return strcmp(e->sqlstate, "40001") == 0 || strcmp(e->sqlstate, "40P01") == 0;
}

/* As it was before the handler ran. */
static void forget_attempt(struct request *rq, struct arena_mark mark)
{
    err_clear(&rq->err);
    rq->bindings = NULL;
    rq->problems = NULL;
    rq->n_problems = 0;
    rq->status = 0;
    rq->answer = NULL;
    rq->answer_len = 0;
    rq->etag = rq->location = rq->link = rq->current = NULL;
    arena_rewind(rq->arena, mark);
}

static bool handle(struct request *rq)
{
    return (rq->first == NULL || (db_begin(rq) && rq->first(rq))) && rq->route->handler(rq);
}

static bool stage_handler(struct request *rq)
{
    struct arena_mark mark = arena_mark(rq->arena);
    for (;;) {
        rq->attempts++;
        bool done = handle(rq) && tx_commit(&rq->tx, &rq->err);
        tx_end(&rq->tx);
        if (done)
            return true;
        if (rq->err.code == ERR_KEY_IN_USE)
            return replay(rq);
        if (!may_retry(&rq->err) || rq->attempts == ATTEMPTS)
            return false;
        forget_attempt(rq, mark);
    }
}

/* The first half of rendering: no ciphertext leaves. */
static bool stage_show(struct request *rq)
{
    if (rq->answer == NULL || rq->answer_len == 0)
        return true;
    const char *shown = sealed_show(rq, rq->answer);
    if (shown == NULL)
        return fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
    if (shown == rq->answer)
        return true;
    rq->answer = shown;
    rq->answer_len = strlen(shown);
    return true;
}

static bool run_stages(struct request *rq)
{
    struct match m = {.route = NULL};
    return stage_rate(rq) && stage_guard(rq) && stage_match(rq, &m) && stage_authn(rq) &&
           stage_authz(rq) && stage_decode(rq, &m) && stage_handler(rq) && stage_show(rq);
}

void lifecycle_keep_answer(struct request *rq, int status, const char *body)
{
    struct claim c;
    struct err before = rq->err, ignored = {0};
    bool claimed = lifecycle_claim(rq, &c);
    rq->err = before;
    if (rq->tx.pool == NULL) /* refused before it could look */
        prepare_tx(rq);
    if (!claimed || c.key == NULL)
        return;
    struct stored_answer s = {.status = status, .body = body, .digest = c.digest};
    (void)!tx_store(&rq->tx, &c, &s, &ignored);
    tx_end(&rq->tx);
}

/* A refusal for the record's state is the answer of its key, too (charter D9). What keeps it from
 * being stored costs the client nothing: the same call finds the same state. */
static void keep_conflict(struct request *rq)
{
    enum err_code code = rq->err.code;
    bool kept = code == ERR_STATE || code == ERR_DUPLICATE || code == ERR_ELSEWHERE;
    if (kept && rq->route != NULL && route_is_write(rq->route))
        lifecycle_keep_answer(rq, rq->status, rq->answer);
}

static void account_for(const struct request *rq, int64_t duration_us)
{
    struct log_line l;
    const struct err *e = &rq->err;
    log_begin(&l, err_class(e->code)->level, "request");
    log_text(&l, "request_id", rq->request_id);
    if (rq->traceparent != NULL) {
        char trace[33] = {0};
        memcpy(trace, rq->traceparent + 3, sizeof trace - 1);
        log_text(&l, "trace_id", trace);
    }
    log_text(&l, "method", rq->method);
    log_text(&l, "route", rq->route == NULL ? NULL : rq->route->path);
    log_int(&l, "status", rq->status);
    if (e->code != ERR_NONE) {
        log_text(&l, "error", err_class(e->code)->code);
        log_text(&l, "field", e->field[0] == '\0' ? NULL : e->field);
        log_text(&l, "sqlstate", e->sqlstate[0] == '\0' ? NULL : e->sqlstate);
        log_text(&l, "cause", e->cause[0] == '\0' ? NULL : e->cause);
    }
    log_int(&l, "duration_ms", duration_us / 1000);
    log_int(&l, "db_ms", rq->tx.db_us / 1000);
    log_int(&l, "db_wait_ms", rq->tx.wait_us / 1000);
    log_int(&l, "rows", (int64_t)rq->tx.rows);
    log_int(&l, "bytes", (int64_t)rq->answer_len);
    if (rq->attempts > 1)
        log_int(&l, "attempts", rq->attempts);
    if (rq->replayed)
        log_int(&l, "replayed", 1);
    log_text(&l, "principal", rq->signed_in ? rq->principal.account : NULL);
    log_end(&l);
}

static void refuse(struct request *rq)
{
    assert(rq->err.code != ERR_NONE); /* a handler that refuses says why */
    rq->location = rq->link = NULL;
    rq->etag = rq->current == NULL ? NULL : rq->etag;
    rq->current = sealed_show(rq, rq->current);
    problem_render(rq, rq->current);
    keep_conflict(rq);
}

void lifecycle_run_inner(struct request *rq, const struct match *m)
{
    rq->route = m->route;
    rq->started_us = clock_ticks_us();
    if (!stage_authz(rq) || !stage_decode(rq, m) || !stage_handler(rq) || !stage_show(rq))
        refuse(rq);
    tx_end(&rq->tx);
    int64_t duration_us = clock_ticks_us() - rq->started_us;
    metrics_count(rq->engine->metrics, rq->route, rq->status, duration_us);
    account_for(rq, duration_us);
}

void lifecycle_run(struct request *rq)
{
    struct metrics *metrics = rq->engine->metrics;
    metrics_enter(metrics);
    if (!run_stages(rq))
        refuse(rq);
    tx_end(&rq->tx);
    render_finish(rq);
    int64_t duration_us = clock_ticks_us() - rq->started_us;
    metrics_count(metrics, rq->route, rq->status, duration_us);
    metrics_leave(metrics);
    account_for(rq, duration_us);
}

/* common/http/process.c - making and releasing what a serving process holds. Reads no arguments and
 * no signals: http/service.c. */
#include "http/process.h"

#include <string.h>

#include "core/buf.h"
#include "core/log.h"
#include "http/engine_tables.h"
#include "http/feed_watch.h"
#include "http/file_routes.h"
#include "http/match.h"
#include "http/metrics.h"
#include "http/openapi.h"
#include "http/ops.h"
#include "http/rate.h"
#include "http/sealed.h"
#include "http/server.h"
#include "http/settings.h"
#include "keys/keyring.h"
#include "keys/vault.h"

#include "core/banned.h"

enum {
    PROCESS_MEMORY = 64 * 1024 * 1024,
    POLL_MS = 300,   /* charter D13: a revocation is known within that */
    STALE_MS = 1000, /* and without a good poll for that long nothing is trusted */
    POLL_STATEMENT_MS = 800,
    CACHED_TOKENS = 4096,
    FORGED_PER_S = 20,      /* failing tokens an address may send at once: 400 µs each */
    FORGED_ALL_PER_S = 400, /* and all addresses together: 16 % of a core */
    FORGED_WAIT_MS = 250,
    FORGED_WAITS = 128, /* threads at once, of 1,024 at least: 512 verifications a second */
};

/* --- the service's tables, and the route of its contract behind them --- */

static bool read_contract(struct request *rq)
{
    return reply_json(rq, 200, rq->engine->openapi);
}

static const struct field no_fields[] = {FIELDS_END};

static const struct route contract_routes[] = {
    {.method = METHOD_GET,
     .path = "/openapi.json",
     .permission = PERM_PUBLIC,
     .fields = no_fields,
     .handler = read_contract,
     .id = "read_contract",
     .summary = "The contract of this service"},
    ROUTES_END,
};

/* The service with the contract's route behind its own. */
static const struct service *with_contract(struct arena *a, const struct service *s)
{
    size_t n = 0;
    while (s->resources[n] != NULL)
        n++;
    struct service *copy = arena_new(a, struct service);
    const struct route **resources = arena_array(a, const struct route *, n + 2);
    if (copy == NULL || resources == NULL)
        return NULL;
    for (size_t i = 0; i < n; i++)
        resources[i] = s->resources[i];
    resources[n] = contract_routes;
    *copy = *s;
    copy->resources = resources;
    return copy;
}

static bool no_memory(struct err *err)
{
    return err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
}

bool process_move_clock(const struct process *p, struct err *err)
{
    const struct engine_settings *s = &p->settings;
    struct date today;
    if (s->today == NULL || *s->today == '\0')
        return true;
    if (date_parse(s->today, &today) && clock_set_today(today))
        return true;
    return err_set(err, ERR_INVALID, "TODAY", "ZEREN_TODAY: the clock cannot be moved");
}

bool process_configure(struct process *p, const struct service *s, struct err *err)
{
    p->service = s;
    p->arena = arena_create(PROCESS_MEMORY);
    if (p->arena == NULL)
        return no_memory(err);
    return settings_load(p->arena, s, &p->settings, err) && process_move_clock(p, err);
}

const struct service *service_whole(struct arena *a, const struct service *s)
{
    const struct service *with_files = service_with_files(a, s);
    return with_files == NULL ? NULL : service_with_engine(a, with_files);
}

bool process_compose(struct process *p, struct err *err)
{
    struct engine *e = &p->engine;
    *e = (struct engine){.settings = &p->settings, .arena = p->arena};
    const struct service *own = service_whole(p->arena, p->service);
    if (own == NULL)
        return no_memory(err);
    e->service = with_contract(p->arena, own);
    e->openapi = openapi_render(p->arena, own);
    if (e->service == NULL || e->openapi == NULL)
        return no_memory(err);
    if (!lifecycle_lint(e, err))
        return false;
    e->matches = match_create(p->arena, e->service, err);
    e->statements = stmt_set_create(p->arena, own->statements, err);
    e->metrics = metrics_create(p->arena, e->service);
    e->body_max = lifecycle_body_max(e, NULL);
    if (e->matches == NULL || e->statements == NULL)
        return false;
    return e->metrics != NULL || no_memory(err);
}

/* --- what a running process opens --- */

static const char *secret(const char *text)
{
    return text == NULL || *text == '\0' ? NULL : text;
}

static const char *search_path(const struct process *p)
{
    struct buf b;
    buf_init(&b, p->arena, 1024);
    buf_str(&b, p->service->name);
    for (const char *const *s = p->service->pub_schemas; s != NULL && *s != NULL; s++) {
        buf_str(&b, ", ");
        buf_str(&b, *s);
    }
    buf_str(&b, ", zeren");
    return buf_text(&b);
}

struct pool *process_open_pool(const struct process *p, const char *work, int64_t size, bool worker)
{
    const struct engine_settings *s = &p->settings;
    struct pool_options o = {
        .conninfo = worker ? s->worker_db : s->db,
        .password = secret(worker ? s->worker_db_password : s->db_password),
        .search_path = search_path(p),
        .application_name = arena_printf(p->arena, "%s/%s", p->service->name, work),
        .size = (int)size,
        .acquire_ms = (int)s->db_acquire_ms,
        .statement_ms = (int)s->db_statement_ms,
        .lock_ms = (int)s->db_lock_ms,
        .lifetime_s = (int)s->db_lifetime_s,
    };
    if (strcmp(work, "trust") == 0)
        o.acquire_ms = o.statement_ms = o.lock_ms = POLL_STATEMENT_MS;
    return o.search_path == NULL || o.application_name == NULL ? NULL : pool_create(&o);
}

static bool open_pools(struct process *p, struct err *err)
{
    p->engine.pool = process_open_pool(p, "interactive", p->settings.db_pool, false);
    p->trust_pool = process_open_pool(p, "trust", 1, false);
    return (p->engine.pool != NULL && p->trust_pool != NULL) || no_memory(err);
}

static bool open_engine(struct process *p, struct err *err)
{
    struct engine *e = &p->engine;
    e->rate_token = rate_create((int)p->settings.rate_per_token);
    e->rate_address = rate_create((int)p->settings.rate_per_address);
    e->trust = trust_create(&(struct trust_options){.pool = p->trust_pool,
                                                    .poll_ms = POLL_MS,
                                                    .stale_ms = STALE_MS,
                                                    .cache_tokens = CACHED_TOKENS,
                                                    .lookups = e->pool,
                                                    .flood = {.per_s = FORGED_PER_S,
                                                              .all_per_s = FORGED_ALL_PER_S,
                                                              .wait_ms = FORGED_WAIT_MS,
                                                              .waits = FORGED_WAITS}});
    return (e->rate_token != NULL && e->rate_address != NULL && e->trust != NULL) || no_memory(err);
}

static void log_refused_keys(void *ctx, const struct err *err)
{
    (void)ctx;
    log_event(ERR_LEVEL_ERROR, "keys", "cause", err->cause);
}

struct opening {
    struct process *p;
    struct err *err;
};

static void *open_keyring(void *arg)
{
    const struct opening *o = arg;
    o->p->engine.keyring = keyring_open(o->p->settings.field_keys, KEY_NEEDS_FIELDS, o->err);
    return NULL;
}

bool process_open_keys(struct process *p, struct err *err)
{
    const char *path = p->settings.field_keys;
    if (path == NULL || *path == '\0')
        return !sealed_in_service(p->service) ||
               err_set(
                   err, ERR_INVALID, "FIELD_KEYS_FILE",
                   "ZEREN_FIELD_KEYS_FILE: this service has sealed fields and needs their keys");
    if (!vault_init(err))
        return false;
    if (!vault_run(open_keyring, &(struct opening){p, err}))
        return no_memory(err);
    if (p->engine.keyring != NULL)
        keyring_on_refused(p->engine.keyring, log_refused_keys, NULL);
    return p->engine.keyring != NULL;
}

static bool open_listeners(struct process *p, struct err *err)
{
    p->ops = ops_start(&p->engine, err);
    if (p->ops == NULL)
        return false;
    p->server = server_start(&p->engine, err);
    if (p->server == NULL)
        return false;
    ops_set_ready(p->ops, true);
    return true;
}

static bool open_files(struct process *p, struct err *err)
{
    const char *dir = p->settings.files_dir;
    if (p->service->files == NULL)
        return true;
    if (dir == NULL || *dir == '\0')
        return err_set(err, ERR_INVALID, "FILES_DIR",
                       "ZEREN_FILES_DIR: this service has files and needs a place for them");
    p->engine.files = file_room_open(dir, err);
    return p->engine.files != NULL;
}

static bool open_watch(struct process *p, struct err *err)
{
    p->engine.feed = feed_watch_start(&p->engine, err);
    return p->engine.feed != NULL;
}

bool process_start(struct process *p, struct err *err)
{
    return process_open_keys(p, err) && open_pools(p, err) && open_engine(p, err) &&
           (p->service->start == NULL || p->service->start(&p->engine, err)) &&
           open_files(p, err) && open_watch(p, err) && open_listeners(p, err);
}

bool process_drain(struct process *p)
{
    ops_set_ready(p->ops, false);
    server_quiesce(p->server);
    feed_watch_close(p->engine.feed);
    return server_drain(p->server, p->settings.drain_ms);
}

void process_stop(struct process *p)
{
    server_stop(&p->server);
    ops_stop(&p->ops);
    feed_watch_stop(&p->engine.feed);
    file_room_close(&p->engine.files);
    if (p->service != NULL && p->service->stop != NULL)
        p->service->stop(&p->engine);
    trust_destroy(&p->engine.trust);
    rate_destroy(&p->engine.rate_token);
    rate_destroy(&p->engine.rate_address);
    pool_destroy(&p->trust_pool);
    pool_destroy(&p->engine.pool);
    keyring_close(p->engine.keyring);
    p->engine.keyring = NULL;
    arena_destroy(&p->arena);
}

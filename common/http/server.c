/* common/http/server.c - ulfius and libmicrohttpd, reduced to carrying bytes: one default endpoint,
 * no post processor, no maps of theirs but the headers (style U1 to U20, M1 to M7). Decides
 * nothing. */
#include "http/server.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <ulfius.h>

#include "core/log.h"
#include "core/str.h"
#include "core/uuid.h"
#include "http/arena_list.h"
#include "http/render.h"
#include "http/sealed.h"

#include "core/banned.h"

enum {
    HEADERS_MAX_BYTES = 16 * 1024, /* libmicrohttpd itself gives up at 32 KiB (style M4) */
    IDLE_S = 75,                   /* longer than nginx keeps an upstream connection: 60 s */
    STACK_BYTES = 256 * 1024,
    BACKLOG = 1024,
    ARENA_MIN = 16 * 1024 * 1024, /* a page of 500 records, twice */
    ARENA_BODIES = 8,             /* a table in memory takes several times its file */
    REQUEST_ID_MAX = 64,
};

struct server {
    struct engine *engine;
    struct _u_instance instance;
    struct arena_list *arenas;
    int listen_fd; /* after quiesce */
    atomic_bool draining;
    atomic_int running;
};

/* --- arriving --- */

/* clang-format off */
static const struct wanted {
    const char *name;
    size_t offset; /* of a const char * in struct request */
} wanted[] = {
    {"Authorization",     offsetof(struct request, authorization)},
    {"Content-Type",      offsetof(struct request, content_type)},
    {"If-Match",          offsetof(struct request, if_match)},
    {"If-None-Match",     offsetof(struct request, if_none_match)},
    {"Idempotency-Key",   offsetof(struct request, idempotency_key)},
    {"traceparent",       offsetof(struct request, traceparent)},
    {"Upload-Offset",     offsetof(struct request, upload_offset)},
    {"X-Request-Id",      offsetof(struct request, request_id)},
    {"X-Forwarded-For",   offsetof(struct request, address)},
};
/* clang-format on */

/* Two of one name that differ in case arrive as two (style U2): joined by a comma like all repeated
 * ones, which the guard refuses. */
static void take_header(struct request *rq, const char *name, const char *value)
{
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        if (!str_equal_nocase(name, wanted[i].name))
            continue;
        const char **slot = (const char **)(void *)((char *)rq + wanted[i].offset);
        *slot = *slot == NULL ? value : arena_printf(rq->arena, "%s,%s", *slot, value);
        return;
    }
}

static void take_headers(struct request *rq, const struct _u_map *map)
{
    size_t bytes = 0;
    for (int i = 0; i < map->nb_values; i++) {
        bytes += strlen(map->keys[i]) + map->lengths[i] + 4;
        take_header(rq, map->keys[i], map->values[i]);
    }
    if (bytes > HEADERS_MAX_BYTES)
        fail(rq, ERR_HEADERS_TOO_LARGE, NULL, "The headers may have %d bytes.", HEADERS_MAX_BYTES);
}

bool server_is_proxy(const char *proxy, const char *peer)
{
    char network[INET_ADDRSTRLEN] = "";
    const char *slash = strchr(proxy, '/');
    size_t n = slash == NULL ? strlen(proxy) : (size_t)(slash - proxy);
    int64_t bits = 32;
    struct in_addr a, b;
    if (n >= sizeof network || (slash != NULL && !str_int(slash + 1, 0, 32, &bits)))
        return false;
    memcpy(network, proxy, n); // NOLINT(bugprone-not-null-terminated-result): the rest is zero
    if (inet_pton(AF_INET, network, &a) != 1 || inet_pton(AF_INET, peer, &b) != 1)
        return false;
    uint32_t mask = bits == 0 ? 0 : UINT32_MAX << (32 - bits);
    return ((ntohl(a.s_addr) ^ ntohl(b.s_addr)) & mask) == 0;
}

/* The last address of X-Forwarded-For, which the proxy itself wrote; NULL when it is none. */
static const char *forwarded(struct request *rq, const char *list)
{
    struct in6_addr any;
    const char *comma = list == NULL ? NULL : strrchr(list, ',');
    const char *last = comma == NULL ? list : comma + 1;
    if (last == NULL)
        return NULL;
    last += strspn(last, " \t");
    last = arena_strndup(rq->arena, last, strcspn(last, " \t"));
    if (last == NULL)
        return NULL;
    return inet_pton(AF_INET, last, &any) == 1 || inet_pton(AF_INET6, last, &any) == 1 ? last
                                                                                       : NULL;
}

static bool is_request_id(const char *text)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-";
    size_t n = text == NULL ? 0 : strspn(text, allowed);
    return n > 0 && n <= REQUEST_ID_MAX && text[n] == '\0';
}

/* Who asks, and under which id: both believed only from the proxy. */
static void take_origin(struct request *rq, const struct sockaddr *from)
{
    char *peer = arena_alloc(rq->arena, INET_ADDRSTRLEN);
    char *own_id = arena_alloc(rq->arena, UUID_TEXT);
    const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)from;
    if (peer != NULL && from != NULL && from->sa_family == AF_INET)
        inet_ntop(AF_INET, &in->sin_addr, peer, INET_ADDRSTRLEN);
    bool by_proxy = peer != NULL && server_is_proxy(rq->engine->settings->proxy, peer);
    const char *real = by_proxy ? forwarded(rq, rq->address) : NULL;
    rq->address = real != NULL ? real : peer != NULL ? peer : "";
    if (by_proxy && is_request_id(rq->request_id))
        return;
    rq->request_id = own_id != NULL && uuid_new(rq->now, own_id) ? own_id : "";
}

static struct request *receive(struct server *s, struct arena *a, const struct _u_request *in)
{
    struct request *rq = arena_new(a, struct request);
    if (rq == NULL)
        return NULL;
    rq->engine = s->engine;
    rq->arena = a;
    rq->started_us = clock_ticks_us();
    rq->now = clock_now();
    rq->today = clock_date(rq->now);
    rq->method = in->http_verb;
    rq->url = in->http_url;
    rq->body = in->binary_body;
    rq->body_len = in->binary_body_length;
    take_headers(rq, in->map_header);
    take_origin(rq, in->client_address);
    return rq;
}

/* --- leaving --- */

static bool has_secret(const struct route *r)
{
    if (r != NULL && sealed_on_route(r))
        return true;
    for (const struct field *f = r == NULL ? NULL : r->fields; f != NULL && f->name != NULL; f++) {
        if ((f->flags & SECRET) != 0)
            return true;
    }
    return false;
}

/* An arena that held a secret is overwritten and not used again. */
static void dismiss(struct server *s, struct request *rq, const struct _u_request *in)
{
    struct arena *a = rq->arena;
    if (!has_secret(rq->route)) {
        arena_list_give(s->arenas, a);
        return;
    }
    if (in->binary_body != NULL)
        explicit_bzero(in->binary_body, in->binary_body_length);
    arena_wipe_on_reset(a);
    arena_destroy(&a);
}

static void answer(struct server *s, struct request *rq, struct _u_response *out)
{
    struct header headers[HEADERS_MAX];
    size_t n = render_headers(rq, headers);
    for (size_t i = 0; i < n; i++)
        u_map_put(out->map_header, headers[i].name, headers[i].value);
    if (atomic_load_explicit(&s->draining, memory_order_relaxed))
        u_map_put(out->map_header, "Connection", "close");
    /* Without a body ulfius would refuse the call and leave a 200 (style U14). */
    out->status = rq->status;
    if (rq->answer_len > 0)
        ulfius_set_binary_body_response(out, (unsigned)rq->status, rq->answer, rq->answer_len);
}

/* Without memory for a request: the shortest answer there is. */
static void answer_no_memory(struct _u_response *out)
{
    static const char text[] =
        "{\"type\":\"urn:zeren:problem:no_memory\",\"title\":\"The service is out of "
        "memory\",\"status\":503,\"code\":\"no_memory\"}";
    u_map_put(out->map_header, "Content-Type", "application/problem+json");
    u_map_put(out->map_header, "Retry-After", "1");
    ulfius_set_binary_body_response(out, 503, text, sizeof text - 1);
}

static int serve(const struct _u_request *in, struct _u_response *out, void *arg)
{
    struct server *s = arg;
    atomic_fetch_add(&s->running, 1);
    struct arena *a = arena_list_take(s->arenas);
    struct request *rq = a == NULL ? NULL : receive(s, a, in);
    if (rq == NULL) {
        arena_destroy(&a);
        answer_no_memory(out);
    } else {
        lifecycle_run(rq);
        answer(s, rq, out);
        dismiss(s, rq, in);
    }
    atomic_fetch_sub(&s->running, 1);
    return U_CALLBACK_COMPLETE; /* style U8 */
}

/* --- the listener --- */

__attribute__((format(printf, 2, 0))) static void log_library(void *arg, const char *fmt,
                                                              va_list args)
{
    (void)arg;
    char text[200];
    vsnprintf(text, sizeof text, fmt, args);
    text[strcspn(text, "\n")] = '\0';
    log_event(ERR_LEVEL_WARN, "listener", "detail", text);
}

static bool bind_to(const struct engine_settings *s, struct sockaddr_in *ret, struct err *err)
{
    *ret = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)s->port)};
    if (inet_pton(AF_INET, s->listen, &ret->sin_addr) == 1)
        return true;
    err_set(err, ERR_INTERNAL, "LISTEN", "%s", "");
    err_cause(err, "%s is no IPv4 address", s->listen);
    return false;
}

static bool listen_on(struct server *s, struct sockaddr_in *at)
{
    /* clang-format off */
    struct MHD_OptionItem options[] = {
        {MHD_OPTION_EXTERNAL_LOGGER,        (intptr_t)log_library, NULL},
        {MHD_OPTION_NOTIFY_COMPLETED,       (intptr_t)mhd_request_completed, NULL},
        {MHD_OPTION_URI_LOG_CALLBACK,       (intptr_t)ulfius_uri_logger, NULL},
        {MHD_OPTION_SOCK_ADDR,              0, at},
        {MHD_OPTION_CONNECTION_LIMIT,       (intptr_t)s->engine->settings->connections, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT,     IDLE_S, NULL},
        {MHD_OPTION_THREAD_STACK_SIZE,      STACK_BYTES, NULL},
        {MHD_OPTION_STRICT_FOR_CLIENT,      1, NULL},
        {MHD_OPTION_LISTEN_BACKLOG_SIZE,    BACKLOG, NULL},
        {MHD_OPTION_END,                    0, NULL},
    };
    /* clang-format on */
    unsigned flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
                     MHD_USE_POLL | MHD_USE_ITC | MHD_USE_ERROR_LOG;
    s->instance.max_post_body_size =
        s->engine->body_max + 1; /* so that too much can be told (style U3) */
    s->instance.allowed_post_processor = U_POST_PROCESS_NONE;
    s->instance.check_utf8 = 0; /* or bad values vanish (style U6): the guard refuses them */
    return ulfius_set_default_endpoint(&s->instance, serve, s) == U_OK &&
           ulfius_start_framework_with_mhd_options(&s->instance, flags, options) == U_OK;
}

struct server *server_start(struct engine *e, struct err *err)
{
    struct sockaddr_in at;
    struct server *s = calloc(1, sizeof *s);
    if (s == NULL || !bind_to(e->settings, &at, err)) {
        free(s);
        err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
        return NULL;
    }
    s->engine = e;
    s->listen_fd = -1;
    s->arenas = arena_list_create(ARENA_MIN + ARENA_BODIES * e->body_max);
    if (s->arenas != NULL &&
        ulfius_init_instance(&s->instance, (unsigned)e->settings->port, &at, NULL) == U_OK) {
        if (listen_on(s, &at))
            return s;
        ulfius_clean_instance(&s->instance);
    }
    err_set(err, ERR_INTERNAL, "PORT", "%s", "");
    err_cause(err, "cannot listen on %s:%lld", e->settings->listen, (long long)e->settings->port);
    arena_list_destroy(&s->arenas);
    free(s);
    return NULL;
}

void server_quiesce(struct server *s)
{
    atomic_store(&s->draining, true);
    s->listen_fd =
        MHD_quiesce_daemon(s->instance.mhd_daemon); /* closed after the stop (style M5) */
}

bool server_drain(struct server *s, int64_t wait_ms)
{
    const struct timespec nap = {.tv_nsec = 5000000L};
    int64_t until_us = clock_ticks_us() + wait_ms * 1000;
    while (atomic_load(&s->running) > 0 && clock_ticks_us() < until_us)
        nanosleep(&nap, NULL);
    return atomic_load(&s->running) == 0;
}

void server_stop(struct server **s)
{
    if (*s == NULL)
        return;
    ulfius_stop_framework(&(*s)->instance);
    ulfius_clean_instance(&(*s)->instance);
    if ((*s)->listen_fd >= 0)
        close((*s)->listen_fd);
    arena_list_destroy(&(*s)->arenas);
    free(*s);
    *s = NULL;
}

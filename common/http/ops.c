/* common/http/ops.c - liveness, readiness and metrics on a port of their own, one thread for all
 * callers. Asks for no token: the port is not published. */
#include "http/ops.h"

#include <arpa/inet.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <microhttpd.h>

#include "core/buf.h"
#include "http/metrics.h"

#include "core/banned.h"

enum { METRICS_MAX = 4 * 1024 * 1024, CONNECTIONS = 32, IDLE_S = 75, STACK_BYTES = 256 * 1024 };

struct ops {
    const struct engine *engine;
    struct MHD_Daemon *daemon;
    atomic_bool ready;
};

struct ops_answer {
    unsigned status;
    const char *type, *text;
};

static const char type_json[] = "application/json";
static const char type_problem[] = "application/problem+json";

static struct ops_answer not_ready(const char *text)
{
    return (struct ops_answer){503, type_json, text};
}

static struct ops_answer readyz(struct ops *o)
{
    struct err err = {0};
    if (!atomic_load(&o->ready))
        return not_ready("{\"status\":\"not_ready\",\"reason\":\"starting_or_stopping\"}\n");
    if (!pool_ready(o->engine->pool, &err))
        return not_ready("{\"status\":\"not_ready\",\"reason\":\"database\"}\n");
    if (o->engine->trust != NULL && !trust_ready(o->engine->trust))
        return not_ready("{\"status\":\"not_ready\",\"reason\":\"trust\"}\n");
    return (struct ops_answer){200, type_json, "{\"status\":\"ready\"}\n"};
}

static struct ops_answer metrics(struct ops *o, struct arena *a)
{
    struct buf b;
    buf_init(&b, a, METRICS_MAX);
    metrics_write(o->engine, &b);
    const char *text = buf_text(&b);
    if (text == NULL)
        return not_ready("{\"status\":\"no_memory\"}\n");
    return (struct ops_answer){200, "text/plain; version=0.0.4; charset=utf-8", text};
}

static struct ops_answer decide(struct ops *o, struct arena *a, const char *method, const char *url)
{
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        return (struct ops_answer){
            405, type_problem,
            "{\"type\":\"urn:zeren:problem:method_not_allowed\",\"status\":405,"
            "\"code\":\"method_not_allowed\"}\n"};
    if (strcmp(url, "/livez") == 0)
        return (struct ops_answer){200, type_json, "{\"status\":\"live\"}\n"};
    if (strcmp(url, "/readyz") == 0)
        return readyz(o);
    if (strcmp(url, "/metrics") == 0)
        return metrics(o, a);
    return (struct ops_answer){404, type_problem,
                               "{\"type\":\"urn:zeren:problem:no_route\",\"status\":404,"
                               "\"code\":\"no_route\"}\n"};
}

static enum MHD_Result send_answer(struct MHD_Connection *to, const struct ops_answer *a)
{
    struct MHD_Response *r = MHD_create_response_from_buffer(
        strlen(a->text), (void *)(uintptr_t)a->text, MHD_RESPMEM_MUST_COPY);
    if (r == NULL)
        return MHD_NO;
    MHD_add_response_header(r, "Content-Type", a->type);
    MHD_add_response_header(r, "Cache-Control", "no-store");
    if (a->status == 405)
        MHD_add_response_header(r, "Allow", "GET, HEAD");
    enum MHD_Result sent = MHD_queue_response(to, a->status, r);
    MHD_destroy_response(r);
    return sent;
}

/* libmicrohttpd fixes the parameters of this callback. */
// NOLINTNEXTLINE(readability-function-size)
static enum MHD_Result serve(void *arg, struct MHD_Connection *from, const char *url,
                             const char *method, const char *version, const char *upload,
                             size_t *upload_len, void **seen)
{
    (void)version, (void)upload;
    struct ops *o = arg;
    if (*seen == NULL) { /* the headers are there, a body may follow */
        *seen = o;
        return MHD_YES;
    }
    if (*upload_len > 0) {
        *upload_len = 0;
        return MHD_YES;
    }
    struct arena *a = arena_create((size_t)2 * METRICS_MAX);
    if (a == NULL)
        return MHD_NO;
    struct ops_answer answer = decide(o, a, method, url);
    enum MHD_Result sent = send_answer(from, &answer);
    arena_destroy(&a);
    return sent;
}

static bool listen_on(struct ops *o, const struct engine_settings *s)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)s->ops_port)};
    if (inet_pton(AF_INET, s->listen, &at.sin_addr) != 1)
        return false;
    o->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL | MHD_USE_ITC, 0,
                                 NULL, NULL, serve, o, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&at,
                                 MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
                                 MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
                                 MHD_OPTION_THREAD_STACK_SIZE, (size_t)STACK_BYTES,
                                 MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
    return o->daemon != NULL;
}

struct ops *ops_start(const struct engine *e, struct err *err)
{
    struct ops *o = calloc(1, sizeof *o);
    if (o == NULL) {
        err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
        return NULL;
    }
    o->engine = e;
    if (listen_on(o, e->settings))
        return o;
    err_set(err, ERR_INTERNAL, "OPS_PORT", "%s", "");
    err_cause(err, "cannot listen on %s:%lld", e->settings->listen,
              (long long)e->settings->ops_port);
    free(o);
    return NULL;
}

void ops_set_ready(struct ops *o, bool ready)
{
    atomic_store(&o->ready, ready);
}

void ops_stop(struct ops **o)
{
    if (*o == NULL)
        return;
    MHD_stop_daemon((*o)->daemon);
    free(*o);
    *o = NULL;
}

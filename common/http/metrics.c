/* common/http/metrics.c - what was answered, by route: atomic counters, written out as Prometheus
 * text. Keeps no rates and no percentiles: the reader makes them. */
#include "http/metrics.h"

#include <assert.h>
#include <stdatomic.h>
#include <string.h>

#include "http/feed_watch.h"
#include "http/reseal.h"
#include "work/work.h"

#include "core/banned.h"

enum { BUCKETS = 12, CLASSES = 5 /* 1xx, never sent, to 5xx */ };

/* Upper ends in microseconds; one bucket more takes the rest. */
static const int64_t ends_us[BUCKETS] = {1000,   2500,   5000,   10000,   25000,   50000,
                                         100000, 250000, 500000, 1000000, 2500000, 5000000};
static const char *const end_names[BUCKETS + 1] = {"0.001", "0.0025", "0.005", "0.01", "0.025",
                                                   "0.05",  "0.1",    "0.25",  "0.5",  "1",
                                                   "2.5",   "5",      "+Inf"};

struct route_counts {
    atomic_uint_fast64_t by_class[CLASSES]; /* 2xx at 1, 5xx at 4 */
    atomic_uint_fast64_t by_time[BUCKETS + 1];
    atomic_uint_fast64_t sum_us;
};

struct metrics {
    const struct service *service;
    atomic_int_fast64_t running;
    size_t n; /* routes; slot n is "no route" */
    struct route_counts counts[];
};

static size_t table_length(const struct route *table)
{
    size_t n = 0;
    while (table[n].path != NULL)
        n++;
    return n;
}

struct metrics *metrics_create(struct arena *a, const struct service *s)
{
    size_t n = 0;
    for (size_t i = 0; s->resources[i] != NULL; i++)
        n += table_length(s->resources[i]);
    struct metrics *m = arena_alloc(a, sizeof *m + (n + 1) * sizeof m->counts[0]);
    if (m == NULL)
        return NULL;
    m->service = s;
    m->n = n;
    return m;
}

/* The slot of a route: tables are arrays, so its place follows from its address. */
static size_t slot_of(const struct metrics *m, const struct route *r)
{
    size_t before = 0;
    for (size_t i = 0; r != NULL && m->service->resources[i] != NULL; i++) {
        const struct route *table = m->service->resources[i];
        size_t n = table_length(table);
        if (r >= table && r < table + n)
            return before + (size_t)(r - table);
        before += n;
    }
    return m->n;
}

static void add(atomic_uint_fast64_t *at, uint64_t n)
{
    atomic_fetch_add_explicit(at, n, memory_order_relaxed);
}

void metrics_count(struct metrics *m, const struct route *r, int status, int64_t duration_us)
{
    struct route_counts *c = &m->counts[slot_of(m, r)];
    size_t bucket = 0;
    while (bucket < BUCKETS && duration_us > ends_us[bucket])
        bucket++;
    int class = status / 100 - 1;
    assert(class >= 0 && class < CLASSES);
    add(&c->by_class[class], 1);
    add(&c->by_time[bucket], 1);
    add(&c->sum_us, (uint64_t)(duration_us < 0 ? 0 : duration_us));
}

void metrics_enter(struct metrics *m)
{
    atomic_fetch_add_explicit(&m->running, 1, memory_order_relaxed);
}

void metrics_leave(struct metrics *m)
{
    atomic_fetch_sub_explicit(&m->running, 1, memory_order_relaxed);
}

static uint64_t get(const atomic_uint_fast64_t *at)
{
    return atomic_load_explicit(at, memory_order_relaxed);
}

static void heading(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void write_classes(const struct metrics *m, const struct route_counts *c, const char *id,
                          struct buf *out)
{
    for (int class = 0; class < CLASSES; class ++) {
        uint64_t n = get(&c->by_class[class]);
        if (n > 0)
            buf_printf(out,
                       "zeren_requests_total{service=\"%s\",route=\"%s\",status=\"%dxx\"} %llu\n",
                       m->service->name, id, class + 1, (unsigned long long)n);
    }
}

static void write_times(const struct metrics *m, const struct route_counts *c, const char *id,
                        struct buf *out)
{
    uint64_t n = 0;
    for (size_t i = 0; i <= BUCKETS; i++)
        n += get(&c->by_time[i]);
    if (n == 0)
        return;
    n = 0;
    for (size_t i = 0; i <= BUCKETS; i++) {
        n += get(&c->by_time[i]);
        buf_printf(out,
                   "zeren_request_seconds_bucket{service=\"%s\",route=\"%s\",le=\"%s\"} %llu\n",
                   m->service->name, id, end_names[i], (unsigned long long)n);
    }
    uint64_t sum = get(&c->sum_us);
    buf_printf(out, "zeren_request_seconds_sum{service=\"%s\",route=\"%s\"} %llu.%06llu\n",
               m->service->name, id, (unsigned long long)(sum / 1000000),
               (unsigned long long)(sum % 1000000));
    buf_printf(out, "zeren_request_seconds_count{service=\"%s\",route=\"%s\"} %llu\n",
               m->service->name, id, (unsigned long long)n);
}

typedef void writer(const struct metrics *m, const struct route_counts *c, const char *id,
                    struct buf *out);

static void each_route(const struct metrics *m, writer *write, struct buf *out)
{
    size_t slot = 0;
    for (size_t i = 0; m->service->resources[i] != NULL; i++) {
        for (const struct route *r = m->service->resources[i]; r->path != NULL; r++)
            write(m, &m->counts[slot++], r->id, out);
    }
    write(m, &m->counts[m->n], "none", out);
}

static void number(const struct engine *e, struct buf *out, const char *name, const char *type,
                   int64_t value)
{
    buf_printf(out, "# TYPE %s %s\n%s{service=\"%s\"} %lld\n", name, type, name, e->service->name,
               (long long)value);
}

static void write_pool(const struct engine *e, struct buf *out)
{
    struct pool_stats p;
    pool_stats(e->pool, &p);
    number(e, out, "zeren_db_connections_max", "gauge", p.size);
    number(e, out, "zeren_db_connections_open", "gauge", p.open);
    number(e, out, "zeren_db_connections_busy", "gauge", p.busy);
    number(e, out, "zeren_db_waiting", "gauge", p.waiting);
    number(e, out, "zeren_db_acquired_total", "counter", (int64_t)p.acquired);
    number(e, out, "zeren_db_timeouts_total", "counter", (int64_t)p.timeouts);
    number(e, out, "zeren_db_opened_total", "counter", (int64_t)p.opened);
    number(e, out, "zeren_db_failed_total", "counter", (int64_t)p.failed);
    number(e, out, "zeren_db_wait_microseconds_total", "counter", (int64_t)p.wait_us_sum);
}

static void write_trust(const struct engine *e, struct buf *out)
{
    struct trust_stats t;
    trust_stats(e->trust, &t);
    number(e, out, "zeren_token_hits_total", "counter", (int64_t)t.hits);
    number(e, out, "zeren_token_verified_total", "counter", (int64_t)t.verified);
    number(e, out, "zeren_token_refused_total", "counter", (int64_t)t.refused);
    number(e, out, "zeren_trust_polls_total", "counter", (int64_t)t.polls);
    number(e, out, "zeren_trust_poll_failures_total", "counter", (int64_t)t.poll_failures);
    number(e, out, "zeren_tokens_cached", "gauge", t.cached);
    number(e, out, "zeren_revocations", "gauge", t.revocations);
    number(e, out, "zeren_signing_keys", "gauge", t.keys);
}

static void write_requests(const struct engine *e, struct buf *out)
{
    const struct metrics *m = e->metrics;
    heading(out, "zeren_requests_total", "counter", "Answers by route and class of status");
    each_route(m, write_classes, out);
    heading(out, "zeren_request_seconds", "histogram", "Time from the whole request to its answer");
    each_route(m, write_times, out);
    number(e, out, "zeren_requests_running", "gauge",
           atomic_load_explicit(&m->running, memory_order_relaxed));
}

void metrics_write(const struct engine *e, struct buf *out)
{
    if (e->metrics != NULL)
        write_requests(e, out);
    if (e->pool != NULL)
        write_pool(e, out);
    if (e->trust != NULL)
        write_trust(e, out);
    reseal_metrics(e, out);
    feed_watch_metrics(e, out);
    if (e->work != NULL)
        work_metrics(e->work, out);
}

/* tests/stress/stress_counters.c - thirty-two threads count answers, take from rate limits and read
 * both, under ThreadSanitizer: no answer is lost from the count, no bucket gives more than it
 * holds. Needs no database. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/metrics.h"
#include "http/rate.h"
#include "registry.h"
#include "sql_registry.h"

enum { THREADS = 32, ROUNDS = 5000, PER_MINUTE = 1000, KEYS = 64 };

static const struct service registry_service = {
    .name = "registry", .resources = registry_resources, .statements = sql_registry_all};

static struct {
    struct metrics *metrics;
    struct rate *rate;
    int64_t now;
    atomic_ulong taken[KEYS];
} stress;

static void *worker(void *arg)
{
    unsigned me = (unsigned)(uintptr_t)arg;
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct rate_answer answer;
        char key[32];
        unsigned k = (me + i) % KEYS;
        (void)snprintf(key, sizeof key, "key-%u", k);
        metrics_enter(stress.metrics);
        if (rate_take(stress.rate, key, stress.now, &answer))
            atomic_fetch_add(&stress.taken[k], 1);
        metrics_count(stress.metrics, &item_routes[i % 2], i % 7 == 0 ? 404 : 200, i % 5000);
        metrics_leave(stress.metrics);
    }
    return NULL;
}

/* The whole count that the text shows: the sum of all lines of one family. */
static unsigned long counted(const char *text, const char *family)
{
    unsigned long sum = 0;
    size_t n = strlen(family);
    for (const char *line = text; line != NULL && *line != '\0'; line = strchr(line, '\n')) {
        line += *line == '\n' ? 1 : 0;
        const char *value = strchr(line, '}');
        if (strncmp(line, family, n) == 0 && value != NULL)
            sum += strtoul(value + 1, NULL, 10);
    }
    return sum;
}

static bool none_gave_too_much(void)
{
    for (unsigned k = 0; k < KEYS; k++) {
        if (atomic_load(&stress.taken[k]) != PER_MINUTE)
            return false; /* each key was asked 2,500 times at one moment */
    }
    return true;
}

int main(void)
{
    pthread_t threads[THREADS];
    struct arena *a = arena_create(16 * 1024 * 1024);
    stress.metrics = metrics_create(a, &registry_service);
    stress.rate = rate_create(PER_MINUTE);
    stress.now = clock_ticks_us();
    if (stress.metrics == NULL || stress.rate == NULL)
        return 2;
    for (uintptr_t i = 0; i < THREADS; i++) {
        if (pthread_create(&threads[i], NULL, worker, (void *)i) != 0)
            return 2;
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    struct engine engine = {.service = &registry_service, .metrics = stress.metrics, .arena = a};
    struct buf text;
    buf_init(&text, a, 4 * 1024 * 1024);
    metrics_write(&engine, &text);
    unsigned long n = counted(buf_text(&text), "zeren_requests_total");
    bool limits = none_gave_too_much();
    printf("%lu of %d answers counted; limits %s\n", n, THREADS * ROUNDS,
           limits ? "held" : "broken");
    rate_destroy(&stress.rate);
    arena_destroy(&a);
    return n == THREADS * ROUNDS && limits ? 0 : 1;
}

/* tests/unit/test_metrics.c - counters by route in Prometheus text. */
#include <criterion/criterion.h>
#include <string.h>

#include "http/metrics.h"

TestSuite(metrics, .timeout = 120);

static const struct route first[] = {
    {.path = "/a", .id = "read_a"}, {.path = "/b", .id = "read_b"}, ROUTES_END};
static const struct route second[] = {{.path = "/c", .id = "read_c"}, ROUTES_END};
static const struct route *const resources[] = {first, second, NULL};
static const struct service service = {.name = "toy", .resources = resources};

static struct arena *arena;
static struct engine engine;

static void setup(void)
{
    arena = arena_create(1 << 22);
    engine = (struct engine){.service = &service, .metrics = metrics_create(arena, &service)};
}

static void teardown(void)
{
    arena_destroy(&arena);
}

static const char *text_of(void)
{
    struct buf b;
    buf_init(&b, arena, 1 << 20);
    metrics_write(&engine, &b);
    return buf_text(&b);
}

static void expect_line(const char *text, const char *line)
{
    cr_expect_not_null(strstr(text, line), "no line %s in:\n%s", line, text);
}

Test(metrics, each_route_has_counters_of_its_own, .init = setup, .fini = teardown)
{
    metrics_count(engine.metrics, &first[1], 200, 700);
    metrics_count(engine.metrics, &second[0], 404, 700);
    metrics_count(engine.metrics, &second[0], 422, 700);
    metrics_count(engine.metrics, &second[0], 503, 700);
    const char *text = text_of();
    expect_line(text, "zeren_requests_total{service=\"toy\",route=\"read_b\",status=\"2xx\"} 1\n");
    expect_line(text, "zeren_requests_total{service=\"toy\",route=\"read_c\",status=\"4xx\"} 2\n");
    expect_line(text, "zeren_requests_total{service=\"toy\",route=\"read_c\",status=\"5xx\"} 1\n");
    cr_expect_null(strstr(text, "read_a"), "a route without calls is not written");
}

Test(metrics, what_met_no_route_is_counted_too, .init = setup, .fini = teardown)
{
    metrics_count(engine.metrics, NULL, 404, 10);
    expect_line(text_of(),
                "zeren_requests_total{service=\"toy\",route=\"none\",status=\"4xx\"} 1\n");
}

Test(metrics, buckets_are_cumulative_and_end_in_the_count, .init = setup, .fini = teardown)
{
    metrics_count(engine.metrics, &first[0], 200, 1000); /* on the edge: within */
    metrics_count(engine.metrics, &first[0], 200, 1001);
    metrics_count(engine.metrics, &first[0], 200, 60000000); /* beyond all */
    const char *text = text_of();
    expect_line(text, "_bucket{service=\"toy\",route=\"read_a\",le=\"0.001\"} 1\n");
    expect_line(text, "_bucket{service=\"toy\",route=\"read_a\",le=\"0.0025\"} 2\n");
    expect_line(text, "_bucket{service=\"toy\",route=\"read_a\",le=\"5\"} 2\n");
    expect_line(text, "_bucket{service=\"toy\",route=\"read_a\",le=\"+Inf\"} 3\n");
    expect_line(text, "_sum{service=\"toy\",route=\"read_a\"} 60.002001\n");
    expect_line(text, "_count{service=\"toy\",route=\"read_a\"} 3\n");
}

Test(metrics, running_requests_are_a_gauge, .init = setup, .fini = teardown)
{
    metrics_enter(engine.metrics);
    metrics_enter(engine.metrics);
    metrics_leave(engine.metrics);
    expect_line(text_of(), "zeren_requests_running{service=\"toy\"} 1\n");
}

/* Every sample's family is declared once, before its samples. */
Test(metrics, each_family_is_declared_once, .init = setup, .fini = teardown)
{
    metrics_count(engine.metrics, &first[0], 200, 5);
    metrics_count(engine.metrics, &first[1], 200, 5);
    const char *text = text_of();
    const char *type = strstr(text, "# TYPE zeren_request_seconds histogram\n");
    cr_assert_not_null(type);
    cr_expect_null(strstr(type + 1, "# TYPE zeren_request_seconds "));
    cr_expect(strstr(text, "zeren_request_seconds_bucket") > type);
}

/* tests/sync/conformance/histories.c - many random histories of two devices, of the same post and
 * of different ones; the first that fails is printed as short as it gets. Settings by the
 * environment. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <curl/curl.h>

#include "history.h"

enum { FRESH = 150 /* histories that two devices live */ };

static const char *needed(const char *name)
{
    const char *value = getenv(name);
    if (value != NULL)
        return value;
    fprintf(stderr, "histories: %s is not set\n", name);
    exit(2);
}

/* http://HOST:PORT/PATH */
static struct side_setup server_of(const char *url)
{
    static char host[64], path[120];
    struct side_setup s = {.host = host, .path = path};
    if (sscanf(url, "http://%63[0-9.]:%d%119s", host, &s.port, path) != 3) {
        fputs("histories: ZEREN_SYNC_URL is http://ADDRESS:PORT/api/v1/SERVICE\n", stderr);
        exit(2);
    }
    return s;
}

static bool open_both(struct world *w, bool same_post)
{
    struct side_setup reports = server_of(needed("ZEREN_SYNC_URL"));
    reports.token_command = needed("ZEREN_SYNC_REPORTER");
    reports.may_report = true;
    struct side_setup other = reports;
    if (!same_post) {
        other.token_command = needed("ZEREN_SYNC_DECIDER");
        other.may_report = false;
        other.may_decide = true;
    }
    return side_open(w, 0, &reports) && side_open(w, 1, &other);
}

static void close_both(struct world *w, unsigned long *faults)
{
    for (int n = 0; n < 2; n++) {
        for (int i = 0; i < LINK_FAULTS; i++)
            faults[i] += side_faults(w, n)[i];
        side_close(w, n);
    }
}

static bool run_one(struct world *w, uint64_t seed, int nth)
{
    struct step steps[STEPS_MAX];
    int n = history_draw(seed, steps);
    if (history_run(w, seed, steps, n))
        return true;
    printf("FAILED history %d, seed %llu: %s\n", nth, (unsigned long long)seed, w->why);
    n = history_shrink(w, seed, steps, n);
    history_run(w, seed, steps, n);
    printf("as short as it gets: %s\n", w->why);
    history_print(steps, n);
    return false;
}

static bool run_all(struct world *w, uint64_t seed, int n, unsigned long *faults)
{
    for (int i = 0; i < n;) {
        if (!open_both(w, (i / FRESH) % 2 == 0)) {
            fputs("histories: a device cannot be opened\n", stderr);
            return false;
        }
        bool good = true;
        for (int end = i + FRESH; good && i < n && i < end; i++)
            good = run_one(w, seed + (uint64_t)i, i);
        close_both(w, faults);
        if (!good)
            return false;
        fprintf(stderr, "%d\n", i);
    }
    return true;
}

int main(int argc, char **argv)
{
    static struct world w;
    unsigned long faults[LINK_FAULTS] = {0};
    int n = argc > 1 ? atoi(argv[1]) : 300;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : (uint64_t)time(NULL) * 1000;
    const char *ledger = getenv("ZEREN_SYNC_LEDGER");
    w.ledger = ledger == NULL ? NULL : fopen(ledger, "w");
    curl_global_init(CURL_GLOBAL_DEFAULT);
    printf("%d histories from seed %llu\n", n, (unsigned long long)seed);
    fflush(stdout);
    bool good = run_all(&w, seed, n, faults);
    if (w.ledger != NULL)
        fclose(w.ledger);
    printf(
        "%s: exchanges %lu whole, lost %lu, cut %lu, answers lost %lu, cut %lu, repeated %lu, late "
        "%lu, slow %lu\n",
        good ? "ok" : "FAILED", faults[LINK_NONE], faults[LINK_LOSE_REQUEST],
        faults[LINK_CUT_REQUEST], faults[LINK_LOSE_ANSWER], faults[LINK_CUT_ANSWER],
        faults[LINK_REPEAT], faults[LINK_LATE], faults[LINK_DELAY]);
    curl_global_cleanup();
    return good ? 0 : 1;
}

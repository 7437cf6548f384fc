/* common/http/service.c - main() of every service: arguments, signals, start, stop. Holds nothing
 * itself: http/process.c. */
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/harden.h"
#include "core/log.h"
#include "http/diagram.h"
#include "http/openapi.h"
#include "http/process.h"
#include "http/render.h"
#include "http/settings.h"
#include "http/worker.h"

#include "core/banned.h"

enum { CONTRACT_MEMORY = 64 * 1024 * 1024, EXIT_CUT = 3 };

static int refuse(const struct err *err)
{
    struct log_line l;
    log_begin(&l, ERR_LEVEL_ERROR, "refused");
    log_text(&l, "error", err_class(err->code)->code);
    log_text(&l, "field", err->field[0] == '\0' ? NULL : err->field);
    log_text(&l, "detail", err->detail[0] == '\0' ? NULL : err->detail);
    log_text(&l, "cause", err->cause[0] == '\0' ? NULL : err->cause);
    log_end(&l);
    return EXIT_FAILURE;
}

static int print_text(const struct service *s,
                      const char *(*render)(struct arena *a, const struct service *s))
{
    struct arena *a = arena_create(CONTRACT_MEMORY);
    const struct service *all = a == NULL ? NULL : service_whole(a, s);
    const char *text = all == NULL ? NULL : render(a, all);
    size_t n = text == NULL ? 0 : strlen(text);
    bool ok = n > 0 && fputs(text, stdout) >= 0 && (text[n - 1] == '\n' || putchar('\n') != EOF);
    arena_destroy(&a);
    return ok && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int print_example(const struct service *s)
{
    settings_example(stdout, s);
    fputs("\n# ---- Of its worker (--worker), which has an environment of its own\n\n", stdout);
    worker_settings_example(stdout);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* --print-config and --check: the process as it would start, without network. */
static int inspect(const struct service *s, bool print)
{
    struct process p = {.service = s};
    struct err err = {0};
    bool ok = process_configure(&p, s, &err);
    if (ok && print)
        settings_print(stdout, s, &p.settings);
    ok = ok && process_compose(&p, &err);
    int status = ok ? EXIT_SUCCESS : refuse(&err);
    process_stop(&p);
    return status;
}

/* The signals that end a process, held back in every thread but taken by wait_for_end() (style M7).
 */
static void hold_signals(sigset_t *ret_set)
{
    sigemptyset(ret_set);
    sigaddset(ret_set, SIGTERM);
    sigaddset(ret_set, SIGINT);
    pthread_sigmask(SIG_BLOCK, ret_set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static void wait_for_end(const sigset_t *set)
{
    int signal_number = 0;
    struct log_line l;
    while (sigwait(set, &signal_number) != 0)
        continue;
    log_begin(&l, ERR_LEVEL_INFO, "drain");
    log_int(&l, "signal", signal_number);
    log_end(&l);
}

static void log_ready(const struct process *p)
{
    struct log_line l;
    log_begin(&l, ERR_LEVEL_INFO, "ready");
    log_int(&l, "port", p->settings.port);
    log_end(&l);
}

/* Requests that outlast the drain are cut by the end of the process: their transactions roll back,
 * and their clients repeat with their keys. Waiting for them would make the stop unbounded (style
 * M5). */
static int end(struct process *p)
{
    if (!process_drain(p)) {
        log_event(ERR_LEVEL_WARN, "stop", "detail", "requests were still running");
        _exit(EXIT_CUT);
    }
    process_stop(p);
    log_event(ERR_LEVEL_INFO, "stop", "detail", NULL);
    return EXIT_SUCCESS;
}

static int serve(const struct service *s)
{
    struct process p = {.service = s};
    struct err err = {0};
    sigset_t set;
    hold_signals(&set);
    mallopt(M_ARENA_MAX, 2);               /* two cores; more arenas only hold memory */
    mallopt(M_MMAP_THRESHOLD, 128 * 1024); /* large bodies go back to the system, always */
    mallopt(M_TRIM_THRESHOLD, 512 * 1024);
    render_init();
    log_event(ERR_LEVEL_INFO, "start", "name", s->name);
    if (!process_configure(&p, s, &err) || !process_compose(&p, &err) || !process_start(&p, &err)) {
        int status = refuse(&err);
        process_stop(&p);
        return status;
    }
    log_ready(&p);
    wait_for_end(&set);
    return end(&p);
}

/* The second process: no requests, so nothing to drain but the steps under way. */
static int work_behind(const struct service *s, bool start)
{
    struct process p = {.service = s};
    struct err err = {0};
    sigset_t set;
    hold_signals(&set);
    mallopt(M_ARENA_MAX, 2);
    log_event(ERR_LEVEL_INFO, "start", "name", s->name);
    bool ok = worker_configure(&p, s, &err) && (!start || worker_start(&p, &err));
    int status = ok ? EXIT_SUCCESS : refuse(&err);
    if (ok && start) {
        log_event(ERR_LEVEL_INFO, "ready", "name", s->name);
        wait_for_end(&set);
    }
    worker_stop(&p);
    log_event(ERR_LEVEL_INFO, "stop", "detail", NULL);
    return status;
}

static int usage(const struct service *s)
{
    fprintf(
        stderr,
        "usage: %s [--worker | --print-config | --check | --openapi | --states | --env-example]\n"
        "Without an argument it serves; --worker does what is done behind requests. Settings: the "
        "environment, see --env-example.\n",
        s->name);
    return EXIT_FAILURE;
}

int service_main(const struct service *s, int argc, char **argv)
{
    log_init(s->name);
    if (!harden_process()) {
        log_event(ERR_LEVEL_ERROR, "refused", "detail", "the kernel does not let a process harden");
        return EXIT_FAILURE;
    }
    if (argc == 1)
        return serve(s);
    if (argc != 2)
        return usage(s);
    if (strcmp(argv[1], "--worker") == 0)
        return work_behind(s, true);
    if (strcmp(argv[1], "--check-worker") == 0)
        return work_behind(s, false);
    if (strcmp(argv[1], "--openapi") == 0)
        return print_text(s, openapi_render);
    if (strcmp(argv[1], "--states") == 0)
        return print_text(s, diagram_render);
    if (strcmp(argv[1], "--env-example") == 0)
        return print_example(s);
    if (strcmp(argv[1], "--print-config") == 0)
        return inspect(s, true);
    if (strcmp(argv[1], "--check") == 0)
        return inspect(s, false);
    return usage(s);
}

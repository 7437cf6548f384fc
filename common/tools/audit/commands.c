/* common/tools/audit/commands.c - seal, verify, export and reanchor. The work is common/audit's. */
#include "tools/audit/commands.h"

#include <stdio.h>
#include <string.h>

#include "audit/check.h"
#include "audit/sealer.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/str.h"

#include "core/banned.h"

enum { SEAL_STATEMENT_MS = 20 * 1000, LONG_STATEMENT_MS = 3600 * 1000, WORK_MEMORY = 64 << 20 };

/* `--name value` pairs and one word without; {0} ends the table. */
struct option {
    const char *name;
    const char **into;
};

static bool read_options(int argc, char **argv, const struct option *table)
{
    for (int i = 0; i < argc; i++) {
        const struct option *o = table;
        bool word = argv[i][0] != '-' || strcmp(argv[i], "-") == 0;
        const char *name = word ? "" : argv[i];
        while (o->name != NULL && strcmp(o->name, name) != 0)
            o++;
        if (o->name == NULL || *o->into != NULL || (!word && i + 1 == argc))
            return false;
        *o->into = word ? argv[i] : argv[++i];
    }
    return true;
}

static int usage(const char *text)
{
    (void)fprintf(stderr, "usage: zeren-audit %s\n", text);
    return AUDIT_USAGE;
}

static struct heads heads_of(const struct audit_tool *t)
{
    return (struct heads){.dir = *t->dir == '\0' ? NULL : t->dir, .ring = t->ring};
}

int audit_seal(struct audit_tool *t, int argc, char **argv)
{
    struct err err = {.code = ERR_NONE};
    sigset_t stop;
    (void)argv;
    if (argc != 0)
        return usage("seal");
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    sigprocmask(SIG_BLOCK, &stop, NULL);
    signal(SIGPIPE, SIG_IGN);
    if (*t->dir == '\0') {
        err_set(&err, ERR_INVALID, "ANCHOR_DIR", "ZEREN_ANCHOR_DIR is not set");
        return audit_failed(&err);
    }
    if (!audit_tool_keys(t, &err) || !audit_tool_stores(t, NULL, SEAL_STATEMENT_MS, &err))
        return audit_failed(&err);
    const struct sealer_options o = {
        .stores = t->stores, .n_stores = t->n_stores, .heads = heads_of(t)};
    log_event(ERR_LEVEL_INFO, "ready", "name", "seal");
    if (!sealer_run(&o, &stop, &err))
        return audit_failed(&err);
    log_event(ERR_LEVEL_INFO, "stop", "detail", NULL);
    return AUDIT_OK;
}

static int verdict(struct check *c, bool judged, const struct err *err)
{
    if (!judged) {
        (void)audit_failed(err);
        return AUDIT_FAILED;
    }
    bool ok = c->faults == 0 && c->waits == 0;
    (void)fprintf(c->out, "{\"ok\":%s,\"faults\":%lld,\"unsealed_too_long\":%s}\n",
                  ok ? "true" : "false", (long long)c->faults, c->waits == 0 ? "false" : "true");
    if (fflush(c->out) != 0 || c->faults > 0)
        return AUDIT_FAULTS;
    return ok ? AUDIT_OK : AUDIT_WAITS;
}

static bool verify_file(struct check *c, const char *path, struct err *err)
{
    FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    if (in == NULL)
        return err_set(err, ERR_MALFORMED, NULL, "%s cannot be opened", path);
    bool ok = check_export(c, in, err);
    if (in != stdin)
        (void)fclose(in);
    return ok;
}

int audit_verify(struct audit_tool *t, int argc, char **argv)
{
    struct err err = {.code = ERR_NONE};
    const char *file = NULL, *dir = NULL, *service = NULL, *pending = NULL;
    const struct option options[] = {
        {"", &file}, {"--heads", &dir}, {"--service", &service}, {"--pending-max", &pending}, {0}};
    if (!read_options(argc, argv, options) ||
        (pending != NULL && !str_int(pending, 0, 864000, &t->pending_max_s)))
        return usage("verify [--service NAME] [--heads DIR] [--pending-max SECONDS]"
                     " [EXPORT.ndjson | -]");
    if (!audit_tool_keys(t, &err))
        return audit_failed(&err);
    struct check c = {.heads = heads_of(t), .out = stdout, .pending_max_s = t->pending_max_s};
    if (dir != NULL)
        c.heads.dir = dir;
    if (file != NULL)
        return verdict(&c, verify_file(&c, file, &err), &err);
    bool ok = audit_tool_stores(t, service, LONG_STATEMENT_MS, &err);
    for (size_t i = 0; ok && i < t->n_stores; i++)
        ok = check_database(&c, t->stores[i], &err);
    return verdict(&c, ok, &err);
}

static bool is_instant(const char *text)
{
    instant_us at;
    return text == NULL || clock_parse(text, &at);
}

int audit_export(struct audit_tool *t, int argc, char **argv)
{
    struct err err = {.code = ERR_NONE};
    struct store_span span = {.from = NULL};
    const char *service = NULL;
    const struct option options[] = {
        {"--service", &service}, {"--from", &span.from}, {"--until", &span.until}, {0}};
    if (!read_options(argc, argv, options) || service == NULL || !is_instant(span.from) ||
        !is_instant(span.until))
        return usage("export --service NAME [--from INSTANT] [--until INSTANT]");
    struct heads heads;
    bool ok = audit_tool_keys(t, &err) && audit_tool_stores(t, service, LONG_STATEMENT_MS, &err);
    heads = heads_of(t);
    ok = ok && export_write(&heads, t->stores[0], &span, stdout, &err);
    return ok && fflush(stdout) == 0 ? AUDIT_OK : audit_failed(&err);
}

/* the chain as the database has it, if all of it is under the keys, is the one to go on. */
static bool reanchor(const struct heads *h, struct store *s, const char *reason, struct arena *work,
                     struct err *err)
{
    struct audit_head was = {.seq = 0}, now = {.seq = 0};
    struct anchors list;
    struct store_head there;
    if (!heads_read(h, store_service(s), work, &was, err) ||
        !anchors_read(h, store_service(s), work, &list, err) || !store_head(s, work, &there, err))
        return false;
    if (was.sealed_at[0] != '\0' && there.seq == was.seq && chain_equal(there.mac, was.mac)) {
        (void)printf("%s: the chain ends where it was left; nothing to do\n", store_service(s));
        return true;
    }
    clock_format(clock_now(), now.sealed_at); /* of a chain without a seal */
    if (!sealer_catch_up(s, h->ring, work, there.seq, &now, err))
        return false;
    struct anchor next = {.day = clock_date(clock_now()),
                          .kind = ANCHOR_RESTORED,
                          .seq = now.seq,
                          .note = arena_printf(work, "was %lld: %s", (long long)was.seq, reason)};
    memcpy(next.mac, now.mac, sizeof next.mac);
    if (next.note == NULL)
        return err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
    if (!anchors_append(h, store_service(s), &next, work, &list, err))
        return false;
    now.anchors = (int64_t)list.n;
    if (!heads_write(h, store_service(s), &now, work, err))
        return false;
    (void)printf("%s: the chain goes on behind seal %lld (was %lld)\n", store_service(s),
                 (long long)now.seq, (long long)was.seq);
    return true;
}

int audit_reanchor(struct audit_tool *t, int argc, char **argv)
{
    struct err err = {.code = ERR_NONE};
    const char *reason = NULL, *service = NULL;
    const struct option options[] = {{"--reason", &reason}, {"--service", &service}, {0}};
    if (!read_options(argc, argv, options) || reason == NULL || *reason == '\0' ||
        strlen(reason) > ANCHOR_NOTE_MAX - 40 || *t->dir == '\0')
        return usage("reanchor [--service NAME] --reason TEXT (with ZEREN_ANCHOR_DIR set)");
    struct arena *work = arena_create(WORK_MEMORY);
    bool ok = work != NULL && audit_tool_keys(t, &err) &&
              audit_tool_stores(t, service, LONG_STATEMENT_MS, &err);
    struct heads heads = heads_of(t);
    for (size_t i = 0; ok && i < t->n_stores; i++) {
        ok = reanchor(&heads, t->stores[i], reason, work, &err);
        arena_reset(work);
    }
    arena_destroy(&work);
    return ok ? AUDIT_OK : audit_failed(&err);
}

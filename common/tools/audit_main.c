/* common/tools/audit_main.c - the program zeren-audit: seals the audit of every service in the
 * background, and proves that nothing of it was changed.
 *     zeren-audit seal | verify | export | reanchor
 * Exit status 0: done, nothing is wrong; 1: verify found faults; 2: wrong usage; 3: it could not;
 * 4: nothing is wrong, but rows have waited for their seal for too long. */
#include <stdio.h>
#include <string.h>

#include "core/harden.h"
#include "core/log.h"
#include "tools/audit/commands.h"

#include "core/banned.h"

static const struct {
    const char *name;
    int (*run)(struct audit_tool *t, int argc, char **argv);
} commands[] = {
    {"seal", audit_seal},
    {"verify", audit_verify},
    {"export", audit_export},
    {"reanchor", audit_reanchor},
};

static int run(int (*command)(struct audit_tool *, int, char **), int argc, char **argv)
{
    struct audit_tool t = {.arena = NULL};
    struct err err = {.code = ERR_NONE};
    int status = audit_tool_open(&t, &err) ? command(&t, argc, argv) : audit_failed(&err);
    audit_tool_close(&t);
    return status;
}

int main(int argc, char **argv)
{
    log_init("audit");
    if (!harden_process()) {
        (void)fputs("zeren-audit: the process cannot be closed to others\n", stderr);
        return AUDIT_FAILED;
    }
    for (size_t i = 0; argc > 1 && i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(argv[1], commands[i].name) == 0)
            return run(commands[i].run, argc - 2, argv + 2);
    }
    (void)fputs("usage: zeren-audit seal | verify | export | reanchor (common/audit/README.md)\n",
                stderr);
    return AUDIT_USAGE;
}

/* common/tools/audit/commands.h - the commands of zeren-audit. Settings come from the environment
 * (settings.c), what differs from call to call from the arguments. */
#ifndef ZEREN_TOOLS_AUDIT_COMMANDS_H
#define ZEREN_TOOLS_AUDIT_COMMANDS_H

#include "audit/heads.h"
#include "audit/store.h"

enum { AUDIT_SERVICES_MAX = 16 };
enum { AUDIT_OK, AUDIT_FAULTS /* found by verify */, AUDIT_USAGE, AUDIT_FAILED, AUDIT_WAITS };

/* What the commands share. */
struct audit_tool {
    struct arena *arena;
    struct keyring *ring;
    int64_t pending_max_s;
    const char *db, *db_password, *services, *dir, *keys_file;
    struct store *stores[AUDIT_SERVICES_MAX];
    size_t n_stores;
};

/* Reads ZEREN_DB, ZEREN_DB_PASSWORD_FILE, ZEREN_SERVICES, ZEREN_ANCHOR_DIR, ZEREN_SEAL_KEYS_FILE,
 * ZEREN_PENDING_MAX_S. */
bool audit_tool_open(struct audit_tool *t, struct err *err);
void audit_tool_close(struct audit_tool *t);

/* Opens the key file, and a store for each service, or for `only` (NULL: all). */
bool audit_tool_keys(struct audit_tool *t, struct err *err);
bool audit_tool_stores(struct audit_tool *t, const char *only, int statement_ms, struct err *err);

/* Arguments behind the command's name; an exit status. */
int audit_seal(struct audit_tool *t, int argc, char **argv);
int audit_verify(struct audit_tool *t, int argc, char **argv);
int audit_export(struct audit_tool *t, int argc, char **argv);
int audit_reanchor(struct audit_tool *t, int argc, char **argv);

/* Says on standard error what failed; AUDIT_FAILED. */
int audit_failed(const struct err *err);

#endif

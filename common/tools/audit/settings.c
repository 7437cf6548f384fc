/* common/tools/audit/settings.c - what zeren-audit takes from its environment, and what is opened
 * with it. */
#include <stdio.h>
#include <string.h>

#include "core/config.h"
#include "core/log.h"
#include "keys/vault.h"
#include "tools/audit/commands.h"

#include "core/banned.h"

enum { MEMORY = 16 * 1024 * 1024 };

/* clang-format off */
#define TEXT(name, type, fallback, member, prose) {name, type, fallback, 0, 0, "", prose, offsetof(struct audit_tool, member), false}
static const struct setting settings[] = {
    TEXT("DB", SETTING_TEXT, "", db, "libpq connection string of zeren_audit; not needed to verify an export."),
    TEXT("DB_PASSWORD", SETTING_SECRET, "", db_password, "Its password; not set: the connection needs none."),
    TEXT("SERVICES", SETTING_TEXT, "identity,registry,monitoring", services, "Services whose audit is sealed."),
    TEXT("ANCHOR_DIR", SETTING_TEXT, "", dir, "Directory of heads and anchors, outside the database and on another disk, better."),
    TEXT("SEAL_KEYS", SETTING_PATH, NULL, keys_file, "Key file with the seal keys."),
    {"PENDING_MAX_S", SETTING_INT, "900", 0, 864000, "s", "verify: longest that a row may wait for its seal before it says so (exit status 4); 0: any time.", offsetof(struct audit_tool, pending_max_s), false},
    SETTINGS_END
};
/* clang-format on */

bool audit_tool_open(struct audit_tool *t, struct err *err)
{
    t->arena = arena_create(MEMORY);
    if (t->arena == NULL)
        return err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
    return vault_init(err) && config_load(t->arena, settings, t, err);
}

void audit_tool_close(struct audit_tool *t)
{
    for (size_t i = 0; i < t->n_stores; i++)
        store_close(t->stores[i]);
    keyring_close(t->ring);
    arena_destroy(&t->arena);
}

static void keys_refused(void *ctx, const struct err *err)
{
    (void)ctx;
    log_event(ERR_LEVEL_ERROR, "seal", "cause", err->cause);
}

bool audit_tool_keys(struct audit_tool *t, struct err *err)
{
    t->ring = keyring_open(t->keys_file, KEY_NEEDS(KEY_SEAL), err);
    if (t->ring != NULL)
        keyring_on_refused(t->ring, keys_refused, NULL);
    return t->ring != NULL;
}

static bool add_store(struct audit_tool *t, const char *service, int statement_ms, struct err *err)
{
    if (t->n_stores == AUDIT_SERVICES_MAX ||
        strspn(service, "abcdefghijklmnopqrstuvwxyz_") != strlen(service))
        return err_set(err, ERR_INVALID, "SERVICES", "at most 16 names with commas between");
    const struct store_options o = {
        .conninfo = t->db,
        .password = t->db_password == NULL || *t->db_password == '\0' ? NULL : t->db_password,
        .service = service,
        .statement_ms = statement_ms,
    };
    t->stores[t->n_stores] = store_create(t->arena, &o, err);
    return t->stores[t->n_stores] != NULL && ++t->n_stores > 0;
}

bool audit_tool_stores(struct audit_tool *t, const char *only, int statement_ms, struct err *err)
{
    bool known = only == NULL;
    if (*t->db == '\0')
        return err_set(err, ERR_INVALID, "DB", "ZEREN_DB is not set");
    for (const char *at = t->services; *at != '\0';) {
        size_t n = strcspn(at, ",");
        const char *service = arena_strndup(t->arena, at, n);
        bool wanted = service != NULL && (only == NULL || strcmp(only, service) == 0);
        if (wanted && !add_store(t, service, statement_ms, err))
            return false;
        known |= wanted;
        at += n + (at[n] == ',');
    }
    return known || err_set(err, ERR_INVALID, "SERVICES", "no such service");
}

int audit_failed(const struct err *err)
{
    (void)fprintf(stderr, "zeren-audit: %s%s%s\n",
                  err->detail[0] != '\0' ? err->detail : err_class(err->code)->code,
                  err->cause[0] != '\0' ? ": " : "", err->cause);
    return AUDIT_FAILED;
}

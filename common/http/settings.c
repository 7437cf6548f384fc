/* common/http/settings.c - the table of the engine's settings. Unknown variables are refused, so
 * the engine's and the service's tables are loaded as one. */
#include "http/settings.h"

#include <string.h>

#include "core/banned.h"

#define AT(member) offsetof(struct engine_settings, member)
#define INT(name, fallback, min, max, unit, member, prose)                                         \
    {                                                                                              \
        name, SETTING_INT, fallback, min, max, unit, prose, AT(member), false                      \
    }
#define TEXT(name, fallback, member, prose)                                                        \
    {                                                                                              \
        name, SETTING_TEXT, fallback, 0, 0, "", prose, AT(member), false                           \
    }
#define SECRET_FILE(name, member, prose)                                                           \
    {                                                                                              \
        name, SETTING_SECRET, "", 0, 0, "", prose, AT(member), false                               \
    }

/* clang-format off */
static const struct setting engine_table[] = {
    INT("PORT", NULL, 1, 65535, "", port, "Port of the API."),
    INT("OPS_PORT", NULL, 1, 65535, "", ops_port, "Port of /livez, /readyz and /metrics."),
    TEXT("LISTEN", "127.0.0.1", listen, "IPv4 address both listen on; 0.0.0.0 inside a container."),
    TEXT("DB", NULL, db, "libpq connection string of the service's role: host, port, dbname, user."),
    SECRET_FILE("DB_PASSWORD", db_password, "Its password; not set: the connection needs none."),
    INT("DB_POOL", "10", 1, 200, "", db_pool, "Connections for requests, at most; one more polls keys and revocations."),
    INT("DB_ACQUIRE_MS", "2000", 10, 10000, "ms", db_acquire_ms, "Longest wait for a connection before 503."),
    INT("DB_STATEMENT_MS", "5000", 100, 60000, "ms", db_statement_ms, "Longest statement."),
    INT("DB_LOCK_MS", "2000", 10, 60000, "ms", db_lock_ms, "Longest wait for a lock, or for a running call with the same key."),
    INT("DB_LIFETIME_S", "1800", 10, 86400, "s", db_lifetime_s, "Age at which a connection is replaced."),
    INT("CONNECTIONS", "1024", 16, 16384, "", connections, "Client connections, one thread each, at most."),
    INT("BODY_MAX_KIB", "1024", 1, 65536, "KiB", body_max_kib, "Largest JSON body."),
    INT("IMPORT_MAX_KIB", "8192", 1, 65536, "KiB", import_max_kib, "Largest table sent for import."),
    INT("RATE_PER_TOKEN", "60000", 0, 10000000, "", rate_per_token, "Requests a minute of one session and at once; 0: no limit."),
    INT("RATE_PER_ADDRESS", "120000", 0, 10000000, "", rate_per_address, "The same from one address; 0: no limit."),
    INT("FEED_LOOK_MS", "200", 10, 10000, "ms", feed_look_ms, "How often the feed is looked at while somebody waits for events: they come as late at most."),
    INT("DRAIN_MS", "4000", 0, 60000, "ms", drain_ms, "How long running requests may take to end at a stop."),
    TEXT("PROXY", "127.0.0.1", proxy, "IPv4 address or network whose X-Forwarded-For, X-Request-Id are believed."),
    {"FIELD_KEYS", SETTING_PATH, "", 0, 0, "", "Keys of sealed fields (deploy/keys); read again when it changes. Required where a service has such fields.", AT(field_keys), false},
    TEXT("FILES_DIR", "", files_dir, "Directory of the bytes of files, on a disk that is backed up; required where a service has files."),
    {"TODAY", SETTING_DATE, "", 0, 0, "", "The civil date to run at.", AT(today), true},
    SETTINGS_END
};
/* clang-format on */

/* clang-format off */
static const struct setting worker_table[] = {
    INT("OPS_PORT", NULL, 1, 65535, "", ops_port, "Port of /livez, /readyz and /metrics."),
    TEXT("LISTEN", "127.0.0.1", listen, "IPv4 address it listens on; 0.0.0.0 inside a container."),
    TEXT("WORKER_DB", NULL, worker_db, "libpq connection string of the worker's role: host, port, dbname, user."),
    SECRET_FILE("WORKER_DB_PASSWORD", worker_db_password, "Its password; not set: the connection needs none."),
    INT("DB_ACQUIRE_MS", "2000", 10, 10000, "ms", db_acquire_ms, "Longest wait for a connection."),
    INT("DB_STATEMENT_MS", "5000", 100, 60000, "ms", db_statement_ms, "Longest statement."),
    INT("DB_LOCK_MS", "2000", 10, 60000, "ms", db_lock_ms, "Longest wait for a lock."),
    INT("DB_LIFETIME_S", "1800", 10, 86400, "s", db_lifetime_s, "Age at which a connection is replaced."),
    INT("FEED_LOOK_MS", "200", 10, 10000, "ms", feed_look_ms, "How often is looked for changes to number while there are none: events come as late at most."),
    INT("JOBS_AT_ONCE", "2", 1, 16, "", jobs_at_once, "Jobs that run at once, each with a connection of its own."),
    INT("IDEMPOTENCY_HOURS", "24", 1, 8760, "h", idempotency_hours, "How long the answer of an Idempotency-Key is kept."),
    INT("HOUSEKEEPING_S", "60", 1, 3600, "s", housekeeping_s, "How often what time has used up is removed, and what uploads left behind."),
    {"FIELD_KEYS", SETTING_PATH, "", 0, 0, "", "Keys of sealed fields, as the service has them: rows are brought under new ones. Required where a service has such fields.", AT(field_keys), false},
    TEXT("FILES_DIR", "", files_dir, "Directory of the bytes of files, as the service has it; required where its jobs read or write files."),
    {"TODAY", SETTING_DATE, "", 0, 0, "", "The civil date to run at.", AT(today), true},
    SETTINGS_END
};
/* clang-format on */

static size_t length_of(const struct setting *table)
{
    size_t n = 0;
    while (table != NULL && table[n].name != NULL)
        n++;
    return n;
}

static size_t size_of(const struct setting *s)
{
    return s->type == SETTING_INT ? sizeof(int64_t) : sizeof(const char *);
}

/* Both tables as one, whose values stand one behind the other. */
static struct setting *join(struct arena *a, const struct setting *own)
{
    size_t n = length_of(engine_table), m = length_of(own);
    struct setting *both = arena_array(a, struct setting, n + m + 1);
    for (size_t i = 0; both != NULL && i < n + m; i++) {
        both[i] = i < n ? engine_table[i] : own[i - n];
        both[i].offset = i * sizeof(int64_t);
    }
    return both;
}

static void spread(const struct setting *table, size_t n, const int64_t *values, void *into)
{
    for (size_t i = 0; i < n; i++)
        memcpy((char *)into + table[i].offset, &values[i], size_of(&table[i]));
}

_Static_assert(sizeof(const char *) <= sizeof(int64_t), "a value fits in its place");

bool settings_load(struct arena *a, const struct service *s, struct engine_settings *ret,
                   struct err *err)
{
    size_t n = length_of(engine_table), m = length_of(s->settings);
    struct setting *both = join(a, s->settings);
    int64_t *values = arena_array(a, int64_t, n + m + 1);
    if (both == NULL || values == NULL)
        return err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
    if (!config_load(a, both, values, err))
        return false;
    spread(engine_table, n, values, ret);
    if (m > 0)
        spread(s->settings, m, values + n, s->settings_into);
    return true;
}

bool worker_settings_load(struct arena *a, struct engine_settings *ret, struct err *err)
{
    return config_load(a, worker_table, ret, err);
}

void settings_print(FILE *to, const struct service *s, const struct engine_settings *e)
{
    config_print(to, engine_table, e);
    if (s->settings != NULL)
        config_print(to, s->settings, s->settings_into);
}

void worker_settings_print(FILE *to, const struct engine_settings *e)
{
    config_print(to, worker_table, e);
}

void worker_settings_example(FILE *to)
{
    config_example(to, worker_table);
}

void settings_example(FILE *to, const struct service *s)
{
    config_example(to, engine_table);
    if (s->settings != NULL)
        config_example(to, s->settings);
}

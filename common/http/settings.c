/* common/http/settings.c - the table of the engine's settings. Unknown variables are refused, so
 * the engine's and the service's tables are loaded as one. */
#include "http/settings.h"

#include <string.h>

#include "core/banned.h"

#define AT(member) offsetof(struct engine_settings, member)

/* clang-format off */
static const struct setting engine_table[] = {
    /* name                type            default      min    max       unit  prose, offset, test only */
    {"PORT",               SETTING_INT,    NULL,        1,     65535,    "",   "Port of the API.", AT(port), false},
    {"OPS_PORT",           SETTING_INT,    NULL,        1,     65535,    "",   "Port of /livez, /readyz and /metrics.", AT(ops_port), false},
    {"LISTEN",             SETTING_TEXT,   "127.0.0.1", 0,     0,        "",   "IPv4 address both listen on; 0.0.0.0 inside a container.", AT(listen), false},
    {"DB",                 SETTING_TEXT,   NULL,        0,     0,        "",   "libpq connection string of the service's role: host, port, dbname, user.", AT(db), false},
    {"DB_PASSWORD",        SETTING_SECRET, "",          0,     0,        "",   "Its password; not set: the connection needs none.", AT(db_password), false},
    {"WORKER_DB",          SETTING_TEXT,   "",          0,     0,        "",   "Connection string of the worker's role; empty: this process does no background work.", AT(worker_db), false},
    {"WORKER_DB_PASSWORD", SETTING_SECRET, "",          0,     0,        "",   "Its password; not set: the connection needs none.", AT(worker_db_password), false},
    {"DB_POOL",            SETTING_INT,    "10",        1,     200,      "",   "Connections for requests, at most; one more polls keys and revocations.", AT(db_pool), false},
    {"DB_ACQUIRE_MS",      SETTING_INT,    "2000",      10,    10000,    "ms", "Longest wait for a connection before 503.", AT(db_acquire_ms), false},
    {"DB_STATEMENT_MS",    SETTING_INT,    "5000",      100,   60000,    "ms", "Longest statement.", AT(db_statement_ms), false},
    {"DB_LOCK_MS",         SETTING_INT,    "2000",      10,    60000,    "ms", "Longest wait for a lock, and for a running call with the same Idempotency-Key.", AT(db_lock_ms), false},
    {"DB_LIFETIME_S",      SETTING_INT,    "1800",      10,    86400,    "s",  "Age at which a connection is replaced.", AT(db_lifetime_s), false},
    {"CONNECTIONS",        SETTING_INT,    "1024",      16,    16384,    "",   "Client connections, one thread each, at most.", AT(connections), false},
    {"BODY_MAX_KIB",       SETTING_INT,    "1024",      1,     65536,    "KiB", "Largest JSON body.", AT(body_max_kib), false},
    {"IMPORT_MAX_KIB",     SETTING_INT,    "8192",      1,     65536,    "KiB", "Largest table sent for import.", AT(import_max_kib), false},
    {"RATE_PER_TOKEN",     SETTING_INT,    "60000",     0,     10000000, "",   "Requests a minute of one session, also at once; 0: no limit.", AT(rate_per_token), false},
    {"RATE_PER_ADDRESS",   SETTING_INT,    "120000",    0,     10000000, "",   "Requests a minute from one address, also at once; 0: no limit.", AT(rate_per_address), false},
    {"IDEMPOTENCY_HOURS",  SETTING_INT,    "24",        1,     8760,     "h",  "How long the answer of an Idempotency-Key is kept.", AT(idempotency_hours), false},
    {"DRAIN_MS",           SETTING_INT,    "4000",      0,     60000,    "ms", "How long running requests may take to end when the service stops.", AT(drain_ms), false},
    {"PROXY",              SETTING_TEXT,   "127.0.0.1", 0,     0,        "",   "IPv4 address or network whose X-Forwarded-For and X-Request-Id are believed.", AT(proxy), false},
    {"TODAY",              SETTING_DATE,   "",          0,     0,        "",   "The civil date to run at.", AT(today), true},
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

void settings_print(FILE *to, const struct service *s, const struct engine_settings *e)
{
    config_print(to, engine_table, e);
    if (s->settings != NULL)
        config_print(to, s->settings, s->settings_into);
}

void settings_example(FILE *to, const struct service *s)
{
    config_example(to, engine_table);
    if (s->settings != NULL)
        config_example(to, s->settings);
}

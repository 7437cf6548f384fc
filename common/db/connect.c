/* common/db/connect.c - opens connections with every setting pinned: timeouts, time zone, date
 * style, encoding, search path, TLS. Keeps none and runs no statement of a service. */
#include "db/connect.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/banned.h"

enum { MAX_KEYS = 64, MAX_OPTIONS = 1024 };

/* The keywords handed to libpq; a later one of the same name replaces the former. */
struct keys {
    const char *names[MAX_KEYS + 1], *values[MAX_KEYS + 1];
    int n;
};

static void take_out_variables(void)
{
    static const char *const more[] = {"PGDATESTYLE", "PGTZ", "PGGEQO", "PGSYSCONFDIR"};
    PQconninfoOption *defaults = PQconndefaults();
    for (PQconninfoOption *o = defaults; o != NULL && o->keyword != NULL; o++) {
        if (o->envvar != NULL)
            (void)unsetenv(o->envvar);
    }
    PQconninfoFree(defaults);
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++)
        (void)unsetenv(more[i]);
    (void)unsetenv("PGSERVICE"); /* PQconndefaults() fails where it names none */
}

void connect_ignore_environment(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, take_out_variables);
}

static const char *get(const struct keys *k, const char *name)
{
    for (int i = 0; i < k->n; i++) {
        if (strcmp(k->names[i], name) == 0)
            return k->values[i];
    }
    return NULL;
}

static void set(struct keys *k, const char *name, const char *value)
{
    int i = 0;
    while (i < k->n && strcmp(k->names[i], name) != 0)
        i++;
    if (i == MAX_KEYS)
        return;
    k->names[i] = name;
    k->values[i] = value;
    k->n = i == k->n ? i + 1 : k->n;
}

static void set_default(struct keys *k, const char *name, const char *value)
{
    if (get(k, name) == NULL)
        set(k, name, value);
}

static void notice_dropped(void *arg, const char *message)
{
    (void)arg;
    (void)message;
}

/* Appends `-c name=value`; libpq wants blanks and backslashes of a value escaped. */
static void option(char options[static MAX_OPTIONS], const char *name, const char *value)
{
    size_t len = strlen(options);
    int n = snprintf(options + len, MAX_OPTIONS - len, " -c %s=", name);
    len += n > 0 ? (size_t)n : 0;
    for (; *value != '\0' && len + 3 < MAX_OPTIONS; value++) {
        if (*value == ' ' || *value == '\\')
            options[len++] = '\\';
        options[len++] = *value;
    }
    if (len < MAX_OPTIONS)
        options[len] = '\0';
}

static void option_ms(char options[static MAX_OPTIONS], const char *name, int ms)
{
    char text[16];
    (void)snprintf(text, sizeof text, "%d", ms > 0 ? ms : 0);
    option(options, name, text);
}

static void all_options(const struct connect_options *o, const char *given,
                        char options[static MAX_OPTIONS])
{
    (void)snprintf(options, MAX_OPTIONS, "%s", given == NULL ? "" : given);
    option_ms(options, "statement_timeout", o->statement_ms);
    option_ms(options, "lock_timeout", o->lock_ms);
    option_ms(options, "idle_in_transaction_session_timeout", o->idle_ms);
    option(options, "search_path", o->search_path);
    option(options, "DateStyle", "ISO");
    option(options, "TimeZone", "UTC");
    option(options, "jit", "off"); /* answers are short: compiling them costs more than it saves */
}

static bool tls_default(struct keys *k)
{
    const char *host = get(k, "host");
    if (host == NULL || get(k, "dbname") == NULL || get(k, "user") == NULL)
        return false;
    bool socket = *host == '/' || *host == '@';
    set_default(k, "sslmode", socket ? "disable" : "verify-full");
    set_default(k, "gssencmode", "disable");
    set_default(k, "channel_binding", "prefer");
    set_default(k, "keepalives_idle", "30");
    set_default(k, "tcp_user_timeout", "10000");
    return true;
}

static PGconn *refuse(PGconn *pg, enum err_code code, const char *cause, struct err *err)
{
    err_set(err, code, NULL, "%s", "");
    err_cause(err, "%.*s", (int)strcspn(cause, "\n"), cause);
    PQfinish(pg);
    return NULL;
}

/* A time zone or date style that a role or database insists on is overruled. */
static bool pinned(PGconn *pg)
{
    const char *zone = PQparameterStatus(pg, "TimeZone");
    const char *style = PQparameterStatus(pg, "DateStyle");
    if (zone != NULL && strcmp(zone, "UTC") == 0 && style != NULL && strncmp(style, "ISO", 3) == 0)
        return true;
    PGresult *r = PQexec(pg, "SET TimeZone TO 'UTC'; SET DateStyle TO 'ISO'");
    bool ok = PQresultStatus(r) == PGRES_COMMAND_OK;
    PQclear(r);
    return ok;
}

static PGconn *open_with(struct keys *k, const struct connect_options *o, struct err *err)
{
    char options[MAX_OPTIONS], seconds[16];
    all_options(o, get(k, "options"), options);
    (void)snprintf(seconds, sizeof seconds, "%d",
                   o->connect_ms > 2000 ? (o->connect_ms + 999) / 1000 : 2);
    set(k, "options", options);
    set(k, "connect_timeout", seconds);
    set(k, "client_encoding", "UTF8");
    set(k, "application_name", o->application_name);
    if (o->password != NULL)
        set(k, "password", o->password);
    PGconn *pg = PQconnectdbParams(k->names, k->values, 0);
    if (pg == NULL)
        return refuse(NULL, ERR_NO_MEMORY, "no memory for a connection", err);
    (void)PQsetNoticeProcessor(pg, notice_dropped, NULL);
    if (PQstatus(pg) != CONNECTION_OK || !pinned(pg))
        return refuse(pg, ERR_DB_DOWN, PQerrorMessage(pg), err);
    return pg;
}

PGconn *connect_open(const struct connect_options *o, struct err *err)
{
    char *wrong = NULL;
    PQconninfoOption *parsed = PQconninfoParse(o->conninfo, &wrong);
    if (parsed == NULL) {
        refuse(NULL, ERR_INTERNAL, wrong == NULL ? "out of memory" : wrong, err);
        PQfreemem(wrong);
        return NULL;
    }
    struct keys k = {.n = 0};
    for (PQconninfoOption *p = parsed; p->keyword != NULL; p++) {
        if (p->val != NULL && *p->val != '\0')
            set(&k, p->keyword, p->val);
    }
    PGconn *pg = tls_default(&k) ? open_with(&k, o, err)
                                 : refuse(NULL, ERR_INTERNAL,
                                          "the connection needs host, dbname and user", err);
    PQconninfoFree(parsed);
    return pg;
}

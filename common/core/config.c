/* common/core/config.c - settings from the environment and from secret files. Does not watch for
 * changes and does not know what a setting is for. An empty variable counts as one that is not set.
 */
#include "core/config.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/date.h"
#include "core/secret.h"
#include "core/str.h"

#include "core/banned.h"

#define PREFIX "ZEREN_"
extern char **environ; /* POSIX: the program declares it */
enum { SECRET_MAX = 64 * 1024 /* a key file; more is a wrong path */, FAULTS_MAX = 16 * 1024 };

struct faults {
    struct buf names, reasons;
    size_t count;
};

__attribute__((format(printf, 3, 4))) static void fault(struct faults *f, const char *variable,
                                                        const char *why, ...);

static void fault(struct faults *f, const char *variable, const char *why, ...)
{
    char text[128];
    va_list args;
    va_start(args, why);
    vsnprintf(text, sizeof text, why, args);
    va_end(args);
    const char *gap = f->count == 0 ? "" : ", ";
    buf_printf(&f->names, "%s%s", gap, variable);
    buf_printf(&f->reasons, "%s%s %s", gap, variable, text);
    f->count++;
}

static const char *suffix_of(const struct setting *s)
{
    return s->type == SETTING_SECRET || s->type == SETTING_PATH ? "_FILE" : "";
}

/* Is `entry` ("NAME=value") the variable of this setting? Then its value, else NULL. */
static const char *value_in(const char *entry, const struct setting *s)
{
    const char *suffix = suffix_of(s);
    size_t name = strlen(s->name), end = strlen(suffix);
    if (!str_starts(entry, PREFIX))
        return NULL;
    entry += strlen(PREFIX);
    if (strncmp(entry, s->name, name) != 0 || strncmp(entry + name, suffix, end) != 0)
        return NULL;
    return entry[name + end] == '=' ? entry + name + end + 1 : NULL;
}

static const char *value_of(const struct setting *s)
{
    for (char **entry = environ; *entry != NULL; entry++) {
        const char *value = value_in(*entry, s);
        if (value != NULL)
            return *value == '\0' ? NULL : value;
    }
    return NULL;
}

/* Variables of the deployment, which processes see and do not use. */
static bool is_deployments(const char *entry)
{
    return str_starts(entry, PREFIX "TLS_PORT=") || str_starts(entry, PREFIX "HTTP_PORT=") ||
           str_starts(entry, PREFIX "STACK_");
}

static bool is_known(const char *entry, const struct setting *table)
{
    for (const struct setting *s = table; s->name != NULL; s++) {
        if (value_in(entry, s) != NULL)
            return true;
    }
    return is_deployments(entry);
}

static void refuse_unknown(struct arena *a, const struct setting *table, struct faults *f)
{
    for (char **entry = environ; *entry != NULL; entry++) {
        if (!str_starts(*entry, PREFIX) || is_known(*entry, table))
            continue;
        const char *name = arena_strndup(a, *entry, strcspn(*entry, "="));
        fault(f, name == NULL ? PREFIX : name, "is unknown");
    }
}

/* Reads a whole secret file and drops one newline at its end. NULL with the reason. */
static const char *read_secret(struct arena *a, const char *path, const char **ret_why)
{
    size_t n = 0;
    char *text = secret_read(path, SECRET_MAX, &n, ret_why);
    if (text == NULL)
        return NULL;
    *ret_why = "did not fit in memory";
    if (!arena_defer(a, secret_release, text))
        return NULL;
    if (n > 0 && text[n - 1] == '\n')
        text[--n] = '\0';
    if (n > 0 && text[n - 1] == '\r')
        text[--n] = '\0';
    *ret_why = n == 0 ? "names an empty file" : "names a file that is no secret";
    return n == 0 || strlen(text) != n ? NULL : text;
}

/* The path itself, when the file can be read now. NULL with the reason. */
static const char *read_path(struct arena *a, const char *path, const char **ret_why)
{
    *ret_why = "names a file that cannot be read";
    return access(path, R_OK) == 0 ? arena_strdup(a, path) : NULL;
}

static void store(void *into, const struct setting *s, const void *value, size_t size)
{
    memcpy((char *)into + s->offset, value, size);
}

static void store_int(const struct setting *s, const char *value, const char *variable, void *into,
                      struct faults *f)
{
    int64_t number = 0;
    if (!str_int(value, s->min, s->max, &number)) {
        fault(f, variable, "is no whole number from %lld to %lld", (long long)s->min,
              (long long)s->max);
        return;
    }
    store(into, s, &number, sizeof number);
}

/* `max` of a text is its longest length in bytes, 0 for any. */
static void store_text(const struct setting *s, const char *value, const char *variable, void *into,
                       struct faults *f)
{
    struct date d;
    int64_t len = (int64_t)strlen(value);
    if (s->type == SETTING_DATE && *value != '\0' && !date_parse(value, &d))
        fault(f, variable, "is no date like 2026-05-01");
    else if (*value != '\0' && s->max > 0 && (len < s->min || len > s->max))
        fault(f, variable, "has not %lld to %lld bytes", (long long)s->min, (long long)s->max);
    store(into, s, &value, sizeof value);
}

static void load_one(struct arena *a, const struct setting *s, void *into, struct faults *f)
{
    const char *variable = arena_printf(a, PREFIX "%s%s", s->name, suffix_of(s));
    const char *value = value_of(s), *why = "";
    if (variable == NULL) {
        fault(f, s->name, "did not fit in memory");
        return;
    }
#ifndef ZEREN_TEST_CLOCK
    if (value != NULL && s->test_only) {
        fault(f, variable, "is for test builds only");
        return;
    }
#endif
    if (value == NULL && s->fallback == NULL) {
        fault(f, variable, "is missing");
        return;
    }
    if (value == NULL)
        value = s->fallback;
    else if (s->type == SETTING_SECRET)
        value = read_secret(a, value, &why);
    else if (s->type == SETTING_PATH)
        value = read_path(a, value, &why);
    else
        value = arena_strdup(a, value);
    if (value == NULL)
        fault(f, variable, "%s", *why == '\0' ? "did not fit in memory" : why);
    else if (s->type == SETTING_INT)
        store_int(s, value, variable, into, f);
    else
        store_text(s, value, variable, into, f);
}

bool config_load(struct arena *a, const struct setting *table, void *into, struct err *err)
{
    struct faults f = {.count = 0};
    buf_init(&f.names, a, FAULTS_MAX);
    buf_init(&f.reasons, a, FAULTS_MAX);
    refuse_unknown(a, table, &f);
    for (const struct setting *s = table; s->name != NULL; s++)
        load_one(a, s, into, &f);
    if (f.count == 0)
        return true;
    const char *names = buf_text(&f.names), *reasons = buf_text(&f.reasons);
    if (names == NULL || reasons == NULL)
        return err_set(err, ERR_NO_MEMORY, NULL, "Settings did not fit in memory");
    /* Every name must be seen: the reasons only where all of them fit. */
    bool fits = strlen(reasons) < sizeof err->detail;
    err_set(err, ERR_INVALID, NULL, "%s", fits ? reasons : names);
    err_cause(err, "%s", reasons);
    return false;
}

static const char *text_in(const struct setting *s, const void *from)
{
    const char *value = NULL;
    memcpy(&value, (const char *)from + s->offset, sizeof value);
    return value == NULL ? "" : value;
}

void config_print(FILE *to, const struct setting *table, const void *from)
{
    for (const struct setting *s = table; s->name != NULL; s++) {
        fprintf(to, PREFIX "%s%s=", s->name, s->type == SETTING_PATH ? "_FILE" : "");
        int64_t number = 0;
        switch (s->type) {
        case SETTING_INT:
            memcpy(&number, (const char *)from + s->offset, sizeof number);
            fprintf(to, "%lld\n", (long long)number);
            break;
        case SETTING_SECRET:
            fputs(*text_in(s, from) == '\0' ? "(not set)\n" : "(set)\n", to);
            break;
        case SETTING_TEXT:
        case SETTING_DATE:
        case SETTING_PATH:
            fprintf(to, "%s\n", text_in(s, from));
            break;
        }
    }
}

static void print_range(FILE *to, const struct setting *s)
{
    const char *gap = s->unit == NULL || *s->unit == '\0' ? "" : " ";
    if (s->type == SETTING_INT)
        fprintf(to, " (%lld to %lld%s%s)", (long long)s->min, (long long)s->max, gap,
                *gap == '\0' ? "" : s->unit);
    else if (s->type == SETTING_SECRET || s->type == SETTING_PATH)
        fputs(" (the path of a file)", to);
    else if (s->type == SETTING_DATE)
        fputs(" (YYYY-MM-DD)", to);
}

void config_example(FILE *to, const struct setting *table)
{
    for (const struct setting *s = table; s->name != NULL; s++) {
        bool required = s->fallback == NULL;
        fprintf(to, "# %s", s->prose);
        print_range(to, s);
        fputs(required ? " Required." : "", to);
        fputs(s->test_only ? " Test builds only.\n" : "\n", to);
        /* A default is shown, not set, so that a later release can change it. */
        fprintf(to, "%s" PREFIX "%s%s=%s\n\n", required ? "" : "#", s->name, suffix_of(s),
                required || s->type == SETTING_SECRET ? "" : s->fallback);
    }
}

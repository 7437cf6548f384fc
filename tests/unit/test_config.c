/* tests/unit/test_config.c - settings: types, ranges, secrets in files, unknown variables,
 * printing. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/config.h"

TestSuite(config, .timeout = 120);

struct settings {
    const char *db, *password, *stamp, *day;
    int64_t port, wait_ms;
};

/* clang-format off */
static const struct setting table[] = {
    {"DB",      SETTING_TEXT,   NULL,   0, 0,     "",   "Where the database is.",    offsetof(struct settings, db),       false},
    {"PORT",    SETTING_INT,    NULL,   1, 65535, "",   "The port to listen on.",    offsetof(struct settings, port),     false},
    {"WAIT_MS", SETTING_INT,    "1500", 0, 9000,  "ms", "How long to wait.",         offsetof(struct settings, wait_ms),  false},
    {"PASSWORD",SETTING_SECRET, "",     0, 0,     "",   "The database password.",    offsetof(struct settings, password), false},
    {"STAMP",   SETTING_TEXT,   "none", 0, 8,     "",   "A mark on every answer.",   offsetof(struct settings, stamp),    false},
    {"TODAY",   SETTING_DATE,   "",     0, 0,     "",   "Moves the clock.",          offsetof(struct settings, day),      true},
    SETTINGS_END,
};
/* clang-format on */

static struct arena *arena;
static struct settings got;
static struct err err;
static char path[] = "/tmp/zeren-config-XXXXXX";

static void setup(void)
{
    arena = arena_create(1 << 20);
    clearenv();
    setenv("ZEREN_DB", "host=/run/pg dbname=zeren", 1);
    setenv("ZEREN_PORT", "8081", 1);
}

static void teardown(void)
{
    arena_destroy(&arena);
}

static bool load(void)
{
    err_clear(&err);
    return config_load(arena, table, &got, &err);
}

static void expect_refused(const char *name, const char *why)
{
    cr_expect_not(load());
    cr_expect_eq(err.code, ERR_INVALID);
    cr_expect_not_null(strstr(err.detail, name), "%s", err.detail);
    cr_expect_not_null(strstr(err.detail, why), "%s", err.detail);
}

static void put_secret(const char *bytes, size_t len)
{
    memcpy(path + sizeof path - 7, "XXXXXX", 6);
    int file = mkstemp(path);
    cr_assert_geq(file, 0);
    cr_assert_eq(write(file, bytes, len), (ssize_t)len);
    close(file);
    setenv("ZEREN_PASSWORD_FILE", path, 1);
}

Test(config, reads_the_environment_and_falls_back, .init = setup, .fini = teardown)
{
    cr_assert(load(), "%s", err.detail);
    cr_expect_str_eq(got.db, "host=/run/pg dbname=zeren");
    cr_expect_eq(got.port, 8081);
    cr_expect_eq(got.wait_ms, 1500);
    cr_expect_str_eq(got.password, "");
    cr_expect_str_eq(got.stamp, "none");
    setenv("ZEREN_WAIT_MS", "9000", 1);
    setenv("ZEREN_STAMP", "", 1);
    cr_assert(load(), "%s", err.detail);
    cr_expect_eq(got.wait_ms, 9000);
    cr_expect_str_eq(got.stamp, "none", "an empty variable is not set");
}

Test(config, names_every_bad_variable_at_once, .init = setup, .fini = teardown)
{
    unsetenv("ZEREN_DB");
    setenv("ZEREN_PORT", "99999", 1);
    setenv("ZEREN_TYPO", "1", 1);
    setenv("ZEREN_STAMP", "much too long", 1);
    expect_refused("ZEREN_DB", "missing");
    expect_refused("ZEREN_PORT", "1 to 65535");
    expect_refused("ZEREN_TYPO", "unknown");
    expect_refused("ZEREN_STAMP", "8 bytes");
}

Test(config, names_them_all_even_when_reasons_do_not_fit, .init = setup, .fini = teardown)
{
    static const char *const names[] = {"ZEREN_POOL_SIZES", "ZEREN_LISTENING", "ZEREN_PASSWORD",
                                        "ZEREN_TIMEOUT_MS", "ZEREN_WAIT",      "ZEREN_PORTS",
                                        "ZEREN_DATABASE",   "ZEREN_DB_",       "ZEREN_"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        setenv(names[i], "1", 1);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        expect_refused(names[i], "");
    cr_expect_not_null(strstr(err.cause, "unknown"));
}

Test(config, leaves_the_deployments_variables_alone, .init = setup, .fini = teardown)
{
    setenv("ZEREN_TLS_PORT", "443", 1);
    setenv("ZEREN_HTTP_PORT", "80", 1);
    setenv("ZEREN_STACK_NAME", "prod", 1);
    setenv("OTHER", "1", 1);
    cr_expect(load(), "%s", err.detail);
    setenv("ZEREN_TLS_PORTS", "443", 1);
    expect_refused("ZEREN_TLS_PORTS", "unknown");
}

Test(config, numbers_are_whole_and_in_range, .init = setup, .fini = teardown)
{
    static const char *const bad[] = {"0", "65536", "-1", "80a", " 80", "1e3", "080"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        setenv("ZEREN_PORT", bad[i], 1);
        expect_refused("ZEREN_PORT", "whole number");
    }
}

Test(config, secrets_come_from_files_only, .init = setup, .fini = teardown)
{
    static const struct {
        const char *file, *secret;
    } cases[] = {
        {"hush\n", "hush"}, {"hush\r\n", "hush"}, {"hush", "hush"}, {"a\nb\n\n", "a\nb\n"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put_secret(cases[i].file, strlen(cases[i].file));
        cr_expect(load(), "%s", err.detail);
        cr_expect_str_eq(got.password, cases[i].secret);
        unlink(path);
    }
    expect_refused("ZEREN_PASSWORD_FILE", "cannot be read");
    put_secret("\n", 1);
    expect_refused("ZEREN_PASSWORD_FILE", "empty");
    unlink(path);
    put_secret("a\0b", 3);
    expect_refused("ZEREN_PASSWORD_FILE", "no secret");
    unlink(path);
    unsetenv("ZEREN_PASSWORD_FILE");
    setenv("ZEREN_PASSWORD", "hush", 1);
    expect_refused("ZEREN_PASSWORD", "unknown");
    cr_expect_null(strstr(err.detail, "hush"));
}

Test(config, test_settings_belong_to_test_builds, .init = setup, .fini = teardown)
{
    setenv("ZEREN_TODAY", "2026-05-01", 1);
#ifdef ZEREN_TEST_CLOCK
    cr_assert(load(), "%s", err.detail);
    cr_expect_str_eq(got.day, "2026-05-01");
    setenv("ZEREN_TODAY", "2026-05-32", 1);
    expect_refused("ZEREN_TODAY", "date");
#else
    expect_refused("ZEREN_TODAY", "test builds");
#endif
}

static const char *printed(void (*print)(FILE *))
{
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);
    print(to);
    fclose(to);
    const char *kept = arena_strdup(arena, text);
    free(text);
    return kept;
}

static void print_settings(FILE *to)
{
    config_print(to, table, &got);
}

static void print_example(FILE *to)
{
    config_example(to, table);
}

Test(config, prints_no_secret, .init = setup, .fini = teardown)
{
    cr_assert(load());
    cr_expect_str_eq(printed(print_settings),
                     "ZEREN_DB=host=/run/pg dbname=zeren\nZEREN_PORT=8081\nZEREN_WAIT_MS=1500\n"
                     "ZEREN_PASSWORD=(not set)\nZEREN_STAMP=none\nZEREN_TODAY=\n");
    put_secret("hush\n", 5);
    cr_assert(load());
    unlink(path);
    cr_expect_not_null(strstr(printed(print_settings), "ZEREN_PASSWORD=(set)\n"));
    cr_expect_null(strstr(printed(print_settings), "hush"));
}

Test(config, example_shows_prose_ranges_and_defaults, .init = setup, .fini = teardown)
{
    const char *text = printed(print_example);
    static const char *const parts[] = {
        "# Where the database is. Required.\nZEREN_DB=\n",
        "# The port to listen on. (1 to 65535) Required.\nZEREN_PORT=\n",
        "# How long to wait. (0 to 9000 ms)\n#ZEREN_WAIT_MS=1500\n",
        "#ZEREN_PASSWORD_FILE=\n",
        "Test builds only.\n#ZEREN_TODAY=\n",
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        cr_expect_not_null(strstr(text, parts[i]), "%s in %s", parts[i], text);
}

/* tests/unit/test_log.c - log lines: whole JSON whatever goes in, one line, only listed names. */
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "core/log.h"
#include "core/str.h"

TestSuite(log, .timeout = 120);

/* What log_end() wrote, with the time cut off. */
static const char *written(struct log_line *l)
{
    static char text[sizeof l->bytes + 1];
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    int kept = dup(STDERR_FILENO);
    dup2(ends[1], STDERR_FILENO);
    log_end(l);
    dup2(kept, STDERR_FILENO);
    close(kept);
    close(ends[1]);
    ssize_t n = read(ends[0], text, sizeof text - 1);
    close(ends[0]);
    cr_assert_gt(n, 0);
    text[n] = '\0';
    const char *level = strstr(text, "\"level\"");
    cr_assert_not_null(level);
    return level;
}

Test(log, writes_one_json_object_a_line)
{
    struct log_line l;
    log_init("registry");
    log_begin(&l, ERR_LEVEL_WARN, "request");
    log_text(&l, "route", "/a \"b\"\\\n\x01村\xFF");
    log_text(&l, "cause", NULL);
    log_int(&l, "status", -5);
    cr_expect_str_eq(written(&l),
                     "\"level\":\"warn\",\"service\":\"registry\",\"event\":\"request\","
                     "\"route\":\"/a \\\"b\\\"\\\\\\u000a\\u0001村\\ufffd\",\"status\":-5}\n");
    cr_expect_eq(strncmp(l.bytes, "{\"time\":\"20", 11), 0);
}

Test(log, cuts_a_long_value_between_characters)
{
    char value[3000] = "";
    for (size_t i = 0; i + 3 < sizeof value; i += 3)
        memcpy(value + i, "村", 4);
    struct log_line l;
    log_begin(&l, ERR_LEVEL_INFO, "request");
    log_text(&l, "detail", value);
    log_int(&l, "status", 200);
    const char *text = written(&l);
    cr_expect(str_utf8(text, strlen(text)));
    cr_expect_not_null(strstr(text, "村…\",\"status\":200}\n"), "%s", text);
}

Test(log, stays_whole_when_full)
{
    for (size_t shift = 0; shift < 12; shift++) {
        char value[600];
        memset(value, '"', sizeof value);
        value[590 + shift % 8] = '\0';
        struct log_line l;
        log_begin(&l, ERR_LEVEL_INFO, "request");
        log_text(&l, "name", &"xxxxxxxxxxxx"[shift]);
        for (int i = 0; i < 20; i++)
            log_text(&l, "value", value);
        for (int i = 0; i < 200; i++)
            log_int(&l, "rows", i);
        const char *text = written(&l);
        size_t len = strlen(text);
        cr_expect_eq(strcmp(text + len - 2, "}\n"), 0);
        size_t quotes = 0;
        for (size_t i = 0; i < len; i++) {
            quotes += text[i] == '"' ? 1 : 0;
            i += text[i] == '\\' ? 1 : 0;
        }
        cr_expect_eq(quotes % 2, 0);
    }
}

Test(log, a_name_not_listed_is_a_defect, .signal = SIGABRT)
{
    struct log_line l;
    log_begin(&l, ERR_LEVEL_INFO, "request");
    log_text(&l, "password", "x");
}

Test(log, an_event_not_listed_is_a_defect, .signal = SIGABRT)
{
    log_event(ERR_LEVEL_INFO, "hello", "name", "x");
}

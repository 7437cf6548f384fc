/* tests/unit/test_err.c - the failure slot: first wins, cuts keep UTF-8, classes match the table.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "core/err.h"
#include "core/str.h"

TestSuite(err, .timeout = 120);

Test(err, keeps_the_first_failure)
{
    struct err e = {0};
    cr_expect_not(err_set(&e, ERR_STALE, "version", "now at %d", 7));
    cr_expect_not(err_set(&e, ERR_INTERNAL, "other", "later"));
    cr_expect_eq(e.code, ERR_STALE);
    cr_expect_str_eq(e.field, "version");
    cr_expect_str_eq(e.detail, "now at 7");
    cr_expect_str_eq(e.cause, "");
    err_cause(&e, "row %s", "x");
    cr_expect_str_eq(e.cause, "row x");
    err_clear(&e);
    cr_expect_eq(e.code, ERR_NONE);
    cr_expect_str_eq(e.detail, "");
    err_cause(&e, "no failure, no cause");
    cr_expect_str_eq(e.cause, "");
    err_set(&e, ERR_BUSY, NULL, "%s", "");
    cr_expect_str_eq(e.field, "");
}

Test(err, cuts_long_text_between_characters)
{
    static const char *const units[] = {"é", "村", "𠀀", "a"};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        for (size_t shift = 0; shift < 5; shift++) {
            char text[1000] = "xxxxx";
            text[shift] = '\0';
            while (strlen(text) < 400)
                strcat(text, units[i]);
            struct err e = {0};
            err_set(&e, ERR_INVALID, text, "%s", text);
            err_cause(&e, "%s", text);
            cr_expect(str_utf8(e.detail, strlen(e.detail)));
            cr_expect(str_utf8(e.field, strlen(e.field)));
            cr_expect(str_utf8(e.cause, strlen(e.cause)));
            cr_expect_gt(strlen(e.detail), sizeof e.detail - 5);
            cr_expect_gt(strlen(e.field), sizeof e.field - 5);
            cr_expect_eq(strncmp(e.detail, text, strlen(e.detail)), 0);
        }
    }
}

Test(err, what_fits_exactly_is_not_cut)
{
    char text[200] = {0};
    memset(text, 'a', 196);
    memcpy(text + 196, "村", 3);
    struct err e = {0};
    err_set(&e, ERR_INVALID, NULL, "%s", text);
    cr_expect_str_eq(e.detail, text);
}

Test(err, classes_say_what_the_table_says)
{
    cr_expect_eq(err_class(ERR_NONE)->status, 200);
    cr_expect_str_eq(err_class(ERR_STALE)->name, "ERR_STALE");
    cr_expect_str_eq(err_class(ERR_STALE)->code, "stale");
    cr_expect_eq(err_class(ERR_STALE)->status, 412);
    cr_expect(err_class(ERR_BUSY)->retryable);
    cr_expect_eq(err_class(ERR_INTERNAL)->level, ERR_LEVEL_ERROR);
}

Test(err, every_class_is_whole_and_codes_differ)
{
    for (enum err_code i = ERR_NONE + 1; i < ERR_COUNT; i++) {
        const struct err_class *c = err_class(i);
        cr_expect(c->status >= 400 && c->status <= 599, "%s", c->name);
        cr_expect_gt(strlen(c->title), 0);
        for (enum err_code k = ERR_NONE; k < i; k++)
            cr_expect_str_neq(c->code, err_class(k)->code);
    }
}

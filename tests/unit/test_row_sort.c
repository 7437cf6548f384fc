/* tests/unit/test_row_sort.c - rows in order of a key, more of them than one piece holds. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch/row_sort.h"

TestSuite(row_sort, .timeout = 120);

enum { ROWS = 60000, LEN = 400 };

static struct row_sort *filled(unsigned rows, size_t len)
{
    struct err err = {.code = ERR_NONE};
    struct row_sort *s = row_sort_open("/tmp", &err);
    char *bytes = malloc(len + 1), key[32];
    cr_assert_not_null(s);
    cr_assert_not_null(bytes);
    for (unsigned i = 0; i < rows; i++) {
        unsigned n = (i * 7919U) % rows;
        memset(bytes, 'a' + (int)(n % 26), len);
        snprintf(key, sizeof key, "k%08u", n / 3);
        const struct sorted_row row = {key, n % 3 == 0 ? 0 : 1, n, bytes, len};
        cr_assert(row_sort_add(s, &row, &err), "%s", err.detail);
    }
    free(bytes);
    cr_assert(row_sort_turn(s, &err));
    return s;
}

Test(row_sort, come_back_by_key_part_and_number_whole)
{
    struct err err = {.code = ERR_NONE};
    struct sorted_row row;
    struct row_sort *s = filled(ROWS, LEN); /* three pieces */
    for (unsigned n = 0; n < ROWS; n++) {
        char key[32];
        cr_assert(row_sort_next(s, &row, &err));
        snprintf(key, sizeof key, "k%08u", n / 3);
        cr_assert_str_eq(row.key, key);
        cr_assert_eq(row.number, n);
        cr_assert_eq(row.part, n % 3 == 0 ? 0U : 1U);
        cr_assert_eq(row.len, (size_t)LEN);
        cr_assert_eq(row.bytes[0], 'a' + (char)(n % 26));
        cr_assert_eq(row.bytes[LEN - 1], 'a' + (char)(n % 26));
    }
    cr_assert_not(row_sort_next(s, &row, &err));
    cr_assert_eq(err.code, ERR_NONE);
    row_sort_close(&s);
    cr_assert_null(s);
}

Test(row_sort, rows_longer_than_what_is_read_at_once_come_back)
{
    struct err err = {.code = ERR_NONE};
    struct sorted_row row;
    struct row_sort *s = filled(12, 1024 * 1024);
    unsigned n = 0;
    while (row_sort_next(s, &row, &err)) {
        cr_assert_eq(row.number, n++);
        cr_assert_eq(row.len, 1024U * 1024U);
    }
    cr_assert_eq(n, 12U);
    row_sort_close(&s);
}

Test(row_sort, nothing_is_nothing_and_too_much_is_refused)
{
    struct err err = {.code = ERR_NONE};
    struct sorted_row row;
    struct row_sort *s = row_sort_open("/tmp", &err);
    cr_assert_not_null(s);
    char *bytes = calloc(1, 5 * 1024 * 1024);
    const struct sorted_row large = {"k", 0, 1, bytes, 5 * 1024 * 1024};
    cr_assert_not(row_sort_add(s, &large, &err));
    cr_assert_eq(err.code, ERR_TOO_LARGE);
    free(bytes);
    err_clear(&err);
    cr_assert(row_sort_turn(s, &err));
    cr_assert_not(row_sort_next(s, &row, &err));
    row_sort_close(&s);
    cr_assert_null(row_sort_open("/nonexistent", &err));
    cr_assert_eq(err.code, ERR_STORAGE);
}

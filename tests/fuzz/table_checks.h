/* tests/fuzz/table_checks.h - any bytes as a file of a table; what is read must be whole. */
#ifndef ZEREN_TESTS_TABLE_CHECKS_H
#define ZEREN_TESTS_TABLE_CHECKS_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/str.h"
#include "tables/table.h"

static const struct table_column wanted[] = {{"code", "代码", true},
                                             {"name", "姓名", true},
                                             {"born", "出生日期", false},
                                             {NULL, NULL, false}};

static void check_text(const char *text)
{
    if (!str_utf8(text, strlen(text)) || !str_printable(text) || *text == ' ')
        abort();
}

static void check_row(const struct table_row *row, unsigned last)
{
    if (row->number <= last)
        abort();
    for (size_t i = 0; i < 3; i++) {
        if (row->values[i] != NULL && *row->values[i] == '\0')
            abort();
        if (row->values[i] != NULL)
            check_text(row->values[i]);
    }
    for (size_t i = 0; i < row->n_faults; i++) {
        if (row->faults[i].row != row->number || *row->faults[i].detail == '\0')
            abort();
    }
}

static void check_table(const uint8_t *bytes, size_t len, const struct table_options *options)
{
    int fd = memfd_create("table", MFD_CLOEXEC);
    if (fd < 0 || write(fd, bytes, len) != (ssize_t)len)
        abort();
    struct err err = {.code = ERR_NONE};
    struct table *t = table_open(fd, options, &err);
    if ((t == NULL) != (err.code != ERR_NONE) || (t == NULL && *err.field == '\0'))
        abort();
    struct table_row row = {0};
    unsigned last = 0;
    enum table_step step = t == NULL ? TABLE_END : TABLE_ROW;
    while (step == TABLE_ROW && (step = table_next(t, &row, &err)) == TABLE_ROW) {
        check_row(&row, last);
        last = row.number;
    }
    if ((step == TABLE_FAILED && err.code == ERR_NONE) || err.code == ERR_INTERNAL)
        abort();
    table_close(&t);
    close(fd);
}

#endif

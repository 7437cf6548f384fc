/* tests/fuzz/fuzz_csv.c - any bytes as a table, in both charsets: what is read must be whole. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/csv.h"
#include "core/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check_cell(const char *cell)
{
    if (!str_utf8(cell, strlen(cell)) || *cell == ' ')
        abort();
}

static void check_table(const struct csv_table *t)
{
    unsigned last = 0;
    for (size_t i = 0; i < t->columns; i++)
        check_cell(t->heading[i]);
    for (size_t row = 0; row < t->rows; row++) {
        for (size_t i = 0; i < t->columns; i++)
            check_cell(t->cells[row][i]);
        if (t->row_number[row] <= last)
            abort();
        last = t->row_number[row];
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len == 0)
        return 0;
    /* The first byte chooses the charset, so that one corpus serves both. */
    enum csv_charset charset = bytes[0] == 'G' ? CSV_GB18030 : CSV_UTF8;
    struct arena *a = arena_create(8 << 20);
    struct csv_table table;
    struct err err = {.code = ERR_NONE};
    bool ok = csv_read(a, (const char *)bytes + 1, len - 1, charset, 1000, &table, &err);
    if (ok != (err.code == ERR_NONE) || !str_utf8(err.detail, strlen(err.detail)))
        abort();
    if (ok)
        check_table(&table);
    arena_destroy(&a);
    return 0;
}

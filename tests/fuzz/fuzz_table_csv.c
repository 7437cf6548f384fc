/* tests/fuzz/fuzz_table_csv.c - any bytes as CSV or NDJSON. The first byte chooses format and
 * charset. */
#include "table_checks.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const enum table_format formats[] = {TABLE_ANY, TABLE_CSV, TABLE_NDJSON};
    if (len == 0)
        return 0;
    struct table_options options = {
        .columns = wanted,
        .format = formats[bytes[0] / 3 % 3],
        .charset = (enum table_charset)(bytes[0] % 3),
        .limits = {.row_bytes = 4096, .cell_bytes = 64, .columns = 16, .rows = 100}};
    check_table(bytes + 1, len - 1, &options);
    return 0;
}

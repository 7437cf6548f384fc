/* tests/bench/tables.c - makes a large CSV or xlsx with one bad row in a hundred, of twenty kinds,
 * and reads a table: rows a second, faults by code, and the memory it took. Sends nothing.
 *
 *     tables make csv|xlsx ROWS FILE        twelve columns
 *     tables read FILE                      one JSON object on standard output */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/date.h"
#include "core/decimal.h"
#include "core/str.h"
#include "tables/writer.h"

enum { COLUMNS = 12, KINDS = 20, CODES = 48, EVERY = 100 };

/* clang-format off */
static const struct table_out_column out_columns[] = {
    {"code", "行政区划代码", TABLE_TEXT}, {"name", "姓名", TABLE_TEXT}, {"id", "身份证号", TABLE_TEXT},
    {"phone", "联系电话", TABLE_TEXT}, {"born", "出生日期", TABLE_TEXT}, {"people", "人口数", TABLE_NUMBER},
    {"income", "人均收入", TABLE_NUMBER}, {"share", "占比", TABLE_TEXT}, {"kind", "户类型", TABLE_TEXT},
    {"from", "起始日期", TABLE_DAY}, {"address", "住址", TABLE_TEXT}, {"note", "备注", TABLE_TEXT}, {NULL}};
/* What the twenty bad kinds put where. The first six are found by the reader itself. */
static const struct { int column; const char *text; } bad[KINDS] = {
    {2, "4.31302E+17"}, {6, "#N/A"}, {1, "张\x01三"}, {8, "#REF!"}, {1, "李\xEF\xBF\xBD四"}, {3, "1.39E+11"},
    {0, ""}, {0, "43130A"}, {1, ""}, {2, "123"}, {2, "431302199001011235"}, {3, "110"}, {4, "1990-02-30"},
    {4, "去年"}, {5, "-1"}, {5, "三"}, {6, "12..5"}, {7, "120%"}, {8, "不存在"}, {9, "2026/13/01"}};
/* clang-format on */

struct counts {
    const char *codes[CODES];
    unsigned long n[CODES];
    size_t used;
    unsigned long rows, faulty, rule_faults;
    unsigned long misplaced; /* rows that are faulty and should not be, or the reverse */
};

static void count(struct counts *c, const char *code)
{
    for (size_t i = 0; i < c->used; i++) {
        if (strcmp(c->codes[i], code) == 0) {
            c->n[i]++;
            return;
        }
    }
    if (c->used < CODES) {
        c->codes[c->used] = code;
        c->n[c->used++] = 1;
    }
}

/* What an import would ask of these columns, so that all twenty kinds are found. */
static bool rule_holds(size_t column, const char *v)
{
    char text[64];
    struct date day;
    struct decimal number;
    int64_t n = 0;
    switch (column) {
    case 0:
        return v != NULL && strlen(v) == 6 && str_int(v, 100000, 999999, &n);
    case 1:
        return v != NULL;
    case 2:
        return v != NULL && strlen(v) == 18 && v[17] == 'X';
    case 3:
        return v != NULL && strlen(v) == 11;
    case 4:
    case 9:
        return v != NULL && table_date(v, text) && date_parse(text, &day);
    case 5:
        return v != NULL && str_int(v, 0, 100, &n);
    case 6:
        return v != NULL && decimal_parse(v, 4, &number);
    case 7:
        return v != NULL && table_fraction(v, text, sizeof text) && text[0] == '0';
    case 8:
        return v != NULL && strcmp(v, "脱贫户") == 0;
    default:
        return true;
    }
}

static void take(struct counts *c, const struct table_row *row)
{
    bool ok = row->n_faults == 0;
    for (size_t i = 0; i < row->n_faults; i++)
        count(c, row->faults[i].code);
    for (size_t i = 0; ok && i < COLUMNS; i++) {
        if (!rule_holds(i, row->values[i])) {
            ok = false;
            c->rule_faults++;
        }
    }
    c->rows++;
    c->faulty += ok ? 0 : 1;
    c->misplaced += ok == (row->number % EVERY == 1 && row->number > 1) ? 1 : 0;
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static long memory_kib(const char *name)
{
    char line[256];
    long kib = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        if (strncmp(line, name, strlen(name)) == 0)
            kib = strtol(line + strlen(name) + 1, NULL, 10);
    }
    if (f != NULL)
        fclose(f);
    return kib;
}

static int read_table(const char *path)
{
    static struct table_column columns[COLUMNS + 1];
    for (size_t i = 0; i < COLUMNS; i++)
        columns[i] = (struct table_column){out_columns[i].name, out_columns[i].label, true};
    struct table_options options = {.columns = columns};
    struct counts c = {0};
    struct err err = {0};
    struct table_row row = {0};
    long before = memory_kib("VmRSS:"), at_tenth = 0;
    double start = seconds();
    struct table *t = table_open_path(path, &options, &err);
    double opened = seconds();
    enum table_step step = t == NULL ? TABLE_FAILED : TABLE_ROW;
    while (step == TABLE_ROW && (step = table_next(t, &row, &err)) == TABLE_ROW) {
        take(&c, &row);
        if (c.rows == 20000)
            at_tenth = memory_kib("VmRSS:");
    }
    double took = seconds() - start;
    printf("{\"rows\":%lu,\"faulty\":%lu,\"rule_faults\":%lu,\"misplaced\":%lu,\"seconds\":%.2f,"
           "\"open_seconds\":%.2f,"
           "\"rows_per_second\":%.0f,\"rss_kib\":{\"before\":%ld,\"after_20000_rows\":%ld,"
           "\"end\":%ld,\"peak\":%ld},\"codes\":{",
           c.rows, c.faulty, c.rule_faults, c.misplaced, took, opened - start,
           (double)c.rows / took, before, at_tenth, memory_kib("VmRSS:"), memory_kib("VmHWM:"));
    for (size_t i = 0; i < c.used; i++)
        printf("%s\"%s\":%lu", i == 0 ? "" : ",", c.codes[i], c.n[i]);
    puts("}}");
    if (step == TABLE_FAILED)
        fprintf(stderr, "%s: %s\n", err.field, err.detail);
    table_close(&t);
    return step == TABLE_END ? 0 : 1;
}

static bool make(const char *format, unsigned long rows, const char *path)
{
    struct table_writer_options options = {
        .columns = out_columns, .format = strcmp(format, "xlsx") == 0 ? TABLE_XLSX : TABLE_CSV};
    struct err err = {0};
    struct table_writer *w = table_create(path, &options, &err);
    char name[48], id[24], address[64], income[24], note[48];
    for (unsigned long i = 0; w != NULL && i < rows; i++) {
        snprintf(name, sizeof name, "张三%lu", i);
        snprintf(id, sizeof id, "43130219900%06luX", i % 1000000);
        snprintf(address, sizeof address, "湖南省娄底市娄星区第%lu组%lu号", i % 997, i);
        snprintf(income, sizeof income, "%lu.%02lu", 8000 + i % 9000, i % 100);
        snprintf(note, sizeof note, "第 %lu 行，\"备注\"", i);
        const char *values[COLUMNS] = {"431302",       name,         id,      "13800000000",
                                       "1990年1月1日", "4",          income,  "12.5%",
                                       "脱贫户",       "2026-01-31", address, note};
        if (i % EVERY == EVERY - 1)
            values[bad[i / EVERY % KINDS].column] = bad[i / EVERY % KINDS].text;
        if (!table_put(w, values, &err))
            table_abandon(&w);
    }
    if (w != NULL && table_finish(&w, &err))
        return true;
    fprintf(stderr, "%s: %s\n", err.field, err.detail);
    return false;
}

int main(int argc, char **argv)
{
    if (argc == 5 && strcmp(argv[1], "make") == 0) {
        double start = seconds();
        unsigned long rows = strtoul(argv[3], NULL, 10);
        if (!make(argv[2], rows, argv[4]))
            return 1;
        double took = seconds() - start;
        printf("{\"made\":%lu,\"seconds\":%.2f,\"rows_per_second\":%.0f,\"rss_peak_kib\":%ld}\n",
               rows, took, (double)rows / took, memory_kib("VmHWM:"));
        return 0;
    }
    if (argc == 3 && strcmp(argv[1], "read") == 0)
        return read_table(argv[2]);
    fputs("usage: tables make csv|xlsx ROWS FILE | tables read FILE\n", stderr);
    return 2;
}

/* tests/fuzz/fuzz_date_decimal.c - any text as date, instant, decimal and integer: what is taken
 * has one form, so printing it gives the text back. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/date.h"
#include "core/decimal.h"
#include "core/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void try_date(const char *text)
{
    struct date d;
    char out[11];
    if (!date_parse(text, &d))
        return;
    date_format(d, out);
    must(strcmp(out, text) == 0);
    must(date_compare(date_from_days(date_to_days(d)), d) == 0);
}

static void try_instant(const char *text)
{
    instant_us at = 0, again = 0;
    char out[32];
    if (!clock_parse(text, &at))
        return;
    clock_format(at, out);
    bool inside = date_valid(date_from_days((int32_t)(at / 86400000000)));
    must(!inside || at < 0 || (clock_parse(out, &again) && again == at));
}

static void try_decimal(const char *text)
{
    for (int scale = 0; scale <= 9; scale++) {
        struct decimal d;
        char out[24];
        if (!decimal_parse(text, scale, &d))
            continue;
        decimal_format(d, out);
        must(strcmp(out, text) == 0 && d.scale <= scale && decimal_compare(d, d) == 0);
    }
}

static void try_int(const char *text)
{
    int64_t n = 0;
    char out[24];
    if (!str_int(text, INT64_MIN, INT64_MAX, &n))
        return;
    snprintf(out, sizeof out, "%lld", (long long)n);
    must(strcmp(out, text) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char *text = malloc(len + 1); /* exact, so that reading past the NUL is seen */
    if (text == NULL)
        return 0;
    if (len > 0)
        memcpy(text, bytes, len);
    text[len] = '\0';
    try_date(text);
    try_instant(text);
    try_decimal(text);
    try_int(text);
    free(text);
    return 0;
}

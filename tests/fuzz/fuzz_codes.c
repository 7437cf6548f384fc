/* tests/fuzz/fuzz_codes.c - any text as division code, identity number, id and base64url: the
 * relations between their functions hold for whatever is taken. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/citizen_id.h"
#include "core/division_code.h"
#include "core/str.h"
#include "core/uuid.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void try_division(const char *code)
{
    char prefix[DIVISION_CODE], parent[DIVISION_CODE], above[DIVISION_CODE], padded[DIVISION_CODE];
    if (division_pad(code, padded))
        must(division_level(padded) >= 0 && str_starts(padded, code));
    int level = division_level(code);
    must(division_prefix(code, prefix) == (level >= 0));
    must(division_parent(code, parent) == (level > 0));
    if (level < 0)
        return;
    must(division_within(code, prefix) && division_within(code, ""));
    if (level == 0)
        return;
    must(division_prefix(parent, above) && division_within(code, above));
    must(division_level(parent) < level && !division_within(parent, prefix));
    must(level == 5 || (division_pad(prefix, padded) && strcmp(padded, code) == 0));
}

static void try_person(const char *text)
{
    struct citizen_id id;
    if (citizen_id_parse(text, (struct date){2026, 5, 1}, &id))
        must(strlen(text) == 18 && date_valid(id.born_on) && id.born_on.year <= 2026);
}

static void try_base64url(const char *text, size_t len)
{
    unsigned char *raw = malloc(len + 1);
    char *again = malloc(4 * (len + 2) / 3 + 1);
    size_t n = 0;
    if (raw != NULL && again != NULL && str_base64url_decode(text, len, raw, len, &n))
        must(str_base64url(raw, n, again) == len && strcmp(again, text) == 0);
    free(raw);
    free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char *text = malloc(len + 1); /* exact, so that reading past the NUL is seen */
    if (text == NULL)
        return 0;
    if (len > 0)
        memcpy(text, bytes, len);
    text[len] = '\0';
    try_division(text);
    try_person(text);
    must(!uuid_valid(text) || strlen(text) == 36);
    must(!str_utf8(text, len) || str_length(text) <= len);
    try_base64url(text, strlen(text));
    free(text);
    return 0;
}

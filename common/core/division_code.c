/* common/core/division_code.c - the shape of division codes. Does not know which divisions exist.
 */
#include "core/division_code.h"

#include <string.h>

#include "core/banned.h"

enum { LEVELS = 5, CITY = 2, TOWN = 4, LENGTH = DIVISION_CODE - 1 };

/* Where each level's characters end; [0] is the country. */
static const size_t ends[LEVELS + 1] = {0, 2, 4, 6, 9, 12};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_capital(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool all_zero(const char *s, size_t n)
{
    return strspn(s, "0") >= n;
}

/* Digits, or F (a functional area: any level but the province) and then digits or capitals. */
static bool part_ok(const char *code, int level)
{
    size_t i = ends[level - 1];
    bool local = level > 1 && code[i] == 'F';
    if (local)
        i++;
    for (; i < ends[level]; i++) {
        if (!is_digit(code[i]) && !(local && is_capital(code[i])))
            return false;
    }
    return true;
}

int division_level(const char *code)
{
    if (code == NULL || strnlen(code, LENGTH + 1) != LENGTH)
        return -1;
    int lowest = 0;
    for (int level = 1; level <= LEVELS; level++) {
        if (!part_ok(code, level))
            return -1;
        if (all_zero(code + ends[level - 1], ends[level] - ends[level - 1]))
            continue;
        /* Cities without counties (4419, 4420, 4604) have towns straight below them. */
        bool townwards = lowest == CITY && level == TOWN;
        if (level != lowest + 1 && !townwards)
            return -1;
        lowest = level;
    }
    return lowest;
}

bool division_prefix(const char *code, char out[static DIVISION_CODE])
{
    int level = division_level(code);
    if (level < 0)
        return false;
    memcpy(out, code, ends[level]);
    out[ends[level]] = '\0';
    return true;
}

bool division_parent(const char *code, char out[static DIVISION_CODE])
{
    int level = division_level(code);
    if (level < 1)
        return false;
    size_t kept = ends[level - 1];
    memcpy(out, code, kept);
    memset(out + kept, '0', LENGTH - kept);
    out[LENGTH] = '\0';
    return true;
}

bool division_pad(const char *text, char out[static DIVISION_CODE])
{
    size_t len = strnlen(text, LENGTH);
    if (len != 2 && len != 4 && len != 6 && len != 9)
        return false;
    char code[DIVISION_CODE];
    memcpy(code, text, len);
    memset(code + len, '0', LENGTH - len);
    code[LENGTH] = '\0';
    if (division_level(code) < 0)
        return false;
    memcpy(out, code, sizeof code);
    return true;
}

bool division_within(const char *code, const char *prefix)
{
    if (division_level(code) < 0)
        return false;
    size_t len = strnlen(prefix, LENGTH + 1);
    for (int level = 0; level <= LEVELS; level++) {
        if (ends[level] == len)
            return memcmp(code, prefix, len) == 0;
    }
    return false;
}

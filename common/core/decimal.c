/* common/core/decimal.c - exact decimals: parse, print, compare. Does no arithmetic: PostgreSQL's
 * numeric does. */
#include "core/decimal.h"

#include <assert.h>
#include <stddef.h>

#include "core/banned.h"

enum { MAX_DIGITS = 18 /* what an int64_t always holds */, MAX_SCALE = 9 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Reads digits into `units`; returns how many. */
static int read_digits(const char **at, int64_t *units, int room)
{
    int n = 0;
    for (; is_digit(**at) && n <= room; (*at)++, n++) {
        if (n < room)
            *units = *units * 10 + (**at - '0');
    }
    return n;
}

/* What stands before the point: 1 to 18 digits without leading zeros; returns how many, 0 if not
 * so. */
static int read_whole(const char **at, int64_t *units)
{
    if ((*at)[0] == '0' && is_digit((*at)[1]))
        return 0;
    int n = read_digits(at, units, MAX_DIGITS);
    return n <= MAX_DIGITS ? n : 0;
}

/* The point and what follows it, if there is one; false when it has no digits or too many. */
static bool read_fraction(const char **at, int64_t *units, int max_scale, int room, int *ret_scale)
{
    *ret_scale = 0;
    if (**at != '.')
        return true;
    (*at)++;
    *ret_scale = read_digits(at, units, room);
    return *ret_scale > 0 && *ret_scale <= max_scale && *ret_scale <= room;
}

bool decimal_parse(const char *text, int max_scale, struct decimal *ret)
{
    assert(max_scale >= 0 && max_scale <= MAX_SCALE);
    bool negative = *text == '-';
    const char *at = negative ? text + 1 : text;
    int64_t units = 0;
    int scale = 0;
    int whole = read_whole(&at, &units);
    if (whole == 0)
        return false;
    if (!read_fraction(&at, &units, max_scale, MAX_DIGITS - whole, &scale) || *at != '\0')
        return false;
    if (negative && units == 0)
        return false;
    *ret = (struct decimal){.units = negative ? -units : units, .scale = (int8_t)scale};
    return true;
}

void decimal_format(struct decimal d, char out[static 24])
{
    assert(d.scale >= 0 && d.scale <= MAX_SCALE);
    char reversed[24];
    size_t n = 0;
    uint64_t rest = d.units < 0 ? 0 - (uint64_t)d.units : (uint64_t)d.units;
    int place = 0;
    do {
        if (place > 0 && place == d.scale)
            reversed[n++] = '.';
        reversed[n++] = (char)('0' + rest % 10);
        rest /= 10;
        place++;
    } while (rest > 0 || place <= d.scale);
    if (d.units < 0)
        reversed[n++] = '-';
    for (size_t i = 0; i < n; i++)
        out[i] = reversed[n - 1 - i];
    out[n] = '\0';
}

static int compare(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* Whole parts first, then the fractions brought to nine places: nothing can overflow. */
int decimal_compare(struct decimal a, struct decimal b)
{
    static const int64_t power[] = {1,      10,      100,      1000,      10000,
                                    100000, 1000000, 10000000, 100000000, 1000000000};
    int64_t a_one = power[a.scale], b_one = power[b.scale];
    int whole = compare(a.units / a_one, b.units / b_one);
    if (whole != 0)
        return whole;
    return compare(a.units % a_one * power[MAX_SCALE - a.scale],
                   b.units % b_one * power[MAX_SCALE - b.scale]);
}

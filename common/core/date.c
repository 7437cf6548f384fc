/* common/core/date.c - civil dates: parse, print, compare, count. Does not know what day it is. */
#include "core/date.h"

#include <stddef.h>
#include <string.h>

#include "core/banned.h"

enum {
    FIRST_YEAR = 1800 /* people of old registers */,
    LAST_YEAR = 2199,
    DAYS_PER_ERA = 146097 /* 400 Gregorian years */
};

static bool leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && leap(year) ? 29 : days[month - 1];
}

bool date_valid(struct date d)
{
    return d.year >= FIRST_YEAR && d.year <= LAST_YEAR && d.month >= 1 && d.month <= 12 &&
           d.day >= 1 && d.day <= days_in_month(d.year, d.month);
}

/* The number in `n` digits, or -1. */
static int digits(const char *s, int n)
{
    int value = 0;
    for (int i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9')
            return -1;
        value = value * 10 + (s[i] - '0');
    }
    return value;
}

bool date_parse(const char *text, struct date *ret_date)
{
    if (strnlen(text, 11) != 10 || text[4] != '-' || text[7] != '-')
        return false;
    int year = digits(text, 4), month = digits(text + 5, 2), day = digits(text + 8, 2);
    if (year < 0 || month < 0 || day < 0)
        return false;
    struct date d = {(int16_t)year, (int8_t)month, (int8_t)day};
    if (!date_valid(d))
        return false;
    *ret_date = d;
    return true;
}

static void put(char *out, int n, int value)
{
    for (int i = n - 1; i >= 0; i--, value /= 10)
        out[i] = (char)('0' + value % 10);
}

void date_format(struct date d, char out[static 11])
{
    put(out, 4, d.year);
    out[4] = '-';
    put(out + 5, 2, d.month);
    out[7] = '-';
    put(out + 8, 2, d.day);
    out[10] = '\0';
}

int date_compare(struct date a, struct date b)
{
    if (a.year != b.year)
        return a.year < b.year ? -1 : 1;
    if (a.month != b.month)
        return a.month < b.month ? -1 : 1;
    return (a.day > b.day) - (a.day < b.day);
}

/* Both ways after H. Hinnant, "chrono-compatible low-level date algorithms": years start in March,
 * so that the leap day is the last of its year; 719468 is 1970-01-01 counted from 0000-03-01. */
int32_t date_to_days(struct date d)
{
    int year = d.month <= 2 ? d.year - 1 : d.year;
    int era = (year >= 0 ? year : year - 399) / 400;
    int of_era = year - era * 400;
    int of_year = (153 * (d.month > 2 ? d.month - 3 : d.month + 9) + 2) / 5 + d.day - 1;
    return era * DAYS_PER_ERA + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

struct date date_from_days(int32_t days)
{
    const struct date first = {FIRST_YEAR, 1, 1}, last = {LAST_YEAR, 12, 31};
    if (days < date_to_days(first) || days > date_to_days(last))
        return (struct date){0, 0, 0}; /* a date that is not valid */
    int n = days + 719468;
    int era = n / DAYS_PER_ERA;
    int of_era = n % DAYS_PER_ERA;
    int year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int of_year = of_era - (365 * year + year / 4 - year / 100);
    int march = (5 * of_year + 2) / 153;
    int month = march < 10 ? march + 3 : march - 9;
    int day = of_year - (153 * march + 2) / 5 + 1;
    year += era * 400 + (month <= 2 ? 1 : 0);
    return (struct date){(int16_t)year, (int8_t)month, (int8_t)day};
}

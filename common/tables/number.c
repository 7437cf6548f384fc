/* common/tables/number.c - numbers of a workbook: doubles of 15 digits that count, which are
 * written out without exponent; days and times by the cell's format. */
#include "tables/number.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/date.h"
#include "tables/source.h"

#include "core/banned.h"

enum { SHOWN_DIGITS = 15, LAST_DAY = 2958465 /* 9999-12-31 */, DAY_SECONDS = 86400 };

/* ECMA-376 part 1, 18.8.30, with those of Chinese workbooks (27 to 36, 50 to 58). */
enum number_class number_class_of_id(unsigned id)
{
    if (id == 9 || id == 10)
        return NUMBER_PERCENT;
    if ((id >= 14 && id <= 17) || (id >= 27 && id <= 31) || id == 36 || (id >= 50 && id <= 54) ||
        id == 57 || id == 58)
        return NUMBER_DATE;
    if (id == 22)
        return NUMBER_DATE_TIME;
    if ((id >= 18 && id <= 21) || (id >= 32 && id <= 35) || (id >= 45 && id <= 47) || id == 55 ||
        id == 56)
        return NUMBER_TIME;
    return NUMBER_PLAIN;
}

/* [h], [mm], [ss]: and not [Magenta]. */
static bool is_elapsed(const char *bracket)
{
    size_t n = strspn(bracket + 1, "hH");
    if (n == 0)
        n = strspn(bracket + 1, "mM");
    if (n == 0)
        n = strspn(bracket + 1, "sS");
    return n > 0 && bracket[1 + n] == ']';
}

/* Behind a quoted text, a bracket that is no elapsed time, or an escaped character. */
static const char *skip_literal(const char *at)
{
    if (*at == '\\' || *at == '_' || *at == '*')
        return at[1] == '\0' ? at + 1 : at + 2;
    if (*at != '"' && *at != '[')
        return at;
    if (*at == '[' && is_elapsed(at))
        return at;
    const char *end = strchr(at + 1, *at == '"' ? '"' : ']');
    return end == NULL ? at + strlen(at) : end + 1;
}

enum { HAS_DAY = 1, HAS_MONTH = 2, HAS_HOUR = 4, HAS_PERCENT = 8 };

static unsigned sign_of(char c)
{
    static const char signs[] = "yYdDmMhHsS%";
    static const unsigned char means[] = {HAS_DAY,   HAS_DAY,   HAS_DAY,    HAS_DAY,
                                          HAS_MONTH, HAS_MONTH, HAS_HOUR,   HAS_HOUR,
                                          HAS_HOUR,  HAS_HOUR,  HAS_PERCENT};
    const char *at = strchr(signs, c);
    return at == NULL ? 0 : means[at - signs];
}

/* m is a minute beside hours and seconds, a month elsewhere; aaa and aaaa are days of the week. */
enum number_class number_class_of_code(const char *code)
{
    unsigned has = 0;
    while (*code != '\0' && *code != ';') {
        const char *next = skip_literal(code);
        if (next == code)
            has |= strncmp(next, "aaa", 3) == 0 ? HAS_DAY : sign_of(*next);
        next += next == code ? 1 : 0;
        code = next;
    }
    bool day = (has & HAS_DAY) != 0 || (has & (HAS_MONTH | HAS_HOUR)) == HAS_MONTH;
    if ((has & HAS_HOUR) != 0)
        return day ? NUMBER_DATE_TIME : NUMBER_TIME;
    if (day)
        return NUMBER_DATE;
    return (has & HAS_PERCENT) != 0 ? NUMBER_PERCENT : NUMBER_PLAIN;
}

/* "1.2345E-7" of %.*E to plain digits with the point moved by `shift` more places. */
static void write_out(double value, int shift, char out[static NUMBER_TEXT])
{
    char digits[40];
    snprintf(digits, sizeof digits, "%.*E", SHOWN_DIGITS - 1, fabs(value));
    int power = (int)strtol(strchr(digits, 'E') + 1, NULL, 10) + shift;
    size_t n = 0;
    for (const char *at = digits; *at != 'E'; at++) {
        if (*at != '.')
            digits[n++] = *at;
    }
    while (n > 1 && digits[n - 1] == '0')
        n--;
    char *to = out;
    if (value < 0)
        *to++ = '-';
    for (int i = power < 0 ? power : 0; i <= power || i < (int)n; i++) {
        if (i == power + 1)
            *to++ = '.';
        *to++ = i >= 0 && i < (int)n ? digits[i] : '0';
    }
    *to = '\0';
}

/* Digits, a point and digits, 15 that count at most: taken as they stand. */
static bool is_exact(const char *v)
{
    size_t n = strlen(v), digits = 0;
    bool plain = json_number(v, n) && strpbrk(v, "eE") == NULL;
    for (const char *at = v; *at != '\0'; at++)
        digits += isdigit((unsigned char)*at) ? 1 : 0;
    return plain && digits <= SHOWN_DIGITS && strcmp(v, "-0") != 0;
}

static const char *put_time(double days, char *out, size_t room)
{
    long seconds = lround(days * DAY_SECONDS);
    snprintf(out, room, "%02ld:%02ld:%02ld", seconds / 3600, seconds / 60 % 60, seconds % 60);
    return NULL;
}

/* Days before 1900-03-01 are one off: the calendar of workbooks has a 29th of February 1900. */
static bool day_of(double serial, bool from_1904, struct date *ret)
{
    static const struct date zero_1904 = {1904, 1, 1}, zero_1900 = {1899, 12, 30};
    int32_t days = (int32_t)floor(serial);
    if (!from_1904 && (days < 1 || days == 60))
        return false;
    if (!from_1904 && days < 60)
        days++;
    *ret = date_from_days(date_to_days(from_1904 ? zero_1904 : zero_1900) + days);
    return date_valid(*ret); /* to 2199 */
}

static const char *put_date(double serial, bool with_time, bool from_1904,
                            char out[static NUMBER_TEXT])
{
    struct date d = {0};
    double rest = serial - floor(serial);
    if (with_time && lround(rest * DAY_SECONDS) == DAY_SECONDS) {
        serial = floor(serial) + 1;
        rest = 0;
    }
    if (!day_of(serial, from_1904, &d))
        return "bad_date";
    date_format(d, out);
    if (!with_time || lround(rest * DAY_SECONDS) == 0)
        return NULL;
    out[10] = 'T';
    return put_time(rest, out + 11, NUMBER_TEXT - 11);
}

static const char *put_plain(const char *v, double value, char out[static NUMBER_TEXT])
{
    if (fabs(value) >= 1e15) {
        snprintf(out, NUMBER_TEXT, "%.14E", value);
        return "lost_digits";
    }
    if (is_exact(v))
        snprintf(out, NUMBER_TEXT, "%s", v);
    else
        write_out(value, 0, out);
    return NULL;
}

static bool parse(const char *v, double *ret)
{
    char *end = NULL;
    if (strlen(v) > 60 || v[strspn(v, "+-.0123456789eE")] != '\0')
        return false;
    *ret = strtod(v, &end);
    if (end == v || *end != '\0' || !isfinite(*ret))
        return false;
    if (fabs(*ret) < 1e-100)
        *ret = 0;
    return true;
}

static const char *put_percent(double value, char out[static NUMBER_TEXT])
{
    if (fabs(value) >= 1e13)
        return "lost_digits";
    write_out(value, value == 0 ? 0 : 2, out);
    snprintf(out + strlen(out), 2, "%%");
    return NULL;
}

const char *number_text(const char *v, enum number_class class, bool from_1904,
                        char out[static NUMBER_TEXT])
{
    double value = 0;
    snprintf(out, NUMBER_TEXT, "%s", v);
    if (!parse(v, &value))
        return "bad_number";
    if (class == NUMBER_PLAIN)
        return put_plain(value == 0 ? "0" : v, value, out);
    if (class == NUMBER_PERCENT)
        return put_percent(value, out);
    if (value < 0 || value >= LAST_DAY + 1)
        return "bad_date";
    if (class == NUMBER_TIME)
        return put_time(value, out, NUMBER_TEXT);
    return put_date(value, class == NUMBER_DATE_TIME, from_1904, out);
}

bool number_lost_digits(const char *text)
{
    const char *at = text + (*text == '-' ? 1 : 0);
    if (!isdigit((unsigned char)*at) || (at[1] != '.' && at[1] != 'E' && at[1] != 'e'))
        return false;
    const char *e = at + 1 + (at[1] == '.' ? 1 + strspn(at + 2, "0123456789") : 0);
    size_t n = strlen(e);
    if ((*e != 'E' && *e != 'e') || e[1] != '+' || n < 4 || n > 5)
        return false;
    return e[2 + strspn(e + 2, "0123456789")] == '\0' && strtol(e + 2, NULL, 10) >= 11;
}

/* common/tables/cell.c - text of a cell: blanks at its ends, and helpers for rules. Does not decide
 * what a column takes. */
#include <stdio.h>
#include <string.h>

#include "core/date.h"
#include "tables/source.h"

#include "core/banned.h"

size_t blank_at(const char *s, size_t len)
{
    if (len >= 1 && (*s == ' ' || (*s >= '\t' && *s <= '\r')))
        return 1;
    if (len >= 2 && memcmp(s, "\xC2\xA0", 2) == 0)
        return 2;
    if (len < 3)
        return 0;
    return memcmp(s, "\xE3\x80\x80", 3) == 0 || memcmp(s, "\xE2\x80\x8B", 3) == 0 ||
                   memcmp(s, "\xEF\xBB\xBF", 3) == 0
               ? 3
               : 0;
}

static size_t blank_before(const char *s, size_t len)
{
    for (size_t n = 1; n <= 3 && n <= len; n++) {
        if (blank_at(s + len - n, n) == n)
            return n;
    }
    return 0;
}

void trim(const char **text, size_t *len)
{
    for (size_t n = blank_at(*text, *len); n > 0; n = blank_at(*text, *len)) {
        *text += n;
        *len -= n;
    }
    for (size_t n = blank_before(*text, *len); n > 0; n = blank_before(*text, *len))
        *len -= n;
}

bool csv_is_formula(const char *text, size_t len)
{
    static const char *const signs[] = {"=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        size_t n = strlen(signs[i]);
        if (len >= n && memcmp(text, signs[i], n) == 0)
            return true;
    }
    return false;
}

/* The ASCII character that three bytes are in full width, or 0. */
static char plain_form(const char *s)
{
    const unsigned char *u = (const unsigned char *)s;
    if (u[0] == 0xE3 && u[1] == 0x80 && u[2] == 0x80)
        return ' ';
    if (u[0] != 0xEF || (u[1] != 0xBC && u[1] != 0xBD) || u[2] < 0x80 || u[2] > 0xBF)
        return 0;
    unsigned point = 0xF000U | (u[1] & 0x3FU) << 6 | (u[2] & 0x3FU); /* U+FF01 to U+FF5E */
    return point >= 0xFF01 && point <= 0xFF5E ? (char)(point - 0xFF01 + '!') : 0;
}

bool table_halfwidth(const char *text, char *out, size_t cap)
{
    size_t used = 0;
    while (*text != '\0') {
        char plain = plain_form(text);
        if (used + 1 >= cap)
            return false;
        out[used++] = plain != 0 ? plain : *text;
        text += plain != 0 ? 3 : 1;
    }
    if (used >= cap)
        return false;
    out[used] = '\0';
    return true;
}

/* Up to `max` digits; the rest of the text, or NULL when there is none. */
static const char *digits(const char *s, int max, int *ret)
{
    int n = 0;
    for (*ret = 0; n < max && *s >= '0' && *s <= '9'; n++)
        *ret = *ret * 10 + (*s++ - '0');
    return n == 0 ? NULL : s;
}

static const char *after(const char *s, const char *sign)
{
    size_t n = strlen(sign);
    return strncmp(s, sign, n) == 0 ? s + n : NULL;
}

/* Parts with the same sign between them: - / . or 年 and 月. */
static const char *date_parts(const char *s, int *month, int *day)
{
    static const char *const signs[][3] = {
        {"-", "-", ""}, {"/", "/", ""}, {".", ".", ""}, {"年", "月", "日"}, {"", "", ""}};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        const char *at = after(s, signs[i][0]);
        at = at == NULL ? NULL : digits(at, 2, month);
        at = at == NULL ? NULL : after(at, signs[i][1]);
        at = at == NULL ? NULL : digits(at, 2, day);
        at = at == NULL ? NULL : after(at, signs[i][2]);
        if (at != NULL && (i + 1 < sizeof signs / sizeof *signs || at - s == 4))
            return at;
    }
    return NULL;
}

/* A time of day and nothing else; it is dropped. */
static bool time_only(const char *s)
{
    if (*s != ' ' && *s != 'T')
        return *s == '\0';
    return s[1] >= '0' && s[1] <= '9' && s[strspn(s, " T0123456789:.Z+")] == '\0';
}

bool table_date(const char *text, char out[static 11])
{
    char plain[64];
    int year = 0, month = 0, day = 0;
    if (!table_halfwidth(text, plain, sizeof plain))
        return false;
    const char *at = digits(plain, 4, &year);
    if (at != plain + 4)
        return false;
    at = date_parts(at, &month, &day);
    if (at == NULL || !time_only(at))
        return false;
    struct date d = {.year = (int16_t)year, .month = (int8_t)month, .day = (int8_t)day};
    if (!date_valid(d))
        return false;
    date_format(d, out);
    return true;
}

/* Writes `n` digits with the point `places` before their end; zeros fill up, needless ones go. */
static bool put_shifted(const char *sign, const char *number, size_t places, char *out, size_t cap)
{
    size_t n = strlen(number);
    size_t zeros = n > places ? 0 : places + 1 - n;
    if (strlen(sign) + zeros + n + 2 > cap)
        return false;
    char *at = out + snprintf(out, cap, "%s", sign);
    memset(at, '0', zeros);
    memcpy(at + zeros, number, n + 1);
    char *point = at + zeros + n - places;
    memmove(point + 1, point, places + 1);
    *point = '.';
    char *end = point + places;
    while (end > point && *end == '0')
        *end-- = '\0';
    if (end == point)
        *end = '\0';
    while (at[0] == '0' && at[1] >= '0' && at[1] <= '9')
        memmove(at, at + 1, strlen(at));
    return true;
}

bool table_fraction(const char *text, char *out, size_t cap)
{
    char number[40];
    size_t n = 0, places = 2, len = strlen(text);
    const char *at = text + (*text == '-');
    for (; *at >= '0' && *at <= '9' && n < sizeof number - 1; at++)
        number[n++] = *at;
    if (*at == '.' && n > 0) {
        for (at++; *at >= '0' && *at <= '9' && n < sizeof number - 1; at++, places++)
            number[n++] = *at;
    }
    number[n] = '\0';
    if (n > 0 && strcmp(at, "%") == 0)
        return put_shifted(*text == '-' ? "-" : "", number, places, out, cap);
    if (len >= cap)
        return false;
    memcpy(out, text, len + 1);
    return true;
}

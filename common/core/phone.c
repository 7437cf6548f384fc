/* common/core/phone.c - see phone.h. */
#include "core/phone.h"

#include <stddef.h>
#include <string.h>

#include "core/banned.h"

enum {
    DIGITS_MAX = 20,
    MOBILE = 11,
    AREA_SHORT = 3, /* 010 and 02x; all others have four */
    AREA_LONG = 4,
    LOCAL_MIN = 7,
    LOCAL_MAX = 8
};

/* The digits alone; false for any other character than those people set between them. */
static bool take_digits(const char *text, char digits[static DIGITS_MAX + 1])
{
    size_t n = 0;
    for (; *text != '\0'; text++) {
        if (strchr(" -()", *text) != NULL)
            continue;
        if (*text < '0' || *text > '9' || n == DIGITS_MAX)
            return false;
        digits[n++] = *text;
    }
    digits[n] = '\0';
    return true;
}

static bool is_mobile(const char *digits)
{
    return strlen(digits) == MOBILE && digits[0] == '1' && digits[1] >= '3';
}

/* 010 and 020 to 029 with seven or eight digits, 0310 to 0999 with as many. */
static bool is_fixed(const char *digits)
{
    if (digits[0] != '0' || digits[1] < '1' || (digits[1] == '1' && digits[2] != '0'))
        return false;
    size_t area = digits[1] <= '2' ? AREA_SHORT : AREA_LONG, len = strlen(digits);
    return len >= area + LOCAL_MIN && len <= area + LOCAL_MAX && digits[area] >= '2';
}

/* Takes the country code off; false for another country's. */
static bool take_home(const char *text, char digits[static DIGITS_MAX + 2])
{
    char all[DIGITS_MAX + 1] = {0};
    bool abroad = *text == '+';
    if (!take_digits(abroad ? text + 1 : text, all))
        return false;
    const char *number = all;
    if (!abroad && strncmp(number, "00", 2) == 0) {
        abroad = true;
        number += 2;
    }
    bool home = strncmp(number, "86", 2) == 0;
    if (abroad && !home)
        return false;
    if (abroad || (home && strlen(number) == MOBILE + 2))
        number += 2;
    bool area = abroad && !is_mobile(number) && *number != '0'; /* whose 0 falls away abroad */
    digits[0] = '0';
    memcpy(digits + (area ? 1 : 0), number, strlen(number) + 1);
    return true;
}

bool phone_parse(const char *text, char ret[static PHONE_TEXT])
{
    char digits[DIGITS_MAX + 2] = {0};
    if (!take_home(text, digits) || (!is_mobile(digits) && !is_fixed(digits)))
        return false;
    memcpy(ret, digits, strlen(digits) + 1);
    return true;
}

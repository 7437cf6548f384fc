/* common/core/clock.c - system clocks, instants as text, and the civil date of an instant.
 * Does not use the C library's time zones: Asia/Shanghai is UTC+8 all year. */
#include "core/clock.h"

#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "core/banned.h"

#define SECOND_US INT64_C(1000000)
#define DAY_US (86400 * SECOND_US)
#define SHANGHAI_US (SECOND_US * 8 * 3600)

static _Atomic int64_t offset_us; /* stays 0 but in test builds */

static int64_t read_clock(clockid_t which)
{
    struct timespec t;
    clock_gettime(which, &t);
    return (int64_t)t.tv_sec * SECOND_US + t.tv_nsec / 1000;
}

instant_us clock_now(void)
{
    return read_clock(CLOCK_REALTIME) + atomic_load_explicit(&offset_us, memory_order_relaxed);
}

int64_t clock_ticks_us(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

/* Whole days since 1970 and the microseconds since midnight, also before 1970. */
static int32_t split_day(instant_us at, int64_t *ret_of_day)
{
    int64_t days = at / DAY_US, of_day = at % DAY_US;
    if (of_day < 0) {
        days--;
        of_day += DAY_US;
    }
    *ret_of_day = of_day;
    return (int32_t)days;
}

struct date clock_date(instant_us at)
{
    int64_t of_day = 0;
    int32_t days = split_day(at, &of_day);
    return date_from_days(of_day + SHANGHAI_US >= DAY_US ? days + 1 : days);
}

static void put(char *out, int n, int64_t value)
{
    for (int i = n - 1; i >= 0; i--, value /= 10)
        out[i] = (char)('0' + value % 10);
}

void clock_format(instant_us at, char out[static 32])
{
    int64_t of_day = 0;
    date_format(date_from_days(split_day(at, &of_day)), out);
    memcpy(out + 10, "T00:00:00.000000Z", 18);
    put(out + 11, 2, of_day / (3600 * SECOND_US));
    put(out + 14, 2, of_day / (60 * SECOND_US) % 60);
    put(out + 17, 2, of_day / SECOND_US % 60);
    put(out + 20, 6, of_day % SECOND_US);
}

/* Two digits of at most `max`; false otherwise. */
static bool pair(const char *s, int max, int64_t *ret)
{
    if (s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9')
        return false;
    *ret = (s[0] - '0') * 10 + (s[1] - '0');
    return *ret <= max;
}

/* "hh:mm:ss"; a leap second (:60) has no place on this time scale and is refused. */
static bool parse_time(const char *s, int64_t *ret_us)
{
    int64_t hour = 0, minute = 0, second = 0;
    if (!pair(s, 23, &hour) || s[2] != ':' || !pair(s + 3, 59, &minute) || s[5] != ':' ||
        !pair(s + 6, 59, &second))
        return false;
    *ret_us = ((hour * 60 + minute) * 60 + second) * SECOND_US;
    return true;
}

/* ".5" to ".123456789", what is below a microsecond dropped. Returns where it ends, NULL if bad. */
static const char *parse_fraction(const char *s, int64_t *ret_us)
{
    int64_t unit = SECOND_US;
    int n = 0;
    *ret_us = 0;
    if (*s != '.')
        return s;
    for (s++; *s >= '0' && *s <= '9'; s++, n++) {
        unit /= 10;
        *ret_us += unit * (*s - '0');
    }
    return n >= 1 && n <= 9 ? s : NULL;
}

/* "Z" or "+hh:mm", and then the end. */
static bool parse_zone(const char *s, int64_t *ret_us)
{
    int64_t hour = 0, minute = 0;
    *ret_us = 0;
    if (*s == 'Z' || *s == 'z')
        return s[1] == '\0';
    if (*s != '+' && *s != '-')
        return false;
    if (!pair(s + 1, 23, &hour) || s[3] != ':' || !pair(s + 4, 59, &minute) || s[6] != '\0')
        return false;
    *ret_us = (*s == '-' ? -1 : 1) * (hour * 60 + minute) * 60 * SECOND_US;
    return true;
}

bool clock_parse(const char *text, instant_us *ret_at)
{
    char day[11];
    struct date d = {0, 0, 0};
    int64_t time_us = 0, fraction_us = 0, zone_us = 0;
    if (strnlen(text, 20) < 20 || (text[10] != 'T' && text[10] != 't'))
        return false;
    memcpy(day, text, 10);
    day[10] = '\0';
    if (!date_parse(day, &d) || !parse_time(text + 11, &time_us))
        return false;
    const char *zone = parse_fraction(text + 19, &fraction_us);
    if (zone == NULL || !parse_zone(zone, &zone_us))
        return false;
    *ret_at = date_to_days(d) * DAY_US + time_us + fraction_us - zone_us;
    return true;
}

bool clock_set_today(struct date today)
{
#ifdef ZEREN_TEST_CLOCK
    if (!date_valid(today))
        return false;
    int32_t ahead = date_to_days(today) - date_to_days(clock_date(clock_now()));
    atomic_fetch_add(&offset_us, ahead * DAY_US);
    return true;
#else
    (void)today;
    return false;
#endif
}

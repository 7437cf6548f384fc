/* common/core/date.h - civil dates of the Gregorian calendar, years 1800 to 2199. No time zone. */
#ifndef ZEREN_CORE_DATE_H
#define ZEREN_CORE_DATE_H

#include <stdbool.h>
#include <stdint.h>

struct date {
    int16_t year;
    int8_t month, day;
};

/* Strict ISO 8601 "YYYY-MM-DD": exactly ten characters and a day that exists. */
bool date_parse(const char *text, struct date *ret_date);

/* Writes "YYYY-MM-DD" and a NUL. */
void date_format(struct date d, char out[static 11]);

bool date_valid(struct date d);

/* <0, 0, >0 as memcmp. */
int date_compare(struct date a, struct date b);

/* Days since 1970-01-01 and back. */
int32_t date_to_days(struct date d);
struct date date_from_days(int32_t days);

#endif

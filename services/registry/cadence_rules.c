/* services/registry/cadence_rules.c - periods of the calendar, one behind the other without a gap,
 * and the day in each by which what is owed is due. Knows no work days, no database
 * and no clock. */
#include "cadence_rules.h"

#include <stddef.h>

#include "core/str.h"

const char *const cadence_periods[] = {"month", "two_months", "quarter", "half_year",
                                       "year",  "two_years",  NULL};
static const int months_of[CADENCE_PERIODS] = {1, 2, 3, 6, 12, 24};

bool cadence_period_parse(const char *word, enum cadence_period *ret_period)
{
    for (int p = 0; p < CADENCE_PERIODS; p++) {
        if (!str_equal(cadence_periods[p], word))
            continue;
        *ret_period = (enum cadence_period)p;
        return true;
    }
    return false;
}

/* The first day of a month, counted from January of the year 0. */
static struct date first_of(int month)
{
    return (struct date){
        .year = (int16_t)(month / 12), .month = (int8_t)(month % 12 + 1), .day = 1};
}

static struct date day_before(struct date d)
{
    return date_from_days(date_to_days(d) - 1);
}

/* "MM-DD" in that year, or the last day of the month where it has no such day. */
static struct date day_in(int year, const char *month_day)
{
    int month = (month_day[0] - '0') * 10 + month_day[1] - '0';
    int day = (month_day[3] - '0') * 10 + month_day[4] - '0';
    struct date last = day_before(first_of(year * 12 + month));
    return (struct date){.year = (int16_t)year,
                         .month = (int8_t)month,
                         .day = (int8_t)(day < last.day ? day : last.day)};
}

struct cadence_span cadence_span_of(enum cadence_period period, const char *due_month_day,
                                    struct date day)
{
    int month = day.year * 12 + day.month - 1;
    int first = month - month % months_of[period];
    struct cadence_span s = {.start = first_of(first),
                             .end = day_before(first_of(first + months_of[period]))};
    s.due = due_month_day == NULL ? s.end : day_in(s.end.year, due_month_day);
    return s;
}

struct date cadence_next(const struct cadence_span *span)
{
    return date_from_days(date_to_days(span->end) + 1);
}

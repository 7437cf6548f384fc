/* services/registry/cadence_rules.h - the calendar of the cadence: periods and due days (R-223,
 * No database, no clock, no work days. */
#ifndef ZEREN_REGISTRY_CADENCE_RULES_H
#define ZEREN_REGISTRY_CADENCE_RULES_H

#include <stdbool.h>

#include "core/date.h"

/* In the order of cadence_periods[]. */
enum cadence_period {
    CADENCE_MONTH,
    CADENCE_TWO_MONTHS,
    CADENCE_QUARTER,
    CADENCE_HALF_YEAR,
    CADENCE_YEAR,
    CADENCE_TWO_YEARS,
    CADENCE_PERIODS
};

/* The words of the periods; NULL-terminated. */
extern const char *const cadence_periods[];

/* One period: its first and last day, and the day by which what is owed in it is due. */
struct cadence_span {
    struct date start, end, due;
};

bool cadence_period_parse(const char *word, enum cadence_period *ret_period);

/* The period that a day lies in. due_month_day: "MM-DD" of the period's last year, a day its month
 * has not being its last; NULL: the period's last day. */
struct cadence_span cadence_span_of(enum cadence_period period, const char *due_month_day,
                                    struct date day);

/* The first day behind a period: the first of the next one. */
struct date cadence_next(const struct cadence_span *span);

#endif

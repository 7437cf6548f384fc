/* common/core/decimal.h - exact decimal numbers: money and measures. Never a double. */
#ifndef ZEREN_CORE_DECIMAL_H
#define ZEREN_CORE_DECIMAL_H

#include <stdbool.h>
#include <stdint.h>

struct decimal {
    int64_t units; /* value = units / 10^scale */
    int8_t scale;  /* 0 to 9 */
};

/* Parses "-12.50": optional '-', digits, optional point and 1 to `max_scale` digits; no exponent,
 * no '+', no blanks, no leading zeros but a single one before the point, no negative zero; at most
 * 18 digits in all. */
bool decimal_parse(const char *text, int max_scale, struct decimal *ret);

/* Writes the shortest exact form with its scale kept ("12.50"). */
void decimal_format(struct decimal d, char out[static 24]);

/* <0, 0, >0 by value, whatever the scales. */
int decimal_compare(struct decimal a, struct decimal b);

#endif

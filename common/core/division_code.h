/* common/core/division_code.h - codes of administrative divisions (GB/T 2260 and the statistical
 * code): twelve characters, province 2, city 2, county 2, town 3, village 3, padded with zeros.
 * Functional areas (new areas, development zones) carry a local code: a capital letter F in the
 * first place of their own level, so that it sorts inside its parent's range (charter D14). */
#ifndef ZEREN_CORE_DIVISION_CODE_H
#define ZEREN_CORE_DIVISION_CODE_H

#include <stdbool.h>
#include <stddef.h>

#define DIVISION_CODE 13 /* 12 characters and the NUL */

/* 0 for the whole country (000000000000), 1 province to 5 village; -1 when it is no code. */
int division_level(const char *code);

/* The significant characters: "431302000000" -> "431302" (0, 2, 4, 6, 9 or 12 of them). */
bool division_prefix(const char *code, char out[static DIVISION_CODE]);

/* The code one level up; the country for a province; false for the country or no code. */
bool division_parent(const char *code, char out[static DIVISION_CODE]);

/* Pads a short official code (2, 4, 6 or 9 characters) to twelve. */
bool division_pad(const char *text, char out[static DIVISION_CODE]);

/* Is `code` the division of `prefix` (as above) or below it? */
bool division_within(const char *code, const char *prefix);

#endif

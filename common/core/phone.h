/* common/core/phone.h - telephone numbers of the mainland in one form, so that equal numbers are
 * equal text: 11 digits of a mobile one, or area code and number of a fixed one. Does not know
 * which numbers are in use. */
#ifndef ZEREN_CORE_PHONE_H
#define ZEREN_CORE_PHONE_H

#include <stdbool.h>

#define PHONE_TEXT 13 /* bytes, NUL included */

/* Takes "13812345678", "+86 138 1234 5678", "0086-13812345678", "0738-8321234", "(010)12345678":
 * digits, blanks, hyphens and brackets. False when it is no such number. */
bool phone_parse(const char *text, char ret[static PHONE_TEXT]);

#endif

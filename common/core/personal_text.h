/* common/core/personal_text.h - numbers of people where words belong: what looks like an ID number,
 * a disability card or a telephone number in a text. Pure; says nothing of whose it is. */
#ifndef ZEREN_CORE_PERSONAL_TEXT_H
#define ZEREN_CORE_PERSONAL_TEXT_H

#include <stdbool.h>

#include "core/arena.h"

/* The text with stars in place of each such number, also one with a mistake in it, in full-width
 * digits, or with blanks and hyphens between; the text itself where there is none. NULL: out of
 * memory. */
const char *personal_starred(struct arena *a, const char *text);

/* Is the whole text an ID number with its right check character, in whatever digits, with or
 * without blanks and hyphens between? */
bool personal_is_citizen_id(const char *text);

/* Does such a number stand anywhere in it, by itself or behind a word? */
bool personal_holds_citizen_id(const char *text);

#endif

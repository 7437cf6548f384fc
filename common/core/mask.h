/* common/core/mask.h - personal data as it is shown: its ends, stars between. Pure; knows no roles.
 */
#ifndef ZEREN_CORE_MASK_H
#define ZEREN_CORE_MASK_H

#include <stddef.h>

#define MASK_HIDES_ALL "******"
#define MASK_TEXT 64 /* bytes of any mask, NUL included */

/* How much of a value stays: characters at its beginning and its end. */
struct mask_ends {
    size_t head, tail;
};

/* Writes the ends of `plain` (ASCII) and a star for each character between. A value that is not
 * longer than its ends and three characters, or that does not fit, is hidden whole. */
void mask_middle(const char *plain, struct mask_ends ends, char out[static MASK_TEXT]);

#endif

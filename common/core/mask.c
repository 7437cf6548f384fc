/* common/core/mask.c - see mask.h. */
#include "core/mask.h"

#include <string.h>

#include "core/banned.h"

enum { HIDDEN_MIN = 4 /* characters that stay hidden, or all of them are */ };

void mask_middle(const char *plain, struct mask_ends ends, char out[static MASK_TEXT])
{
    size_t len = strlen(plain), shown = ends.head + ends.tail;
    if (len < shown + HIDDEN_MIN || len >= MASK_TEXT) {
        memcpy(out, MASK_HIDES_ALL, sizeof MASK_HIDES_ALL);
        return;
    }
    memset(out, '*', len);
    memcpy(out, plain, ends.head);
    memcpy(out + len - ends.tail, plain + len - ends.tail, ends.tail);
    out[len] = '\0';
}

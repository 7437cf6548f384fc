/* common/core/citizen_id.c - the arithmetic of GB 11643. Does not look anything up. */
#include "core/citizen_id.h"

#include <string.h>

#include "core/banned.h"

enum { DIGITS = 17, LENGTH = 18 };

/* ISO 7064 MOD 11-2: the weights are 2^17 … 2^1 mod 11. */
static const int weights[DIGITS] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
static const char check_characters[] = "10X98765432";

static bool checked(const char *text)
{
    if (strnlen(text, LENGTH + 1) != LENGTH)
        return false;
    int sum = 0;
    for (int i = 0; i < DIGITS; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        sum += (text[i] - '0') * weights[i];
    }
    return text[DIGITS] == check_characters[sum % 11];
}

bool citizen_id_parse(const char *text, struct date today, struct citizen_id *ret)
{
    if (!checked(text))
        return false;
    char born[11] = {text[6],  text[7], text[8],  text[9],  '-', text[10],
                     text[11], '-',     text[12], text[13], '\0'};
    struct date born_on = {0, 0, 0};
    if (!date_parse(born, &born_on) || date_compare(born_on, today) > 0)
        return false;
    *ret = (struct citizen_id){.born_on = born_on, .male = (text[16] - '0') % 2 == 1};
    return true;
}

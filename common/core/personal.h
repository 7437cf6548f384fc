/* common/core/personal.h - kinds of personal data: how a value is checked, brought to one form, and
 * masked. Pure; knows no roles, no keys and no request. A refusal never repeats the value. */
#ifndef ZEREN_CORE_PERSONAL_H
#define ZEREN_CORE_PERSONAL_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/date.h"
#include "core/mask.h"

enum sealed_kind {
    SEALED_CITIZEN_ID,      /* GB 11643, check character and birth date; X in capitals */
    SEALED_PHONE,           /* of the mainland: core/phone.h */
    SEALED_DISABILITY_CARD, /* an ID number, the class of the disability (1 to 7) and its level (1
                               to 4); a mask never shows these two */
    SEALED_CODES,           /* codes of a dictionary, joined by commas, each once; in the order of
                               the alphabet. A mask hides them whole */
    SEALED_TEXT,            /* what people write, of SEALED_TEXT_LENGTH characters at most; a mask
                               hides it whole. Not inside an array or object of a body */
    SEALED_KINDS
};

/* How much of a value is seen: enum personal_mask of auth/principal.h. */
enum personal_level { PERSONAL_HIDDEN, PERSONAL_STRICT, PERSONAL_USUAL };

enum {
    CITIZEN_ID_LENGTH = 18,
    DISABILITY_CARD_LENGTH = 20,
    SEALED_CODES_MAX = 10,     /* in one value */
    SEALED_CODE_LENGTH = 40,   /* of one of them */
    SEALED_CODES_LENGTH = 200, /* of the value */
    SEALED_TEXT_LENGTH = 300
};

/* The one form of a value; NULL with a problem when it is none of that kind (code NULL: no memory).
 */
const char *personal_normal(struct arena *a, enum sealed_kind kind, struct date today,
                            const char *text, const char **ret_problem, const char **ret_detail);

/* What the rights of a job name it by: "mask.strict", "mask.usual"; NULL of PERSONAL_HIDDEN. */
const char *personal_right(enum personal_level level);

/* Does every mask of that kind hide all of it? */
bool personal_hides_whole(enum sealed_kind kind);

/* The mask of a plain value in its one form. */
void personal_mask_of(enum sealed_kind kind, enum personal_level level, const char *plain,
                      char out[static MASK_TEXT]);

#endif

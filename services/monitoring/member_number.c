/* services/monitoring/member_number.c - day of birth and sex follow from an ID number, and what
 * is given besides agrees with it (M-024). Looks nothing up. */
#include "member_number.h"

#include <string.h>

#include "core/citizen_id.h"
#include "core/str.h"

#include "core/banned.h"

static bool fault(struct identity_fault *ret, const char *field, const char *code,
                  const char *detail)
{
    *ret = (struct identity_fault){field, code, detail};
    return false;
}

static bool of_number(const struct identity_said *said, struct date today, struct identity *ret,
                      struct identity_fault *f)
{
    struct citizen_id id;
    if (!citizen_id_parse(said->id_number, today, &id))
        return fault(f, "id_number", "not_a_citizen_id", "This is not a valid ID number.");
    date_format(id.born_on, ret->birth_on);
    ret->certificate_kind = "id_card";
    ret->sex = id.male ? "1" : "2";
    if (said->certificate_kind != NULL && !str_equal(said->certificate_kind, "id_card"))
        return fault(f, "certificate_kind", "differs", "An ID number is that of an id_card.");
    if (said->birth_on != NULL && !str_equal(said->birth_on, ret->birth_on))
        return fault(f, "birth_on", "differs", "The ID number says another day of birth.");
    if (said->sex != NULL && !str_equal(said->sex, ret->sex))
        return fault(f, "sex", "differs", "The ID number says another sex.");
    return true;
}

bool identity_of(const struct identity_said *said, struct date today, struct identity *ret,
                 struct identity_fault *ret_fault)
{
    char day[11];
    *ret = (struct identity){.certificate_kind = said->certificate_kind, .sex = said->sex};
    if (said->id_number != NULL)
        return of_number(said, today, ret, ret_fault);
    if (str_equal(said->certificate_kind, "id_card"))
        return fault(ret_fault, "id_number", "required", "An id_card has a number.");
    if (said->certificate_kind == NULL)
        ret->certificate_kind = "none";
    if (said->birth_on == NULL)
        return true;
    date_format(today, day);
    if (strcmp(said->birth_on, day) > 0)
        return fault(ret_fault, "birth_on", "in_the_future", "Nobody is born later than today.");
    memcpy(ret->birth_on, said->birth_on, sizeof ret->birth_on);
    return true;
}

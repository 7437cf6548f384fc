/* tests/data/generate_faults.c - the known faults of a dirty archive: each is made in one family,
 * and told with the row, the column and the code that the import answers with. Knows no chance. */
#include <string.h>

#include "generate.h"

typedef bool spoiler(struct family *f, struct fault *where);

static bool of_head(struct fault *where, int column)
{
    where->member = 0;
    where->column = column;
    return true;
}

static bool of_home(struct fault *where, int column)
{
    where->member = -1;
    where->column = column;
    return true;
}

static bool check_character(struct family *f, struct fault *where)
{
    char *last = &f->members[0].cells[M_id_number][17];
    *last = *last == '5' ? '6' : '5';
    return of_head(where, M_id_number);
}

static bool impossible_date(struct family *f, struct fault *where)
{
    char *number = f->members[0].cells[M_id_number];
    memcpy(number + 10, "0230", 4);
    put_check_character(number);
    return of_head(where, M_id_number);
}

static bool nameless(struct family *f, struct fault *where)
{
    put(&f->members[0], M_name, "%s", "");
    return of_head(where, M_name);
}

static bool unknown_word(struct family *f, struct fault *where)
{
    put(&f->members[0], M_relation, "%s", "户长");
    return of_head(where, M_relation);
}

static bool headless(struct family *f, struct fault *where)
{
    put(&f->members[0], M_relation, "%s", "其他");
    return of_home(where, -1);
}

static bool bad_phone(struct family *f, struct fault *where)
{
    put(&f->members[0], M_phone, "%s", "123");
    return of_head(where, M_phone);
}

static bool unknown_village(struct family *f, struct fault *where)
{
    memcpy(f->household.cells[H_owner_division] + 9, "999", 3);
    return of_home(where, H_owner_division);
}

static bool two_of_one(struct family *f, struct fault *where)
{
    put(&f->members[0], M_student_status, "%s", "本科一年级");
    put(&f->members[0], M_education, "%s", "初中");
    return of_head(where, M_student_status);
}

static bool too_many(struct family *f, struct fault *where)
{
    put(&f->household, H_risks, "%s", "因病、因学、因残、缺劳动力、因安全住房、因安全饮水");
    return of_home(where, H_risks);
}

static bool words_for_a_number(struct family *f, struct fault *where)
{
    put(&f->members[0], M_work_income, "%s", "三千");
    return of_head(where, M_work_income);
}

static bool unknown_household(struct family *f, struct fault *where)
{
    if (f->n < 2)
        return false;
    put(&f->members[f->n - 1], M_household_number, "%s", "SYN-NOBODY");
    where->member = f->n - 1;
    where->column = M_household_number;
    return true;
}

static bool no_month(struct family *f, struct fault *where)
{
    put(&f->household, H_identified_on, "%s", "202613");
    return of_home(where, H_identified_on);
}

static bool other_sex(struct family *f, struct fault *where)
{
    struct row *m = &f->members[0];
    put(m, M_sex, "%s", strcmp(m->cells[M_sex], "男") == 0 ? "女" : "男");
    return of_head(where, M_sex);
}

static bool two_heads(struct family *f, struct fault *where)
{
    if (f->n < 2)
        return false;
    put(&f->members[f->n - 1], M_relation, "%s", "户主");
    return of_home(where, -1);
}

static bool both_insurances(struct family *f, struct fault *where)
{
    put(&f->members[0], M_employee_medical, "%s", "是");
    return of_head(where, M_resident_medical);
}

static bool same_number_twice(struct family *f, struct fault *where)
{
    if (f->n < 2)
        return false;
    put(&f->members[1], M_id_number, "%s", f->members[0].cells[M_id_number]);
    put(&f->members[1], M_sex, "%s", f->members[0].cells[M_sex]);
    where->member = 1;
    where->column = M_household_number; /* the row says again who is there already */
    return true;
}

bool spoil(struct family *f, int64_t n, struct fault *ret)
{
    static const struct {
        const char *kind, *code;
        spoiler *make;
    } kinds[] = {
        {"bad_check_character", "not_a_citizen_id", check_character},
        {"impossible_date", "not_a_citizen_id", impossible_date},
        {"nameless", "missing", nameless},
        {"unknown_word", "not_one_of", unknown_word},
        {"headless", "no_head", headless},
        {"bad_phone", "not_a_phone_number", bad_phone},
        {"unknown_village", "unknown_village", unknown_village},
        {"education_and_school", "3_12_004", two_of_one},
        {"too_many_risks", "too_many_words", too_many},
        {"words_for_a_number", "not_a_number", words_for_a_number},
        {"unknown_household", "bundle_unknown", unknown_household},
        {"no_month", "not_a_month", no_month},
        {"other_than_id_number", "contradicts", other_sex},
        {"two_heads", "3_11_002", two_heads},
        {"both_insurances", "2_12_015", both_insurances},
        {"same_number_twice", "repeated", same_number_twice},
    };
    size_t at = (size_t)n % (sizeof kinds / sizeof *kinds);
    *ret = (struct fault){.kind = kinds[at].kind, .code = kinds[at].code};
    return kinds[at].make(f, ret);
}

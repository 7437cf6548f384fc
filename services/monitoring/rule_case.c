/* services/monitoring/rule_case.c - what rules are written in: params, words, ages, what a member
 * or a household is. See rule_case.h. */
#include "rule_case.h"

#include <stddef.h>

#include "core/banned.h"

/* ---- params ---- */

const struct rule_param *param_of(const struct rule_case *c, const char *name)
{
    const struct rule *r = c->rule;
    for (size_t i = 0; i < r->n_params; i++) {
        if (strcmp(r->params[i].name, name) == 0)
            return &r->params[i];
    }
    return NULL;
}

const char *param_text(const struct rule_case *c, const char *name)
{
    const struct rule_param *p = param_of(c, name);
    return p == NULL ? NULL : p->text;
}

struct words param_words(const struct rule_case *c, const char *name)
{
    static const struct words none = {0};
    const struct rule_param *p = param_of(c, name);
    return p == NULL ? none : p->words;
}

bool param_yes(const struct rule_case *c, const char *name)
{
    return str_equal(param_text(c, name), "true");
}

int64_t param_int(const struct rule_case *c, const char *name, int64_t otherwise)
{
    const struct rule_param *p = param_of(c, name);
    return p != NULL && p->is_number && p->number.scale == 0 ? p->number.units : otherwise;
}

/* ---- words ---- */

bool words_have(struct words w, const char *word)
{
    for (size_t i = 0; word != NULL && i < w.n; i++) {
        if (strcmp(w.of[i], word) == 0)
            return true;
    }
    return false;
}

bool words_meet(struct words a, struct words b)
{
    for (size_t i = 0; i < a.n; i++) {
        if (words_have(b, a.of[i]))
            return true;
    }
    return false;
}

enum verdict violated_if(bool so)
{
    return so ? VIOLATED : HOLDS;
}

/* ---- dates and ages ---- */

bool said(struct date d)
{
    return d.year != 0;
}

int age_on(const struct member_facts *m, struct date day)
{
    struct date born = m->birth_on;
    if (!said(born) || date_compare(born, day) > 0)
        return -1;
    bool had_birthday = day.month > born.month || (day.month == born.month && day.day >= born.day);
    return day.year - born.year - (had_birthday ? 0 : 1);
}

struct date months_after(struct date d, int months)
{
    int n = d.year * 12 + d.month - 1 + months;
    struct date to = {(int16_t)(n / 12), (int8_t)(n % 12 + 1), d.day};
    while (!date_valid(to) && to.day > 28)
        to.day--;
    return to;
}

bool age_fits(const struct rule_case *c, const char *from, const char *to)
{
    int age = age_on(c->member, c->today);
    return age >= 0 && age >= param_int(c, from, 0) && age <= param_int(c, to, INT32_MAX);
}

/* ---- members and households ---- */

bool is_student(const struct member_facts *m)
{
    return m->student_status != NULL && strcmp(m->student_status, "preschool_age") != 0;
}

bool is_watched(const struct household_facts *h)
{
    return h->object_type != NULL && h->eliminated != YES;
}

bool has_work(const struct member_facts *m)
{
    return m->working_away == YES || (m->work_months.there && m->work_months.n > 0) ||
           (said(m->work_started_on) && !said(m->work_ended_on));
}

bool has_risk(const struct rule_case *c)
{
    return words_have(c->household->risks, param_text(c, "risk"));
}

bool has_measure(const struct household_facts *h, const char *item)
{
    for (size_t i = 0; i < h->n_measures; i++) {
        if (str_equal(h->measures[i].item, item))
            return true;
    }
    return false;
}

/* M-112: what came out of a table as eliminated long before. */
static bool is_history(const struct rule_case *c, struct date marked)
{
    const struct household_facts *h = c->household;
    return h->eliminated_came == YES && said(h->eliminated_on) &&
           date_to_days(marked) - date_to_days(h->eliminated_on) >
               param_int(c, "history_days", INT32_MAX);
}

/* M-112: of one that was recorded as eliminated long ago nothing is asked any more. The day that
 * was typed says nothing of when it was recorded. */
bool just_eliminated(const struct rule_case *c)
{
    const struct household_facts *h = c->household;
    if (h->eliminated != YES)
        return false;
    struct date marked = said(h->eliminated_marked_on) ? h->eliminated_marked_on : c->today;
    return !is_history(c, marked) &&
           date_to_days(c->today) - date_to_days(marked) <= param_int(c, "within_days", INT32_MAX);
}

bool amount_below(const struct rule_case *c, struct amount a, const char *param)
{
    const struct rule_param *p = param_of(c, param);
    return a.there && p != NULL && p->is_number && decimal_compare(a.value, p->number) < 0;
}

bool amount_above(const struct rule_case *c, struct amount a, const char *param)
{
    const struct rule_param *p = param_of(c, param);
    return a.there && p != NULL && p->is_number && decimal_compare(a.value, p->number) > 0;
}

bool amount_is_zero(struct amount a)
{
    return a.there && a.value.units == 0;
}

enum answer member_answer(const struct member_facts *m, const char *field)
{
    /* clang-format off */
    static const struct { const char *name; size_t offset; } answers[] = {
        {"resident_medical", offsetof(struct member_facts, resident_medical)}, {"employee_medical", offsetof(struct member_facts, employee_medical)},
        {"serious_illness_insurance", offsetof(struct member_facts, serious_illness_insurance)},
        {"resident_pension", offsetof(struct member_facts, resident_pension)}, {"employee_pension", offsetof(struct member_facts, employee_pension)},
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        if (str_equal(field, answers[i].name))
            return *(const enum answer *)(const void *)((const char *)m + answers[i].offset);
    }
    return UNSAID;
}

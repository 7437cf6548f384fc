/* services/monitoring/bulk_facts.c - a household of a table as the rules look at it: its rows over
 * what is there. Pure: what is there besides (yearly blocks, other households) was read before. */
#include "bulk_facts.h"

#include <string.h>

#include "core/str.h"

#include "core/banned.h"

static const char *value(const struct bundle_row *r, size_t column)
{
    return bundle_value(r, column);
}

static enum answer answer(const struct bundle_row *r, size_t column)
{
    const char *text = value(r, column);
    return text == NULL ? UNSAID : str_equal(text, "true") ? YES : NO;
}

static struct count count(const struct bundle_row *r, size_t column)
{
    struct count c = {0};
    const char *text = value(r, column);
    c.there = text != NULL && str_int(text, 0, INT32_MAX, &c.n);
    return c;
}

static struct amount amount(const struct bundle_row *r, size_t column)
{
    struct amount a = {0};
    const char *text = value(r, column);
    a.there = text != NULL && decimal_parse(text, 4, &a.value);
    return a;
}

static struct date day(const struct bundle_row *r, size_t column)
{
    struct date d = {0};
    const char *text = value(r, column);
    if (text == NULL || !date_parse(text, &d))
        return (struct date){0};
    return d;
}

static struct personal personal(const struct bundle_row *r, size_t column)
{
    const char *text = value(r, column);
    return (struct personal){text != NULL, text};
}

static struct words words(struct arena *a, const struct bundle_row *r, size_t column)
{
    const char *text = value(r, column);
    size_t n = 0, most = 1;
    for (const char *p = text; p != NULL && *p != '\0'; p++)
        most += *p == ',';
    const char **of = text == NULL || *text == '\0' ? NULL : arena_array(a, const char *, most);
    for (const char *p = text; of != NULL && *p != '\0';) {
        size_t len = strcspn(p, ",");
        of[n++] = arena_strndup(a, p, len);
        p += len + (p[len] == ',');
    }
    return (struct words){of, n};
}

static void fill_household(struct arena *a, const struct bundle_row *r, struct household_facts *h)
{
    h->id = r->id;
    h->household_type = value(r, HOUSEHOLD_household_type);
    h->object_type = value(r, HOUSEHOLD_object_type);
    h->risks = words(a, r, HOUSEHOLD_risks);
    h->risk_note = value(r, HOUSEHOLD_risk_note);
    h->address = value(r, HOUSEHOLD_address);
    h->resettlement_address = value(r, HOUSEHOLD_resettlement_address);
    h->reason = NULL; /* a table gives none */
    h->identified_on = day(r, HOUSEHOLD_identified_on);
    h->eliminated = answer(r, HOUSEHOLD_eliminated);
    h->eliminated_on = day(r, HOUSEHOLD_eliminated_on);
    h->elimination_kind = value(r, HOUSEHOLD_elimination_kind);
    h->no_labour = answer(r, HOUSEHOLD_no_labour);
    h->phone = personal(r, HOUSEHOLD_phone);
    if (h->eliminated == UNSAID)
        h->eliminated = NO;
    if (r->was == NULL)
        h->eliminated_came = h->eliminated;
    if (h->no_labour == UNSAID)
        h->no_labour = NO;
}

static void fill_work(struct arena *a, const struct bundle_row *r, struct member_facts *m)
{
    m->labour = value(r, MEMBER_labour);
    m->work_place = value(r, MEMBER_work_place);
    m->work_need = value(r, MEMBER_work_need);
    m->working_away = answer(r, MEMBER_working_away);
    m->plans_away = answer(r, MEMBER_plans_away);
    m->work_months = count(r, MEMBER_work_months);
    m->work_income = amount(r, MEMBER_work_income);
    m->work_started_on = day(r, MEMBER_work_started_on);
    m->work_ended_on = day(r, MEMBER_work_ended_on);
    m->public_posts = words(a, r, MEMBER_public_posts);
    m->public_post_months = count(r, MEMBER_public_post_months);
}

static void fill_insurance(const struct bundle_row *r, struct member_facts *m)
{
    m->resident_medical = answer(r, MEMBER_resident_medical);
    m->employee_medical = answer(r, MEMBER_employee_medical);
    m->serious_illness_insurance = answer(r, MEMBER_serious_illness_insurance);
    m->resident_pension = answer(r, MEMBER_resident_pension);
    m->employee_pension = answer(r, MEMBER_employee_pension);
    m->allowance = value(r, MEMBER_allowance);
    m->destitute = value(r, MEMBER_destitute);
}

static void fill_member(struct arena *a, const struct bundle_row *r, struct member_facts *m)
{
    m->id = r->id;
    m->name = value(r, MEMBER_name);
    m->id_number = personal(r, MEMBER_id_number);
    m->relation = value(r, MEMBER_relation);
    m->ethnicity = value(r, MEMBER_ethnicity);
    m->education = value(r, MEMBER_education);
    m->student_status = value(r, MEMBER_student_status);
    m->not_in_school = value(r, MEMBER_not_in_school);
    m->health_text = personal(r, MEMBER_health);
    m->health = words(a, r, MEMBER_health);
    m->disability_card = personal(r, MEMBER_disability_card);
    m->phone = personal(r, MEMBER_phone);
    fill_work(a, r, m);
    fill_insurance(r, m);
}

static const struct member_facts *same_member(const struct household_facts *there, const char *id)
{
    for (size_t i = 0; there != NULL && i < there->n_members; i++) {
        if (str_equal(there->members[i].id, id))
            return &there->members[i];
    }
    return NULL;
}

bool bulk_facts(const struct bundle *b, const struct household_facts *there,
                const struct identity *identities, struct household_facts *ret)
{
    struct arena *a = b->arena;
    static const struct household_facts nothing = {0};
    *ret = there == NULL ? nothing : *there;
    struct member_facts *members = arena_array(a, struct member_facts, b->n_rows + 1);
    ret->n_members = 0;
    for (size_t i = 0; members != NULL && i < b->n_rows; i++) {
        const struct bundle_row *r = b->rows[i];
        if (r->part == HOUSEHOLD_PART) {
            fill_household(a, r, ret);
            continue;
        }
        struct member_facts *m = &members[ret->n_members++];
        const struct member_facts *was = same_member(there, r->id);
        fill_member(a, r, m);
        m->sex = identities[i].sex;
        m->certificate_kind = identities[i].certificate_kind;
        if (!date_parse(identities[i].birth_on, &m->birth_on))
            m->birth_on = (struct date){0};
        if (was != NULL) {
            m->id_number_others = was->id_number_others;
            m->previous_work_ended_on = was->previous_work_ended_on;
        }
        if (str_equal(m->relation, "head"))
            ret->head_member_id = m->id;
    }
    ret->members = members;
    return members != NULL;
}

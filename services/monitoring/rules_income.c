/* services/monitoring/rules_income.c - figures of income, land and home, and what must be so when a
 * risk is marked as eliminated. Pure. */
#include "rule_case.h"

#include <stddef.h>

#include "core/banned.h"

enum verdict rule_income_low(const struct rule_case *c)
{
    const struct income_facts *i = income_latest(c->household);
    return violated_if(i != NULL && amount_below(c, i->per_capita, "least"));
}

enum verdict rule_income_high_at_identification(const struct rule_case *c)
{
    const struct income_facts *i = income_of(c->household, "identification");
    return violated_if(i != NULL && amount_above(c, i->per_capita, "most"));
}

enum verdict rule_wage_tiny(const struct rule_case *c)
{
    const struct income_facts *i = income_of(c->household, "identification");
    return violated_if(i != NULL && i->wage.value.units > 0 && amount_below(c, i->wage, "least"));
}

static bool is_below_line(const struct household_facts *h, const struct income_facts *i)
{
    return i != NULL && i->per_capita.there && h->line.there &&
           decimal_compare(i->per_capita.value, h->line.value) < 0;
}

enum verdict rule_income_below_line(const struct rule_case *c)
{
    const struct household_facts *h = c->household;
    return violated_if(!is_watched(h) && is_below_line(h, income_latest(h)));
}

/* ---- land and home ---- */

static struct amount living_amount(const struct living_facts *l, const char *field)
{
    /* clang-format off */
    static const struct { const char *name; size_t offset; } amounts[] = {
        {"farmland", offsetof(struct living_facts, farmland)}, {"grassland", offsetof(struct living_facts, grassland)},
        {"water_area", offsetof(struct living_facts, water_area)}, {"woodland", offsetof(struct living_facts, woodland)},
        {"returned_forest", offsetof(struct living_facts, returned_forest)}, {"orchard", offsetof(struct living_facts, orchard)},
        {"road_distance", offsetof(struct living_facts, road_distance)}, {"house_area", offsetof(struct living_facts, house_area)},
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof amounts / sizeof *amounts; i++) {
        if (str_equal(field, amounts[i].name))
            return *(const struct amount *)(const void *)((const char *)l + amounts[i].offset);
    }
    return (struct amount){0};
}

enum verdict rule_living_range(const struct rule_case *c)
{
    const struct living_facts *l = living_latest(c->household);
    if (l == NULL)
        return HOLDS;
    struct amount a = living_amount(l, param_text(c, "field"));
    return violated_if(amount_below(c, a, "least") || amount_above(c, a, "most"));
}

/* Is something said of that field? */
static bool living_said(const struct living_facts *l, const char *field)
{
    if (str_equal(field, "road_kind"))
        return l->road_kind != NULL;
    if (str_equal(field, "house_grade"))
        return l->house_grade != NULL;
    if (str_equal(field, "electricity"))
        return l->electricity != UNSAID;
    if (str_equal(field, "sanitary_toilet"))
        return l->sanitary_toilet != UNSAID;
    if (str_equal(field, "safe_water"))
        return l->safe_water != UNSAID;
    return living_amount(l, field).there;
}

enum verdict rule_living_blank(const struct rule_case *c)
{
    const struct living_facts *l = living_latest(c->household);
    return violated_if(l != NULL && !living_said(l, param_text(c, "field")));
}

/* ---- elimination ---- */

static bool is_dated(const struct household_facts *h)
{
    return h->eliminated == YES && said(h->identified_on);
}

/* Where nobody has said the day it is the one on which it was recorded. */
static struct date eliminated_day(const struct rule_case *c)
{
    const struct household_facts *h = c->household;
    if (said(h->eliminated_on))
        return h->eliminated_on;
    return said(h->eliminated_marked_on) ? h->eliminated_marked_on : c->today;
}

enum verdict rule_eliminated_too_soon(const struct rule_case *c)
{
    const struct household_facts *h = c->household;
    struct date since = {0};
    const char *text = param_text(c, "since");
    if (!is_dated(h) || (text != NULL && !date_parse(text, &since)) ||
        date_compare(eliminated_day(c), since) < 0)
        return HOLDS;
    struct date first = months_after(h->identified_on, (int)param_int(c, "months", 0));
    return violated_if(date_compare(eliminated_day(c), first) < 0);
}

enum verdict rule_eliminated_next_month(const struct rule_case *c)
{
    const struct household_facts *h = c->household;
    if (!is_dated(h) || words_have(param_words(c, "natural"), h->elimination_kind))
        return HOLDS;
    struct date day = eliminated_day(c);
    int between = (day.year - h->identified_on.year) * 12 + day.month - h->identified_on.month;
    return violated_if(between <= 1);
}

enum verdict rule_eliminated_uninsured(const struct rule_case *c)
{
    const struct member_facts *m = c->member;
    return violated_if(just_eliminated(c) &&
                       (m->resident_medical == YES) == (m->employee_medical == YES));
}

enum verdict rule_eliminated_unreachable(const struct rule_case *c)
{
    return violated_if(just_eliminated(c) && !c->household->phone.there);
}

enum verdict rule_eliminated_below_line(const struct rule_case *c)
{
    const struct household_facts *h = c->household;
    return violated_if(just_eliminated(c) && is_below_line(h, income_of(h, "elimination")));
}

enum verdict rule_eliminated_no_labour(const struct rule_case *c)
{
    return violated_if(just_eliminated(c) && c->household->no_labour == YES);
}
